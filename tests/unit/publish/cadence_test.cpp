#include "publish/cadence.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace understudy;
using namespace std::chrono_literals;

namespace understudy {

std::ostream& operator<<(std::ostream& out, const decision& made)
{
    if (const auto* publish = std::get_if<publish_due>(&made)) return out << "publish: " << name_of(publish->reason);
    const auto& wait = std::get<wait_until>(made);
    out << "wait: " << name_of(wait.reason);
    if (wait.until) out << " until " << wait.until->time_since_epoch() / 1ms << " ms";
    return out;
}

}  // namespace understudy

namespace {

const steady_time start{100s};

decision publish(publish_reason reason)
{
    return publish_due{reason};
}
decision wait(wait_reason reason, std::optional<steady_time> until = std::nullopt)
{
    return wait_until{reason, until};
}

/// Spells settings out by the rules that are set.
class rules {
public:
    explicit rules(std::chrono::milliseconds min_interval) { made_.min_interval = min_interval; }
    rules& every(std::chrono::milliseconds time) { return made_.every = time, *this; }
    rules& after_quiet(std::chrono::milliseconds time) { return made_.after_quiet = time, *this; }
    rules& after_changes(std::uint64_t count) { return made_.after_changes = count, *this; }
    rules& after_bytes(std::uint64_t count) { return made_.after_bytes = count, *this; }
    operator cadence_settings() const { return made_; }

private:
    cadence_settings made_;
};

cadence settled(const cadence_settings& settings)
{
    return cadence{settings, cadence::generation::announced, start};
}

void publish_at(cadence& schedule, steady_time at)
{
    schedule.started(at);
    schedule.published(at);
}

#define CHECK_DECISION(got, wanted) BOOST_TEST(((got) == (wanted)), "got " << (got) << ", wanted " << (wanted))

}  // namespace

BOOST_AUTO_TEST_SUITE(cadence_test)

BOOST_AUTO_TEST_CASE(the_first_generation_is_due_at_once_though_nothing_changed)
{
    cadence schedule{{}, cadence::generation::none, start};
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::first));
    publish_at(schedule, start);
    CHECK_DECISION(schedule.decide(start + 1h), wait(wait_reason::nothing_changed));
}

BOOST_AUTO_TEST_CASE(each_rule_is_met_at_its_time_and_not_before)
{
    struct row {
        const char* what;
        cadence_settings settings;
        std::chrono::milliseconds after;  ///< Since the last publish.
        decision wanted;
    };
    const cadence_settings every = rules{1s}.every(10s);
    const cadence_settings changes = rules{1s}.after_changes(5);
    const cadence_settings more_changes = rules{1s}.after_changes(6);
    const cadence_settings bytes = rules{1s}.after_bytes(500);
    const cadence_settings more_bytes = rules{1s}.after_bytes(501);
    const cadence_settings quiet = rules{1s}.after_quiet(3s);
    const cadence_settings both = rules{1s}.every(10s).after_quiet(3s);
    const cadence_settings none = rules{1s};
    const row table[] = {
        {"every, early", every, 9999ms, wait(wait_reason::every, start + 10s)},
        {"every, due", every, 10s, publish(publish_reason::every)},
        {"changes, too few", more_changes, 1h, wait(wait_reason::after_changes)},
        {"changes, enough", changes, 1s, publish(publish_reason::after_changes)},
        {"changes, enough but early", changes, 999ms, wait(wait_reason::min_interval, start + 1s)},
        {"bytes, too few", more_bytes, 1h, wait(wait_reason::after_bytes)},
        {"bytes, enough", bytes, 1s, publish(publish_reason::after_bytes)},
        {"quiet, early", quiet, 3499ms, wait(wait_reason::after_quiet, start + 3500ms)},
        {"quiet, due", quiet, 3500ms, publish(publish_reason::after_quiet)},
        {"quiet before every", both, 3500ms, publish(publish_reason::after_quiet)},
        {"no rule, early", none, 999ms, wait(wait_reason::min_interval, start + 1s)},
        {"no rule, due", none, 1s, publish(publish_reason::changed)},
    };
    for (const auto& [what, settings, after, wanted] : table)
        BOOST_TEST_CONTEXT(what) {
            auto schedule = settled(settings);
            publish_at(schedule, start);
            CHECK_DECISION(schedule.decide(start + after), wait(wait_reason::nothing_changed));
            schedule.changed(5, 500, start + 500ms);
            CHECK_DECISION(schedule.decide(start + after), wanted);
        }
}

BOOST_AUTO_TEST_CASE(a_new_change_puts_off_quiet_and_not_every)
{
    auto schedule = settled(rules{1s}.every(10s).after_quiet(3s));
    for (auto after = 1s; after < 10s; after += 1s) {
        schedule.changed(1, 1, start + after);
        BOOST_TEST(std::holds_alternative<wait_until>(schedule.decide(start + after)));
    }
    CHECK_DECISION(schedule.decide(start + 10s), publish(publish_reason::every));
}

BOOST_AUTO_TEST_CASE(changes_during_a_publish_count_for_the_next)
{
    auto schedule = settled(rules{0ms}.after_changes(2));
    schedule.changed(2, 2, start);
    schedule.started(start);
    schedule.changed(1, 1, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::publishing));
    schedule.published(start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::after_changes));
    schedule.changed(1, 1, start);
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::after_changes));
}

BOOST_AUTO_TEST_CASE(min_interval_counts_from_the_end_of_a_publish)
{
    auto schedule = settled(rules{1s});
    schedule.changed(1, 1, start);
    schedule.started(start);
    schedule.published(start + 20s);
    schedule.changed(1, 1, start + 20s);
    CHECK_DECISION(schedule.decide(start + 20s), wait(wait_reason::min_interval, start + 21s));
}

BOOST_AUTO_TEST_CASE(failures_back_off_from_one_second_to_thirty_and_lose_no_change)
{
    auto schedule = settled(rules{0ms}.after_changes(2));
    schedule.changed(2, 2, start);
    auto now = start;
    for (auto wanted : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
        CHECK_DECISION(schedule.decide(now), publish(publish_reason::after_changes));
        schedule.started(now);
        schedule.failed(now);
        CHECK_DECISION(schedule.decide(now), wait(wait_reason::backing_off, now + wanted));
        now += wanted;
    }
    publish_at(schedule, now);
    schedule.changed(2, 2, now);
    schedule.started(now);
    schedule.failed(now);
    CHECK_DECISION(schedule.decide(now), wait(wait_reason::backing_off, now + 1s));
}

BOOST_AUTO_TEST_CASE(a_request_publishes_at_once_though_nothing_changed)
{
    auto schedule = settled(rules{1h}.every(2h));
    publish_at(schedule, start);
    schedule.request();
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::requested));
    publish_at(schedule, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::nothing_changed));
}

BOOST_AUTO_TEST_CASE(a_repair_is_a_request_with_a_reason_of_its_own)
{
    auto schedule = settled(rules{1h}.every(2h));
    schedule.request(publish_reason::repair);
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::repair));
    publish_at(schedule, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::nothing_changed));
}

BOOST_AUTO_TEST_CASE(a_request_during_a_publish_is_for_another_one)
{
    auto schedule = settled({});
    schedule.request();
    schedule.started(start);
    schedule.request();
    schedule.published(start);
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::requested));
}

BOOST_AUTO_TEST_CASE(a_failed_request_backs_off_and_a_new_one_is_heard_at_once)
{
    auto schedule = settled({});
    schedule.request();
    schedule.started(start);
    schedule.failed(start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::backing_off, start + 1s));
    CHECK_DECISION(schedule.decide(start + 1s), publish(publish_reason::requested));
    schedule.request();
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::requested));
}

BOOST_AUTO_TEST_CASE(a_shutdown_publishes_what_is_due_but_for_min_interval_and_nothing_else)
{
    auto schedule = settled(rules{3h}.every(2h));
    publish_at(schedule, start);
    schedule.shut_down();
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::nothing_changed));
    schedule.changed(1, 1, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::min_interval, start + 3h));
    CHECK_DECISION(schedule.decide(start + 2h), publish(publish_reason::shutdown));
}

BOOST_AUTO_TEST_CASE(a_shutdown_without_rules_publishes_whatever_changed)
{
    auto schedule = settled(rules{1h});
    publish_at(schedule, start);
    schedule.changed(1, 1, start);
    schedule.shut_down();
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::shutdown));
}

BOOST_AUTO_TEST_CASE(put_off_waits_as_long_as_told_and_does_not_double)
{
    auto schedule = settled(rules{0ms});
    schedule.changed(1, 1, start);
    for (int i = 0; i < 3; ++i) {
        schedule.started(start);
        schedule.put_off(start, 200ms);
        CHECK_DECISION(schedule.decide(start), wait(wait_reason::put_off, start + 200ms));
        CHECK_DECISION(schedule.decide(start + 200ms), publish(publish_reason::changed));
    }
}

BOOST_AUTO_TEST_CASE(new_settings_count_at_once_and_keep_what_changed)
{
    auto schedule = settled(rules{0ms}.every(1h));
    schedule.changed(5, 5, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::every, start + 1h));
    schedule.replace(rules{0ms}.after_changes(5));
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::after_changes));
}

BOOST_AUTO_TEST_CASE(what_is_outdated_waits_for_min_interval_and_for_no_rule)
{
    auto schedule = settled(rules{1s}.after_changes(1000));
    publish_at(schedule, start);
    schedule.outdated();
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::min_interval, start + 1s));
    CHECK_DECISION(schedule.decide(start + 1s), publish(publish_reason::outdated));
    schedule.started(start + 1s);
    schedule.failed(start + 1s);
    CHECK_DECISION(schedule.decide(start + 2s), publish(publish_reason::outdated));
    publish_at(schedule, start + 2s);
    CHECK_DECISION(schedule.decide(start + 1h), wait(wait_reason::nothing_changed));
}

BOOST_AUTO_TEST_CASE(while_paused_nothing_is_due_however_much_changed)
{
    auto schedule = settled(rules{0ms});
    schedule.pause();
    schedule.changed(5, 50, start);
    schedule.outdated();
    schedule.request();
    CHECK_DECISION(schedule.decide(start + 1h), wait(wait_reason::paused));
    schedule.shut_down();
    CHECK_DECISION(schedule.decide(start + 1h), wait(wait_reason::paused));
    BOOST_TEST((schedule.pending() == pending_changes{5, 50, start}));
    BOOST_TEST((schedule.next_rule(start + 1h) == publish_reason::resumed));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_pause_publishes_what_changed_at_once_and_once)
{
    auto schedule = settled(rules{1h}.every(2h));
    publish_at(schedule, start);
    schedule.pause();
    schedule.changed(1, 1, start);
    schedule.resume();
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::resumed));
    publish_at(schedule, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::nothing_changed));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_pause_in_which_nothing_changed_publishes_nothing)
{
    auto schedule = settled(rules{0ms});
    schedule.pause();
    schedule.resume();
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::nothing_changed));
    schedule.resume();
    schedule.changed(1, 1, start);
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::changed));
}

BOOST_AUTO_TEST_CASE(a_pause_holds_neither_the_first_generation_nor_a_repair)
{
    cadence schedule{rules{0ms}, cadence::generation::none, start};
    schedule.pause();
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::first));
    publish_at(schedule, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::paused));
    schedule.request(publish_reason::repair);
    CHECK_DECISION(schedule.decide(start), publish(publish_reason::repair));
    publish_at(schedule, start);
    CHECK_DECISION(schedule.decide(start), wait(wait_reason::paused));
}

BOOST_AUTO_TEST_CASE(what_a_failed_publish_was_to_show_is_pending_since_it_changed)
{
    auto schedule = settled(rules{0ms});
    BOOST_TEST((schedule.pending() == pending_changes{}));
    schedule.changed(2, 20, start + 1s);
    schedule.started(start + 2s);
    schedule.changed(1, 10, start + 3s);
    BOOST_TEST((schedule.pending() == pending_changes{3, 30, start + 1s}));
    schedule.failed(start + 4s);
    BOOST_TEST((schedule.pending() == pending_changes{3, 30, start + 1s}));
    schedule.started(start + 9s);
    schedule.changed(1, 5, start + 9s);
    schedule.published(start + 10s);
    BOOST_TEST((schedule.pending() == pending_changes{1, 5, start + 9s}));
}

BOOST_AUTO_TEST_CASE(the_rule_that_publishes_next_is_named_whatever_is_waited_for)
{
    struct row {
        const char* what;
        cadence_settings settings;
        std::chrono::milliseconds after;
        std::optional<publish_reason> wanted;
    };
    const row table[] = {
        {"no rule, too young", rules{1s}, 600ms, publish_reason::changed},
        {"count reached, too young", rules{1s}.every(1h).after_changes(5), 600ms, publish_reason::after_changes},
        {"count not reached, with a time", rules{1s}.every(1h).after_changes(6), 600ms, publish_reason::every},
        {"the earlier of two times", rules{1s}.every(1h).after_quiet(3s), 600ms, publish_reason::after_quiet},
        {"the earlier of two times, the other", rules{1s}.every(2s).after_quiet(3s), 600ms, publish_reason::every},
        {"counts alone", rules{1s}.after_changes(6).after_bytes(501), 2s, publish_reason::after_changes},
        {"bytes alone", rules{1s}.after_bytes(501), 2s, publish_reason::after_bytes},
    };
    for (const auto& [what, settings, after, wanted] : table)
        BOOST_TEST_CONTEXT(what) {
            auto schedule = settled(settings);
            publish_at(schedule, start);
            BOOST_TEST(!schedule.next_rule(start + after).has_value());
            schedule.changed(5, 500, start + 500ms);
            BOOST_TEST((schedule.next_rule(start + after) == wanted));
        }
}

BOOST_AUTO_TEST_CASE(what_a_time_says_is_when_its_rule_publishes)
{
    const cadence_settings all[] = {rules{1s},
                                    rules{1s}.every(3s),
                                    rules{5s}.every(3s),
                                    rules{1s}.after_quiet(2s),
                                    rules{1s}.every(3s).after_quiet(4s),
                                    rules{1s}.every(9s).after_quiet(2s).after_changes(1),
                                    rules{1s}.every(9s).after_changes(100).after_bytes(100)};
    for (const auto& settings : all) {
        auto schedule = settled(settings);
        publish_at(schedule, start);
        schedule.changed(1, 1, start + 100ms);
        auto waits = std::get<wait_until>(schedule.decide(start + 200ms));
        auto rule = schedule.next_rule(start + 200ms);
        BOOST_TEST_REQUIRE(waits.until.has_value());
        BOOST_TEST(std::holds_alternative<wait_until>(schedule.decide(*waits.until - 1ms)));
        CHECK_DECISION(schedule.decide(*waits.until), publish(rule.value()));
    }
}

BOOST_AUTO_TEST_CASE(the_record_tells_what_was_written_how_long_it_took_and_why_one_failed)
{
    using kind = cadence::event::kind;
    auto schedule = settled(rules{0ms});
    schedule.changed(1, 1, start);
    schedule.started(start);
    schedule.failed(start + 2s, errc::disk_full);
    schedule.started(start + 3s);
    schedule.published(start + 4s, {7, 100, 2000});
    const auto& events = schedule.events();
    BOOST_TEST_REQUIRE(events.size() == 2u);
    BOOST_TEST((events[0].what == kind::failed && events[0].because == errc::disk_full && events[0].took == 2s));
    BOOST_TEST((events[1].made == written_generation{7, 100, 2000} && events[1].took == 1s));
    BOOST_TEST((schedule.last_publish() == events[1]));
}

BOOST_AUTO_TEST_CASE(somebody_elses_reason_to_wait_is_recorded_once)
{
    auto schedule = settled(rules{0ms});
    schedule.changed(1, 1, start);
    CHECK_DECISION(decision{schedule.wait(wait_reason::not_following, start)}, wait(wait_reason::not_following));
    schedule.wait(wait_reason::not_following, start + 1s);
    BOOST_TEST(schedule.events_total() == 1u);
    BOOST_TEST((schedule.events().back().waiting_for == wait_reason::not_following));
}

BOOST_AUTO_TEST_CASE(the_record_tells_publishes_and_new_reasons_to_wait)
{
    using kind = cadence::event::kind;
    auto schedule = settled(rules{1s});
    schedule.decide(start);
    schedule.decide(start + 1s);
    schedule.changed(1, 1, start + 1s);
    publish_at(schedule, start + 2s);
    BOOST_TEST_REQUIRE(schedule.events().size() == 2u);
    BOOST_TEST((schedule.events()[0].waiting_for == wait_reason::nothing_changed));
    BOOST_TEST((schedule.events()[1].what == kind::published));
    BOOST_TEST((schedule.events()[1].why == publish_reason::changed));
}

BOOST_AUTO_TEST_CASE(the_record_is_bounded)
{
    auto schedule = settled({});
    for (int i = 0; i < 1000; ++i) publish_at(schedule, start);
    BOOST_TEST(schedule.events().size() == cadence::events_max);
}

BOOST_AUTO_TEST_SUITE_END()
