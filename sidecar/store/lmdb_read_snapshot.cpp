#include "store/lmdb_read_snapshot.hpp"

#include "store/record.hpp"
#include "store/record_names.hpp"
#include "store/row_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace understudy {

namespace {

failure damaged(epoch table)
{
    return {errc::store_damaged, fmt::format("epoch {}: a stored row cannot be read", table)};
}

failure unreadable(const char* name, error_code why)
{
    return explain(why, fmt::format("the store's record `{}` cannot be read", name));
}

outcome<std::string_view> find_record(const lmdb::transaction& within, lmdb::database records, const char* name)
{
    auto found = within.find(records, name);
    if (!found) return found.error();
    if (!*found) return unreadable(name, make_error_code(errc::store_damaged));
    return **found;
}

/// Visits the rows of one database in the order of their whole keys.
///
/// The database has that order already, except within a run of long keys with the same beginning, which stand in
/// the order of their hashes. Such a run is gathered, as views into the map, and sorted.
class ordered_visit {
public:
    ordered_visit(epoch table, const read_snapshot::visitor& visit) : table_{table}, visit_{visit} {}

    outcome<void> add(const lmdb::entry& entry)
    {
        auto row = decode_row(entry.value);
        bool long_key = entry.key.size() == long_key_bytes;
        if (!row || row->long_key.empty() == long_key) return damaged(table_);
        if (!continues(*row))
            if (auto ended = finish(); !ended) return ended;
        if (!long_key) return visit_(entry.key, row->tuple, row->count);
        run_.push_back(*row);
        return {};
    }

    outcome<void> finish()
    {
        std::sort(run_.begin(), run_.end(),
                  [](const auto& left, const auto& right) { return left.long_key < right.long_key; });
        for (const auto& row : run_)
            if (auto visited = visit_(row.long_key, row.tuple, row.count); !visited) return visited;
        run_.clear();
        return {};
    }

private:
    bool continues(const stored_row& row) const noexcept
    {
        if (run_.empty()) return true;
        return row.long_key.substr(0, whole_key_bytes_max) == run_.front().long_key.substr(0, whole_key_bytes_max);
    }

    epoch table_;
    const read_snapshot::visitor& visit_;
    std::vector<stored_row> run_;
};

bool is_multiset(const store_state& state, epoch rows)
{
    return std::any_of(state.tables.begin(), state.tables.end(), [&](const table_record& table) {
        return table.rows == rows && table.shape.identity == row_identity::multiset;
    });
}

}  // namespace

outcome<store_state> read_state(const lmdb::transaction& within, lmdb::database records)
{
    auto state_record = find_record(within, records, record_names::state);
    if (!state_record) return state_record.error();
    auto state = decode_state(*state_record);
    if (!state) return unreadable(record_names::state, state.error());
    auto position_record = find_record(within, records, record_names::position);
    if (!position_record) return position_record.error();
    auto position = decode_position(*position_record);
    if (!position) return unreadable(record_names::position, position.error());
    state->position = *position;
    return std::move(*state);
}

outcome<std::uint64_t> lmdb_read_snapshot::row_count(epoch rows) const
{
    auto database = database_of(taken_.databases, rows);
    if (!database) return database.error();
    if (!is_multiset(taken_.state, rows)) {
        auto used = taken_.within.usage_of(*database);
        if (!used) return used.error();
        return used->entries;
    }
    std::uint64_t sum = 0;
    auto counted = each_row(rows, [&](std::string_view, std::string_view, std::uint64_t count) -> outcome<void> {
        sum += count;
        return {};
    });
    if (!counted) return counted.error();
    return sum;
}

outcome<void> lmdb_read_snapshot::each_row(epoch rows, const visitor& visit) const
{
    auto database = database_of(taken_.databases, rows);
    if (!database) return database.error();
    auto cursor = taken_.within.open_cursor(*database);
    if (!cursor) return cursor.error();
    ordered_visit visiting{rows, visit};
    for (auto at = cursor->first();; at = cursor->next()) {
        if (!at) return at.error();
        if (!*at) return visiting.finish();
        if (auto added = visiting.add(**at); !added) return added;
    }
}

}  // namespace understudy
