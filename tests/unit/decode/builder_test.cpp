#include "support/pgoutput_builder.hpp"

#include <boost/algorithm/hex.hpp>
#include <boost/test/unit_test.hpp>

using namespace understudy;
namespace build = pgoutput_builder;

namespace {

std::string hex(const std::string& bytes)
{
    return boost::algorithm::hex_lower(bytes);
}

}  // namespace

// The expected bytes are a Postgres 15 server's, from pg_logical_slot_get_binary_changes.
BOOST_AUTO_TEST_SUITE(pgoutput_builder_makes_what_a_server_sends)

BOOST_AUTO_TEST_CASE(begin)
{
    BOOST_TEST(hex(build::begin(lsn{0x170f450}, 0x303e5a5b6edf0, 0x2ea)) ==
               "42000000000170f450000303e5a5b6edf0000002ea");
}

BOOST_AUTO_TEST_CASE(commit)
{
    BOOST_TEST(hex(build::commit(lsn{0x170f450}, lsn{0x170f480}, 0x303e5a5b6edf0)) ==
               "4300000000000170f450000000000170f480000303e5a5b6edf0");
}

BOOST_AUTO_TEST_CASE(relation)
{
    pgoutput::relation described{.id = 16807,
                                 .schema = "public",
                                 .name = "t",
                                 .replica_identity = 'd',
                                 .columns = {{"id", 23, -1, true}, {"note", 1043, 12, false}}};
    BOOST_TEST(hex(build::relation(described)) ==
               "52000041a77075626c69630074006400020169640000000017ffffffff006e6f746500000004130000000c");
}

BOOST_AUTO_TEST_CASE(insert)
{
    BOOST_TEST(hex(build::insert(16807, {text("1"), null()})) == "49000041a74e00027400000001316e");
}

BOOST_AUTO_TEST_CASE(update)
{
    auto key = pgoutput::old_image::key;
    BOOST_TEST(hex(build::update(16814, key, {text("1"), null()}, {text("2"), unchanged()})) ==
               "55000041ae4b00027400000001316e4e000274000000013275");
}

BOOST_AUTO_TEST_CASE(remove)
{
    BOOST_TEST(hex(build::remove(16807, pgoutput::old_image::key, {text("1"), null()})) ==
               "44000041a74b00027400000001316e");
}

BOOST_AUTO_TEST_CASE(truncate)
{
    BOOST_TEST(hex(build::truncate({{16807}, false, false})) == "540000000100000041a7");
}

BOOST_AUTO_TEST_SUITE_END()
