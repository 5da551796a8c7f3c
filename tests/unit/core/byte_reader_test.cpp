#include "core/byte_reader.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace understudy;
using namespace std::string_literals;

namespace {

// u8, u16, u32, u64, i32, i64, three bytes, a C string
const std::string message = "\x01"
                            "\x02\x03"
                            "\x04\x05\x06\x07"
                            "\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
                            "\xFF\xFF\xFF\xFE"
                            "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFD"
                            "abc"
                            "name\0"s;

error_code read_all(std::string_view bytes)
{
    byte_reader reader{bytes};
    reader.u8();
    reader.u16();
    reader.u32();
    reader.u64();
    reader.i32();
    reader.i64();
    reader.bytes(3);
    reader.c_string();
    return reader.finish();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(byte_reader_fields)

BOOST_AUTO_TEST_CASE(each_field_is_read_big_endian)
{
    byte_reader reader{message};
    BOOST_TEST(reader.u8() == 0x01);
    BOOST_TEST(reader.u16() == 0x0203);
    BOOST_TEST(reader.u32() == 0x04050607u);
    BOOST_TEST(reader.u64() == 0x08090A0B0C0D0E0Fu);
    BOOST_TEST(reader.i32() == -2);
    BOOST_TEST(reader.i64() == -3);
    BOOST_TEST(reader.bytes(3) == "abc");
    BOOST_TEST(reader.c_string() == "name");
    BOOST_TEST(!reader.finish());
}

BOOST_AUTO_TEST_CASE(a_message_cut_at_any_byte_is_truncated)
{
    for (std::size_t length = 0; length < message.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length)
            BOOST_TEST(read_all(std::string_view{message}.substr(0, length)) == errc::truncated_message);
}

BOOST_AUTO_TEST_CASE(a_byte_too_many_is_trailing)
{
    BOOST_TEST(read_all(message + "x") == errc::trailing_bytes);
}

BOOST_AUTO_TEST_CASE(after_a_short_read_everything_is_zero_and_empty)
{
    byte_reader reader{"\x01\x02\x03"};
    BOOST_TEST(reader.u32() == 0u);
    BOOST_TEST(!reader.ok());
    BOOST_TEST(reader.u8() == 0);
    BOOST_TEST(reader.bytes(1).empty());
    BOOST_TEST(reader.bytes(0).empty());
    BOOST_TEST(reader.c_string().empty());
    BOOST_TEST(reader.finish() == errc::truncated_message);
}

BOOST_AUTO_TEST_CASE(a_count_larger_than_the_message_reads_nothing)
{
    byte_reader reader{"abc"};
    BOOST_TEST(reader.bytes(~std::size_t{0}).empty());
    BOOST_TEST(!reader.ok());
}

BOOST_AUTO_TEST_CASE(an_empty_string_and_no_bytes_are_whole_fields)
{
    byte_reader reader{std::string_view{"\0", 1}};
    BOOST_TEST(reader.bytes(0).empty());
    BOOST_TEST(reader.c_string().empty());
    BOOST_TEST(!reader.finish());
}

BOOST_AUTO_TEST_SUITE_END()
