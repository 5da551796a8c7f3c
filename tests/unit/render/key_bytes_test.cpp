#include "render/key_bytes.hpp"

#include "support/printing.hpp"
#include "unit/render/formats.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

using namespace understudy;

namespace {

/// Values in ascending order have keys in ascending order, none a prefix of another.
void check_ascending(oid type, const std::vector<std::string>& values)
{
    for (std::size_t i = 0; i < values.size(); ++i)
        for (std::size_t j = i + 1; j < values.size(); ++j) {
            auto low = key_of(type, values[i]);
            auto high = key_of(type, values[j]);
            BOOST_TEST((low < high), values[i] << " and " << values[j]);
            BOOST_TEST(!high.starts_with(low), values[i] << " and " << values[j]);
        }
}

void check_refused(oid type, const std::vector<std::string>& texts)
{
    for (const auto& text : texts) BOOST_TEST(key_of(type, text) == "bad_text", text);
}

std::string key_of_integer(std::int64_t value)
{
    std::string key;
    append_integer_key(value, key);
    return key;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_encoding)

BOOST_AUTO_TEST_CASE(integers_sort_by_value_around_every_byte_border)
{
    std::vector<std::int64_t> values{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                                     0};
    for (int shift = 0; shift < 63; ++shift)
        for (std::int64_t step : {-1, 0, 1}) {
            values.push_back((std::int64_t{1} << shift) + step);
            values.push_back(-(std::int64_t{1} << shift) + step);
        }
    std::ranges::sort(values);
    auto repeats = std::ranges::unique(values);
    values.erase(repeats.begin(), repeats.end());
    for (std::size_t i = 1; i < values.size(); ++i) {
        BOOST_TEST((key_of_integer(values[i - 1]) < key_of_integer(values[i])), values[i]);
        BOOST_TEST(!key_of_integer(values[i]).starts_with(key_of_integer(values[i - 1])), values[i]);
    }
}

BOOST_AUTO_TEST_CASE(small_integers_are_short)
{
    BOOST_TEST(key_of(int8_type, "0") == "\x80");
    BOOST_TEST(key_of(int8_type, "1") == "\x81\x01");
    BOOST_TEST(key_of(int8_type, "-1") == "\x7f\xff");
    BOOST_TEST(key_of(int8_type, "256") == (std::string_view{"\x82\x01\x00", 3}));
}

BOOST_AUTO_TEST_CASE(unsigned_integers_go_to_64_bits)
{
    check_ascending(int8_type, {"9223372036854775807", "9223372036854775808", "18446744073709551615"});
}

BOOST_AUTO_TEST_CASE(integers_that_are_none_are_refused)
{
    check_refused(int8_type,
                  {"", "-", "+1", "1.0", "1 ", " 1", "0x1", "18446744073709551616", "-9223372036854775809", "NaN"});
}

BOOST_AUTO_TEST_CASE(floats_sort_by_value)
{
    check_ascending(float8_type, {"-Infinity", "-1.7976931348623157e+308", "-1", "-5e-324", "0", "5e-324", "0.1", "1",
                                  "1e+20", "Infinity", "NaN"});
    BOOST_TEST(key_of(float8_type, "-0") == key_of(float8_type, "0"));
    check_refused(float8_type, {"", "nan", "inf", "1e999", "0x1p3", "1.", "-NaN"});
}

BOOST_AUTO_TEST_CASE(numerics_sort_by_value)
{
    check_ascending(numeric_type, {"-Infinity", "-1000", "-100.01", "-100",     "-99.9", "-99",    "-1.01", "-1",
                                   "-0.011",    "-0.01", "-0.001",  "0",        "0.001", "0.0011", "0.01",  "0.1",
                                   "0.11",      "0.2",   "1",       "1.01",     "9",     "10",     "10.5",  "99",
                                   "100",       "100.1", "1000",    "Infinity", "NaN"});
}

BOOST_AUTO_TEST_CASE(numerics_of_one_value_have_one_key)
{
    for (std::string_view text : {"1.0", "1.00", "1.000000000000000000000000"})
        BOOST_TEST(key_of(numeric_type, text) == key_of(numeric_type, "1"));
    for (std::string_view text : {"0.0", "0.00", "-0", "-0.00"})
        BOOST_TEST(key_of(numeric_type, text) == key_of(numeric_type, "0"));
    BOOST_TEST(key_of(numeric_type, "-120.50") == key_of(numeric_type, "-120.5"));
}

BOOST_AUTO_TEST_CASE(random_numerics_sort_by_value)
{
    constexpr unsigned seed = 20261123;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    auto any = [&random] {
        auto value = static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000;
        auto digits = std::to_string(std::abs(value));
        digits.insert(0, 7 - std::min<std::size_t>(digits.size(), 6), '0');
        digits.insert(digits.size() - 6, ".");
        digits.erase(0, std::min(digits.find_first_not_of('0'), digits.find('.') - 1));
        return std::pair{value, (value < 0 ? "-" : "") + digits};
    };
    for (int round = 0; round < 5000; ++round) {
        auto [left, left_text] = any();
        auto [right, right_text] = any();
        BOOST_TEST(((key_of(numeric_type, left_text) <=> key_of(numeric_type, right_text)) == (left <=> right)),
                   left_text << " and " << right_text);
    }
}

BOOST_AUTO_TEST_CASE(a_numeric_as_large_as_postgres_has_keeps_its_order)
{
    std::string large(131'072, '9');
    check_ascending(numeric_type, {"-" + large, "-1", "0." + std::string(16'382, '0') + "1", "1", large, large + ".5"});
}

BOOST_AUTO_TEST_CASE(numerics_that_are_none_are_refused)
{
    check_refused(numeric_type, {"", "-", "1e5", ".5", "1.", "--1", "nan", "1,5", "- 1"});
}

BOOST_AUTO_TEST_CASE(booleans_dates_and_times_sort_by_value)
{
    check_ascending(bool_type, {"f", "t"});
    check_ascending(date_type, {"-infinity", "0044-03-15 BC", "0043-03-15 BC", "0001-01-01", "1999-12-31", "2000-01-01",
                                "5874897-12-31", "infinity"});
    check_ascending(timestamp_type,
                    {"-infinity", "4713-11-24 00:00:00 BC", "0001-12-31 23:59:59 BC", "2000-01-01 00:00:00",
                     "2000-01-01 00:00:00.1", "2000-01-01 00:00:00.12", "294276-12-31 23:59:59.999999", "infinity"});
    check_ascending(timestamptz_type, {"1999-12-31 23:59:59+00", "2000-01-01 00:00:00+00", "infinity"});
    check_refused(bool_type, {"", "true", "T"});
    check_refused(timestamptz_type, {"2000-01-01 00:00:00"});
}

BOOST_AUTO_TEST_CASE(uuids_sort_by_their_bytes)
{
    check_ascending(uuid_type, {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001",
                                "7fffffff-0000-0000-0000-000000000000", "ff000000-0000-0000-0000-000000000000",
                                "ffffffff-ffff-ffff-ffff-ffffffffffff"});
    check_refused(uuid_type, {"", "00000000000000000000000000000000", "0000000-00000-0000-0000-000000000000",
                              "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-0000000000000",
                              "00000000-0000-0000-0000-000000000-00"});
}

BOOST_AUTO_TEST_CASE(bytes_sort_and_may_hold_anything)
{
    check_ascending(bytea_type, {"\\x", "\\x00", "\\x0000", "\\x0001", "\\x00ff", "\\x01", "\\x0100", "\\x41",
                                 "\\x4100", "\\xff", "\\xff00", "\\xffff"});
    check_refused(bytea_type, {"", "x", "\\x0", "\\xgg", "41", "\\000"});
}

BOOST_AUTO_TEST_CASE(text_sorts_as_its_bytes)
{
    check_ascending(text_type, {"", "\x01", " ", "A", "a", "a ", "aa", "b", "é", "€", "\xF0\x9F\x98\x80"});
    check_refused(text_type, {std::string{"a\0b", 3}, "\xFF", "a\xC2"});
}

BOOST_AUTO_TEST_CASE(padding_of_char_does_not_count)
{
    BOOST_TEST(key_of(bpchar_type, "ab  ") == key_of(bpchar_type, "ab"));
    check_ascending(bpchar_type, {"   ", "a  ", "a\t ", "ab "});
}

BOOST_AUTO_TEST_CASE(lsns_sort_by_value)
{
    check_ascending(pg_lsn_type, {"0/0", "0/F", "0/10", "16/B374D848", "FFFFFFFF/FFFFFFFF"});
    check_refused(pg_lsn_type, {"", "0", "0/", "G/0"});
}

BOOST_AUTO_TEST_CASE(null_sorts_after_every_value)
{
    std::string null;
    column_format::append_null_key(null);
    for (auto [type, largest] : {std::pair{int8_type, "18446744073709551615"},
                                 {float8_type, "NaN"},
                                 {numeric_type, "NaN"},
                                 {uuid_type, "ffffffff-ffff-ffff-ffff-ffffffffffff"},
                                 {bytea_type, "\\xffff"},
                                 {text_type, "\xF4\x8F\xBF\xBF"},
                                 {timestamp_type, "infinity"},
                                 {bool_type, "t"}})
        BOOST_TEST((key_of(type, largest) < null), largest);
}

BOOST_AUTO_TEST_CASE(keys_of_two_columns_sort_by_the_first_then_by_the_second)
{
    auto pair = [](const char* first, const char* second) {
        std::string null;
        column_format::append_null_key(null);
        return (first ? key_of(text_type, first) : null) + (second ? key_of(bytea_type, second) : null);
    };
    std::vector<std::string> keys{pair("", "\\xff"),    pair("", nullptr),  pair("a", "\\x"),  pair("a", "\\x00"),
                                  pair("a", "\\x00ff"), pair("a", nullptr), pair("ab", "\\x"), pair(nullptr, "\\x")};
    BOOST_TEST(std::ranges::is_sorted(keys));
    BOOST_TEST((std::ranges::adjacent_find(keys) == keys.end()));
}

BOOST_AUTO_TEST_SUITE_END()
