#include "store/row_format.hpp"

#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

std::string encoded(const stored_row& row)
{
    std::string bytes(encoded_size(row), '?');
    encode(row, bytes.data());
    return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_format)

BOOST_AUTO_TEST_CASE(keys_up_to_479_bytes_are_stored_as_they_are)
{
    for (std::size_t size : {1u, 2u, 478u, 479u}) {
        std::string key(size, 'k');
        BOOST_TEST(stored_key{key}.view() == key);
    }
}

BOOST_AUTO_TEST_CASE(longer_keys_are_511_bytes_that_start_alike)
{
    for (std::size_t size : {480u, 481u, 510u, 511u, 512u, 2000u, 100'000u}) {
        std::string key(size, 'k');
        stored_key stored{key};
        BOOST_TEST(stored.view().size() == long_key_bytes);
        BOOST_TEST(stored.view().substr(0, 479) == key.substr(0, 479));
    }
}

BOOST_AUTO_TEST_CASE(a_long_key_ends_in_the_sha256_of_all_of_it)
{
    // sha256sum of 480 bytes `k`.
    std::string key(480, 'k');
    auto hash = std::string{stored_key{key}.view().substr(479)};
    std::string other = key;
    other.back() = 'l';
    BOOST_TEST(hash != std::string{stored_key{other}.view().substr(479)});
    BOOST_TEST(static_cast<unsigned char>(hash[0]) == 0x73);
    BOOST_TEST(static_cast<unsigned char>(hash[31]) == 0x9f);
}

BOOST_AUTO_TEST_CASE(a_usual_row_costs_one_byte)
{
    BOOST_TEST(encoded({.count = 1, .long_key = {}, .tuple = "tuple"}) == "\x02tuple");
}

BOOST_AUTO_TEST_CASE(a_row_is_read_as_it_was_written)
{
    std::string long_key(700, 'x');
    for (std::uint64_t count : {1ull, 2ull, 63ull, 64ull, 1ull << 40})
        for (std::string_view key : {std::string_view{}, std::string_view{long_key}})
            for (std::string_view tuple : {std::string_view{}, std::string_view{"fields"}}) {
                auto bytes = encoded({.count = count, .long_key = key, .tuple = tuple});
                auto row = decode_row(bytes);
                BOOST_TEST_REQUIRE(row.has_value());
                BOOST_TEST(row->count == count);
                BOOST_TEST(row->long_key == key);
                BOOST_TEST(row->tuple == tuple);
            }
}

BOOST_AUTO_TEST_CASE(a_long_row_cut_inside_its_key_is_damaged)
{
    std::string key(700, 'x');
    auto bytes = encoded({.count = 300, .long_key = key, .tuple = {}});
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_TEST_CONTEXT("size " << size) BOOST_TEST(decode_row(std::string_view{bytes}.substr(0, size)).has_error());
}

BOOST_AUTO_TEST_CASE(a_count_of_zero_or_without_end_is_damaged)
{
    BOOST_TEST(decode_row(std::string_view{"\0tuple", 6}).has_error());
    BOOST_TEST(decode_row(std::string_view{"\1tuple", 6}).has_error());
    BOOST_TEST(decode_row(std::string(20, '\xff')).has_error());
}

BOOST_AUTO_TEST_SUITE_END()
