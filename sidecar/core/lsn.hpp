#pragma once

#include "core/error.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

/// A place in the Postgres write-ahead log, in bytes from its start. Unsigned: compare, never subtract blindly.
struct lsn {
    std::uint64_t value = 0;
    friend constexpr auto operator<=>(lsn, lsn) = default;
};

/// Bytes of WAL from `from` up to `to`; zero when `to` is not after `from`.
constexpr std::uint64_t distance(lsn from, lsn to) noexcept
{
    return to > from ? to.value - from.value : 0;
}

/// Where the last record ends, of an insert position as pg_current_wal_insert_lsn() gives it: that is where the next
/// record will start, behind a page's header if it starts a page, and no stream gets there before something is
/// written. Headers are 24 bytes, 40 on the first page of a segment (access/xlog_internal.h).
constexpr lsn end_of_wal(lsn insert, std::uint64_t page_bytes, std::uint64_t segment_bytes) noexcept
{
    if (segment_bytes != 0 && insert.value % segment_bytes == 40) return {insert.value - 40};
    if (page_bytes != 0 && insert.value % page_bytes == 24) return {insert.value - 24};
    return insert;
}

/// Writes the server's own form, two hexadecimal numbers: `16/B374D848`.
std::string to_string(lsn position);

/// Errors: bad_text unless the whole text is an LSN as Postgres prints it.
result<lsn> parse_lsn(std::string_view text);

}  // namespace understudy
