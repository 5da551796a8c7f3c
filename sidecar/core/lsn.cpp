#include "core/lsn.hpp"

#include <fmt/format.h>

#include <charconv>

namespace understudy {

std::string to_string(lsn position)
{
    return fmt::format("{:X}/{:X}", position.value >> 32, position.value & 0xFFFFFFFFu);
}

namespace {

bool parse_half(std::string_view text, std::uint32_t& half) noexcept
{
    auto end = text.data() + text.size();
    auto [stop, ec] = std::from_chars(text.data(), end, half, 16);
    return ec == std::errc{} && stop == end;
}

}  // namespace

result<lsn> parse_lsn(std::string_view text)
{
    auto slash = text.find('/');
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    if (slash == text.npos || !parse_half(text.substr(0, slash), high) || !parse_half(text.substr(slash + 1), low))
        return make_error_code(errc::bad_text);
    return lsn{(std::uint64_t{high} << 32) | low};
}

}  // namespace understudy
