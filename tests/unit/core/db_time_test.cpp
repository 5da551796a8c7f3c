#include "core/db_time.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <random>

using namespace understudy;
using namespace std::chrono_literals;

namespace {

db_time at(int year, unsigned month, unsigned day, std::chrono::microseconds clock = 0us)
{
    return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}} + clock;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(db_time_text)

BOOST_AUTO_TEST_CASE(a_time_is_written_in_utc_with_microseconds)
{
    BOOST_TEST(to_string(db_time{}) == "1970-01-01T00:00:00.000000Z");
    BOOST_TEST(to_string(at(2026, 11, 23, 8min + 12s + 123us)) == "2026-11-23T00:08:12.000123Z");
    BOOST_TEST(to_string(at(2024, 2, 29, 24h - 1us)) == "2024-02-29T23:59:59.999999Z");
}

BOOST_AUTO_TEST_CASE(the_epoch_of_the_wire_is_the_year_2000)
{
    BOOST_TEST(to_string(from_postgres_us(0)) == "2000-01-01T00:00:00.000000Z");
    BOOST_TEST(to_string(from_postgres_us(-1)) == "1999-12-31T23:59:59.999999Z");
    for (std::int64_t us : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{843'000'000'123'456}})
        BOOST_TEST(to_postgres_us(from_postgres_us(us)) == us);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back)
{
    auto seed = std::random_device{}();
    std::mt19937_64 random{seed};
    std::uniform_int_distribution<std::int64_t> any{at(1900, 1, 1).time_since_epoch().count(),
                                                    at(9999, 12, 31).time_since_epoch().count()};
    for (int i = 0; i < 1000; ++i) {
        db_time time{std::chrono::microseconds{any(random)}};
        auto read = parse_db_time(to_string(time));
        BOOST_TEST_CONTEXT("seed " << seed << " time " << to_string(time)) BOOST_TEST((read && *read == time));
    }
}

BOOST_AUTO_TEST_CASE(a_time_cut_anywhere_is_bad_text)
{
    std::string whole = "2026-11-23T00:08:12.000123Z";
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length)
            BOOST_TEST(parse_db_time(whole.substr(0, length)).error() == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(what_to_string_does_not_write_is_bad_text)
{
    for (auto text : {"2026-11-23T00:08:12.000123Z ", " 2026-11-23T00:08:12.000123Z", "2026-11-23 00:08:12.000123Z",
                      "2026-11-23T00:08:12.123Z", "2026-11-23T00:08:12Z", "2026-02-30T00:00:00.000000Z",
                      "2026-13-01T00:00:00.000000Z", "2026-11-23T24:00:00.000000Z", "2026-11-23T00:60:00.000000Z",
                      "2026-11-23T00:00:61.000000Z", "2026-11-23T-1:00:00.000000Z", "2026-11-23T00:00:00.-00001Z",
                      "99999999-01-01T00:00:00.000000Z"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(parse_db_time(text).error() == errc::bad_text);
}

BOOST_AUTO_TEST_SUITE_END()
