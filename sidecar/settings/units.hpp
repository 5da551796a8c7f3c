#pragma once

#include "core/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

/// Reads `250ms`, `5s`, `10m`, `1h`, `1d`: digits and one unit, no sign, no fraction, no space.
/// Errors: bad_text; over_limit when the time does not fit.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Writes the largest unit that keeps it exact.
std::string format_duration(std::chrono::milliseconds duration);

/// Reads `100`, `100B`, `512KiB`, `64MiB`, `1GiB`, `2TiB`. Errors: as parse_duration.
result<std::uint64_t> parse_size(std::string_view text);

/// Writes the largest unit that keeps it exact; plain bytes have none.
std::string format_size(std::uint64_t bytes);

}  // namespace understudy
