#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::debezium {

// Numbers as Debezium writes them, to the text that Postgres prints. Each appends to `out`, which may hold a part after
// an error. Errors: bad_text; over_limit for more digits than numeric can have.

/// A JSON number, or NaN, Infinity or -Infinity, as float8out and float4out print the value with extra_float_digits 1:
/// the fewest digits that no other value is as near to.
error_code append_float8(std::string_view literal, std::string& out);
error_code append_float4(std::string_view literal, std::string& out);

void append_float8(double value, std::string& out);

/// An integer in big-endian two's complement, which `scale` digits stand behind the point of.
error_code append_unscaled(std::string_view bytes, std::int32_t scale, std::string& out);

/// A decimal literal, with an exponent or not, without it: `1.50E+3` as `1500`, `1.5E-7` as `0.00000015`.
error_code append_plain(std::string_view literal, std::string& out);

/// Gives the decimal number that `out` holds from `start` on `scale` digits behind its point. Errors: bad_text if a
/// digit other than zero would be lost.
error_code fit_to_scale(std::size_t start, std::int32_t scale, std::string& out);

/// Takes zeros at the end of the fraction off, and then a bare point.
void strip_zeros(std::size_t start, std::string& out);

/// Of numeric's typmod, which is not -1. Negative scales are since PostgreSQL 15.
std::int32_t numeric_scale(std::int32_t typmod) noexcept;
std::int32_t numeric_precision(std::int32_t typmod) noexcept;

/// The scale that Debezium reads out of it: 2048 too many for a negative one.
std::int32_t sent_numeric_scale(std::int32_t typmod) noexcept;

}  // namespace understudy::debezium
