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

/// The rows of one database whose whole keys begin with some bytes.
class prefix_visit {
public:
    prefix_visit(epoch table, lmdb::cursor at) : table_{table}, at_{std::move(at)} {}

    outcome<void> each(std::string_view prefix, const row_lookup::visitor& visit)
    {
        auto first = prefix.substr(0, whole_key_bytes_max);  // of a longer one, the store's own order knows no more
        auto check = [&](std::string_view key, std::string_view tuple, std::uint64_t count) -> outcome<void> {
            return key.starts_with(prefix) ? visit(key, tuple, count) : outcome<void>{};
        };
        const row_lookup::visitor checked = check;
        ordered_visit visiting{table_, first.size() == prefix.size() ? visit : checked};
        for (auto found = at_.seek_from(first);; found = at_.next()) {
            if (!found) return found.error();
            if (!*found || !(*found)->key.starts_with(first)) return visiting.finish();
            if (auto added = visiting.add(**found); !added) return added;
        }
    }

private:
    epoch table_;
    lmdb::cursor at_;
};

class key_lookup final : public row_lookup {
public:
    explicit key_lookup(prefix_visit rows) : rows_{std::move(rows)} {}
    outcome<void> each(std::string_view prefix, const visitor& visit) override { return rows_.each(prefix, visit); }

private:
    prefix_visit rows_;
};

/// Goes from the entries of an index (index_writer.hpp) to their rows.
class index_lookup final : public row_lookup {
public:
    index_lookup(epoch table, prefix_visit entries, const lmdb::transaction& within, lmdb::database rows)
        : table_{table}, entries_{std::move(entries)}, within_{within}, rows_{rows}
    {
    }

    outcome<void> each(std::string_view prefix, const visitor& visit) override
    {
        return entries_.each(prefix, [&](std::string_view whole, std::string_view, std::uint64_t columns_bytes) {
            return go_to(whole.substr(std::min<std::uint64_t>(columns_bytes, whole.size())), visit);
        });
    }

private:
    outcome<void> go_to(std::string_view key, const visitor& visit)
    {
        if (key.empty()) return damaged(table_);
        auto found = within_.find(rows_, stored_key{key}.view());
        if (!found) return found.error();
        if (!*found) return failure{errc::store_damaged, fmt::format("epoch {}: an index knows a row more", table_)};
        auto row = decode_row(**found);
        if (!row || row->long_key != (is_long(key) ? key : std::string_view{})) return damaged(table_);
        return visit(key, row->tuple, row->count);
    }

    epoch table_;
    prefix_visit entries_;
    const lmdb::transaction& within_;
    lmdb::database rows_;
};

const open_index* find_index(const epoch_indexes& indexes, const row_index& wanted)
{
    auto kept = indexes.find(wanted.rows);
    if (kept == indexes.end()) return nullptr;
    auto same = [&](const open_index& index) { return index.definition == wanted; };
    auto found = std::find_if(kept->second.begin(), kept->second.end(), same);
    return found == kept->second.end() ? nullptr : &*found;
}

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
    auto database = database_of(taken_.databases.rows, rows);
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
    auto database = database_of(taken_.databases.rows, rows);
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

outcome<std::unique_ptr<row_lookup>> lmdb_read_snapshot::look_up_by_key(epoch rows) const
{
    auto database = database_of(taken_.databases.rows, rows);
    if (!database) return database.error();
    auto cursor = taken_.within.open_cursor(*database);
    if (!cursor) return cursor.error();
    return std::unique_ptr<row_lookup>{std::make_unique<key_lookup>(prefix_visit{rows, std::move(*cursor)})};
}

outcome<std::unique_ptr<row_lookup>> lmdb_read_snapshot::look_up(const row_index& index) const
{
    auto rows = database_of(taken_.databases.rows, index.rows);
    if (!rows) return rows.error();
    const auto* entries = find_index(taken_.databases.indexes, index);
    if (entries == nullptr)
        return failure{errc::catching_up,
                       fmt::format("epoch {}: the index {} is not made yet", index.rows, to_string(index))};
    auto cursor = taken_.within.open_cursor(entries->database);
    if (!cursor) return cursor.error();
    return std::unique_ptr<row_lookup>{
        std::make_unique<index_lookup>(index.rows, prefix_visit{index.rows, std::move(*cursor)}, taken_.within, *rows)};
}

}  // namespace understudy
