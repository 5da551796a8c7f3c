#include "render/time_text.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

constexpr std::int64_t day_us = 86'400'000'000;

std::int64_t micros(std::string_view text)
{
    return read_timestamp(text, time_zone::none).value().microseconds;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(time_texts)

// Numbers from Postgres: select '...'::date - '2000-01-01'.
BOOST_AUTO_TEST_CASE(dates_count_days_from_2000)
{
    BOOST_TEST(read_date("2000-01-01").value() == 0);
    BOOST_TEST(read_date("1999-12-31").value() == -1);
    BOOST_TEST(read_date("2000-02-29").value() == 59);
    BOOST_TEST(read_date("2000-03-01").value() == 60);
    BOOST_TEST(read_date("2100-03-01").value() == 36584);
    BOOST_TEST(read_date("0001-01-01").value() == -730119);
    BOOST_TEST(read_date("0001-12-31 BC").value() == -730120);
    BOOST_TEST(read_date("4713-01-01 BC").value() == -2451507);
    BOOST_TEST(read_date("5874897-12-31").value() == 2145031948);
}

BOOST_AUTO_TEST_CASE(infinities_stand_outside_of_all_time)
{
    BOOST_TEST(read_date("infinity").value() == after_all_time);
    BOOST_TEST(read_date("-infinity").value() == before_all_time);
    BOOST_TEST(micros("infinity") == after_all_time);
    BOOST_TEST(read_timestamp("-infinity", time_zone::utc).value().microseconds == before_all_time);
}

BOOST_AUTO_TEST_CASE(timestamps_count_microseconds_from_2000)
{
    BOOST_TEST(micros("2000-01-01 00:00:00") == 0);
    BOOST_TEST(micros("2000-01-02 00:00:00") == day_us);
    BOOST_TEST(micros("2000-01-01 01:02:03.5") == 3'723'500'000);
    BOOST_TEST(micros("2000-01-01 00:00:00.000001") == 1);
    BOOST_TEST(micros("1999-12-31 23:59:59.999999") == -1);
    BOOST_TEST(micros("294276-12-31 23:59:59.999999") > 0);
}

BOOST_AUTO_TEST_CASE(timestamps_come_in_parts)
{
    auto parts = read_timestamp("0044-03-15 12:00:00.25+00 BC", time_zone::utc).value();
    BOOST_TEST(parts.day == "0044-03-15");
    BOOST_TEST(parts.clock == "12:00:00.25");
    BOOST_TEST(parts.before_christ);
    BOOST_TEST(!read_timestamp("0044-03-15 12:00:00", time_zone::none).value().before_christ);
}

BOOST_AUTO_TEST_CASE(a_timestamp_cut_at_any_byte_is_refused_or_shorter)
{
    std::string_view whole = "2024-02-29 12:34:56+00";
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(read_timestamp(whole.substr(0, length), time_zone::utc).error() == errc::bad_text, length);
    BOOST_TEST(read_timestamp(whole, time_zone::utc).has_value());
}

BOOST_AUTO_TEST_CASE(other_styles_and_zones_are_refused)
{
    for (std::string_view text : {"02/29/2024", "24-02-29", "2024-13-01", "2024-01-32", "2024-1-1", "2024-01-01 AD",
                                  "2024-01-01 BC ", "12345678-01-01", "Infinity", "-2024-01-01"})
        BOOST_TEST(read_date(text).error() == errc::bad_text, text);
    for (std::string_view text :
         {"2024-02-29T12:34:56", "2024-02-29 12:34", "2024-02-29 24:00:00", "2024-02-29 12:60:00",
          "2024-02-29 12:00:60", "2024-02-29 12:34:56.", "2024-02-29 12:34:56.1234567", "2024-02-29 12:34:56+00",
          "294277-01-01 00:00:00", "9999999-01-01 00:00:00"})
        BOOST_TEST(read_timestamp(text, time_zone::none).error() == errc::bad_text, text);
    for (std::string_view text : {"2024-02-29 12:34:56", "2024-02-29 12:34:56+01", "2024-02-29 12:34:56+00:00",
                                  "2024-02-29 12:34:56 BC+00", "2024-02-29 12:34:56Z"})
        BOOST_TEST(read_timestamp(text, time_zone::utc).error() == errc::bad_text, text);
}

BOOST_AUTO_TEST_SUITE_END()
