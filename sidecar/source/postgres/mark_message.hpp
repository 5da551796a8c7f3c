#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace understudy {

// How a history_mark travels: as a transactional logical message (pg_logical_emit_message).
// https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION

inline constexpr const char* mark_prefix = "understudy";

inline std::string mark_text(std::uint64_t token)
{
    return fmt::format("{:016x}", token);
}

}  // namespace understudy
