#pragma once

#include <cstdint>

namespace understudy {

/// How large the map should be. A write transaction copies each live page that it touches at most once, and the
/// pages that the two transactions before it set free cannot be used again yet. A guess that is
/// too small costs a second try, not a failure.

inline constexpr std::uint64_t map_bytes_min = std::uint64_t{16} << 20;

struct map_use {
    std::uint64_t page_bytes = 4096;
    std::uint64_t live_pages = 0;
};

struct write_estimate {
    std::uint64_t changes = 0;
    std::uint64_t bytes = 0;
};

/// Pages that so many changes in random places touch, and the new pages for their bytes.
std::uint64_t pages_touched(const map_use& now, const write_estimate& coming) noexcept;

/// What the map should hold before the write.
std::uint64_t bytes_wanted(const map_use& now, const write_estimate& coming) noexcept;

/// What the map should hold before one large transaction, which no other follows before it ends.
std::uint64_t bytes_wanted_at_once(const map_use& now, const write_estimate& coming) noexcept;

/// What one transaction of a backlog may take, whose end nobody knows: every page that there is, and half as many new ones.
write_estimate estimate_of_backlog(const map_use& now) noexcept;

/// A transaction that takes more and more, and what it may still take. `at_begin` is what was in use then.
struct transaction_room {
    map_use at_begin;
    std::uint64_t map_bytes = 0;
    std::uint64_t changes = 0;    ///< Applied so far.
    std::uint64_t new_pages = 0;  ///< That it has more than at its begin.
};
bool has_room_for(const transaction_room& room, const write_estimate& coming) noexcept;

/// Of a transaction that is known only by its WAL.
write_estimate estimate_of_wal(std::uint64_t wal_bytes) noexcept;

/// The next step up from `map_bytes` that reaches `wanted`; `map_bytes` itself if that does.
std::uint64_t next_map_bytes(std::uint64_t map_bytes, std::uint64_t wanted) noexcept;

/// One step up in any case: at least twice the part that is not in use.
std::uint64_t map_bytes_after_full(std::uint64_t map_bytes, const map_use& now) noexcept;

}  // namespace understudy
