#pragma once

#include "core/db_time.hpp"
#include "core/lsn.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace understudy {

/// Tells one transaction from any other that could stand at the same place in another history. LSN and xid
/// alone do not (seen on a restored volume), so the content counts too.
struct transaction_fingerprint {
    lsn commit;  ///< Where the commit record starts.
    lsn end;     ///< Where the next record starts.
    std::uint32_t xid = 0;
    std::int64_t commit_us = 0;  ///< Commit time, microseconds since 2000-01-01.
    std::uint64_t content = 0;   ///< XXH3 of the bytes of its row changes and our messages, in order.
    friend bool operator==(const transaction_fingerprint&, const transaction_fingerprint&) = default;
};

/// A transaction of our own, written to the server right behind a copy. A history that does not hold it is not the one
/// that was copied from. LSN, xid and time could be repeated by a volume put back; the token cannot.
struct history_mark {
    std::uint64_t token = 0;  ///< Random; zero is no mark.
    lsn by;                   ///< It was committed before this.
    friend bool operator==(const history_mark&, const history_mark&) = default;
};

/// What the rows of several tables are true at together.
enum class consistency_level : std::uint8_t {
    transaction,  ///< Whole transactions, all tables at the same commit.
    row,          ///< Each row is right, at a place of its own.
};

/// `transaction` or `row`.
constexpr const char* name_of(consistency_level level) noexcept
{
    return level == consistency_level::transaction ? "transaction" : "row";
}

/// What the store is true at. Written in the same store transaction as the rows.
///
/// A source of several logs has no one place in the write-ahead log. Its `position` counts what it has read of all of them,
/// and `places` says how far it is in each.
struct stored_position {
    lsn position;                  ///< Every commit whose end is at or before this is inside.
    lsn keepalive;                 ///< The last position taken from a keepalive, or from a copy's start.
    transaction_fingerprint last;  ///< The last applied transaction; all zero before the first.
    db_time content_as_of{};       ///< The latest commit time inside (a maximum).
    history_mark awaited;          ///< Of the newest copy, until the stream has shown it.
    std::uint64_t generation = 0;  ///< The highest generation number handed out, so that none comes twice.
    std::string places;            ///< The source's own word for where it is in each of its logs; it alone reads it.
    bool unsettled = false;        ///< It is amid something of which a part is no state of the tables.
    consistency_level consistency = consistency_level::transaction;

    /// While it does, nothing may be announced: some copy may be newer than the position, and is not known to be of
    /// the same history.
    bool awaits_mark() const noexcept { return awaited.token != 0; }

    /// Whether what the store is true at may be published.
    bool is_presentable() const noexcept { return !awaits_mark() && !unsettled; }

    /// What may be confirmed to the server once this is durable.
    lsn acknowledged() const noexcept { return std::max(last.commit, keepalive); }

    friend bool operator==(const stored_position&, const stored_position&) = default;
};

}  // namespace understudy
