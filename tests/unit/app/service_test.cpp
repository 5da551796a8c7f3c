#include "app/service_notifier.hpp"
#include "app/service_reporter.hpp"
#include "app/sign_of_life.hpp"
#include "app/start_progress.hpp"
#include "core/limits.hpp"
#include "publish/cadence.hpp"
#include "support/notify_socket.hpp"
#include "support/waiting.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// What a service manager hears, without one.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

/// This process as a service whose manager is a test.
struct service {
    notify_socket manager;

    explicit service(std::optional<std::chrono::microseconds> watchdog = std::nullopt)
    {
        ::setenv("NOTIFY_SOCKET", manager.path().c_str(), 1);
        if (watchdog) ::setenv("WATCHDOG_USEC", std::to_string(watchdog->count()).c_str(), 1);
    }
    service(const service&) = delete;
    service& operator=(const service&) = delete;
    ~service()
    {
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
    }
};

status_report report_of(std::uint64_t generation, std::string state = "streaming")
{
    status_report made;
    made.state = std::move(state);
    made.generation = generation;
    return made;
}

status_report copying(std::uint64_t rows)
{
    auto made = report_of(0, "copying");
    made.copy = copy_status{};
    made.copy->rows = rows;
    made.copy->tables_total = 2;
    return made;
}

/// A running reporter with two threads that tests can keep busy.
struct reporting {
    service_notifier to;
    asio::io_context loop;
    worker_thread store;
    worker_thread publish;
    status_report report = report_of(0, "connecting");
    service_reporter reporter{loop.get_executor(), to, [this] { return report; }, {&store, &publish}};

    explicit reporting(std::chrono::milliseconds heartbeat = 5ms) { reporter.start(heartbeat); }
    reporting(const reporting&) = delete;
    reporting& operator=(const reporting&) = delete;
    ~reporting()
    {
        reporter.stop();
        store.join();
        publish.join();
        loop.restart();
        loop.poll();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(services)

BOOST_AUTO_TEST_CASE(where_nobody_listens_nothing_is_said_and_nothing_fails)
{
    ::unsetenv("NOTIFY_SOCKET");
    service_notifier alone;
    BOOST_TEST(!alone.is_heard());
    BOOST_TEST(!alone.watchdog().has_value());
    alone.ready();
    reporting nothing;
    BOOST_TEST(nothing.loop.run_for(50ms) == 0u);
}

BOOST_AUTO_TEST_CASE(messages_are_those_of_the_protocol)
{
    service of;
    service_notifier to;
    to.ready();
    to.status("two\nlines");
    to.alive();
    to.stopping();
    std::vector<std::string> expected{"READY=1", "STATUS=two lines", "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=120000000",
                                      "STOPPING=1"};
    BOOST_TEST(of.manager.hears("STOPPING=1"));
    BOOST_TEST(of.manager.messages() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_reload_and_its_time_are_one_message)
{
    service of;
    service_notifier{}.reloading();
    BOOST_TEST(of.manager.hears("RELOADING=1\nMONOTONIC_USEC="));
}

BOOST_AUTO_TEST_CASE(a_sign_of_life_comes_four_times_in_the_time_of_the_watchdog)
{
    service of{8s};
    service_notifier to;
    BOOST_TEST((to.watchdog() == 8s));
    BOOST_TEST((to.interval() == 2s));
}

BOOST_AUTO_TEST_CASE(a_start_is_over_with_a_generation)
{
    start_progress start{{}};
    BOOST_TEST(!start.is_over(report_of(0), {}));
    BOOST_TEST(start.is_over(report_of(1), {}));
}

BOOST_AUTO_TEST_CASE(a_start_goes_on_while_a_copy_or_a_publish_does)
{
    start_progress start{{}};
    std::chrono::steady_clock::time_point now{};
    for (std::uint64_t rows = 1; rows < 10; ++rows)
        BOOST_TEST(!start.is_over(copying(rows), now += limits::start_patience - 1s));
    auto publishing = copying(9);
    publishing.cadence.rule = name_of(wait_reason::publishing);
    for (int look = 0; look < 10; ++look) BOOST_TEST(!start.is_over(publishing, now += limits::start_patience - 1s));
    BOOST_TEST(!start.is_over(copying(9), now += limits::start_patience - 1s));
}

BOOST_AUTO_TEST_CASE(a_start_that_stands_still_is_over_after_a_while)
{
    for (const auto& still : {report_of(0, "waiting"), report_of(0, "connecting"), copying(0)}) {
        start_progress start{{}};
        std::chrono::steady_clock::time_point begin{};
        BOOST_TEST(!start.is_over(still, begin + limits::start_patience - 1ms));
        BOOST_TEST(start.is_over(still, begin + limits::start_patience));
    }
}

BOOST_AUTO_TEST_CASE(the_line_says_state_generation_age_and_lag)
{
    auto report = report_of(812);
    auto now = db_time{1h};
    report.current_as_of = now - 400ms;
    report.lag_bytes = 16;
    BOOST_TEST(describe_for_service(report, now) ==
               "streaming; generation 812, current as of 0.4 s ago, 16 bytes behind");
    report.clock_offset_ms = 1000;
    BOOST_TEST(describe_for_service(report, now).find("as of 1.4 s ago") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_line_says_why_and_how_far)
{
    auto report = report_of(0, "waiting");
    report.reason = "unreachable";
    report.reason_text = "no route";
    BOOST_TEST(describe_for_service(report, {}) == "waiting; no generation yet; unreachable: no route");
    auto copy = copying(5);
    copy.copy->progress = 0.5;
    BOOST_TEST(describe_for_service(copy, {}) == "copying, table 1 of 2, 5 rows, 50 %; no generation yet");
    report = report_of(3, "streaming");
    report.paused = pause_status{};
    BOOST_TEST(describe_for_service(report, {}) == "streaming, paused; generation 3 of unknown age");
}

BOOST_AUTO_TEST_CASE(ready_is_said_once_and_only_with_a_generation)
{
    service of;
    reporting daemon;
    daemon.loop.run_for(50ms);
    BOOST_TEST(of.manager.heard("READY=1") == 0u);
    BOOST_TEST(!daemon.reporter.is_ready());
    daemon.report = report_of(1);
    auto ready = [&] {
        daemon.loop.run_for(10ms);
        return daemon.reporter.is_ready();
    };
    BOOST_TEST(wait_for(ready));
    daemon.loop.run_for(50ms);
    BOOST_TEST(of.manager.hears("READY=1"));
    BOOST_TEST(of.manager.heard("READY=1") == 1u);
}

BOOST_AUTO_TEST_CASE(threads_that_answer_are_a_sign_of_life_without_a_database)
{
    service of{1s};
    reporting daemon;
    auto alive = [&] {
        daemon.loop.run_for(10ms);
        return of.manager.heard("WATCHDOG=1") > 2;
    };
    BOOST_TEST(wait_for(alive));
}

BOOST_AUTO_TEST_CASE(a_thread_that_hangs_ends_the_signs_of_life)
{
    for (auto hangs : {&reporting::store, &reporting::publish}) {
        service of{1s};
        reporting daemon;
        std::promise<bool> free;
        (daemon.*hangs)
            .post(daemon.loop.get_executor(), [hung = free.get_future()]() mutable { return hung.get(); }, [](bool) {});
        daemon.loop.run_for(100ms);  // what it answered before is said
        auto before = of.manager.heard("WATCHDOG=1");
        daemon.loop.run_for(300ms);
        BOOST_TEST(of.manager.heard("WATCHDOG=1") == before);
        BOOST_TEST(of.manager.heard("STATUS=") > 3u);  // the loop itself goes on
        free.set_value(true);
        auto alive = [&] {
            daemon.loop.run_for(10ms);
            return of.manager.heard("WATCHDOG=1") > before;
        };
        BOOST_TEST(wait_for(alive));
    }
}

BOOST_AUTO_TEST_CASE(a_thread_that_works_long_is_alive)
{
    std::atomic<bool> enough{false};  // outlives the thread that looks at it
    service of{1s};
    reporting daemon;
    auto work = [&] {
        while (!enough) continue;
        return true;
    };
    daemon.publish.post(daemon.loop.get_executor(), work, [](bool) {});
    daemon.loop.run_for(100ms);
    auto before = of.manager.heard("WATCHDOG=1");
    auto alive = [&] {
        daemon.loop.run_for(10ms);
        return of.manager.heard("WATCHDOG=1") > before + 2;
    };
    BOOST_TEST(wait_for(alive));
    enough = true;
}

BOOST_AUTO_TEST_CASE(a_store_that_is_being_opened_is_alive_while_it_takes_processor_time)
{
    service of{20ms};
    service_notifier to;
    sign_of_life meanwhile{to};
    BOOST_TEST(wait_for([&] { return of.manager.heard("WATCHDOG=1") > 3; }));
}

BOOST_AUTO_TEST_CASE(a_store_whose_opening_hangs_is_not)
{
    service of{20ms};
    service_notifier to;
    std::promise<void> hung;
    std::thread opener{[&, waits = hung.get_future()]() mutable {
        sign_of_life meanwhile{to};
        waits.get();
    }};
    // One as it begins, one for the way to where it hangs, and then none.
    BOOST_TEST(of.manager.hears("WATCHDOG=1"));
    BOOST_TEST(!wait_for([&] { return of.manager.heard("WATCHDOG=1") > 2; }, 200ms));
    hung.set_value();
    opener.join();
}

BOOST_AUTO_TEST_SUITE_END()
