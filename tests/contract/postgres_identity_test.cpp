#include "contract/postgres_source.hpp"
#include "contract/recording_sink.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace understudy;
using namespace understudy::testing;

// What only a server can say: which columns it marks as the identity of each kind of table, and which old rows it
// sends.

namespace {

const std::string plain = "CREATE TABLE items (id int PRIMARY KEY, body text NOT NULL); ";
const std::string parted = "CREATE TABLE items (id int PRIMARY KEY, body text) PARTITION BY RANGE (id);"
                           "CREATE TABLE items_low PARTITION OF items FOR VALUES FROM (0) TO (500);"
                           "CREATE TABLE items_high PARTITION OF items FOR VALUES FROM (500) TO (1000); ";

void check_changes_of_every_kind(const std::string& create_table)
{
    recording_sink sink;
    postgres_source source{create_table};
    source.follow(source.start(), 1'000'000, sink);
    source.write(3);
    source.exec("UPDATE items SET body = 'y' WHERE id = 1");
    source.exec("UPDATE items SET id = 400 WHERE id = 2");
    source.exec("DELETE FROM items WHERE id = 3");
    BOOST_TEST_CONTEXT(create_table) {
        BOOST_TEST(source.until([&] { return sink.changes().size() >= 6 || source.ended(); }));
        BOOST_TEST((source.ended() ? source.ended()->text : "") == "");
        using enum operation;
        BOOST_TEST((sink.changes() == std::vector{put, put, put, put, move, remove}));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_identities)

BOOST_AUTO_TEST_CASE(every_identity_that_holds_the_key_can_be_followed)
{
    for (const char* identity :
         {"", "ALTER TABLE items REPLICA IDENTITY FULL",
          "CREATE UNIQUE INDEX other ON items (id); ALTER TABLE items REPLICA IDENTITY USING INDEX other"})
        check_changes_of_every_kind(plain + identity);
}

BOOST_AUTO_TEST_CASE(every_identity_of_partitions_that_holds_the_key_can_be_followed)
{
    for (const char* identity :
         {"", "ALTER TABLE items_low REPLICA IDENTITY FULL", "ALTER TABLE items REPLICA IDENTITY FULL",
          "ALTER TABLE items REPLICA IDENTITY NOTHING"})
        check_changes_of_every_kind(parted + identity);
}

BOOST_AUTO_TEST_CASE(an_identity_that_does_not_hold_the_key_any_more_ends_the_stream_with_the_next_change)
{
    recording_sink sink;
    postgres_source source{plain + "CREATE UNIQUE INDEX bodies ON items (body)"};
    source.follow(source.start(), 1'000'000, sink);
    source.exec("INSERT INTO items VALUES (1, 'a')");
    BOOST_TEST(source.until([&] { return sink.changes().size() == 1; }));
    source.exec("ALTER TABLE items REPLICA IDENTITY USING INDEX bodies");
    source.exec("UPDATE items SET id = 2 WHERE id = 1");
    BOOST_TEST_REQUIRE(source.until([&] { return source.ended().has_value(); }));
    BOOST_TEST(source.ended()->code == errc::table_changed);
    BOOST_TEST(sink.changes().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
