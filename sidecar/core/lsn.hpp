#pragma once

#include "core/error.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

/// A place in the Postgres write-ahead log, in bytes from its start. Unsigned: compare, never subtract blindly.
struct lsn {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(lsn, lsn) = default;
};

/// Bytes of WAL from `from` up to `to`; zero when `to` is not after `from`.
constexpr std::uint64_t distance(lsn from, lsn to) noexcept
{
    return to > from ? to.value - from.value : 0;
}

/// Writes the server's own form, two hexadecimal numbers: `16/B374D848`.
std::string to_string(lsn position);

/// Errors: bad_text unless the whole text is an LSN as Postgres prints it.
result<lsn> parse_lsn(std::string_view text);

}  // namespace understudy
