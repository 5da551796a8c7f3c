#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

// What a reader wrote for a value, brought into the form that Postgres prints. Nothing if it is no such value. Spaces around
// it do not count, as in Postgres.

std::string_view trim(std::string_view text) noexcept;

/// `t` or `f`.
std::optional<std::string> boolean_text(std::string_view literal);

/// [+-]? digit+, without leading zeros.
std::optional<std::string> integer_text(std::string_view literal);

/// Without exponent; `NaN`, `Infinity`, `-Infinity`.
std::optional<std::string> numeric_text(std::string_view literal);

/// The shortest text of the nearest number of that width.
std::optional<std::string> float8_text(std::string_view literal);
std::optional<std::string> float4_text(std::string_view literal);

std::optional<std::string> uuid_text(std::string_view literal);

/// `\x` and lower-case digits; only from that form.
std::optional<std::string> bytes_text(std::string_view literal);

/// HH:MM:SS[.f]
std::optional<std::string> time_text(std::string_view literal);

/// YYYY-MM-DD, then optionally a space or T and a time of day, then optionally Z or an offset; ` BC`; the infinities.
struct moment {
    std::int64_t days = 0;          ///< Since 2000-01-01, as written.
    std::int64_t microseconds = 0;  ///< Since 2000-01-01 00:00, as written.
    std::int64_t offset_s = 0;      ///< East of Greenwich.
    bool infinite = false;          ///< Then the others are the infinity's (render/time_text.hpp).
};
std::optional<moment> read_moment(std::string_view literal);

}  // namespace understudy
