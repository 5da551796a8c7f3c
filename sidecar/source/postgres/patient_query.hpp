#pragma once

#include "source/postgres/connection.hpp"

#include <string>

namespace understudy {

/// Runs a command that waits for every transaction of the cluster that has an xid, as the creation of a slot does,
/// however long that takes. Meanwhile asks over `sql` whom it waits for and keeps `waiting_for` up to date: empty, or
/// pid, database and age for people. Both connections belong to the caller's executor and must live until it returns.
/// Errors: those of pg_connection.
asio::awaitable<outcome<query_result>> query_patiently(pg_connection& waiting, std::string command, pg_connection& sql,
                                                       std::string& waiting_for);

}  // namespace understudy
