#include "topic_mirror.hpp"

#include "support/http_client.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

// DDL, of which Debezium says no word: it is never silently another document.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

topic_mirror_options table(const std::string& name)
{
    return {.name = name,
            .setup = "CREATE TABLE item (id int PRIMARY KEY, n int, note text);"
                     "INSERT INTO item VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, NULL)",
            .tables = {"public.item"}};
}

std::uint64_t withheld(const topic_mirror& through)
{
    auto document = through.manifest().at("documents").at(0).as_object();
    return document.contains("withheld_rows") ? document.at("withheld_rows").to_number<std::uint64_t>() : 0;
}

void follow(topic_mirror& through)
{
    through.capture();
    through.start_following();
    BOOST_TEST(through.lasting_difference() == "");
}

/// Whether the metrics come to hold a line.
bool measures(const std::filesystem::path& socket, const std::string& line)
{
    return wait_for([&] { return http_client{socket}.get("/metrics").body.find(line) != std::string::npos; });
}

/// It stops for this DDL and says why, and what was announced before is still there.
void check_stops(topic_mirror& through, const std::string& statements)
{
    auto before = through.generation();
    through.exec(statements);
    BOOST_TEST(through.comes_to("table_changed"), through.explain());
    BOOST_TEST(through.announces_nothing_after(before), through.explain());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_changes)

BOOST_AUTO_TEST_CASE(a_column_with_a_default_stops_it_until_the_tables_are_described_anew)
{
    temp_directory scratch;
    auto options = table("added");
    options.more = "serve:\n  listen: 'unix:" + (scratch / "http").string() + "'\n";
    topic_mirror through{options};
    follow(through);
    auto rows = through.rows("item");
    check_stops(through, "ALTER TABLE item ADD more int DEFAULT 7; UPDATE item SET n = 10 WHERE id = 1");
    BOOST_TEST((through.rows("item") == rows));
    through.describe();
    // Debezium says the new value only of rows that change.
    auto row = R"({"id":1,"n":10,"note":"a","more":7})";
    BOOST_TEST(wait_for([&] { return through.rows("item") == strings{row}; }), through.explain());
    BOOST_TEST(withheld(through) == 2u);
    BOOST_TEST(measures(scratch / "http", "understudy_snapshot_withheld_rows 2\n"), through.explain());
    through.exec("UPDATE item SET n = n + 1");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(withheld(through) == 0u);
}

BOOST_AUTO_TEST_CASE(a_column_without_a_default_is_null_in_rows_from_before)
{
    topic_mirror through{table("nullable")};
    follow(through);
    check_stops(through, "ALTER TABLE item ADD more int; UPDATE item SET more = 5 WHERE id = 1");
    through.describe();
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(withheld(through) == 0u);
}

BOOST_AUTO_TEST_CASE(a_renamed_column_is_never_taken_for_a_null)
{
    topic_mirror through{table("renamed")};
    follow(through);
    check_stops(through, "ALTER TABLE item RENAME note TO remark; UPDATE item SET n = 10 WHERE id = 1");
    through.describe();
    auto row = R"({"id":1,"n":10,"remark":"a"})";
    BOOST_TEST(wait_for([&] { return through.rows("item") == strings{row}; }), through.explain());
    BOOST_TEST(withheld(through) == 2u);
    through.exec("UPDATE item SET n = n + 1");
    BOOST_TEST(through.lasting_difference() == "");
}

BOOST_AUTO_TEST_CASE(a_dropped_column_is_never_taken_for_a_null)
{
    topic_mirror through{table("dropped")};
    follow(through);
    auto rows = through.rows("item");
    check_stops(through, "ALTER TABLE item DROP note; UPDATE item SET n = 10 WHERE id = 1");
    BOOST_TEST((through.rows("item") == rows));
    through.describe();
    BOOST_TEST(through.lasting_difference() == "");
}

BOOST_AUTO_TEST_CASE(a_column_that_came_and_went_stops_it_no_longer_than_it_is_in_the_newest_row)
{
    topic_mirror through{table("brief")};
    follow(through);
    check_stops(through, "ALTER TABLE item ADD brief int; UPDATE item SET brief = 1 WHERE id = 1");
    through.exec("ALTER TABLE item DROP brief; UPDATE item SET n = 10 WHERE id = 1");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
}

BOOST_AUTO_TEST_CASE(a_column_that_changes_its_type_is_never_silently_another)
{
    topic_mirror through{table("retyped")};
    follow(through);
    through.exec("ALTER TABLE item ALTER n TYPE text USING 'n' || n; UPDATE item SET note = 'new' WHERE id = 1");
    BOOST_TEST(wait_for([&] { return !through.reason().empty(); }), through.explain());
    through.describe();
    through.kill();
    through.start();
    BOOST_TEST(wait_for([&] { return !through.reason().empty() || through.rows("item").size() < 3; }),
               through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
