#pragma once

#include <boost/beast/http/status.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy {

namespace http = boost::beast::http;

/// Why a read is not answered with rows, in the members that PostgREST gives its errors
/// (https://docs.postgrest.org/en/stable/references/errors.html). Holds no row data; may hold text of the request.
struct read_error {
    http::status status = http::status::bad_request;
    std::string code;  ///< SQLSTATE where Postgres has one for it, else PostgREST's, else ours: `UNDERSTUDY...`
    std::string message;
    std::string details;  ///< Empty: null.
    std::string hint;     ///< Likewise.
    friend bool operator==(const read_error&, const read_error&) = default;
};

template <class T>
using read_result = boost::system::result<T, read_error>;

[[noreturn]] void throw_exception_from_error(const read_error& what, const boost::source_location& where);

/// The request cannot be parsed: `what` it was, e.g. "select parameter", and what was expected where.
read_error parse_error(std::string_view what, std::string_view text, std::size_t place, std::string_view expected);

/// With U+FFFD for every byte that is no UTF-8: what a request holds can be anything, and an answer is JSON.
std::string valid_utf8(std::string_view text);

/// As much of a request's text as an answer repeats.
std::string shortened(std::string_view text);

/// PostgREST can do it and we cannot.
read_error not_supported(std::string what, std::string hint = {});

}  // namespace understudy
