#include "contract/postgres_source.hpp"
#include "contract/recording_sink.hpp"
#include "contract/stream_contract.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace understudy::testing;

namespace {

struct fresh_source {
    postgres_source source;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_streams, fresh_source)

BOOST_AUTO_TEST_CASE(transactions_come_whole_and_in_order)
{
    stream_contract::transactions_come_whole_and_in_order(source);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_transaction_comes_after_the_sink_refused_its_begin)
{
    stream_contract::nothing_of_a_transaction_comes_after_the_sink_refused_its_begin(source);
}

BOOST_AUTO_TEST_CASE(a_source_that_starts_again_hands_out_nothing_twice_and_leaves_nothing_out)
{
    stream_contract::a_source_that_starts_again_hands_out_nothing_twice_and_leaves_nothing_out(source);
}

BOOST_AUTO_TEST_CASE(a_large_transaction_comes_in_parts_that_end)
{
    stream_contract::a_large_transaction_comes_in_parts_that_end(source);
}

BOOST_AUTO_TEST_CASE(nothing_more_of_a_large_transaction_comes_while_the_sink_does_not_accept)
{
    stream_contract::nothing_more_of_a_large_transaction_comes_while_the_sink_does_not_accept(source);
}

BOOST_AUTO_TEST_CASE(a_large_transaction_that_cannot_end_is_abandoned_and_comes_again)
{
    stream_contract::a_large_transaction_that_cannot_end_is_abandoned_and_comes_again(source);
}

BOOST_AUTO_TEST_CASE(what_was_reached_is_not_before_what_was_handed_out)
{
    stream_contract::what_was_reached_is_not_before_what_was_handed_out(source);
}

BOOST_AUTO_TEST_SUITE_END()

// What only a server can say: which columns it flags as the identity of each kind of table.
BOOST_AUTO_TEST_SUITE(postgres_identities)

BOOST_AUTO_TEST_CASE(every_usable_identity_is_described_with_the_key_that_we_store)
{
    constexpr auto plain = "CREATE TABLE items (id int PRIMARY KEY, body text); ";
    constexpr auto parted = "CREATE TABLE items (id int PRIMARY KEY, body text) PARTITION BY RANGE (id); "
                            "CREATE TABLE items_low PARTITION OF items FOR VALUES FROM (0) TO (500); "
                            "CREATE TABLE items_high PARTITION OF items FOR VALUES FROM (500) TO (100000); ";
    for (const auto& create :
         {std::string{plain}, plain + std::string{"ALTER TABLE items REPLICA IDENTITY FULL"},
          plain + std::string{"CREATE UNIQUE INDEX other ON items (id); ALTER TABLE items REPLICA IDENTITY USING INDEX other"},
          std::string{parted}, parted + std::string{"ALTER TABLE items_low REPLICA IDENTITY FULL"},
          parted + std::string{"ALTER TABLE items REPLICA IDENTITY FULL"},
          parted + std::string{"ALTER TABLE items REPLICA IDENTITY NOTHING"}}) {
        postgres_source source{15, create};
        recording_sink sink;
        source.follow(source.start(), 1'000'000, sink);
        source.write(3);
        source.sql().exec("UPDATE items SET body = 'y' WHERE id = 1; UPDATE items SET id = 400 WHERE id = 2; "
                          "DELETE FROM items WHERE id = 3");
        BOOST_TEST_CONTEXT(create)
        {
            BOOST_TEST(source.until([&] { return sink.changes() == 6 || source.ended(); }));
            BOOST_TEST(!source.ended().has_value());
            if (source.ended()) BOOST_TEST_MESSAGE(source.ended()->text);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_identity_that_was_changed_ends_the_stream_with_the_next_change)
{
    postgres_source source{15, "CREATE TABLE items (id int PRIMARY KEY, body text NOT NULL); CREATE UNIQUE INDEX bodies ON items (body)"};
    recording_sink sink;
    source.follow(source.start(), 1'000'000, sink);
    source.sql().exec("INSERT INTO items VALUES (1, 'a')");
    BOOST_TEST(source.until([&] { return sink.changes() == 1; }));
    source.sql().exec("ALTER TABLE items REPLICA IDENTITY USING INDEX bodies");
    source.sql().exec("UPDATE items SET id = 2 WHERE id = 1");
    BOOST_TEST(source.until([&] { return source.ended().has_value(); }));
    BOOST_TEST(source.ended()->code == errc::table_changed);
}

BOOST_AUTO_TEST_SUITE_END()
