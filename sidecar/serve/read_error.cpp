#include "serve/read_error.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace understudy {

void throw_exception_from_error(const read_error& what, const boost::source_location&)
{
    throw std::logic_error{"a failed read was used as if it had succeeded: " + what.message};
}

read_error parse_error(std::string_view what, std::string_view text, std::size_t place, std::string_view expected)
{
    return {.status = http::status::bad_request,
            .code = "PGRST100",
            .message = fmt::format("failed to parse {} ({}) at character {}", what, text, place + 1),
            .details = fmt::format("expected {}", expected),
            .hint = {}};
}

read_error not_supported(std::string what, std::string hint)
{
    return {.status = http::status::bad_request,
            .code = "PGRST127",
            .message = "Feature not implemented",
            .details = std::move(what),
            .hint = std::move(hint)};
}

}  // namespace understudy
