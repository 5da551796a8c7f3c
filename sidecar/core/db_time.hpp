#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace understudy {

/// A time on the database's clock, in microseconds (Postgres' own resolution).
using db_time = std::chrono::sys_time<std::chrono::microseconds>;

/// Replication messages count microseconds from 2000-01-01 00:00 UTC.
/// https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
inline constexpr std::chrono::seconds postgres_epoch{946'684'800};

constexpr db_time from_postgres_us(std::int64_t microseconds) noexcept
{
    return db_time{postgres_epoch + std::chrono::microseconds{microseconds}};
}

constexpr std::int64_t to_postgres_us(db_time time) noexcept
{
    return (time.time_since_epoch() - std::chrono::microseconds{postgres_epoch}).count();
}

/// RFC 3339 in UTC with microseconds: `2026-11-23T00:08:12.000123Z`.
std::string to_string(db_time time);

/// Reads what to_string writes. Errors: bad_text.
result<db_time> parse_db_time(std::string_view text);

}  // namespace understudy
