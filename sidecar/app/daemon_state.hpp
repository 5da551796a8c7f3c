#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "source/postgres/copy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// What the daemon is doing, in the words of status.json and the logs.
enum class daemon_phase {
    starting,        ///< Nothing tried yet.
    connecting,      ///< On the way to the source, or checking what it says.
    copying,         ///< Every table is copied.
    resyncing,       ///< Some tables are copied again.
    streaming,       ///< Following the source.
    waiting,         ///< The source or the disk failed; the next try is due later.
    needs_operator,  ///< As waiting, but only a person can mend it.
    stopping,
};

const char* name_of(daemon_phase phase) noexcept;

/// Facts that several parts of the daemon report and status shows. Event loop only.
struct daemon_state {
    daemon_phase phase = daemon_phase::starting;
    std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
    std::optional<failure> reason;             ///< Why it is not streaming, or why nothing is announced.
    std::chrono::milliseconds retry_in{0};     ///< In `waiting`: from `since` on.

    bool connected = false;
    int server_version = 0;
    lsn server_flushed;                        ///< Of the last probe.
    std::uint64_t retained_bytes = 0;          ///< WAL that our slot holds back, at the last probe.
    std::optional<std::chrono::milliseconds> clock_offset;  ///< The database's clock less ours.
    std::optional<std::chrono::steady_clock::time_point> behind_since;  ///< When reached was last at the server's end.
    copy_progress copy;
    std::vector<std::string> held_back_by;     ///< Tables that are copied again and hold back the announcement.

    void enter(daemon_phase next)
    {
        if (next == phase) return;
        phase = next;
        since = std::chrono::system_clock::now();
    }
};

}  // namespace understudy
