#include "counting.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

// Whatever is killed while everything runs: it ends equal to the database, and no generation on the way shows a row that is older
// than one before.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

/// As much load as makes a difference: until so many statements more were written.
void wait_for_writes(const counting_load& load, std::uint64_t more)
{
    auto until = load.written() + more;
    if (!wait_for([&] { return load.written() >= until; }, 60s)) throw std::runtime_error{"the load stands still"};
}

std::int64_t records(const topic_mirror& through)
{
    auto topic = through.topic("counted");
    return shared_topics().partitions(topic) == 0 ? 0 : shared_topics().end_offsets(topic).front();
}

/// Until the slot is confirmed further than now, which Debezium does when it has written its offsets.
void wait_until_offsets_are_written(topic_mirror& through)
{
    auto confirmed = [&] {
        return through.session().scalar("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
                                        through.name() + "'");
    };
    auto now = through.session().scalar("SELECT pg_current_wal_lsn()");
    auto is_past = [&] {
        return through.session().scalar("SELECT '" + confirmed() + "'::pg_lsn > '" + now + "'::pg_lsn") == "t";
    };
    if (!wait_for(is_past)) throw std::runtime_error{"no offsets are written"};
}

/// Messages with the same place in the database's history as one before.
std::size_t repeats(const topic_mirror& through)
{
    std::set<std::string> seen;
    std::size_t count = 0;
    for (const auto& message : shared_topics().read_to_end(through.topic("counted"))) {
        if (!message.value) continue;
        auto source = boost::json::parse(*message.value).at("source").as_object();
        if (source.at("snapshot").is_string()) continue;
        auto place =
            *message.key + boost::json::serialize(source.at("lsn")) + boost::json::serialize(source.at("txId"));
        if (!seen.insert(place).second) ++count;
    }
    return count;
}

topic_mirror_options counted(const std::string& name, int rows = 200)
{
    return {.name = name, .setup = counting_load::tables(rows), .tables = {"public.counted"}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recovery)

BOOST_AUTO_TEST_CASE(a_snapshot_with_changes_under_way_ends_equal)
{
    auto seed = std::random_device{}();
    auto options = counted("under_way", 8000);
    options.tables.emplace_back("public.items");
    topic_mirror through{[&] {
        options.setup +=
            "CREATE TABLE items (id bigint PRIMARY KEY, name text NOT NULL, amount numeric, note text, large text,"
            " tags text[], attributes jsonb, changed_at timestamptz DEFAULT now());"
            "ALTER TABLE items ALTER large SET STORAGE EXTERNAL; ALTER TABLE items REPLICA IDENTITY FULL;"
            "CREATE TABLE events (at timestamptz NOT NULL, what text);"
            "ALTER TABLE events REPLICA IDENTITY FULL;";
        return options;
    }()};
    generation_watcher application{through.sidecar().snapshot_directory()};
    counting_load load{through.connection(), seed};
    workload mixed{{.connection = through.connection(), .seed = seed, .pause = 5ms}};
    BOOST_TEST_CONTEXT("seed " << seed) {
        through.capture();
        through.start_following();
        wait_for_writes(load, 500);
        load.stop();
        mixed.stop();
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(application.generations() > 5u);
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(through.logged("copy_started") == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_sidecar_that_is_killed_at_random_moments_goes_on)
{
    auto seed = std::random_device{}();
    std::mt19937_64 random{seed};
    topic_mirror through{counted("killed")};
    through.capture();
    generation_watcher application{through.sidecar().snapshot_directory()};
    counting_load load{through.connection(), seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
        for (int cycle = 0; cycle < 12; ++cycle) {
            through.start();
            // The only moment that matters is a random one, so this waits for time and for nothing else.
            through.sidecar().wait(std::chrono::milliseconds{random() % 900});
            BOOST_REQUIRE_MESSAGE(through.sidecar().running(), through.explain());
            through.kill();
        }
        through.start_following();
        wait_for_writes(load, 200);
        load.stop();
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(application.generations() > 12u);
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(through.logged("store_damaged") == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_connect_that_is_killed_repeats_what_it_had_sent_and_nobody_sees_it)
{
    auto seed = std::random_device{}();
    topic_mirror through{counted("repeated")};
    connect_worker connect{shared_broker().bootstrap(), {.properties = {{"offset.flush.interval.ms", "2000"}}}};
    generation_watcher application{through.sidecar().snapshot_directory()};
    BOOST_TEST_CONTEXT("seed " << seed) {
        connect.put_connector(through.name(), through.connector());
        through.start_following();
        counting_load load{through.connection(), seed};
        for (int kill = 0; kill < 2; ++kill) {
            wait_until_offsets_are_written(through);
            auto end = records(through);
            wait_for([&] { return records(through) > end + 300; });
            connect.kill();
            connect.start();
        }
        wait_for_writes(load, 200);
        load.stop();
        BOOST_TEST(through.lasting_difference(60s) == "");
        BOOST_TEST(repeats(through) > 0u);
        BOOST_TEST(application.generations() > 10u);
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(!through.manifest().at("tables").at(0).as_object().contains("doubts"), through.explain());
        BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
        connect.delete_connector(through.name());
    }
}

// Rows of the first part that are deleted before the second snapshot never get a delete.
BOOST_AUTO_TEST_CASE(a_snapshot_that_was_cut_short_is_swept_away_by_the_next_one_or_leaves_a_doubt)
{
    constexpr int rows = 40000;
    auto options = counted("cut_short", rows);
    topic_mirror through{options};
    connect_worker connect{shared_broker().bootstrap(), {.properties = {{"offset.flush.interval.ms", "60000"}}}};
    connect.submit_connector(through.name(), through.connector());
    BOOST_TEST(wait_for([&] { return records(through) > 2000; }));
    connect.kill();
    auto sent = records(through);
    BOOST_TEST_REQUIRE(sent < rows);
    through.exec("DELETE FROM counted WHERE id IN (1, 2, 3)");
    through.start();
    BOOST_TEST(through.comes_to("catching_up"), through.explain());
    BOOST_TEST(through.announces_nothing_after(0));
    connect.start();
    connect.put_connector(through.name(), through.connector());
    auto there = [&] { return through.rows("counted").size() == rows; };
    BOOST_TEST(wait_for(there, 60s), through.explain());
    BOOST_TEST(through.manifest().at("tables").at(0).at("doubts").at(0) == "resnapshot");
    BOOST_TEST(through.generation() == 1u, "a generation of half a snapshot");
    through.kill();
    through.sidecar().set_environment("UNDERSTUDY_SOURCE__KAFKA__ON_RESNAPSHOT", "sweep");
    std::filesystem::remove_all(through.sidecar().state_directory());
    std::filesystem::create_directory(through.sidecar().state_directory());
    through.start();
    BOOST_TEST(through.lasting_difference(60s) == "");
    BOOST_TEST(!through.manifest().at("tables").at(0).as_object().contains("doubts"));
    connect.delete_connector(through.name());
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_killed_comes_back_to_a_sidecar_that_goes_on)
{
    auto seed = std::random_device{}();
    topic_mirror through{counted("outage")};
    through.capture();
    through.start_following();
    generation_watcher application{through.sidecar().snapshot_directory()};
    counting_load load{through.connection(), seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
        wait_for_writes(load, 200);
        shared_broker().kill();
        wait_for_writes(load, 200);
        shared_broker().start();
        wait_for_writes(load, 200);
        load.stop();
        BOOST_TEST(through.lasting_difference(90s) == "");
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(through.sidecar().running());
        BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
    }
}

BOOST_AUTO_TEST_CASE(a_connector_that_does_not_run_is_said_to_be_silent_and_its_rows_are_not_called_current)
{
    topic_mirror through{counted("silence")};
    through.capture();
    through.start_following();
    // How long heartbeats usually take is known from two of them on; one value may be that of a row.
    std::set<std::string> heartbeats;
    auto are_usual = [&] {
        auto proof = through.status().at("current_as_of");
        if (proof.is_string()) heartbeats.emplace(proof.as_string());
        return heartbeats.size() >= 3;
    };
    BOOST_REQUIRE_MESSAGE(wait_for(are_usual), through.explain());
    through.end_capture();
    auto now = through.session().scalar(R"(SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))");
    BOOST_TEST(through.comes_to("connector_silent", 60s), through.explain());
    BOOST_TEST(through.state() == "streaming");
    BOOST_TEST(through.status().at("current_as_of").as_string() < now);
    shared_broker().kill();
    BOOST_TEST(through.comes_to("unreachable"), through.explain());
    shared_broker().start();
    BOOST_TEST(through.comes_to("connector_silent", 60s), through.explain());
    through.exec("INSERT INTO counted VALUES (4711, 1)");
    through.capture();
    BOOST_TEST(through.comes_to(""), through.explain());
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(through.logged(" connector_silent: ") == 1u, through.explain());
    BOOST_TEST(through.logged(" connector_heard: ") == 1u, through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
