#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every bound on a queue, buffer, count from the wire, or retry. Reaching one is errc::over_limit (or the
/// outcome named beside it), never a silent cut.
namespace understudy::limits {

using namespace std::chrono_literals;

// Counts from the wire. Postgres allows 1,600 columns in a table and 63 bytes in a name (NAMEDATALEN - 1).
inline constexpr std::size_t columns_max = 1600;
inline constexpr std::size_t name_bytes_max = 63;
inline constexpr std::size_t tables_max = 4096;
inline constexpr std::size_t truncated_relations_max = tables_max;
inline constexpr std::size_t nesting_max = 64;               ///< Arrays and composites inside each other.

// One value of Postgres is at most 1 GiB; one message holds one or two tuples of them.
inline constexpr std::size_t message_bytes_max = std::size_t{2} << 30;

// Between the event loop and the store.
inline constexpr std::size_t batches_in_flight_max = 2;      ///< Of a copy or a large transaction; then it is not read.
inline constexpr std::size_t group_growth_max = 2;           ///< Times commit's limits; then the stream is not read.

// Waiting.
inline constexpr auto connect_timeout = 10s;
inline constexpr auto query_timeout = 30s;
inline constexpr auto backoff_min = 250ms;
inline constexpr auto backoff_max = 30s;
inline constexpr auto session_proven = 5s;                   ///< Streaming for so long ends the back-off.
inline constexpr auto status_interval_max = 10s;             ///< And at most a third of wal_sender_timeout.
inline constexpr auto stop_grace = 1500ms;                   ///< SIGTERM to exit: the promise is two seconds.
inline constexpr auto lock_timeout = 5s;                     ///< ACCESS SHARE before a copy.

// Error text from a peer that has not proved who it is.
inline constexpr std::size_t peer_text_bytes_max = 1024;

}  // namespace understudy::limits
