#pragma once

#include "serve/http_types.hpp"
#include "serve/serving_state.hpp"

#include <boost/asio/awaitable.hpp>

namespace understudy {

namespace asio = boost::asio;

/// Answers one request: health, status, metrics, or rows of a table. Serve thread only.
asio::awaitable<http_response> answer(const http_request& request, serving_state& state);

}  // namespace understudy
