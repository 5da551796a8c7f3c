#include "serve/table_read.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace understudy {

namespace {

constexpr std::string_view row_separator = ",\n";
constexpr std::string_view answer_separator = ", \n ";  // of json_agg

read_error over_limit(std::string message, std::string hint)
{
    return {.status = http::status::bad_request,
            .code = "UNDERSTUDY_OVER_LIMIT",
            .message = std::move(message),
            .details = {},
            .hint = std::move(hint)};
}

/// So that ascending bytes are descending values.
void flip(std::string& key, std::size_t from)
{
    for (auto at = from; at < key.size(); ++at) key[at] = static_cast<char>(~key[at]);
}

}  // namespace

read_result<std::unique_ptr<table_read>> table_read::begin(std::shared_ptr<const served_generation> of,
                                                           const table_in_file& table, read_wish wish,
                                                           read_limits limits)
{
    std::unique_ptr<table_read> made{new table_read{std::move(of), table, std::move(wish), limits}};
    if (auto bound = made->bind(); !bound) return bound.error();
    return made;
}

read_result<void> table_read::bind()
{
    auto filter = row_filter::bind(wish_.query.filter, table_.table);
    if (!filter) return filter.error();
    filter_ = std::move(*filter);
    auto shape = row_shape::bind(wish_.query.select, table_.table, wish_.format);
    if (!shape) return shape.error();
    shape_ = std::move(*shape);
    if (auto ordered = bind_order(); !ordered) return ordered;
    columns_ = std::max(filter_.columns(), shape_.columns());
    for (const auto& term : order_) columns_ = std::max(columns_, term.field.column() + 1);
    if (limits_.rows_max > 0)
        wish_.query.limit = std::min(wish_.query.limit.value_or(limits_.rows_max), limits_.rows_max);
    choose_ranges();
    if (wish_.format == row_format::csv) shape_.append_header(out_);
    return {};
}

read_result<void> table_read::bind_order()
{
    for (const auto& from : wish_.query.order) {
        auto field = row_field::bind(from.field, table_.table);
        if (!field) return field.error();
        if (field->kind() == nullptr || !field->kind()->has_order())
            return not_supported(fmt::format("ordering by {}", field->text()),
                                 "The order of its type is not known here; ->> gives text of json.");
        order_.push_back({std::move(*field), from.descending, from.nulls_first});
    }
    if (has_key_order()) order_.clear();
    return {};
}

/// Rows stand in the key's order, and no part of a key is null.
bool table_read::has_key_order() const noexcept
{
    const auto& key = table_.table.key();
    if (order_.size() > key.size()) return false;
    for (std::size_t at = 0; at < order_.size(); ++at)
        if (order_[at].descending || !order_[at].field.is_whole_column() || order_[at].field.column() != key[at])
            return false;
    return true;
}

void table_read::add_range(row_range range)
{
    if (range.start >= range.end) return;
    if (!ranges_.empty() && ranges_.back().end >= range.start)
        ranges_.back().end = std::max(ranges_.back().end, range.end);
    else
        ranges_.push_back(range);
}

void table_read::choose_ranges()
{
    const auto& rows = table_.rows;
    if (table_.table.key().empty()) {
        add_range(rows.all());
    } else if (auto keys = filter_.named_keys(table_.table)) {
        for (const auto& key : *keys)
            if (auto range = rows.find(key)) add_range(*range);
    } else {
        auto [low, high] = filter_.key_bounds(table_.table);
        add_range(rows.between(low, high));
    }
    std::reverse(ranges_.begin(), ranges_.end());
}

std::uint64_t table_read::wanted() const noexcept
{
    if (!wish_.query.limit) return std::numeric_limits<std::uint64_t>::max();
    auto end = wish_.query.offset + *wish_.query.limit;
    return end < wish_.query.offset ? std::numeric_limits<std::uint64_t>::max() : end;
}

bool table_read::is_satisfied() const noexcept
{
    return !wish_.count && order_.empty() && chosen_ >= wanted();
}

read_result<bool> table_read::step()
{
    return scanned_ ? fetch_step() : scan_step();
}

// Many keys that are named are many short ranges; several of them are one step.
read_result<bool> table_read::scan_step()
{
    constexpr std::uint64_t cost_of_read = 1024;  // however short it is
    auto end_of_step = std::chrono::steady_clock::now() + limits::scan_step_time;
    for (std::uint64_t used = 0; used < limits::scan_step_bytes && std::chrono::steady_clock::now() < end_of_step;) {
        if (is_scanned()) return finish_scan();
        auto taken = scan_range(end_of_step);
        if (!taken) return taken.error();
        used += *taken + cost_of_read;
    }
    return is_scanned() ? finish_scan() : false;
}

// One part of the document, cut at the end of a row: "row,\nrow,\nrow" and the rest of one that is not whole.
read_result<std::uint64_t> table_read::scan_range(std::chrono::steady_clock::time_point end_of_step)
{
    auto& range = ranges_.back();
    auto left = range.end - range.start;
    auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, limits::scan_step_bytes));
    for (;;) {
        if (auto got = table_.file->read(range.start, size, chunk_); !got) return broken(got.error());
        if (size == left || chunk_.find(row_separator) != chunk_.npos) break;
        size = static_cast<std::size_t>(std::min<std::uint64_t>(left, std::uint64_t{size} * 4));  // a long row
    }
    std::string_view rest{chunk_};
    std::uint64_t used = 0;
    while (!rest.empty() && !is_satisfied() && (used == 0 || std::chrono::steady_clock::now() < end_of_step)) {
        auto end = rest.find('\n');
        if (end == rest.npos && size < left) break;
        auto row = rest.substr(0, end);
        if (end != rest.npos) row.remove_suffix(1);  // the comma
        if (auto taken = take_row(row, range.start + used); !taken) return taken.error();
        auto passed = end == rest.npos ? rest.size() : end + 1;
        used += passed;
        rest.remove_prefix(passed);
    }
    range.start += used;
    if (range.start >= range.end) ranges_.pop_back();
    return used;
}

read_result<void> table_read::take_row(std::string_view row, std::uint64_t start)
{
    if (!table_.table.split(row, columns_, values_))
        return broken(
            {errc::generation_damaged, fmt::format("{}: no row of {} at byte {}", table_.file->document().file,
                                                   to_string(table_.table.name()), start)});
    if (!filter_.is_empty()) {
        auto chosen = filter_.chooses(values_);
        if (!chosen) return chosen.error();
        if (!*chosen) return {};
    }
    ++chosen_;
    if (!order_.empty()) return remember(row, start);
    if (chosen_ <= wish_.query.offset || chosen_ > wanted()) return {};
    return emit(row);
}

read_result<std::string> table_read::order_key() const
{
    std::string key;
    for (const auto& term : order_) {
        auto from = key.size();
        key.push_back(term.nulls_first ? '\2' : '\1');
        auto found = term.field.append_key(values_, key);
        if (found == row_field::found::damaged) return damaged_value(term.field);
        if (found == row_field::found::null)
            key.resize(from), key.push_back(term.nulls_first ? '\1' : '\2');
        else if (term.descending)
            flip(key, from + 1);
    }
    return key;
}

// With a limit only the first rows of the order are kept, as a heap whose front is the last of them.
read_result<void> table_read::remember(std::string_view row, std::uint64_t start)
{
    auto key = order_key();
    if (!key) return key.error();
    place found{std::move(*key), start, static_cast<std::uint32_t>(row.size())};
    bool limited = wish_.query.limit.has_value();
    if (limited && sorted_.size() >= wanted()) {
        if (sorted_.empty() || !(found < sorted_.front())) return {};
        std::pop_heap(sorted_.begin(), sorted_.end());
        sort_bytes_ -= sorted_.back().key.size() + sizeof(place);
        sorted_.pop_back();
    }
    sort_bytes_ += found.key.size() + sizeof(place);
    if (sort_bytes_ > limits::sort_bytes_max)
        return over_limit("too many rows to put in order", "Ask for fewer of them with a filter or `limit`, or in the "
                                                           "order of the key.");
    sorted_.push_back(std::move(found));
    if (limited) std::push_heap(sorted_.begin(), sorted_.end());
    return {};
}

/// Whether that was all.
bool table_read::finish_scan()
{
    scanned_ = true;
    if (order_.empty()) return true;
    std::sort(sorted_.begin(), sorted_.end());
    next_ = static_cast<std::size_t>(std::min<std::uint64_t>(wish_.query.offset, sorted_.size()));
    return false;
}

read_result<bool> table_read::fetch_step()
{
    std::size_t taken = 0;
    for (; next_ < sorted_.size() && next_ < wanted() && taken < limits::scan_step_bytes; ++next_) {
        const auto& place = sorted_[next_];
        if (auto got = table_.file->read(place.start, place.size, chunk_); !got) return broken(got.error());
        taken += chunk_.size() + 1024;  // a read costs, however short it is
        if (!table_.table.split(chunk_, columns_, values_))
            return broken({errc::generation_damaged, table_.file->document().file + ": it changed while it was read"});
        if (auto shown = emit(chunk_); !shown) return shown.error();
    }
    return next_ >= sorted_.size() || next_ >= wanted();
}

read_result<void> table_read::emit(std::string_view row)
{
    if (rows_++ > 0 && wish_.format == row_format::json) out_.append(answer_separator);
    if (auto shown = shape_.append(row, values_, out_); !shown) return shown;
    if (out_.size() <= limits_.bytes_max) return {};
    return over_limit(fmt::format("the answer is longer than serve.max_bytes ({} bytes)", limits_.bytes_max),
                      "Ask for parts of it with `limit` and `offset`, or for fewer columns. The file has all of it.");
}

read_error table_read::broken(failure why)
{
    damage_ = why;
    return {.status = http::status::service_unavailable,
            .code = "UNDERSTUDY_GENERATION_DAMAGED",
            .message = "the generation is damaged: " + why.text,
            .details = {},
            .hint = "Another one is looked for; ask again."};
}

}  // namespace understudy
