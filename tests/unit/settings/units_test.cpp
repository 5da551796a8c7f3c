#include "settings/units.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <utility>

namespace understudy {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(a_duration_is_digits_and_one_unit)
{
    std::array<std::pair<const char*, std::chrono::milliseconds>, 7> rows{
        {{"250ms", 250ms}, {"5s", 5s}, {"10m", 10min}, {"1h", 1h}, {"1d", 24h}, {"0s", 0s}, {"007s", 7s}}};
    for (auto [text, expected] : rows)
        BOOST_TEST_CONTEXT(text) BOOST_TEST((*parse_duration(text) == expected));
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_duration)
{
    for (auto text : {"", "5", "s", "-5s", "+5s", " 5s", "5s ", "5 s", "5.5s", "5S", "5sec", "5s5s", "1e3s", "0x5s"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(parse_duration(text).error() == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(a_size_is_bytes_or_a_binary_unit)
{
    std::array<std::pair<const char*, std::uint64_t>, 6> rows{{{"100", 100},
                                                               {"100B", 100},
                                                               {"512KiB", 512 * 1024},
                                                               {"64MiB", 64 << 20},
                                                               {"1GiB", 1 << 30},
                                                               {"2TiB", std::uint64_t{2} << 40}}};
    for (auto [text, expected] : rows)
        BOOST_TEST_CONTEXT(text) BOOST_TEST(*parse_size(text) == expected);
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_size)
{
    for (auto text : {"", "KiB", "-1", "1KB", "1M", "1mib", "1 MiB", "1.5GiB", "MiB1"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(parse_size(text).error() == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_over_limit_and_never_wraps)
{
    for (auto text : {"18446744073709551616ms", "9223372036854775808ms", "106751991168d", "99999999999999999999d"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(parse_duration(text).error() == errc::over_limit);
    for (auto text : {"8388608TiB", "18446744073709551615", "99999999999999999999999GiB"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(parse_size(text).error() == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(the_largest_exact_unit_is_written)
{
    BOOST_TEST(format_duration(90s) == "90s");
    BOOST_TEST(format_duration(1500ms) == "1500ms");
    BOOST_TEST(format_duration(48h) == "2d");
    BOOST_TEST(format_duration(0ms) == "0s");
    BOOST_TEST(format_size(0) == "0");
    BOOST_TEST(format_size(1000) == "1000");
    BOOST_TEST(format_size(1536) == "1536");
    BOOST_TEST(format_size(3072) == "3KiB");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_the_same)
{
    for (std::uint64_t n = 1; n < (std::uint64_t{1} << 50); n = n * 3 + 1) {
        BOOST_TEST(*parse_size(format_size(n)) == n);
        std::chrono::milliseconds duration{static_cast<std::int64_t>(n)};
        BOOST_TEST((*parse_duration(format_duration(duration)) == duration));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
