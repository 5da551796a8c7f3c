#include "publish/document_index.hpp"

#include "core/byte_reader.hpp"
#include "core/limits.hpp"

#include <boost/endian/conversion.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

constexpr std::size_t number_bytes = sizeof(std::uint64_t);
constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

template <class Number>
void append(std::string& out, Number value)
{
    value = boost::endian::native_to_big(value);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text)
{
    append(out, static_cast<std::uint32_t>(text.size()));
    out.append(text);
}

std::string_view text_from(byte_reader& in)
{
    auto size = in.u32();
    return in.bytes(size);
}

failure damaged(std::string_view why)
{
    return {errc::generation_damaged, fmt::format("a row index is damaged: {}", why)};
}

/// What one table's record says of the rest of the file.
struct table_record_text {
    table_name name;
    std::uint64_t rows = 0;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    std::uint64_t entries = 0;
    std::uint64_t places_at = 0;
};

table_record_text record_from(byte_reader& in)
{
    table_record_text made;
    made.name.schema = text_from(in);
    made.name.name = text_from(in);
    made.rows = in.u64();
    made.first = in.u64();
    made.end = in.u64();
    made.entries = in.u64();
    made.places_at = in.u64();
    return made;
}

}  // namespace

std::string index_file_of(const std::string& document)
{
    return document + ".index";
}

document_index_writer::document_index_writer(descriptor file, std::string name)
    : file_{std::move(file)}, name_{std::move(name)}, buffer_{document_index_magic}
{
}

void document_index_writer::begin_table(const table_name& name, row_identity identity)
{
    table begun;
    begun.name = name;
    begun.identity = identity;
    tables_.push_back(std::move(begun));
    next_block_ = 0;
}

outcome<void> document_index_writer::add(std::string_view key, std::uint64_t start)
{
    auto& current = tables_.back();
    if (current.rows++ == 0) current.first = start;
    if (start < next_block_) return boost::system::in_place_value;
    next_block_ = start + index_block_bytes;
    current.entries.push_back(position());
    append(buffer_, start);
    append_text(buffer_, current.identity == row_identity::key ? key : std::string_view{});
    return buffer_.size() < chunk_bytes ? outcome<void>{boost::system::in_place_value} : write_out();
}

void document_index_writer::end_table(std::uint64_t end)
{
    auto& current = tables_.back();
    if (current.rows == 0) current.first = end;
    current.end = end;
    current.places_at = position();
    current.entry_count = current.entries.size();
    for (auto entry : std::exchange(current.entries, {})) append(buffer_, entry);
}

void document_index_writer::append_directory()
{
    auto start = position();
    append(buffer_, static_cast<std::uint32_t>(tables_.size()));
    for (const auto& table : tables_) {
        append_text(buffer_, table.name.schema);
        append_text(buffer_, table.name.name);
        for (auto number : {table.rows, table.first, table.end, table.entry_count, table.places_at})
            append(buffer_, number);
    }
    append(buffer_, start);
}

outcome<void> document_index_writer::write_out()
{
    if (auto done = write_all(file_.get(), buffer_, name_); !done) return done;
    hash_.add(buffer_);
    written_ += buffer_.size();
    buffer_.clear();
    return boost::system::in_place_value;
}

outcome<index_digest> document_index_writer::finish(const file_rights& rights)
{
    append_directory();
    if (auto done = write_out(); !done) return done.error();
    if (auto done = give_rights(file_.get(), rights.mode, rights, name_); !done) return done.error();
    if (auto done = sync(file_.get(), name_); !done) return done.error();
    if (auto done = close(std::move(file_), name_); !done) return done.error();
    return index_digest{.file = name_, .bytes = written_, .sha256 = hash_.hex()};
}

outcome<document_index> document_index::parse(std::string bytes, std::uint64_t document_bytes)
{
    document_index made;
    made.bytes_ = std::make_unique<const std::string>(std::move(bytes));
    std::string_view all{*made.bytes_};
    if (!all.starts_with(document_index_magic) || all.size() < document_index_magic.size() + number_bytes)
        return damaged("it does not begin as one");
    auto directory_start = byte_reader{all.substr(all.size() - number_bytes)}.u64();
    if (directory_start > all.size() - number_bytes) return damaged("its directory lies outside");
    byte_reader in{all.substr(directory_start, all.size() - number_bytes - directory_start)};
    auto count = in.u32();
    if (count > limits::tables_max) return damaged("too many tables");
    for (; count > 0 && in.ok(); --count) {
        auto record = record_from(in);
        indexed_rows rows;
        rows.rows = record.rows;
        rows.first = record.first;
        rows.end = record.end;
        rows.bytes_ = all.substr(0, directory_start);
        rows.places_at_ = record.places_at;
        rows.entries_ = record.entries;
        if (!rows.is_sound(document_bytes)) return damaged("what it says of " + to_string(record.name));
        made.tables_.push_back({std::move(record.name), rows});
    }
    if (in.finish()) return damaged("its directory");
    return made;
}

bool indexed_rows::is_sound(std::uint64_t document_bytes) const noexcept
{
    if (first > end || end > document_bytes || (rows == 0) != (entries_ == 0) || entries_ > rows) return false;
    if (places_at_ > bytes_.size() || entries_ > (bytes_.size() - places_at_) / number_bytes) return false;
    auto before = first;
    for (std::size_t entry = 0; entry < entries_; ++entry) {
        byte_reader in{bytes_.substr(std::min<std::size_t>(place_of(entry), bytes_.size()))};
        auto start = in.u64();
        text_from(in);
        if (!in.ok() || start < before || start >= end || (entry == 0 && start != first)) return false;
        before = start + 1;
    }
    return true;
}

std::uint64_t indexed_rows::place_of(std::size_t entry) const noexcept
{
    return byte_reader{bytes_.substr(places_at_ + entry * number_bytes)}.u64();
}

std::uint64_t indexed_rows::start_of(std::size_t entry) const noexcept
{
    return byte_reader{bytes_.substr(place_of(entry))}.u64();
}

std::uint64_t indexed_rows::end_of(std::size_t entry) const noexcept
{
    return entry + 1 < entries_ ? start_of(entry + 1) : end;
}

std::string_view indexed_rows::key_of(std::size_t entry) const noexcept
{
    byte_reader in{bytes_.substr(place_of(entry) + number_bytes)};
    return text_from(in);
}

template <class Predicate>
std::size_t indexed_rows::first_that(Predicate is_above) const noexcept
{
    std::size_t low = 0;
    std::size_t high = entries_;
    while (low < high) {
        auto middle = low + (high - low) / 2;
        if (is_above(key_of(middle)))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

std::size_t indexed_rows::first_above(std::string_view key) const noexcept
{
    return first_that([key](std::string_view entry) { return entry > key; });
}

std::size_t indexed_rows::first_behind(std::string_view key) const noexcept
{
    return first_that([key](std::string_view entry) { return entry > key && !entry.starts_with(key); });
}

std::optional<row_range> indexed_rows::find(std::string_view key) const noexcept
{
    auto behind = first_behind(key);
    if (behind == 0) return std::nullopt;
    return row_range{start_of(behind - 1), end_of(behind - 1)};
}

row_range indexed_rows::between(std::string_view low, std::string_view high) const noexcept
{
    auto range = all();
    if (auto above = low.empty() ? 0 : first_above(low); above > 0) range.start = start_of(above - 1);
    if (auto behind = high.empty() ? entries_ : first_behind(high); behind < entries_) range.end = start_of(behind);
    return {range.start, std::max(range.start, range.end)};
}

}  // namespace understudy
