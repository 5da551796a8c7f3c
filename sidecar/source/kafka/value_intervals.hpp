#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::debezium {

// Intervals as Debezium writes them, to the text that Postgres prints with IntervalStyle postgres. Each appends to `out`, which
// may hold a part after an error.
// Errors: bad_text.

/// `P1Y2M3DT4H5M6.789012S`, each part with a sign of its own.
error_code append_iso_interval(std::string_view text, std::string& out);

/// An interval of hours, minutes and seconds.
void append_duration(std::int64_t microseconds, std::string& out);

}  // namespace understudy::debezium
