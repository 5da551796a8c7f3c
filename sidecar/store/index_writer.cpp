#include "store/index_writer.hpp"

#include "store/row_format.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

failure damaged(std::string_view what)
{
    return {errc::store_damaged, fmt::format("an index: {}", what)};
}

outcome<void> check(const result<void>& done)
{
    if (!done) return damaged("a stored row cannot be read");
    return {};
}

}  // namespace

result<void> index_writer::make(const std::optional<std::string_view>& tuple, std::string& key, bool& is_in)
{
    is_in = false;
    if (!tuple) return {};
    auto made = keys_.make(*tuple, key);
    if (!made) return made.error();
    is_in = *made == index_key_maker::place::inside;
    return {};
}

result<void> index_writer::before(const std::optional<std::string_view>& tuple)
{
    return make(tuple, old_, was_in_);
}

outcome<void> index_writer::after(std::string_view key, const std::optional<std::string_view>& tuple)
{
    bool is_in = false;
    if (auto made = check(make(tuple, new_, is_in)); !made) return made;
    if (was_in_ == is_in && (!is_in || old_ == new_)) return {};
    if (was_in_)
        if (auto erased = erase(key); !erased) return erased;
    return is_in ? put(key) : outcome<void>{};
}

outcome<void> index_writer::erase(std::string_view key)
{
    whole_.assign(old_).append(key);
    auto found = at_.seek(stored_key{whole_}.view());
    if (!found) return found.error();
    return *found ? at_.erase() : damaged("a row is missing");
}

outcome<void> index_writer::put(std::string_view key)
{
    whole_.assign(new_).append(key);
    stored_key stored{whole_};
    stored_row entry{.count = new_.size(), .long_key = {}, .tuple = {}};
    if (is_long(whole_)) entry.long_key = whole_;
    auto room = at_.put(stored.view(), encoded_size(entry), lmdb::order::any, lmdb::existing::refuse);
    if (!room) return room.error();
    if (*room == nullptr) return damaged("a row is there twice");
    encode(entry, *room);
    return {};
}

outcome<epoch_index_writers> epoch_index_writers::open(const epoch_indexes& indexes, epoch rows,
                                                       const lmdb::transaction& within)
{
    epoch_index_writers opened;
    if (indexes.empty()) return opened;
    auto found = indexes.find(rows);
    if (found == indexes.end()) return opened;
    for (const auto& index : found->second) {
        auto cursor = within.open_cursor(index.database);
        if (!cursor) return cursor.error();
        opened.writers_.emplace_back(index.definition, std::move(*cursor));
    }
    return opened;
}

outcome<void> epoch_index_writers::before(const std::optional<std::string_view>& tuple)
{
    for (auto& writer : writers_)
        if (auto noted = check(writer.before(tuple)); !noted) return noted;
    return {};
}

outcome<void> epoch_index_writers::after(std::string_view key, const std::optional<std::string_view>& tuple)
{
    for (auto& writer : writers_)
        if (auto written = writer.after(key, tuple); !written) return written;
    return {};
}

outcome<void> build_index(const row_index& index, lmdb::database rows, lmdb::database into,
                          const lmdb::transaction& within)
{
    auto from = within.open_cursor(rows);
    if (!from) return from.error();
    auto to = within.open_cursor(into);
    if (!to) return to.error();
    index_writer writer{index, std::move(*to)};
    for (auto at = from->first();; at = from->next()) {
        if (!at) return at.error();
        if (!*at) return {};
        auto row = decode_row((*at)->value);
        if (!row) return damaged("a stored row cannot be read");
        auto key = row->long_key.empty() ? (*at)->key : row->long_key;
        if (auto written = writer.after(key, row->tuple); !written) return written;
    }
}

}  // namespace understudy
