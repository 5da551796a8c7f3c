#pragma once

#include "core/change_counts.hpp"
#include "publish/day_record.hpp"
#include "publish/status_file.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy {

/// How often something took how long.
struct duration_histogram {
    static constexpr std::array upper_bounds_s{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0};
    std::array<std::uint64_t, upper_bounds_s.size()> at_most{};  ///< How many were no longer than the bound.
    std::uint64_t count = 0;
    double sum_s = 0;

    void note(std::chrono::duration<double> took) noexcept
    {
        ++count;
        sum_s += took.count();
        for (std::size_t at = 0; at < at_most.size(); ++at)
            if (took.count() <= upper_bounds_s[at]) ++at_most[at];
    }
};

/// What a publish does, one after the other.
enum class publish_phase { freeze, write, check, announce };
constexpr std::array<std::string_view, 4> publish_phases{"freeze", "write", "check", "announce"};

/// What the daemon has counted since it started.
struct daemon_counters {
    std::map<std::pair<std::string, std::string>, std::uint64_t> publishes;  ///< By outcome and reason.
    std::map<std::string, std::uint64_t> skips;                              ///< By wait_reason.
    std::map<std::string, std::uint64_t> source_errors;                      ///< By errc: what ended a session.
    std::map<std::string, row_counts> applied_changes;                       ///< By `schema.table`.
    std::uint64_t applied_bytes = 0;
    std::uint64_t received_bytes = 0;    ///< Of the replication stream.
    std::optional<db_time> last_answer;  ///< When the database answered last, on our clock.
    duration_histogram publish_seconds;
    std::array<duration_histogram, publish_phases.size()> phase_seconds{};  ///< Of publish_seconds, by phase.
};

/// What the event loop tells the serve thread on each heartbeat.
struct daemon_word {
    status_report status;
    day_record day;
    daemon_counters counters;
    std::chrono::milliseconds heartbeat{0};  ///< Until the next word.
};

}  // namespace understudy
