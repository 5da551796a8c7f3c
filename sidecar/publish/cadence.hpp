#pragma once

#include "core/error.hpp"
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
    repair,   ///< What was announced is gone or damaged.
    resumed,  ///< A pause ended, and something had changed.
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
    paused,         ///< An operator asked for it; nothing is due before he resumes.
    not_following,  ///< A rule is met, and the source is not being followed now.
    behind,         ///< A rule is met, and the stream catches up first.
    held,           ///< A rule is met, and a verify has the stream or the files.
};

inline constexpr auto last_publish_reason = publish_reason::shutdown;
inline constexpr auto last_wait_reason = wait_reason::held;

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

/// Rows that the store holds and no generation does.
struct pending_changes {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::optional<steady_time> since;  ///< Of the first; nothing without any.
    friend bool operator==(const pending_changes&, const pending_changes&) = default;
};

/// What a publish wrote.
struct written_generation {
    std::uint64_t number = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const written_generation&, const written_generation&) = default;
};

/// Decides when the next generation is written. Reads no clock and starts no timer: every call takes its time,
/// which must not go back. Event-loop thread only.
///
/// Rules of cadence_settings are alternatives: the first that is met counts. Without any, a generation is due as
/// soon as min_interval allows and anything changed. Times count from the end of the last successful publish, so
/// that a slow disk is not kept busy all the time. A request and a shutdown heed neither rules nor min_interval.
///
/// A pause holds all of them until it ends, but for two that keep a promise: the first generation and a repair, for
/// readers must find one.
class cadence {
public:
    enum class generation { none, announced };

    /// With none announced yet the first is due at once, changed or not.
    cadence(const cadence_settings& settings, generation announced, steady_time now);

    /// New settings count from the next decision on; what changed so far is kept.
    void replace(const cadence_settings& settings) { settings_ = settings; }

    /// Nothing is due from now on, but for the first generation and a repair.
    void pause() noexcept { paused_ = true; }

    /// What changed since is due at once.
    void resume() noexcept;

    bool is_paused() const noexcept { return paused_; }
    bool is_publishing() const noexcept { return publishing_; }

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
    void published(steady_time now, const written_generation& made = {});

    /// Waits 1 s, then twice as long each time up to 30 s; a new request is heard at once.
    void failed(steady_time now, std::optional<errc> because = std::nullopt);

    /// Not written or not announced, though nothing failed: try again after this long.
    void put_off(steady_time now, std::chrono::milliseconds wait, std::optional<errc> because = std::nullopt);

    decision decide(steady_time now);

    /// The same without a line in the record.
    decision evaluate(steady_time now) const;

    /// As decide, for a caller that has a reason of his own not to publish what is due.
    wait_until wait(wait_reason why, steady_time now);

    /// The rule that will publish next as far as can be told now; nothing without one.
    std::optional<publish_reason> next_rule(steady_time now) const;

    /// The publish under way counts for as long as it is not published.
    pending_changes pending() const;

    const cadence_settings& rules() const noexcept { return settings_; }

    /// One line of the record: a publish that ended, or that we began to wait for another reason.
    struct event {
        enum class kind { published, failed, put_off, waiting };
        steady_time at{};
        kind what = kind::waiting;
        std::optional<publish_reason> why;       ///< Of all but waiting.
        std::optional<wait_reason> waiting_for;  ///< Of waiting.
        std::optional<errc> because;             ///< Of failed and put_off.
        written_generation made;                 ///< Of published.
        steady_time::duration took{};            ///< Of all but waiting.
        friend bool operator==(const event&, const event&) = default;
    };
    static constexpr std::size_t events_max = 64;
    const std::deque<event>& events() const noexcept { return events_; }

    /// How many there were, those that are forgotten included.
    std::uint64_t events_total() const noexcept { return events_total_; }

    const std::optional<event>& last_publish() const noexcept { return last_publish_; }

private:
    struct dirt {
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
        steady_time first{};
        steady_time last{};
        bool outdated = false;

        bool any() const noexcept { return count != 0 || outdated; }
    };
    struct due {
        steady_time at{};
        publish_reason why = publish_reason::every;
    };

    decision follow_rules(steady_time now) const;
    bool is_wanted(publish_reason why) const noexcept;
    std::optional<due> earliest(steady_time now) const;
    bool counted_out(std::optional<std::uint64_t> limit, std::uint64_t reached) const noexcept;
    void give_back();
    void note(wait_reason why, steady_time now);
    void record(event happened);

    cadence_settings settings_;
    dirt pending_;
    dirt in_flight_;
    bool first_ = false;
    std::optional<publish_reason> requested_;
    bool heard_request_ = false;  ///< The request that the publish under way, or the failed one, was for.
    bool shutting_down_ = false;
    bool paused_ = false;
    bool publishing_ = false;
    publish_reason why_ = publish_reason::first;
    steady_time started_{};
    steady_time last_end_{};
    bool published_before_ = false;
    std::optional<wait_until> held_;  ///< After a failure or put_off.
    std::chrono::milliseconds backoff_{0};
    std::deque<event> events_;
    std::uint64_t events_total_ = 0;
    std::optional<event> last_publish_;
};

}  // namespace understudy
