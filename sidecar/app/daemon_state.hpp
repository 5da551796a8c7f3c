#pragma once

#include "app/pause_marker.hpp"
#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "publish/status_file.hpp"
#include "serve/daemon_word.hpp"
#include "source/copy_sink.hpp"
#include "source/kafka/signs_of_life.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

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
    stopped,  ///< The last word of a run.
};

const char* name_of(daemon_phase phase) noexcept;

/// How fast a copy goes, and how long it will take at that pace; nothing while that cannot be told.
struct copy_pace {
    double rows_per_second = 0;
    std::optional<std::uint64_t> seconds_left;
};
copy_pace pace_of(const copy_progress& copy, std::chrono::steady_clock::time_point now) noexcept;

/// The stream stands still for somebody, or what was cut for him is kept.
struct hold_facts {
    std::chrono::system_clock::time_point since;
    std::chrono::system_clock::time_point until;  ///< Ends by itself then.
};

/// Facts that several parts of the daemon report and status shows. Event loop only.
struct daemon_state {
    daemon_phase phase = daemon_phase::starting;
    std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
    std::optional<failure> reason;  ///< Why it is not streaming, or why nothing is announced.

    bool connected = false;
    int server_version = 0;
    lsn server_flushed;                                     ///< Of the last probe.
    std::uint64_t retained_bytes = 0;                       ///< WAL that our slot holds back, at the last probe.
    std::optional<std::chrono::milliseconds> clock_offset;  ///< The database's clock less ours.
    copy_progress copy;
    kafka::signs_of_life connector;            ///< Its heartbeats, with Kafka. They outlast our sessions.
    std::optional<failure> connector_silence;  ///< Since they are overdue.
    bool slot_explained = false;               ///< We made it, or have said that we did not.
    std::optional<hold_facts> hold;
    std::optional<pause_facts> pause;
    std::string wal_status;                       ///< pg_replication_slots.wal_status of our slot, at the last probe.
    std::optional<std::uint64_t> safe_wal_bytes;  ///< Until it is in danger; nothing without a limit.
    daemon_counters counters;
    std::optional<error_status> last_error;  ///< Of the source.
    std::optional<reload_status> reload;     ///< The last one.

    /// What ended a session, or kept one from beginning.
    void note_error(const failure& why);

    void enter(daemon_phase next)
    {
        if (next == phase) return;
        phase = next;
        since = std::chrono::system_clock::now();
    }
};

}  // namespace understudy
