#include "publish/cadence.hpp"

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

constexpr std::chrono::milliseconds backoff_first{1'000};
constexpr std::chrono::milliseconds backoff_longest{30'000};

wait_reason waiting_for(publish_reason rule) noexcept
{
    return rule == publish_reason::after_quiet ? wait_reason::after_quiet : wait_reason::every;
}

}  // namespace

const char* name_of(publish_reason reason) noexcept
{
    switch (reason) {
    case publish_reason::first: return "first";
    case publish_reason::outdated: return "outdated";
    case publish_reason::changed: return "changed";
    case publish_reason::every: return "every";
    case publish_reason::after_changes: return "after_changes";
    case publish_reason::after_bytes: return "after_bytes";
    case publish_reason::after_quiet: return "after_quiet";
    case publish_reason::requested: return "requested";
    case publish_reason::repair: return "repair";
    case publish_reason::resumed: return "resumed";
    case publish_reason::shutdown: return "shutdown";
    }
    return "unnamed";
}

const char* name_of(wait_reason reason) noexcept
{
    switch (reason) {
    case wait_reason::nothing_changed: return "nothing_changed";
    case wait_reason::min_interval: return "min_interval";
    case wait_reason::every: return "every";
    case wait_reason::after_quiet: return "after_quiet";
    case wait_reason::after_changes: return "after_changes";
    case wait_reason::after_bytes: return "after_bytes";
    case wait_reason::publishing: return "publishing";
    case wait_reason::backing_off: return "backing_off";
    case wait_reason::put_off: return "put_off";
    case wait_reason::paused: return "paused";
    case wait_reason::not_following: return "not_following";
    case wait_reason::behind: return "behind";
    case wait_reason::held: return "held";
    }
    return "unnamed";
}

cadence::cadence(const cadence_settings& settings, generation announced, steady_time now)
    : settings_{settings}, first_{announced == generation::none}, last_end_{now}
{
}

void cadence::changed(std::uint64_t count, std::uint64_t bytes, steady_time now)
{
    if (count == 0) return;
    if (pending_.count == 0) pending_.first = now;
    pending_.count += count;
    pending_.bytes += bytes;
    pending_.last = now;
}

void cadence::request(publish_reason why) noexcept
{
    requested_ = why;
    heard_request_ = false;
}

void cadence::resume() noexcept
{
    if (!std::exchange(paused_, false)) return;
    if (pending_.any() || requested_) request(publish_reason::resumed);
}

void cadence::started(steady_time now)
{
    started_ = now;
    const auto decided = evaluate(now);
    if (const auto* publish = std::get_if<publish_due>(&decided)) why_ = publish->reason;
    in_flight_ = std::exchange(pending_, {});
    heard_request_ = requested_.has_value();
    publishing_ = true;
    held_.reset();
}

void cadence::published(steady_time now, const written_generation& made)
{
    publishing_ = false;
    published_before_ = true;
    first_ = false;
    if (heard_request_) requested_.reset();
    heard_request_ = false;
    in_flight_ = {};
    backoff_ = {};
    last_end_ = now;
    last_publish_ = event{now, event::kind::published, why_, std::nullopt, std::nullopt, made, now - started_};
    record(*last_publish_);
}

void cadence::give_back()
{
    publishing_ = false;
    if (in_flight_.count != 0) pending_.first = in_flight_.first;
    pending_.count += in_flight_.count;
    pending_.bytes += in_flight_.bytes;
    pending_.last = std::max(pending_.last, in_flight_.last);
    pending_.outdated |= in_flight_.outdated;
    in_flight_ = {};
}

void cadence::failed(steady_time now, std::optional<errc> because)
{
    give_back();
    backoff_ = std::clamp(2 * backoff_, backoff_first, backoff_longest);
    held_ = wait_until{wait_reason::backing_off, now + backoff_};
    record({now, event::kind::failed, why_, std::nullopt, because, {}, now - started_});
}

void cadence::put_off(steady_time now, std::chrono::milliseconds wait, std::optional<errc> because)
{
    give_back();
    held_ = wait_until{wait_reason::put_off, now + wait};
    record({now, event::kind::put_off, why_, std::nullopt, because, {}, now - started_});
}

decision cadence::decide(steady_time now)
{
    auto decided = evaluate(now);
    if (const auto* wait = std::get_if<wait_until>(&decided)) note(wait->reason, now);
    return decided;
}

wait_until cadence::wait(wait_reason why, steady_time now)
{
    note(why, now);
    return {why, std::nullopt};
}

// That one is being written is no reason why one was not.
void cadence::note(wait_reason why, steady_time now)
{
    if (why == wait_reason::publishing) return;
    if (!events_.empty() && events_.back().waiting_for == why) return;
    record({now, event::kind::waiting, std::nullopt, why, std::nullopt, {}, {}});
}

bool cadence::is_wanted(publish_reason why) const noexcept
{
    return !paused_ || why == publish_reason::repair;
}

decision cadence::evaluate(steady_time now) const
{
    if (publishing_) return wait_until{wait_reason::publishing, std::nullopt};
    bool asked_for = requested_ && is_wanted(*requested_);
    if (asked_for && !heard_request_) return publish_due{*requested_};
    if (held_ && now < *held_->until) return *held_;
    if (first_) return publish_due{publish_reason::first};
    if (asked_for) return publish_due{*requested_};
    if (paused_) return wait_until{wait_reason::paused, std::nullopt};
    if (!pending_.any()) return wait_until{wait_reason::nothing_changed, std::nullopt};
    return follow_rules(now);
}

std::optional<publish_reason> cadence::next_rule(steady_time now) const
{
    if (publishing_) return why_;
    if (requested_ && is_wanted(*requested_)) return requested_;
    if (first_) return publish_reason::first;
    if (paused_) return pending_.any() ? std::optional{publish_reason::resumed} : std::nullopt;
    if (!pending_.any()) return std::nullopt;
    if (auto rule = earliest(now)) return rule->why;
    return settings_.after_changes ? publish_reason::after_changes : publish_reason::after_bytes;
}

pending_changes cadence::pending() const
{
    pending_changes all{pending_.count + in_flight_.count, pending_.bytes + in_flight_.bytes, std::nullopt};
    if (in_flight_.count != 0)
        all.since = in_flight_.first;
    else if (pending_.count != 0)
        all.since = pending_.first;
    return all;
}

decision cadence::follow_rules(steady_time now) const
{
    auto rule = earliest(now);
    if (!rule)
        return wait_until{settings_.after_changes ? wait_reason::after_changes : wait_reason::after_bytes,
                          std::nullopt};
    if (rule->at <= now && shutting_down_) return publish_due{publish_reason::shutdown};
    // A restart is no reason to wait: min_interval counts between two generations of this process.
    auto allowed = published_before_ ? last_end_ + settings_.min_interval : now;
    if (rule->at <= now && allowed <= now) return publish_due{rule->why};
    if (allowed >= rule->at) return wait_until{wait_reason::min_interval, allowed};
    return wait_until{waiting_for(rule->why), rule->at};
}

bool cadence::counted_out(std::optional<std::uint64_t> limit, std::uint64_t reached) const noexcept
{
    return limit && reached >= *limit;
}

/// The rule that is met first; those that count changes are met now or not by waiting.
std::optional<cadence::due> cadence::earliest(steady_time now) const
{
    if (pending_.outdated) return due{now, publish_reason::outdated};
    if (counted_out(settings_.after_changes, pending_.count)) return due{now, publish_reason::after_changes};
    if (counted_out(settings_.after_bytes, pending_.bytes)) return due{now, publish_reason::after_bytes};
    std::optional<due> every;
    if (settings_.every) every = due{last_end_ + *settings_.every, publish_reason::every};
    std::optional<due> quiet;
    if (settings_.after_quiet) quiet = due{pending_.last + *settings_.after_quiet, publish_reason::after_quiet};
    if (every && quiet) return every->at <= quiet->at ? every : quiet;
    if (every || quiet) return every ? every : quiet;
    if (settings_.after_changes || settings_.after_bytes) return std::nullopt;
    return due{now, publish_reason::changed};
}

void cadence::record(event happened)
{
    if (events_.size() == events_max) events_.pop_front();
    events_.push_back(happened);
    ++events_total_;
}

}  // namespace understudy
