#include "store/map_size.hpp"

#include <algorithm>
#include <cmath>

namespace understudy {

namespace {

constexpr std::uint64_t headroom_bytes = std::uint64_t{2} << 20;
constexpr std::uint64_t transactions_unusable = 2;
constexpr std::uint64_t backlog_bytes_min = std::uint64_t{16} << 20;
constexpr std::uint64_t free_list_share = 256;       // pages that are set free are noted in others
constexpr std::uint64_t wal_bytes_per_change = 100;  // of an update of a narrow row

std::uint64_t step(std::uint64_t map_bytes) noexcept
{
    auto eighth = map_bytes / 8;
    return std::max(map_bytes_min, eighth - eighth % map_bytes_min);
}

}  // namespace

std::uint64_t pages_touched(const map_use& now, const write_estimate& coming) noexcept
{
    // Changes that fall on pages at random leave a share of e^(-changes/pages) of them alone.
    auto live = static_cast<double>(now.live_pages);
    auto hit = now.live_pages == 0 ? 0.0 : live * -std::expm1(-static_cast<double>(coming.changes) / live);
    auto fresh = 2 * coming.bytes / now.page_bytes;  // pages that are split are half full
    return static_cast<std::uint64_t>(hit) + fresh;
}

std::uint64_t bytes_wanted(const map_use& now, const write_estimate& coming) noexcept
{
    auto pages = now.live_pages + transactions_unusable * pages_touched(now, coming);
    return pages * now.page_bytes + headroom_bytes;
}

std::uint64_t bytes_wanted_at_once(const map_use& now, const write_estimate& coming) noexcept
{
    return (now.live_pages + pages_touched(now, coming)) * now.page_bytes + headroom_bytes;
}

write_estimate estimate_of_backlog(const map_use& now) noexcept
{
    constexpr std::uint64_t hits_each = 32;
    auto fresh = std::max(backlog_bytes_min, now.live_pages * now.page_bytes / 4);
    return {.changes = hits_each * now.live_pages, .bytes = fresh};
}

bool has_room_for(const transaction_room& room, const write_estimate& coming) noexcept
{
    auto all = coming;
    all.changes += room.changes;
    auto wanted = bytes_wanted_at_once(room.at_begin, all) + room.new_pages * room.at_begin.page_bytes;
    return wanted + wanted / free_list_share <= room.map_bytes;
}

write_estimate estimate_of_wal(std::uint64_t wal_bytes) noexcept
{
    return {.changes = wal_bytes / wal_bytes_per_change, .bytes = wal_bytes / 2};
}

std::uint64_t next_map_bytes(std::uint64_t map_bytes, std::uint64_t wanted) noexcept
{
    if (wanted <= map_bytes) return map_bytes;
    auto one = step(map_bytes);
    return map_bytes + (wanted - map_bytes + one - 1) / one * one;
}

std::uint64_t map_bytes_after_full(std::uint64_t map_bytes, const map_use& now) noexcept
{
    auto live = std::min(map_bytes, now.live_pages * now.page_bytes);
    return next_map_bytes(map_bytes, map_bytes + std::max(step(map_bytes), map_bytes - live));
}

}  // namespace understudy
