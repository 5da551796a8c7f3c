#pragma once

#include "core/settings.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

namespace understudy {

enum class publish_reason {
    first,
    outdated,
    changed,  ///< No rule is set: whatever changed is published.
    every,
    after_changes,
    after_bytes,
    after_quiet,
    requested,
    repair,  ///< What was announced is gone or damaged.
    shutdown,
};

enum class wait_reason {
    nothing_changed,
    min_interval,   ///< A rule is met; the last generation is too young.
    every,          ///< For this rule, the next that time alone will meet.
    after_quiet,    ///< Likewise.
    after_changes,  ///< For more changes: no rule is met by time.
    after_bytes,    ///< Likewise.
    publishing,     ///< One is being written.
    backing_off,    ///< The last one failed.
    put_off,        ///< The caller asked for patience, e.g. while a table is locked.
};

const char* name_of(publish_reason reason) noexcept;
const char* name_of(wait_reason reason) noexcept;

using steady_time = std::chrono::steady_clock::time_point;

struct publish_due {
    publish_reason reason = publish_reason::first;
    friend bool operator==(const publish_due&, const publish_due&) = default;
};

struct wait_until {
    wait_reason reason = wait_reason::nothing_changed;
    std::optional<steady_time> until;  ///< Nothing: only an event changes the answer.
    friend bool operator==(const wait_until&, const wait_until&) = default;
};

using decision = std::variant<publish_due, wait_until>;

/// Decides when the next generation is written. Reads no clock and starts no timer: every call takes its time,
/// which must not go back. Event-loop thread only.
///
/// Rules of cadence_settings are alternatives: the first that is met counts. Without any, a generation is due as
/// soon as min_interval allows and anything changed. Times count from the end of the last successful publish, so
/// that a slow disk is not kept busy all the time. A request and a shutdown heed neither rules nor min_interval.
class cadence {
public:
    enum class generation { none, announced };

    /// With none announced yet the first is due at once, changed or not.
    cadence(const cadence_settings& settings, generation announced, steady_time now);

    /// New settings count from the next decision on; what changed so far is kept.
    void replace(const cadence_settings& settings) { settings_ = settings; }

    /// Rows that the store now holds and no generation does.
    void changed(std::uint64_t count, std::uint64_t bytes, steady_time now);

    /// What is announced is not made from what the store holds, or not as the settings say: another is due as soon as
    /// min_interval allows, whatever the rules and however little changed.
    void outdated() noexcept { pending_.outdated = true; }

    /// A command or signal asks for a generation now, changed or not. Or a repair does.
    void request(publish_reason why = publish_reason::requested) noexcept;

    /// From now on what is due is published without waiting for min_interval.
    void shut_down() noexcept { shutting_down_ = true; }

    /// The rows are being read: later changes count for the next one. Every started() is followed by one of
    /// published(), failed() or put_off().
    void started(steady_time now);
    void published(steady_time now);

    /// Waits 1 s, then twice as long each time up to 30 s; a new request is heard at once.
    void failed(steady_time now);

    /// Not written or not announced, though nothing failed: try again after this long.
    void put_off(steady_time now, std::chrono::milliseconds wait);

    decision decide(steady_time now);

    /// One line of the record: a publish that ended, or that we began to wait for another reason.
    struct event {
        enum class kind { published, failed, put_off, waiting };
        steady_time at{};
        kind what = kind::waiting;
        std::optional<publish_reason> why;       ///< Of all but waiting.
        std::optional<wait_reason> waiting_for;  ///< Of waiting.
        friend bool operator==(const event&, const event&) = default;
    };
    static constexpr std::size_t events_max = 64;
    const std::deque<event>& events() const noexcept { return events_; }

private:
    struct dirt {
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
        steady_time last{};
        bool outdated = false;
    };
    struct due {
        steady_time at{};
        publish_reason why = publish_reason::every;
    };

    decision evaluate(steady_time now) const;
    decision follow_rules(steady_time now) const;
    std::optional<due> earliest(steady_time now) const;
    bool counted_out(std::optional<std::uint64_t> limit, std::uint64_t reached) const noexcept;
    void give_back();
    void record(event happened);

    cadence_settings settings_;
    dirt pending_;
    dirt in_flight_;
    bool first_ = false;
    std::optional<publish_reason> requested_;
    bool heard_request_ = false;  ///< The request that the publish under way, or the failed one, was for.
    bool shutting_down_ = false;
    bool publishing_ = false;
    publish_reason why_ = publish_reason::first;
    steady_time last_end_{};
    bool published_before_ = false;
    std::optional<wait_until> held_;  ///< After a failure or put_off.
    std::chrono::milliseconds backoff_{0};
    std::deque<event> events_;
};

}  // namespace understudy
