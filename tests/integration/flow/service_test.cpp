#include "flow/flow_kit.hpp"
#include "support/notify_socket.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <algorithm>

// What the real daemon tells a service manager, in the order in which it tells it.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

struct service {
    filled_server server;
    mirror sidecar{server};
    notify_socket manager;

    service() { sidecar.set_environment("NOTIFY_SOCKET", manager.path()); }

    /// The index of the first message with this text; behind the last when there is none.
    std::ptrdiff_t place_of(const std::string& text)
    {
        auto all = manager.messages();
        return std::ranges::find_if(all, [&](auto& message) { return message.find(text) != message.npos; }) -
               all.begin();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(service_manager)

BOOST_AUTO_TEST_CASE(a_first_start_is_ready_when_a_generation_is_announced)
{
    service of;
    of.sidecar.start();
    BOOST_TEST(of.manager.hears("READY=1"), of.sidecar.log());
    BOOST_TEST(of.sidecar.generation() > 0u);
    BOOST_TEST(of.place_of("no generation yet") < of.place_of("READY=1"));
    BOOST_TEST(of.place_of("EXTEND_TIMEOUT_USEC=") < of.place_of("READY=1"));
    BOOST_TEST(of.manager.hears("STATUS=streaming; generation 1, current as of "), of.sidecar.log());
}

BOOST_AUTO_TEST_CASE(without_a_database_a_start_is_ready_with_the_generation_that_there_is_and_stays_alive)
{
    service of;
    of.sidecar.start_following();
    BOOST_TEST(of.sidecar.stop() == 0);
    of.server.stop();
    notify_socket next;
    of.sidecar.set_environment("NOTIFY_SOCKET", next.path());
    of.sidecar.set_environment("WATCHDOG_USEC", "400000");
    of.sidecar.start();
    BOOST_TEST(next.hears("READY=1", 10s), of.sidecar.log());
    BOOST_TEST(next.hears("STATUS=waiting; generation 1, current as of "), of.sidecar.log());
    BOOST_TEST(next.hears("unreachable: "), of.sidecar.log());
    auto before = next.heard("WATCHDOG=1");
    BOOST_TEST(wait_for([&] { return next.heard("WATCHDOG=1") > before + 3; }), of.sidecar.log());
}

BOOST_AUTO_TEST_CASE(without_anything_a_start_is_not_ready_and_says_why)
{
    service of;
    of.server.stop();
    of.sidecar.start();
    BOOST_TEST(of.manager.hears("STATUS=waiting; no generation yet; unreachable: "), of.sidecar.log());
    BOOST_TEST(of.manager.heard("READY=1") == 0u);
}

BOOST_AUTO_TEST_CASE(a_reload_is_told_with_its_time_and_its_end)
{
    service of;
    of.sidecar.start();
    BOOST_TEST(of.manager.hears("READY=1"), of.sidecar.log());
    of.sidecar.signal(SIGHUP);
    BOOST_TEST(of.manager.hears("RELOADING=1\nMONOTONIC_USEC="), of.sidecar.log());
    BOOST_TEST(wait_for([&] { return of.manager.heard("READY=1") == 2; }), of.sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_stop_is_told_before_it_happens)
{
    service of;
    of.sidecar.start();
    BOOST_TEST(of.manager.hears("READY=1"), of.sidecar.log());
    BOOST_TEST(of.sidecar.stop() == 0);
    BOOST_TEST(of.manager.hears("STATUS=stopped; generation 1"), of.sidecar.log());
    BOOST_TEST(of.manager.heard("STOPPING=1") == 1u);
}

BOOST_AUTO_TEST_CASE(who_ends_says_why)
{
    service of;
    of.sidecar.set_environment("UNDERSTUDY_TABLES", "[public.nowhere]");
    BOOST_TEST(of.sidecar.run("run") == 4, of.sidecar.log());
    BOOST_TEST(of.manager.hears("STATUS=ended; table_missing: "), of.sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_missing_is_named)
{
    service of;
    of.sidecar.set_environment("UNDERSTUDY_SOURCE__POSTGRES__CONNECTION_FILE", "/nonexistent/secret");
    BOOST_TEST(of.sidecar.run("run") == 2, of.sidecar.log());
    BOOST_TEST(of.manager.hears("/nonexistent/secret: No such file or directory"), of.sidecar.log());
    BOOST_TEST(of.sidecar.logged("/nonexistent/secret: No such file or directory") == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
