#pragma once

#include "core/db_time.hpp"
#include "decode/debezium.hpp"
#include "source/kafka/places.hpp"

#include <chrono>
#include <optional>

namespace understudy::kafka {

/// The lsn alone does not tell whether an event stands before another one: that takes the sequence.
inline bool is_streamed(const debezium::event& event) noexcept
{
    const auto& source = event.source;
    return source.snapshot == debezium::snapshot_mark::none && source.position && source.sequence;
}

/// Where a streamed event stands.
inline event_mark mark_of(const debezium::source_block& source) noexcept
{
    return {source.last_commit.value_or(lsn{}).value, source.position->value};
}

inline std::optional<db_time> commit_time(const debezium::source_block& source) noexcept
{
    if (!source.commit_us) return std::nullopt;
    return db_time{std::chrono::microseconds{*source.commit_us}};
}

}  // namespace understudy::kafka
