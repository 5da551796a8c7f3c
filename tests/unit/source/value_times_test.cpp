#include "source/kafka/value_intervals.hpp"
#include "source/kafka/value_times.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace understudy;
using namespace understudy::debezium;

namespace {

template <class Append>
std::string made_by(Append append)
{
    std::string out;
    auto ec = append(out);
    return ec ? ec.message() : out;
}

std::string timestamp(std::int64_t value, time_unit unit = time_unit::microseconds)
{
    return made_by([&](auto& out) { return append_timestamp(value, unit, out); });
}

std::string iso_timestamp(std::string_view text, zone_suffix zone = zone_suffix::none)
{
    return made_by([&](auto& out) { return append_iso_timestamp(text, zone, out); });
}

std::string date(std::int64_t days)
{
    return made_by([&](auto& out) { return append_date(days, out); });
}

std::string iso_date(std::string_view text)
{
    return made_by([&](auto& out) { return append_iso_date(text, out); });
}

std::string time_of_day(std::int64_t value, time_unit unit = time_unit::microseconds)
{
    return made_by([&](auto& out) { return append_time(value, unit, out); });
}

std::string iso_time(std::string_view text, zone_suffix zone = zone_suffix::none)
{
    return made_by([&](auto& out) { return append_iso_time(text, zone, out); });
}

std::string ranges(std::string_view text)
{
    return made_by([&](auto& out) { return append_zoned_ranges(text, out); });
}

std::string interval(std::string_view text)
{
    return made_by([&](auto& out) { return append_iso_interval(text, out); });
}

std::string duration(std::int64_t microseconds)
{
    std::string out;
    append_duration(microseconds, out);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(value_times)

BOOST_AUTO_TEST_CASE(timestamps_come_in_three_units)
{
    BOOST_TEST(timestamp(1709210096123456) == "2024-02-29 12:34:56.123456");
    BOOST_TEST(timestamp(1709210096120, time_unit::milliseconds) == "2024-02-29 12:34:56.12");
    BOOST_TEST(timestamp(1709210096123456000, time_unit::nanoseconds) == "2024-02-29 12:34:56.123456");
    BOOST_TEST(timestamp(0) == "1970-01-01 00:00:00");
    BOOST_TEST(timestamp(-1) == "1969-12-31 23:59:59.999999");
    BOOST_TEST(timestamp(-1, time_unit::milliseconds) == "1969-12-31 23:59:59.999");
    BOOST_TEST(timestamp(-1, time_unit::nanoseconds) == "bad_text");
}

BOOST_AUTO_TEST_CASE(timestamps_end_where_those_of_postgres_do)
{
    BOOST_TEST(timestamp(-63517824000000000) == "0044-03-15 00:00:00 BC");
    BOOST_TEST(timestamp(-210866803200000, time_unit::milliseconds) == "4714-11-24 00:00:00 BC");
    BOOST_TEST(timestamp(-210866803200001, time_unit::milliseconds) == "bad_text");
    BOOST_TEST(timestamp(9224318015999999, time_unit::milliseconds) == "294276-12-31 23:59:59.999");
    BOOST_TEST(timestamp(9224318016000000, time_unit::milliseconds) == "bad_text");
    BOOST_TEST(timestamp(-9223372036853775810) == "bad_text");  // 294276-12-31 23:59:59.999999, overflown
}

BOOST_AUTO_TEST_CASE(each_infinity_is_known_by_its_numbers)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    for (auto unit : {time_unit::milliseconds, time_unit::microseconds, time_unit::nanoseconds}) {
        BOOST_TEST(timestamp(most, unit) == "infinity");
        BOOST_TEST(timestamp(least, unit) == "-infinity");
    }
    BOOST_TEST(timestamp(9223372036825200000, time_unit::milliseconds) == "infinity");
    BOOST_TEST(timestamp(-9223372036832400000, time_unit::milliseconds) == "-infinity");
    BOOST_TEST(timestamp(9223372036825200001, time_unit::milliseconds) == "bad_text");
    for (auto days : {-622191234, 2146033979}) BOOST_TEST(date(days) == "infinity");
    for (auto days : {-625821272, -2147472691}) BOOST_TEST(date(days) == "-infinity");
    BOOST_TEST(date(2146033978) == "bad_text");
}

BOOST_AUTO_TEST_CASE(texts_are_read_strictly)
{
    BOOST_TEST(iso_timestamp("2024-02-29T12:34:56.123456Z") == "2024-02-29 12:34:56.123456");
    BOOST_TEST(iso_timestamp("1900-01-01T00:00:00.500000Z", zone_suffix::utc) == "1900-01-01 00:00:00.5+00");
    BOOST_TEST(iso_timestamp("-0043-03-15T00:00:00.000000Z", zone_suffix::utc) == "0044-03-15 00:00:00+00 BC");
    BOOST_TEST(iso_timestamp("0000-01-01T00:00:00Z") == "0001-01-01 00:00:00 BC");
    BOOST_TEST(iso_timestamp("+294276-12-31T23:59:59.999999Z") == "294276-12-31 23:59:59.999999");
    BOOST_TEST(iso_timestamp("2024-02-29T12:34:56.123456000Z") == "2024-02-29 12:34:56.123456");
    BOOST_TEST(iso_timestamp("2024-02-29T12:34Z") == "2024-02-29 12:34:00");
    for (auto text : {"", "2024-02-29", "2024-02-29T12:34:56", "2024-02-30T12:34:56Z", "2023-02-29T12:34:56Z",
                      "2024-13-01T00:00:00Z", "2024-02-29T24:00:00Z", "2024-02-29T12:60:00Z", "2024-02-29T12:34:60Z",
                      "2024-02-29T12:34:56+01:00", "2024-02-29T12:34:56.1234567Z", "2024-02-29T12:34:56.Z",
                      "+294277-01-01T00:00:00Z", "2024-02-29T12:34:56Zx", "24-02-29T12:34:56Z", "Infinity"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(iso_timestamp(text) == "bad_text");
}

BOOST_AUTO_TEST_CASE(each_infinity_is_known_by_its_texts)
{
    for (auto text : {"infinity", "+292278994-08-16T23:00:00Z"}) BOOST_TEST(iso_timestamp(text) == "infinity");
    for (auto text : {"-infinity", "-292275055-05-16T23:00:00Z", "+292269055-12-02T23:00:00.000000Z"})
        BOOST_TEST(iso_timestamp(text, zone_suffix::utc) == "-infinity");
    for (auto text : {"+292278994-08-16Z", "+5877611-06-21Z"}) BOOST_TEST(iso_date(text) == "infinity");
    for (auto text : {"+292269055-12-02Z", "-5877611-06-22Z"}) BOOST_TEST(iso_date(text) == "-infinity");
}

BOOST_AUTO_TEST_CASE(ranges_of_any_zone_are_printed_in_utc)
{
    for (const auto* same : {"empty", "(,)", R"(["2024-02-04 00:00:00+00",infinity))", "{}"})
        BOOST_TEST(ranges(same) == same);
    BOOST_TEST(ranges(R"((,"2024-02-03 20:30:00-03:30"))") == R"((,"2024-02-04 00:00:00+00"))");
    BOOST_TEST(ranges(R"({["2024-03-01 05:30:00.25+05:30","2024-03-01 05:45:00+05:45"],(-infinity,)})") ==
               R"({["2024-03-01 00:00:00.25+00","2024-03-01 00:00:00+00"],(-infinity,)})");
    BOOST_TEST(ranges(R"(["2024-02-29 23:00:00-01",])") == R"(["2024-03-01 00:00:00+00",])");
    BOOST_TEST(ranges(R"(["1850-01-01 00:00:00+00:53:28",])") == R"(["1849-12-31 23:06:32+00",])");
    BOOST_TEST(ranges(R"(["0001-02-29 12:00:00+01 BC","0001-01-01 00:00:00+01"])") ==
               R"(["0001-02-29 11:00:00+00 BC","0001-12-31 23:00:00+00 BC"])");
    for (const auto* bad :
         {R"(["2024-02-04 00:00:00",))", R"(["2024-02-04 00:00:00+16",))", R"(["x",))", R"(["2024-02-04 00:00:00+00)",
          R"(["2024-02-30 00:00:00+00",))", R"(["2024-02-04T00:00:00+00",))"})
        BOOST_TEST(ranges(bad) == make_error_code(errc::bad_text).message());
}

BOOST_AUTO_TEST_CASE(dates_end_where_those_of_postgres_do)
{
    BOOST_TEST(date(19782) == "2024-02-29");
    BOOST_TEST(date(-735160) == "0044-03-15 BC");
    BOOST_TEST(date(2145042905) == "5874897-12-31");
    BOOST_TEST(date(2145042906) == "bad_text");
    BOOST_TEST(date(-2440588) == "4714-11-24 BC");
    BOOST_TEST(date(-2440589) == "bad_text");
    BOOST_TEST(iso_date("2024-02-29Z") == "2024-02-29");
    BOOST_TEST(iso_date("-0043-03-15Z") == "0044-03-15 BC");
    BOOST_TEST(iso_date("2024-02-29") == "bad_text");
    BOOST_TEST(iso_date("+99999999-01-01Z") == "bad_text");
}

BOOST_AUTO_TEST_CASE(times_of_day_go_up_to_24_hours)
{
    BOOST_TEST(time_of_day(45296123456) == "12:34:56.123456");
    BOOST_TEST(time_of_day(45296123, time_unit::milliseconds) == "12:34:56.123");
    BOOST_TEST(time_of_day(45296123456000, time_unit::nanoseconds) == "12:34:56.123456");
    BOOST_TEST(time_of_day(0) == "00:00:00");
    BOOST_TEST(time_of_day(86400000000) == "24:00:00");
    BOOST_TEST(time_of_day(86400000001) == "bad_text");
    BOOST_TEST(time_of_day(-1) == "bad_text");
    BOOST_TEST(iso_time("12:34:56.123456Z") == "12:34:56.123456");
    BOOST_TEST(iso_time("10:00:00Z", zone_suffix::utc) == "10:00:00+00");
    BOOST_TEST(iso_time("24:00:00Z") == "24:00:00");
    for (auto text : {"24:00:01Z", "12:34:56", "12Z", "12:34:56+02", "1:00:00Z"})
        BOOST_TEST(iso_time(text) == "bad_text");
}

// Texts that PostgreSQL 15 prints of these.
BOOST_AUTO_TEST_CASE(intervals_print_as_postgres_prints_them)
{
    BOOST_TEST(interval("P1Y2M3DT4H5M6.789012S") == "1 year 2 mons 3 days 04:05:06.789012");
    BOOST_TEST(interval("P0Y-1M2DT0H0M-0.000001S") == "-1 mons +2 days -00:00:00.000001");
    BOOST_TEST(interval("P178000Y0M0DT0H0M0S") == "178000 years");
    BOOST_TEST(interval("P0Y0M0DT0H0M0S") == "00:00:00");
    BOOST_TEST(interval("P0Y0M-1DT1H0M0S") == "-1 days +01:00:00");
    BOOST_TEST(interval("P-1Y-1M1DT0H0M0.5S") == "-1 years -1 mons +1 day 00:00:00.5");
    BOOST_TEST(interval("P1Y-1M0DT0H0M0S") == "11 mons");
    BOOST_TEST(interval("P8Y10M212DT325H14M1.867999999S") == "8 years 10 mons 212 days 325:14:01.868");
    BOOST_TEST(interval("P0DT0H0M-59.999999501S") == "-00:01:00");
    BOOST_TEST(interval("PT0.000000499S") == "00:00:00");
    BOOST_TEST(interval("PT100H0M0S") == "100:00:00");
    for (auto text : {"", "P1", "1Y", "P1.5Y", "PT1D", "P1YT1X", "P99999999999999Y", "PT999999999999999H", "P1Y 2M",
                      "P1Y2147483647M", "PT1.1234567890S"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(interval(text) == "bad_text");
}

BOOST_AUTO_TEST_CASE(a_numeric_interval_is_one_of_hours)
{
    BOOST_TEST(duration(37091106789012) == "10303:05:06.789012");
    BOOST_TEST(duration(-1) == "-00:00:00.000001");
    BOOST_TEST(duration(0) == "00:00:00");
    BOOST_TEST(duration(std::numeric_limits<std::int64_t>::min()) == "-2562047788:00:54.775808");
}

BOOST_AUTO_TEST_SUITE_END()
