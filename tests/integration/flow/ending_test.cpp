#include "flow/flow_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

// What is left behind when the program ends, and what the next run makes of it.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(endings)

BOOST_AUTO_TEST_CASE(who_has_to_decide_finds_the_reason_in_the_last_status)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.set_environment("UNDERSTUDY_TABLES", "[public.nowhere]");
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.state() == "stopped");
    BOOST_TEST(sidecar.reason() == "table_missing");
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_opened_leaves_the_reason_in_the_last_status)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    mirror second{server};
    second.set_environment("UNDERSTUDY_STATE__DIRECTORY", sidecar.state_directory());
    BOOST_TEST(second.run("run") == 4, second.log());
    BOOST_TEST(second.state() == "stopped");
    BOOST_TEST(second.reason() == "store_busy");
}

BOOST_AUTO_TEST_CASE(a_control_socket_that_cannot_be_made_leaves_the_reason_in_the_last_status)
{
    filled_server server;
    mirror sidecar{server};
    fs::create_directories(sidecar.state_directory() / "control.sock" / "full");
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.state() == "stopped");
    BOOST_TEST(sidecar.reason() == "bad_directory");
}

BOOST_AUTO_TEST_CASE(a_table_without_columns_is_named_as_such)
{
    filled_server server;
    server.exec("CREATE TABLE public.bare ()");
    mirror sidecar{server};
    sidecar.set_environment("UNDERSTUDY_TABLES", "[public.*]");
    BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
    BOOST_TEST(sidecar.reason() == "table_unusable");
    BOOST_TEST(sidecar.logged("public.bare has no column") > 0u, sidecar.log());
}

BOOST_AUTO_TEST_CASE(once_without_a_database_leaves_the_reason_in_the_last_status)
{
    filled_server server;
    mirror sidecar{server};
    BOOST_REQUIRE(server.stop());
    BOOST_TEST(sidecar.run("once") == 3, sidecar.log());
    BOOST_TEST(sidecar.state() == "stopped");
    BOOST_TEST(sidecar.reason() == "unreachable");
}

BOOST_AUTO_TEST_CASE(once_that_is_stopped_before_it_published_has_not_done_it)
{
    filled_server server;
    mirror sidecar{server};
    sql_session older{server.connection_string()};
    older.exec("BEGIN; UPDATE public.items SET note = 'open' WHERE id = 1");
    sidecar.start("once");
    BOOST_REQUIRE(wait_for([&] { return server.scalar("SELECT count(*) FROM pg_replication_slots") != "0"; }));
    sidecar.signal(SIGTERM);
    BOOST_TEST(sidecar.wait(2s).value_or(-1) == 3, sidecar.log());
    BOOST_TEST(sidecar.logged("reason=cancelled") > 0u, sidecar.log());
    older.exec("COMMIT");
}

BOOST_AUTO_TEST_CASE(a_stop_while_a_slot_waits_leaves_nothing_on_the_server)
{
    filled_server server;
    mirror sidecar{server};
    sql_session older{server.connection_string()};
    older.exec("BEGIN; UPDATE public.items SET note = 'open' WHERE id = 1");
    sidecar.start();
    auto slots = [&] { return server.scalar("SELECT count(*) FROM pg_replication_slots"); };
    BOOST_REQUIRE(wait_for([&] { return slots() != "0"; }));
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    BOOST_TEST(sidecar.state() == "stopped", sidecar.log());
    BOOST_TEST(sidecar.reason() == "");
    BOOST_TEST(wait_for([&] { return slots() == "0"; }), slots());
    BOOST_TEST(wait_for([&] { return server.scalar("SELECT count(*) FROM pg_stat_replication") == "0"; }));
    older.exec("COMMIT");
}

BOOST_AUTO_TEST_CASE(what_was_proved_of_a_generation_survives_a_restart_without_a_database)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    auto proved = [&] {
        auto now = sidecar.status();
        const auto* time = now.if_contains("current_as_of");
        return time && time->is_string() ? std::string{time->get_string()} : std::string{};
    };
    BOOST_REQUIRE(wait_for([&] { return !proved().empty(); }));
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto before = proved();
    BOOST_REQUIRE(server.stop());
    sidecar.start();
    BOOST_TEST(wait_for([&] { return sidecar.state() == "waiting"; }), sidecar.log());
    BOOST_TEST(proved() == before);
}

BOOST_AUTO_TEST_CASE(the_status_tells_the_size_of_the_store)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_TEST(sidecar.status()["store_bytes"].to_number<std::uint64_t>() ==
               fs::file_size(sidecar.state_directory() / "data.mdb"));
}

BOOST_AUTO_TEST_SUITE_END()
