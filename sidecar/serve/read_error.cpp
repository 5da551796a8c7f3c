#include "serve/read_error.hpp"

#include "core/limits.hpp"
#include "render/json_text.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace understudy {

void throw_exception_from_error(const read_error& what, const boost::source_location&)
{
    throw std::logic_error{"a failed read was used as if it had succeeded: " + what.message};
}

std::string valid_utf8(std::string_view text)
{
    std::string made;
    while (!text.empty()) {
        std::size_t size = 1;
        while (size < text.size() && size < 4 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
        bool valid = is_utf8(text.substr(0, size));
        made += valid ? text.substr(0, size) : std::string_view{"\xEF\xBF\xBD"};
        text.remove_prefix(valid ? size : 1);
    }
    return made;
}

std::string shortened(std::string_view text)
{
    if (text.size() <= limits::error_text_bytes_max) return std::string{text};
    return std::string{text.substr(0, limits::error_text_bytes_max)} + "...";
}

read_error parse_error(std::string_view what, std::string_view text, std::size_t place, std::string_view expected)
{
    return {.status = http::status::bad_request,
            .code = "PGRST100",
            .message = fmt::format("failed to parse {} ({}) at character {}", what, shortened(text), place + 1),
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
