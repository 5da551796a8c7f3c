#include "store/record.hpp"

#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <xxhash.h>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

store_state full_state()
{
    store_state state;
    state.identity = {.system_id = "7301",
                      .timeline = 3,
                      .database = "shop",
                      .slot = "understudy",
                      .publication = "pub",
                      .publication_fingerprint = std::string{"\0\xff", 2}};
    state.tables = {table_of(1), table_of(900, row_identity::multiset)};
    state.tables[1].shape.columns.push_back({"", 0, -1});
    return state;
}

/// The record with another format and the checksum that belongs to it.
std::string with_format(std::string record, std::uint32_t format)
{
    for (int index = 0; index < 4; ++index)
        record[static_cast<std::size_t>(8 + index)] = static_cast<char>(format >> (24 - 8 * index));
    auto checksum = XXH3_64bits(record.data() + 8, record.size() - 8);
    for (int index = 0; index < 8; ++index)
        record[static_cast<std::size_t>(index)] = static_cast<char>(checksum >> (56 - 8 * index));
    return record;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(a_state_is_read_as_it_was_written)
{
    auto read = decode_state(encode_state(full_state()));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((*read == full_state()));
    BOOST_TEST((*decode_state(encode_state({})) == store_state{}));
}

BOOST_AUTO_TEST_CASE(a_position_is_read_as_it_was_written)
{
    auto read = decode_position(encode_position(position_at(0xFEDC'BA98'7654'3210)));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((*read == position_at(0xFEDC'BA98'7654'3210)));
}

BOOST_AUTO_TEST_CASE(a_record_cut_anywhere_is_damaged)
{
    auto whole = encode_state(full_state());
    for (std::size_t size = 0; size < whole.size(); ++size)
        BOOST_TEST_CONTEXT("size " << size)
            BOOST_TEST(decode_state(whole.substr(0, size)).error() == errc::store_damaged);
}

BOOST_AUTO_TEST_CASE(a_record_with_any_bit_flipped_is_damaged)
{
    auto whole = encode_position(position_at(1000));
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        auto flipped = whole;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        BOOST_TEST_CONTEXT("bit " << bit) BOOST_TEST(decode_position(flipped).error() == errc::store_damaged);
    }
}

BOOST_AUTO_TEST_CASE(a_record_of_a_newer_format_is_newer_not_damaged)
{
    BOOST_TEST(decode_state(with_format(encode_state(full_state()), 2)).error() == errc::store_newer);
    BOOST_TEST(decode_state(with_format(encode_state(full_state()), 0)).error() == errc::store_damaged);
    BOOST_TEST(decode_state(with_format(encode_state(full_state()), 1)).has_value());
}

BOOST_AUTO_TEST_CASE(one_record_is_not_another)
{
    BOOST_TEST(decode_position(encode_last_epoch(5)).error() == errc::store_damaged);
    BOOST_TEST(decode_last_epoch(encode_position({})).error() == errc::store_damaged);
    BOOST_TEST(*decode_last_epoch(encode_last_epoch(5)) == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
