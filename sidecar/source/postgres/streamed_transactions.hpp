#pragma once

#include "core/lsn.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace understudy {

/// Transactions that were streamed and that the catalog may not show yet: a commit is in the WAL, and so in the stream,
/// before others see it, and stays so for as long as it waits for a synchronous standby.
///
/// Transaction ids are compared as the server does it, modulo 2^32. Pure.
class streamed_transactions {
public:
    explicit streamed_transactions(std::size_t kept_max) : kept_max_{kept_max} {}

    /// In the order of the stream.
    void add(lsn commit_start, std::uint32_t xid);

    /// Forgets those whose work a snapshot shows: it shows neither the `running` nor anything from `next_xid` on.
    /// Returns one that starts before `position` and that it does not show, if there is any.
    std::optional<std::uint32_t> settle(std::vector<std::uint32_t> running, std::uint32_t next_xid, lsn position);

private:
    struct entry {
        lsn commit_start;
        std::uint32_t xid;
    };

    std::size_t kept_max_;
    std::vector<entry> kept_;
    /// Of too many, only the latest is remembered: whatever runs and is older may be one of them.
    std::optional<std::uint32_t> latest_of_many_;
};

}  // namespace understudy
