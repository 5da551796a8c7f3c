#pragma once

#include "serve/http_types.hpp"
#include "serve/serving_state.hpp"

#include <boost/asio/awaitable.hpp>

#include <string_view>

namespace understudy {

namespace asio = boost::asio;

// GET /{table} and GET /{table}/{key}, in PostgREST's manner (serve/read_query.hpp). Beside its parameters and headers:
//
//   max_age=30, Prefer: max-stale=30   503 rather than rows that are older, or of unknown age; in seconds
//   Understudy-Fallback: reason        the reader says why it does not ask the database; counted

/// Answers a read. Long reads give way to others between their steps. Serve thread only.
asio::awaitable<http_response> answer_table(const http_request& request, std::string_view path, std::string_view query,
                                            serving_state& state);

/// An error in PostgREST's shape: {"code", "details", "hint", "message"}.
http_response answer_error(const read_error& why);

/// Seconds, or a duration such as 250ms, as text. Nothing if it is neither.
std::optional<std::chrono::milliseconds> read_age_bound(std::string_view text);

}  // namespace understudy
