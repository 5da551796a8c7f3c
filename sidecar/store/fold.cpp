#include "store/fold.hpp"

#include "core/row_tuple.hpp"

#include <boost/endian/conversion.hpp>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace understudy {

namespace {

/// Keys lie all over the batch: most of them are told apart without a look at them.
std::uint64_t prefix_of(std::string_view key) noexcept
{
    std::array<unsigned char, sizeof(std::uint64_t)> first{};
    std::memcpy(first.data(), key.data(), std::min(key.size(), first.size()));
    return boost::endian::load_big_u64(first.data());
}

bool stands_before(const folded_row& left, const folded_row& right) noexcept
{
    if (left.table != right.table) return left.table < right.table;
    if (left.key_prefix != right.key_prefix) return left.key_prefix < right.key_prefix;
    return left.key < right.key;
}

failure no_row_before(epoch table)
{
    return contradiction(table, "a change leaves a field as it was, but there is no such row");
}

}  // namespace

failure contradiction(epoch table, std::string_view what)
{
    return {errc::table_changed, fmt::format("epoch {}: {}", table, what), table};
}

std::size_t group_fold::row_name_hash::operator()(const row_name& name) const noexcept
{
    return XXH3_64bits_withSeed(name.key.data(), name.key.size(), name.table);
}

void group_fold::begin() noexcept
{
    places_.clear();
    ascending_ = true;
    rows_.clear();
    clears_.clear();
    spliced_.release();
}

outcome<void> group_fold::add(const change_batch& changes, rows_before& before)
{
    for (std::size_t index = 0; index < changes.size(); ++index)
        if (auto added = add(changes[index], before); !added) return added;
    return {};
}

outcome<void> group_fold::add(const change_batch::change& change, rows_before& before)
{
    switch (change.what) {
    case operation::put: return put(change, change.key, before);
    case operation::move: return put(change, change.old_key, before);
    case operation::remove: return remove(change.table, change.key, change.before);
    case operation::clear: clear(change.table); return {};
    case operation::add: return count(change, 1);
    case operation::subtract: return count(change, -1);
    }
    return failure{errc::internal, "a change of no known kind"};
}

outcome<void> group_fold::put(const change_batch::change& change, std::string_view from_key, rows_before& before)
{
    auto tuple = complete(change, from_key, before);
    if (!tuple) return tuple.error();
    auto expected = change.before == row_before::unsure ? row_before::any : change.before;
    if (from_key != change.key) {
        if (auto left = remove(change.table, from_key, expected); !left) return left;
        if (expected == row_before::present) expected = row_before::absent;
    }
    auto row = expect(change.table, change.key, expected);
    if (!row) return row.error();
    (*row)->what = folded_row::result::put;
    (*row)->tuple = *tuple;
    return {};
}

outcome<void> group_fold::remove(epoch table, std::string_view key, row_before expected)
{
    auto row = expect(table, key, expected);
    if (!row) return row.error();
    (*row)->what = folded_row::result::gone;
    return {};
}

outcome<void> group_fold::count(const change_batch::change& change, std::int64_t more)
{
    if (has_unchanged(change.row)) return no_row_before(change.table);
    auto& row = row_at(change.table, change.key);
    row.what = folded_row::result::counted;
    row.more += more;
    row.fewest = std::min(row.fewest, row.more);
    if (more > 0) row.tuple = change.row;
    return {};
}

/// The change's tuple with every field in it.
outcome<std::string_view> group_fold::complete(const change_batch::change& change, std::string_view from_key,
                                               rows_before& before)
{
    if (!has_unchanged(change.row)) return change.row;
    auto old = current(change.table, from_key, before);
    if (!old) return old.error();
    if (!*old && change.before == row_before::unsure) return change.row;
    if (!*old) return no_row_before(change.table);
    auto spliced = splice(change.row, **old, scratch_);
    if (!spliced || (change.before != row_before::unsure && has_unchanged(scratch_)))
        return failure{errc::store_damaged,
                       fmt::format("epoch {}: a stored row and its change differ in shape", change.table)};
    return keep(scratch_);
}

outcome<std::optional<std::string_view>> group_fold::current(epoch table, std::string_view key, rows_before& before)
{
    index();
    auto found = places_.find({table, key});
    if (found != places_.end() && rows_[found->second].clears == clears_of(table)) {
        const auto& row = rows_[found->second];
        if (row.what != folded_row::result::put) return std::optional<std::string_view>{};
        return std::optional{row.tuple};
    }
    if (clears_of(table) > 0) return std::optional<std::string_view>{};
    return before.tuple_of(table, key);
}

/// The key's row, as new if there is none or its table was emptied since.
folded_row& group_fold::row_at(epoch table, std::string_view key)
{
    folded_row fresh{.table = table, .key = key, .tuple = {}, .key_prefix = prefix_of(key), .clears = clears_of(table)};
    if (ascending_ && (rows_.empty() || stands_before(rows_.back(), fresh))) return rows_.emplace_back(fresh);
    index();
    auto [place, is_new] = places_.try_emplace({table, key}, static_cast<std::uint32_t>(rows_.size()));
    if (is_new) return rows_.emplace_back(fresh);
    auto& row = rows_[place->second];
    if (row.clears != fresh.clears) row = fresh;
    return row;
}

/// As row_at, when the key was until now what the change says; what only the store can tell is left for it.
outcome<folded_row*> group_fold::expect(epoch table, std::string_view key, row_before before)
{
    auto& row = row_at(table, key);
    if (before == row_before::any) return &row;
    if (row.what == folded_row::result::untouched && clears_of(table) == 0) {
        row.before = before;
        return &row;
    }
    bool is_there = row.what == folded_row::result::put;
    if (is_there == (before == row_before::present)) return &row;
    return contradiction(table, is_there ? inserted_twice : not_there);
}

/// Rows that come in order, as those of a copy often do, need no index.
void group_fold::index()
{
    if (!std::exchange(ascending_, false)) return;
    for (const auto& row : rows_)
        places_.emplace(row_name{row.table, row.key}, static_cast<std::uint32_t>(places_.size()));
}

std::uint32_t group_fold::clears_of(epoch table) const noexcept
{
    if (clears_.empty()) return 0;
    auto found = clears_.find(table);
    return found == clears_.end() ? 0 : found->second;
}

std::string_view group_fold::keep(std::string_view bytes)
{
    auto* place = static_cast<char*>(spliced_.allocate(bytes.size(), 1));
    std::copy(bytes.begin(), bytes.end(), place);
    return {place, bytes.size()};
}

std::vector<epoch> group_fold::cleared() const
{
    std::vector<epoch> tables;
    for (const auto& [table, count] : clears_) tables.push_back(table);
    return tables;
}

const std::vector<folded_row>& group_fold::finish()
{
    std::erase_if(rows_, [&](const folded_row& row) { return row.clears != clears_of(row.table); });
    if (!ascending_) std::sort(rows_.begin(), rows_.end(), stands_before);
    return rows_;
}

}  // namespace understudy
