#include "flow/flow_kit.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <optional>

// What is told to the server about our progress, and that it never suffers from us.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

constexpr auto delay_max = 1s;  // of a fast shutdown, by us

const auto versions = data::make({15, 18});

/// Wide enough to fill buffers on the way, and many: a client that wanted all of it would read for seconds.
const std::string backlog =
    "INSERT INTO public.events SELECT now(), 'row ' || n || repeat('x', 100) FROM generate_series(1, 400000) n";

/// How long a fast shutdown takes without us, after the same writes.
std::chrono::milliseconds stop_alone(int version, const std::string& statements)
{
    filled_server server{{.version = version}};
    if (!statements.empty()) server.exec(statements);
    return server.stop().value();
}

bool takes_part_in_commits(sql_session& session)
{
    return session.scalar("SELECT count(*) FROM pg_stat_replication WHERE sync_state <> 'async'") != "0";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(acknowledgement)

BOOST_DATA_TEST_CASE(a_fast_shutdown_is_not_delayed_when_idle, versions, version)
{
    auto alone = stop_alone(version, "");
    filled_server server{{.version = version}};
    mirror sidecar{server};
    sidecar.start_following();
    auto took = server.stop(postgres_server::stop_mode::fast, alone + delay_max);
    BOOST_TEST(took.has_value(), "longer than " << (alone + delay_max).count() << " ms\n" << sidecar.log());
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
}

BOOST_DATA_TEST_CASE(a_fast_shutdown_is_not_delayed_under_load, versions, version)
{
    auto alone = stop_alone(version, "");
    filled_server server{{.version = version}};
    mirror sidecar{server};
    sidecar.start_following();
    workload load{{.connection = server.connection_string(), .seed = 11}};
    BOOST_REQUIRE(wait_for([&] { return load.committed() > 200; }));
    auto took = server.stop(postgres_server::stop_mode::fast, alone + delay_max);
    load.stop();
    BOOST_TEST(took.has_value(), "longer than " << (alone + delay_max).count() << " ms\n" << sidecar.log());
}

BOOST_DATA_TEST_CASE(a_fast_shutdown_is_not_delayed_by_our_backlog, versions, version)
{
    auto alone = stop_alone(version, backlog);
    filled_server server{{.version = version}};
    mirror sidecar{server};
    sidecar.start_following();
    sidecar.signal(SIGSTOP);
    server.exec(backlog);
    auto behind = server.flushed();
    sidecar.signal(SIGCONT);
    auto took = server.stop(postgres_server::stop_mode::fast, alone + delay_max);
    BOOST_REQUIRE_MESSAGE(took.has_value(), "longer than " << (alone + delay_max).count() << " ms\n" << sidecar.log());
    // Otherwise nothing was proved: we were through before the server went.
    BOOST_TEST(sidecar.position() < behind);
    server.start();
    BOOST_TEST(lasting_difference(server, sidecar, 150s) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() == 1u, sidecar.log());
}

BOOST_DATA_TEST_CASE(a_commit_is_confirmed_once_it_is_durable_and_not_before, versions, version)
{
    filled_server server{{.version = version}};
    mirror sidecar{server, "cadence:\n  every: 1h\ncommit:\n  max_delay: 4s\nstatus:\n  heartbeat: 100ms\n"};
    sidecar.start_following();

    sql_session session{server.connection_string()};
    session.exec("BEGIN");
    session.exec("INSERT INTO public.items (id, name) VALUES (5000, 'new')");
    auto before = parse_lsn(session.scalar("SELECT pg_current_wal_insert_lsn()")).value();
    session.exec("COMMIT");
    auto after = server.flushed();

    // Our routine statuses say that it was received; what is confirmed has to stay.
    auto received = [&] {
        auto written = session.scalar("SELECT coalesce(max(write_lsn), '0/0') FROM pg_stat_replication");
        return parse_lsn(written).value() >= before;
    };
    BOOST_REQUIRE(wait_for(received, 3s));
    BOOST_TEST(server.confirmed() <= before);
    BOOST_TEST(wait_for([&] { return server.confirmed() >= before; }, 15s), sidecar.log());
    BOOST_TEST(server.confirmed() < after, "the last commit itself is asked for again, to be compared");
}

BOOST_AUTO_TEST_CASE(what_is_confirmed_is_never_more_than_a_killed_store_holds)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    workload load{{.connection = server.connection_string(), .seed = 12}};
    sql_session session{server.connection_string()};
    for (int round = 0; round < 5; ++round) {
        auto confirmed = server.confirmed();
        BOOST_REQUIRE(wait_for([&] { return server.confirmed() > confirmed; }, 30s));
        sidecar.kill();
        auto promised = server.confirmed();
        sidecar.start_following();
        BOOST_TEST(sidecar.publish() >= promised, sidecar.log());
    }
    load.stop();
    // A store behind the slot would be found out at the start, and copied anew.
    BOOST_TEST(sidecar.copies() == 1u, sidecar.log());
}

BOOST_DATA_TEST_CASE(the_slot_moves_while_only_other_tables_are_written, versions, version)
{
    filled_server server{{.version = version}};
    server.exec("CREATE TABLE public.other (id int, text text)");
    mirror sidecar{server};
    sidecar.start_following();
    auto generation = sidecar.generation();
    auto start = server.confirmed();
    server.exec("INSERT INTO public.other SELECT n, repeat('x', 1000) FROM generate_series(1, 40000) n");
    auto busy = server.flushed();
    BOOST_REQUIRE(distance(start, busy) > std::uint64_t{32} << 20);
    BOOST_TEST(wait_for([&] { return distance(server.confirmed(), busy) < (std::uint64_t{17} << 20); }, 30s),
               sidecar.log());
    BOOST_TEST(sidecar.generation() == generation, "nothing changed that is mirrored");

    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    server.exec("INSERT INTO public.items (id, name) VALUES (5000, 'new')");
    sidecar.start_following();
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
    BOOST_TEST(sidecar.copies() == 1u, "a moved position is no gap\n" << sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_server_that_could_wait_for_us_is_refused_with_the_remedy)
{
    filled_server server;
    mirror sidecar{server};
    for (const std::string names : {"*", "understudy", "FIRST 1 (other, \"understudy\")", "ANY 1 (UNDERSTUDY)"}) {
        BOOST_TEST_CONTEXT("synchronous_standby_names = " << names) {
            // Local commits still return: the sessions of the test do not wait for anybody.
            sql_session{server.connection_string()}.exec("ALTER SYSTEM SET synchronous_standby_names = '" + names +
                                                         "'");
            server.exec("SELECT pg_reload_conf()");
            BOOST_REQUIRE(wait_for([&] { return server.scalar("SHOW synchronous_standby_names") == names; }));
            BOOST_TEST(sidecar.run("check") == 1, sidecar.log());
            BOOST_TEST(sidecar.run("run") == 4, sidecar.log());
        }
    }
    BOOST_TEST(sidecar.logged("name the real standbys in synchronous_standby_names") > 0u);
    BOOST_TEST(server.scalar("SELECT count(*) FROM pg_replication_slots") == "0");
}

BOOST_DATA_TEST_CASE(we_never_count_as_a_synchronous_standby, versions, version)
{
    filled_server server{{.version = version}};
    // Without a heartbeat nobody notices the setting and lets go of the server.
    mirror sidecar{server, "cadence:\n  min_interval: 50ms\ncommit:\n  max_delay: 50ms\nstatus:\n  heartbeat: 1h\n"};
    sidecar.start();
    BOOST_REQUIRE(wait_for([&] { return std::filesystem::exists(sidecar.current("snapshot.json")); }, 60s));
    auto without_waiting = server.connection_string() + " options='-c synchronous_commit=local'";
    sql_session session{without_waiting};
    session.exec("ALTER SYSTEM SET synchronous_standby_names = '*'");
    session.exec("SELECT pg_reload_conf()");
    workload load{{.connection = without_waiting, .seed = 13, .pause = 500us}};
    // The server may be seen between the two messages of one confirmation.
    auto lasts = [&] { return !wait_for([&] { return !takes_part_in_commits(session); }, 1s); };
    int seen = 0;
    auto end = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < end) seen += takes_part_in_commits(session) && lasts() ? 1 : 0;
    load.stop();
    BOOST_TEST(seen == 0);
}

BOOST_AUTO_TEST_SUITE_END()
