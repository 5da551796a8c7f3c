#pragma once

#include "core/error.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

enum class connection_kind {
    sql,          ///< An ordinary session.
    replication,  ///< A walsender on our database: slots and streaming.
};

/// Keyword and value pairs for PQconnectStartParams. Hold a password perhaps: never logged.
using connection_options = std::vector<std::pair<std::string, std::string>>;

/// The operator's connection string with what we need set on top of it: our name, UTF-8, and the settings that
/// decide how values are printed. PG* variables, the passfile and the service file work as in
/// every libpq program.
/// Errors: bad_config for a string that libpq cannot parse; the text never repeats the string.
outcome<connection_options> make_connection_options(const std::string& connection, connection_kind kind,
                                                    const std::string& application_name);

/// The options for each host of a list, in its order, so that each gets a time limit of its own: libpq's asynchronous
/// connect knows none and would stay with a first host that is silent. The options as they are when one host is named,
/// none, or the lists of hosts and ports do not match (libpq says so).
std::vector<connection_options> one_per_host(const connection_options& options);

/// How long to wait for a host: `connect_timeout` in whole seconds, as in libpq; ours when it names none.
std::chrono::milliseconds connect_timeout_of(const connection_options& options);

}  // namespace understudy
