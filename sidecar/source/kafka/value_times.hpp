#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::debezium {

// Times as Debezium writes them, to the text that Postgres prints with DateStyle ISO and TimeZone UTC. Each appends to
// `out`, which may hold a part after an error.
//
// Each infinity has several numbers and texts, by mode and by whether a row was copied or streamed. None of them is a
// time that Postgres could hold, so they are told from times. What is neither is an error.
// Errors: bad_text.

enum class time_unit : std::int64_t { milliseconds = 1000, microseconds = 1, nanoseconds = -1000 };

/// What a timestamp is printed with.
enum class zone_suffix { none, utc };

/// Since 1970. Nanoseconds have to be whole microseconds.
error_code append_timestamp(std::int64_t value, time_unit unit, std::string& out);

/// `2024-02-29T12:34:56.123456Z`; years before 1 BC are negative, 1 BC is 0000, years after 9999 have a plus sign.
error_code append_iso_timestamp(std::string_view text, zone_suffix zone, std::string& out);

/// Ranges as Postgres prints them in whatever TimeZone, `["2024-02-29 09:04:56-03:30",)`: that is the time zone of
/// Connect's JVM (seen with 3.7.0). What is not in quotes is left as it is.
error_code append_zoned_ranges(std::string_view text, std::string& out);

/// Days since 1970.
error_code append_date(std::int64_t days, std::string& out);

/// `2024-02-29Z`.
error_code append_iso_date(std::string_view text, std::string& out);

/// Since midnight; 24:00 is a time of its own.
error_code append_time(std::int64_t value, time_unit unit, std::string& out);

/// `12:34:56.123456Z`.
error_code append_iso_time(std::string_view text, zone_suffix zone, std::string& out);

}  // namespace understudy::debezium
