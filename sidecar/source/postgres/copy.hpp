#pragma once

#include "core/position.hpp"
#include "core/settings.hpp"
#include "source/postgres/catalog.hpp"
#include "source/copy_sink.hpp"
#include "source/mirrored_table.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace understudy {

/// A table as the catalog shows it under a view.
struct viewed_table {
    table_facts facts;
    mirrored_table table;
};

/// A transaction that sees exactly the commits that start before a point, with its tables locked in ACCESS SHARE mode.
struct consistent_view {
    std::unique_ptr<pg_connection> connection;
    lsn point;
    std::vector<viewed_table> tables;
};

/// Opens one with a temporary slot, which is gone when it returns. Waits for every transaction that is running, and
/// asks over `sql` which those are. `only` names the tables by oid; empty means all of the settings. A table that was
/// rewritten or truncated between the point and its lock would show no rows and not say so: then the next point is
/// tried. Errors: table_changed when that happened several times in a row; table_locked.
asio::awaitable<outcome<consistent_view>> open_consistent_view(const settings& wanted, std::vector<oid> only,
                                                               pg_connection& sql, copy_progress& progress,
                                                               const std::stop_token& stopped = never_stopped);

/// To be called when it was read to its end. A transaction that is given up leaves what its reads wrote to the WAL
/// unflushed, and nothing is proved current until somebody flushes it: up to 15 s (seen).
asio::awaitable<outcome<void>> end_view(consistent_view& view);

/// The rows of the stored columns of a table as a SELECT, row filter included. Pure.
std::string rows_query(const table_facts& facts, const mirrored_table& table);

struct copy_result {
    lsn consistent_point;
    history_mark mark;
    std::vector<table_record> tables;  ///< The copied ones, valid from the consistent point.
};

/// Copies tables as of one consistent point into new epochs, and marks the history that they are of. Errors: those of the connections and
/// of open_consistent_view; the sink's.
asio::awaitable<outcome<copy_result>> copy_tables(pg_connection& sql, const settings& wanted, std::vector<oid> only,
                                                  copy_sink& sink, copy_progress& progress,
                                                  const std::stop_token& stopped);

/// `COPY ... TO STDOUT` for the stored columns of a table. Pure.
std::string copy_statement(const table_facts& facts, const mirrored_table& table);

}  // namespace understudy
