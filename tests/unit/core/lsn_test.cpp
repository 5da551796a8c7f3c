#include "core/lsn.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace understudy;

BOOST_AUTO_TEST_SUITE(lsn_text)

BOOST_AUTO_TEST_CASE(an_lsn_is_written_as_the_server_writes_it)
{
    BOOST_TEST(to_string(lsn{}) == "0/0");
    BOOST_TEST(to_string(lsn{0x16B374D848}) == "16/B374D848");
    BOOST_TEST(to_string(lsn{0x100000000}) == "1/0");
    BOOST_TEST(to_string(lsn{~std::uint64_t{0}}) == "FFFFFFFF/FFFFFFFF");
}

BOOST_AUTO_TEST_CASE(the_wal_ends_in_front_of_a_page_that_holds_no_record_yet)
{
    constexpr std::uint64_t page = 8192;
    constexpr std::uint64_t segment = 16 << 20;
    BOOST_TEST(end_of_wal(lsn{3 * page + 24}, page, segment) == lsn{3 * page});
    BOOST_TEST(end_of_wal(lsn{2 * segment + 40}, page, segment) == lsn{2 * segment});
    BOOST_TEST(end_of_wal(lsn{3 * page + 40}, page, segment) == lsn{3 * page + 40});
    BOOST_TEST(end_of_wal(lsn{3 * page + 32}, page, segment) == lsn{3 * page + 32});
    BOOST_TEST(end_of_wal(lsn{3 * page}, page, segment) == lsn{3 * page});
    BOOST_TEST(end_of_wal(lsn{24}, 0, 0) == lsn{24});
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back)
{
    auto seed = std::random_device{}();
    std::mt19937_64 random{seed};
    for (int i = 0; i < 1000; ++i) {
        lsn position{random() >> (random() % 64)};
        auto read = parse_lsn(to_string(position));
        BOOST_TEST_CONTEXT("seed " << seed << " lsn " << position) BOOST_TEST((read && *read == position));
    }
}

BOOST_AUTO_TEST_CASE(leading_zeros_and_small_letters_are_read)
{
    BOOST_TEST(*parse_lsn("0016/b374d848") == lsn{0x16B374D848});
}

BOOST_AUTO_TEST_CASE(what_is_not_wholly_an_lsn_is_bad_text)
{
    for (auto text : {"", "/", "0", "0/", "/0", "0/0/0", "0/0 ", " 0/0", "-1/0", "0/-1", "+1/0", "0x1/0", "G/0", "0/G",
                      "100000000/0", "0/100000000", "0\\0"})
        BOOST_TEST_CONTEXT("text '" << text << "'") BOOST_TEST(parse_lsn(text).error() == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(a_distance_is_never_negative)
{
    BOOST_TEST(distance(lsn{5}, lsn{12}) == 7u);
    BOOST_TEST(distance(lsn{5}, lsn{5}) == 0u);
    BOOST_TEST(distance(lsn{12}, lsn{5}) == 0u);
    BOOST_TEST(distance(lsn{}, lsn{~std::uint64_t{0}}) == ~std::uint64_t{0});
}

BOOST_AUTO_TEST_SUITE_END()
