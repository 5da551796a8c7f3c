#include "ledger.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

// The level of consistency that a generation states is the one that holds.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

topic_mirror_options ledger(const std::string& name, const std::string& partitions)
{
    return {.name = name,
            .setup = ledger_load::tables(),
            .tables = {"public.accounts", "public.entries"},
            .connector = {{"topic.creation.default.partitions", partitions}}};
}

/// Writes until it does: only transactions show that all before them have ended.
bool shows_whole_transactions(topic_mirror& through)
{
    auto is_shown = [&] {
        through.exec("UPDATE accounts SET balance = balance WHERE id = 1");
        return through.logged("what one transaction wrote becomes visible together") > 0;
    };
    return wait_for(is_shown, 60s);
}

void wait_for_commits(const ledger_load& load, std::uint64_t more)
{
    auto until = load.committed() + more;
    if (!wait_for([&] { return load.committed() >= until; }, 60s)) throw std::runtime_error{"the load stands still"};
}

bool comes_to_generations(const ledger_reader& application, const std::string& level, std::uint64_t more)
{
    auto until = application.generations(level) + more;
    return wait_for([&] { return application.generations(level) >= until; }, 60s);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(whole_transactions)

BOOST_AUTO_TEST_CASE(every_generation_that_says_so_is_a_state_of_the_database)
{
    auto seed = std::random_device{}();
    topic_mirror through{ledger("ledger", "3")};
    through.capture();
    through.start_following();
    ledger_reader application{through.sidecar().snapshot_directory()};
    ledger_load load{through.connection(), seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
        BOOST_TEST(comes_to_generations(application, "transaction", 50), through.explain());
        for (int kill = 0; kill < 3; ++kill) {
            wait_for_commits(load, 20);
            through.kill();
            through.start();
            BOOST_TEST(comes_to_generations(application, "transaction", 10), through.explain());
        }
        load.stop();
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(through.manifest().at("consistency") == "transaction", through.explain());
        BOOST_TEST(through.status().at("consistency") == "transaction", through.explain());
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
        BOOST_TEST(through.logged("each row becomes visible by itself") == 0u, through.explain());
    }
}

BOOST_AUTO_TEST_CASE(also_after_connect_was_killed)
{
    auto seed = std::random_device{}();
    topic_mirror through{ledger("ledger_killed", "3")};
    connect_worker connect{shared_broker().bootstrap(), {.properties = {{"offset.flush.interval.ms", "1000"}}}};
    connect.put_connector(through.name(), through.connector());
    through.start_following();
    ledger_reader application{through.sidecar().snapshot_directory()};
    ledger_load load{through.connection(), seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
        BOOST_TEST(comes_to_generations(application, "transaction", 20), through.explain());
        connect.kill();
        wait_for_commits(load, 50);
        connect.start();
        BOOST_TEST(comes_to_generations(application, "transaction", 20), through.explain());
        load.stop();
        BOOST_TEST(through.lasting_difference(60s) == "");
        BOOST_TEST(application.stop() == "");
        connect.delete_connector(through.name());
    }
}

BOOST_AUTO_TEST_CASE(a_large_one_is_never_seen_in_part)
{
    auto options = ledger("ledger_large", "3");
    options.setup += "CREATE TABLE pages (id int PRIMARY KEY, n int, text text);"
                     "INSERT INTO pages SELECT id, 0, repeat(id::text, 1500) FROM generate_series(1, 4000) id;";
    options.tables.emplace_back("public.pages");
    topic_mirror through{options};
    through.capture();
    through.start_following();
    BOOST_TEST(shows_whole_transactions(through), through.explain());
    auto before = through.generation();
    through.exec("UPDATE pages SET n = 1, text = text || '!'");
    auto is_seen = [&] {
        auto rows = through.rows("pages");
        std::size_t fresh = 0;
        for (const auto& row : rows) fresh += row.find("\"n\":1") != row.npos ? 1u : 0u;
        BOOST_TEST((fresh == 0u || fresh == rows.size()), "seen in part");
        return fresh == 4000u;
    };
    BOOST_TEST(wait_for(is_seen, 60s), through.explain());
    BOOST_TEST(through.generation() > before);
    BOOST_TEST(through.manifest().at("consistency") == "transaction", through.explain());
}

BOOST_AUTO_TEST_CASE(once_a_record_was_left_out_the_log_says_row_too)
{
    auto options = ledger("ledger_skipped", "1");
    options.source = "    on_bad_message: skip_and_mark\n";
    topic_mirror through{options};
    through.capture();
    through.start_following();
    BOOST_TEST(shows_whole_transactions(through), through.explain());
    shared_topics().produce(through.topic("accounts"), {{.key = R"({"id":1})", .value = "{"}});
    auto is_told = [&] { return through.logged("each row becomes visible by itself: rows were left out") == 1; };
    BOOST_TEST(wait_for(is_told), through.explain());
}

BOOST_AUTO_TEST_CASE(without_an_order_of_transactions_it_says_row)
{
    auto options = ledger("ledger_rows", "2");
    options.connector["topic.creation.transaction.partitions"] = "2";
    topic_mirror through{options};
    through.capture();
    through.start_following();
    {
        ledger_load load{through.connection(), 1};
        wait_for_commits(load, 100);
    }
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(shared_topics().partitions("ledger_rows.transaction") == 2);
    BOOST_TEST(through.manifest().at("consistency") == "row");
    BOOST_TEST(through.status().at("consistency") == "row");
}

BOOST_AUTO_TEST_SUITE_END()
