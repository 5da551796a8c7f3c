#pragma once

#include <optional>
#include <string>

namespace understudy {

/// The connection string or URI as `keyword=value` pairs, with `********` for whatever libpq itself keeps from
/// view. It is taken apart by libpq, never by us; what libpq cannot take apart gives `(hidden)`.
std::string masked_connection(const std::string& connection);

/// Why libpq cannot take the string apart; nothing if it can. Repeats no part of the string but a word that is almost
/// a keyword of libpq. Says nothing about whether the server answers.
std::optional<std::string> connection_error(const std::string& connection);

/// True when a password stands in the string itself.
bool has_password(const std::string& connection);

}  // namespace understudy
