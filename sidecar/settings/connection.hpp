#pragma once

#include <string>

namespace understudy {

/// The connection string or URI as `keyword=value` pairs, with `********` for whatever libpq itself keeps from
/// view. It is taken apart by libpq, never by us; what libpq cannot take apart gives `(hidden)`.
std::string masked_connection(const std::string& connection);

/// True when libpq can take the string apart. Says nothing about whether the server answers.
bool is_connection(const std::string& connection);

/// True when a password stands in the string itself.
bool has_password(const std::string& connection);

}  // namespace understudy
