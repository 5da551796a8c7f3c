#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace understudy {

namespace http = boost::beast::http;

using http_request = http::request<http::string_body>;
using http_response = http::response<http::string_body>;

/// A response with a body; the server adds its date, its length and how the connection goes on.
http_response make_response(http::status status, std::string_view content_type, std::string body);

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::string http_date(std::chrono::system_clock::time_point time);

inline std::string_view header(const http_request& request, http::field name)
{
    auto value = request[name];
    return {value.data(), value.size()};
}
inline std::string_view header(const http_request& request, std::string_view name)
{
    auto value = request[boost::beast::string_view{name.data(), name.size()}];
    return {value.data(), value.size()};
}

}  // namespace understudy
