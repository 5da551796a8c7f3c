#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

namespace understudy {

// date      := day [' BC'] | infinite
// timestamp := day ' ' clock [zone] [' BC'] | infinite
// day       := year{4,7} '-' month '-' day
// clock     := hours ':' minutes ':' seconds ['.' digit{1,6}]
// zone      := '+00'
// infinite  := 'infinity' | '-infinity'

/// The infinities as numbers: after and before every finite time that Postgres has.
inline constexpr auto after_all_time = std::numeric_limits<std::int64_t>::max();
inline constexpr auto before_all_time = std::numeric_limits<std::int64_t>::min();

enum class time_zone {
    none,
    utc,  ///< The text names its zone, which must be +00.
};

/// A timestamp's text in parts, borrowed from it. An infinity has no parts.
struct timestamp_text {
    std::int64_t microseconds = 0;  ///< Since 2000-01-01; since 1970 the last ones would not fit.
    std::string_view day;
    std::string_view clock;
    bool before_christ = false;
};

/// Errors: bad_text.
result<timestamp_text> read_timestamp(std::string_view text, time_zone zone);

/// Days since 2000-01-01. Errors: bad_text.
result<std::int64_t> read_date(std::string_view text);

}  // namespace understudy
