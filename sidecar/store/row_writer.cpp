#include "store/row_writer.hpp"

#include "store/row_format.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

failure damaged(epoch table, std::string_view what)
{
    return {errc::store_damaged, fmt::format("epoch {}: {}", table, what)};
}

outcome<stored_row> decode(epoch table, std::string_view value)
{
    auto row = decode_row(value);
    if (!row) return damaged(table, "a stored row cannot be read");
    return *row;
}

/// Two long keys with one hash would overwrite each other.
outcome<stored_row> decode_same(epoch table, std::string_view key, std::string_view value)
{
    auto row = decode(table, value);
    if (row && row->long_key != (is_long(key) ? key : std::string_view{}))
        return damaged(table, "two keys have the same hash");
    return row;
}

/// Writes rows of one epoch in the order of their keys.
class epoch_writer {
public:
    epoch_writer(epoch table, lmdb::cursor at, epoch_index_writers indexes)
        : table_{table}, at_{std::move(at)}, indexes_{std::move(indexes)}
    {
    }

    /// Looks at the end of the epoch: rows that all go behind it are appended.
    outcome<void> begin(std::string_view first_key);
    outcome<void> write(const folded_row& row);

private:
    outcome<std::optional<stored_row>> seek(std::string_view key, std::string_view stored);
    outcome<std::optional<stored_row>> leave(std::string_view key, std::string_view stored);
    outcome<void> put(const folded_row& row, std::string_view stored);
    outcome<void> place(std::string_view stored, const stored_row& row, lmdb::existing present);
    outcome<void> remove(const folded_row& row, std::string_view stored);
    outcome<void> erase(std::string_view key);
    outcome<void> recount(const folded_row& row, std::string_view stored);

    epoch table_;
    lmdb::cursor at_;
    epoch_index_writers indexes_;
    lmdb::order known_ = lmdb::order::any;
    std::string kept_;
};

outcome<void> epoch_writer::begin(std::string_view first_key)
{
    auto last = at_.last();
    if (!last) return last.error();
    bool behind = !*last || (*last)->key < stored_key{first_key}.view();
    known_ = behind ? lmdb::order::ascending : lmdb::order::any;
    return {};
}

outcome<void> epoch_writer::write(const folded_row& row)
{
    if (row.key.empty()) return failure{errc::internal, fmt::format("epoch {}: a row without a key", table_)};
    stored_key stored{row.key};
    // Long keys are not in the order of their hashes.
    if (is_long(row.key)) known_ = lmdb::order::any;
    switch (row.what) {
    case folded_row::result::put: return put(row, stored.view());
    case folded_row::result::gone: return remove(row, stored.view());
    case folded_row::result::counted: return recount(row, stored.view());
    case folded_row::result::untouched: break;
    }
    return failure{errc::internal, fmt::format("epoch {}: a change without a result", table_)};
}

outcome<std::optional<stored_row>> epoch_writer::seek(std::string_view key, std::string_view stored)
{
    if (known_ == lmdb::order::ascending) return std::optional<stored_row>{};
    auto found = at_.seek(stored);
    if (!found) return found.error();
    if (!*found) return std::optional<stored_row>{};
    auto row = decode_same(table_, key, (*found)->value);
    if (!row) return row.error();
    return std::optional{*row};
}

/// The row as it was until now, of which the indexes take notice.
outcome<std::optional<stored_row>> epoch_writer::leave(std::string_view key, std::string_view stored)
{
    auto old = seek(key, stored);
    if (!old || indexes_.empty()) return old;
    auto noted = indexes_.before(*old ? std::optional{(*old)->tuple} : std::nullopt);
    return noted ? std::move(old) : outcome<std::optional<stored_row>>{noted.error()};
}

outcome<void> epoch_writer::put(const folded_row& row, std::string_view stored)
{
    stored_row fresh{.count = 1, .long_key = {}, .tuple = row.tuple};
    if (is_long(row.key)) fresh.long_key = row.key;
    if (row.before == row_before::present || is_long(row.key) || !indexes_.empty()) {
        auto old = leave(row.key, stored);
        if (!old) return old.error();
        if (row.before == row_before::present && !*old) return contradiction(table_, not_there);
        if (row.before == row_before::absent && *old) return contradiction(table_, inserted_twice);
    }
    auto placed =
        place(stored, fresh, row.before == row_before::absent ? lmdb::existing::refuse : lmdb::existing::overwrite);
    return placed ? indexes_.after(row.key, row.tuple) : placed;
}

outcome<void> epoch_writer::place(std::string_view stored, const stored_row& row, lmdb::existing present)
{
    auto room = at_.put(stored, encoded_size(row), known_, present);
    if (!room) return room.error();
    if (!*room) return contradiction(table_, inserted_twice);
    encode(row, *room);
    return {};
}

outcome<void> epoch_writer::remove(const folded_row& row, std::string_view stored)
{
    auto old = leave(row.key, stored);
    if (!old) return old.error();
    if (row.before == row_before::present && !*old) return contradiction(table_, not_there);
    if (row.before == row_before::absent && *old) return contradiction(table_, inserted_twice);
    return *old ? erase(row.key) : outcome<void>{};
}

/// Removes the row that leave() has found.
outcome<void> epoch_writer::erase(std::string_view key)
{
    auto erased = at_.erase();
    return erased ? indexes_.after(key, std::nullopt) : erased;
}

outcome<void> epoch_writer::recount(const folded_row& row, std::string_view stored)
{
    auto old = leave(row.key, stored);
    if (!old) return old.error();
    auto count = *old ? static_cast<std::int64_t>((*old)->count) : 0;
    if (count + row.fewest < 0) return contradiction(table_, not_there);
    count += row.more;
    if (count == 0) return *old ? erase(row.key) : outcome<void>{};
    kept_ = row.tuple.empty() && *old ? (*old)->tuple : row.tuple;
    stored_row counted{.count = static_cast<std::uint64_t>(count), .long_key = {}, .tuple = kept_};
    if (is_long(row.key)) counted.long_key = row.key;
    auto placed = place(stored, counted, lmdb::existing::overwrite);
    return placed ? indexes_.after(row.key, kept_) : placed;
}

outcome<void> clear_indexes(epoch table, lmdb::transaction& within, const epoch_indexes& indexes)
{
    auto found = indexes.find(table);
    if (found == indexes.end()) return {};
    for (const auto& index : found->second)
        if (auto cleared = within.clear(index.database); !cleared) return cleared;
    return {};
}

outcome<void> clear_epochs(const group_fold& group, lmdb::transaction& within, const open_databases& databases)
{
    for (auto table : group.cleared()) {
        auto database = database_of(databases.rows, table);
        if (!database) return database.error();
        if (auto cleared = within.clear(*database); !cleared) return cleared;
        if (auto cleared = clear_indexes(table, within, databases.indexes); !cleared) return cleared;
    }
    return {};
}

using row_iterator = std::vector<folded_row>::const_iterator;

/// Writes the rows of the first row's table and returns where those of the next one start.
outcome<row_iterator> write_epoch(row_iterator from, row_iterator end, const lmdb::transaction& within,
                                  const open_databases& databases)
{
    auto table = from->table;
    auto database = database_of(databases.rows, table);
    if (!database) return database.error();
    auto cursor = within.open_cursor(*database);
    if (!cursor) return cursor.error();
    auto indexes = epoch_index_writers::open(databases.indexes, table, within);
    if (!indexes) return indexes.error();
    epoch_writer writer{table, std::move(*cursor), std::move(*indexes)};
    if (auto begun = writer.begin(from->key); !begun) return begun.error();
    for (; from != end && from->table == table; ++from)
        if (auto written = writer.write(*from); !written) return written.error();
    return from;
}

}  // namespace

outcome<lmdb::database> database_of(const epoch_databases& databases, epoch table)
{
    auto found = databases.find(table);
    if (found == databases.end()) return failure{errc::internal, fmt::format("there is no epoch {}", table)};
    return found->second;
}

outcome<std::optional<std::string_view>> transaction_rows::tuple_of(epoch table, std::string_view key)
{
    auto database = database_of(databases_, table);
    if (!database) return database.error();
    auto found = within_.find(*database, stored_key{key}.view());
    if (!found) return found.error();
    if (!*found) return std::optional<std::string_view>{};
    auto row = decode_same(table, key, **found);
    if (!row) return row.error();
    return std::optional{row->tuple};
}

outcome<void> write_rows(group_fold& group, lmdb::transaction& within, const open_databases& databases)
{
    if (auto cleared = clear_epochs(group, within, databases); !cleared) return cleared;
    const auto& rows = group.finish();
    for (auto from = rows.begin(); from != rows.end();) {
        auto next = write_epoch(from, rows.end(), within, databases);
        if (!next) return next.error();
        from = *next;
    }
    return {};
}

}  // namespace understudy
