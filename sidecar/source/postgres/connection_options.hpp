#pragma once

#include "core/error.hpp"

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
/// decide how values are printed (design.md, P1). PG* variables, the passfile and the service file work as in
/// every libpq program.
/// Errors: bad_config for a string that libpq cannot parse; the text never repeats the string.
outcome<connection_options> make_connection_options(const std::string& connection, connection_kind kind,
                                                    const std::string& application_name);

}  // namespace understudy
