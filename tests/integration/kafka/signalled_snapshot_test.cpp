#include "counting.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

// Snapshots that an operator asks the connector for while it streams.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* signals =
    "CREATE TABLE dbz_signal (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048));";

topic_mirror_options with_signals(const std::string& name)
{
    return {.name = name,
            .setup = counting_load::tables(3000) + signals,
            .tables = {"public.counted"},
            .connector = {{"signal.data.collection", "public.dbz_signal"},
                          {"table.include.list", "public.counted,public.dbz_signal"},
                          {"incremental.snapshot.chunk.size", "200"}}};
}

void ask_for(topic_mirror& through, const std::string& type)
{
    through.exec("INSERT INTO dbz_signal VALUES ('" + type +
                 "', 'execute-snapshot',"
                 R"('{"data-collections": ["public.counted"], "type": ")" +
                 type + R"("}'))");
}

/// How many messages from that offset on are rows of such a snapshot.
std::size_t rows_marked(const topic_mirror& through, const std::string& table, const std::string& mark,
                        std::size_t from)
{
    std::size_t count = 0;
    for (const auto& message : shared_topics().read_to_end(through.topic(table))) {
        if (!message.value || message.offset < static_cast<std::int64_t>(from)) continue;
        const auto parsed = boost::json::parse(*message.value);
        const auto& event = parsed.as_object().contains("payload") ? parsed.at("payload") : parsed;
        const auto& snapshot = event.at("source").at("snapshot");
        if (snapshot.is_string() && snapshot.as_string() == mark) ++count;
    }
    return count;
}

void check_asked_snapshot(const std::string& type, const std::string& mark, std::size_t marked)
{
    auto seed = std::random_device{}();
    topic_mirror through{with_signals("asked_" + type)};
    through.exec("ALTER PUBLICATION asked_" + type + " ADD TABLE dbz_signal");
    through.capture();
    // Ends the first snapshot also for one who does not follow dbz_signal.
    through.exec("UPDATE counted SET n = nextval('ticks') WHERE id = 1");
    through.start_following();
    BOOST_TEST(through.lasting_difference() == "");
    generation_watcher application{through.sidecar().snapshot_directory()};
    sql_session open{through.connection()};
    open.exec("BEGIN; UPDATE counted SET n = nextval('ticks') WHERE id = 2999; DELETE FROM counted WHERE id = 2998");
    auto from = static_cast<std::size_t>(shared_topics().end_offsets(through.topic("counted")).front());
    counting_load load{through.connection(), seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
        ask_for(through, type);
        BOOST_TEST(wait_for([&] { return rows_marked(through, "counted", mark, from) >= marked; }, 60s),
                   through.explain());
        open.exec("UPDATE counted SET n = nextval('ticks') WHERE id = 2997; COMMIT");
        auto until = load.written() + 100;
        wait_for([&] { return load.written() > until; });
        load.stop();
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(application.stop() == "");
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signalled_snapshots)

BOOST_AUTO_TEST_CASE(an_incremental_snapshot_under_load_ends_equal)
{
    check_asked_snapshot("incremental", "incremental", 2000);
}

BOOST_AUTO_TEST_CASE(a_blocking_snapshot_under_load_ends_equal)
{
    check_asked_snapshot("blocking", "last", 1);
}

// Debezium 3.7.0 then takes the values that the server sends as if those of generated columns were among them (seen): `last` comes as
// that of `made`. Only messages tell this table's columns.
BOOST_AUTO_TEST_CASE(changes_whose_columns_are_mixed_up_after_a_blocking_snapshot_are_refused)
{
    topic_mirror through{
        {.name = "mixed_up",
         .setup =
             std::string{signals} +
             "CREATE TABLE odd (id int PRIMARY KEY, name text, made text GENERATED ALWAYS AS (name || '!') STORED, last text);"
             "INSERT INTO odd VALUES (1, 'a', DEFAULT, 'z'), (2, 'b', DEFAULT, 'y');",
         .tables = {"public.odd"},
         .connector = {{"signal.data.collection", "public.dbz_signal"},
                       {"table.include.list", "public.odd,public.dbz_signal"}},
         .columns = columns_from::messages,
         .followed = {"{table: public.odd, exclude: [made]}"}}};
    through.exec("ALTER PUBLICATION mixed_up ADD TABLE dbz_signal");
    through.capture();
    through.exec("UPDATE odd SET last = 'x' WHERE id = 1");
    through.start_following();
    BOOST_TEST(through.lasting_difference() == "");
    auto from = static_cast<std::size_t>(shared_topics().end_offsets(through.topic("odd")).front());
    through.exec("INSERT INTO dbz_signal VALUES ('asked', 'execute-snapshot', "
                 R"('{"data-collections": ["public.odd"], "type": "blocking"}'))");
    BOOST_TEST(wait_for([&] { return rows_marked(through, "odd", "last", from) == 1; }, 60s), through.explain());
    auto seen = through.generation();
    through.exec("UPDATE odd SET last = 'w' WHERE id = 2");
    BOOST_TEST(through.comes_to("bad_message"), through.explain());
    BOOST_TEST(through.reason_text().find("has column made, which changes before lack") != std::string::npos,
               through.explain());
    BOOST_TEST(through.announces_nothing_after(seen));
}

BOOST_AUTO_TEST_SUITE_END()
