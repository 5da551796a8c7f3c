#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(partly_followed_snapshots)

// The mark of the last row is in the topic of a table that is not followed.
BOOST_AUTO_TEST_CASE(a_snapshot_ends_also_for_who_follows_only_its_first_table)
{
    topic_mirror through{
        {.name = "first_only",
         .setup = "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 20);"
                  "CREATE TABLE z (id int PRIMARY KEY); INSERT INTO z VALUES (1), (2)",
         .tables = {"public.a"},
         .connector = {{"table.include.list", "public.a,public.z"}, {"heartbeat.interval.ms", "1000"}}}};
    through.exec("ALTER PUBLICATION first_only ADD TABLE z");
    through.capture();
    // Whoever starts before the topic is there sees it at the next look at the topics only.
    auto lives = [] { return shared_topics().partitions("__debezium-heartbeat.first_only") == 1; };
    BOOST_REQUIRE(wait_for(lives));
    through.start();
    BOOST_TEST(through.lasting_difference(10s) == "");
}

BOOST_AUTO_TEST_SUITE_END()
