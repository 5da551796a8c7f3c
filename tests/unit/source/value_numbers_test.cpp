#include "source/kafka/value_numbers.hpp"

#include "core/limits.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>

using namespace understudy;
using namespace understudy::debezium;

namespace {

/// What `append` made, or the name of its error.
template <class Append>
std::string made_by(Append append)
{
    std::string out;
    auto ec = append(out);
    return ec ? ec.message() : out;
}

std::string float8(std::string_view literal)
{
    return made_by([&](auto& out) { return append_float8(literal, out); });
}

std::string float4(std::string_view literal)
{
    return made_by([&](auto& out) { return append_float4(literal, out); });
}

std::string plain(std::string_view literal)
{
    return made_by([&](auto& out) { return append_plain(literal, out); });
}

std::string unscaled(std::string_view bytes, std::int32_t scale)
{
    return made_by([&](auto& out) { return append_unscaled(bytes, scale, out); });
}

std::string fitted(std::string number, std::int32_t scale)
{
    auto ec = fit_to_scale(0, scale, number);
    return ec ? ec.message() : number;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(value_numbers)

// Texts that PostgreSQL 15 prints.
BOOST_AUTO_TEST_CASE(doubles_print_as_postgres_prints_them)
{
    BOOST_TEST(float8("1.0") == "1");
    BOOST_TEST(float8("-0.0") == "-0");
    BOOST_TEST(float8("0") == "0");
    BOOST_TEST(float8("1.0E308") == "1e+308");
    BOOST_TEST(float8("4.9E-324") == "5e-324");
    BOOST_TEST(float8("1.0E14") == "100000000000000");
    BOOST_TEST(float8("1.0E15") == "1e+15");
    BOOST_TEST(float8("123456789012345.67") == "123456789012345.67");
    BOOST_TEST(float8("1.0E-4") == "0.0001");
    BOOST_TEST(float8("1.0E-5") == "1e-05");
    BOOST_TEST(float8("-1.2345678901234567E19") == "-1.2345678901234567e+19");
    BOOST_TEST(float8("NaN") == "NaN");
    BOOST_TEST(float8("-Infinity") == "-Infinity");
}

BOOST_AUTO_TEST_CASE(a_shortest_decimal_in_the_middle_of_two_doubles_takes_more_digits)
{
    BOOST_TEST(float8("-3.407736226711167e+16") == "-3.4077362267111672e+16");
    BOOST_TEST(float8("7.29882097993058e+16") == "7.298820979930579e+16");
    BOOST_TEST(float8("2.680112236489804e+17") == "2.6801122364898042e+17");
    BOOST_TEST(float8("1e23") == "9.999999999999999e+22");
    BOOST_TEST(float8("9007199254740992") == "9.007199254740992e+15");
}

BOOST_AUTO_TEST_CASE(floats_have_fewer_digits_before_their_exponent)
{
    BOOST_TEST(float4("1.1") == "1.1");
    BOOST_TEST(float4("3.4028235E38") == "3.4028235e+38");
    BOOST_TEST(float4("1.4E-45") == "1e-45");
    BOOST_TEST(float4("123456.0") == "123456");
    BOOST_TEST(float4("1234567.0") == "1.234567e+06");
}

BOOST_AUTO_TEST_CASE(what_is_no_double_is_bad_text)
{
    for (auto literal : {"", "1e400", "x", "nan", "inf", "0x1p3", "1.", "+1", "NAN", "true"})
        BOOST_TEST_CONTEXT(literal) BOOST_TEST(float8(literal) == "bad_text");
    BOOST_TEST(float4("1e39") == "bad_text");
}

BOOST_AUTO_TEST_CASE(decimals_lose_their_exponent_but_no_digit)
{
    BOOST_TEST(plain("12.50") == "12.50");
    BOOST_TEST(plain("1E-7") == "0.0000001");
    BOOST_TEST(plain("1.50E+3") == "1500");
    BOOST_TEST(plain("1.2345678901234567E19") == "12345678901234567000");
    BOOST_TEST(plain("-0.00") == "-0.00");
    BOOST_TEST(plain("-12300.0") == "-12300.0");
    BOOST_TEST(plain("0E5") == "0");
    BOOST_TEST(plain("1e") == "bad_text");
    BOOST_TEST(plain("1e9999999") == "over_limit");
    BOOST_TEST(plain("1e99999999999999999999") == "over_limit");
}

BOOST_AUTO_TEST_CASE(integers_of_any_length_get_their_point)
{
    using namespace std::string_view_literals;
    BOOST_TEST(unscaled("\x04\xE2"sv, 2) == "12.50");
    BOOST_TEST(unscaled("\0"sv, 0) == "0");
    BOOST_TEST(unscaled("\0"sv, 3) == "0.000");
    BOOST_TEST(unscaled("\xFF"sv, 2) == "-0.01");
    BOOST_TEST(unscaled("\x80\0\0\0\0\0\0\0"sv, 0) == "-9223372036854775808");
    BOOST_TEST(unscaled("\xFF\x80\0\0\0\0\0\0\0"sv, 0) == "-9223372036854775808");
    BOOST_TEST(unscaled("\x80\0\0\0\0\0\0\0\0"sv, 0) == "-2361183241434822606848");
    BOOST_TEST(unscaled("\x0C\x9F\x2C\x9C\xD0\x46\x74\xED\xEA\x40\0\0\0"sv, 0) == "1000000000000000000000000000000");
    BOOST_TEST(unscaled("\x05"sv, -3) == "5000");
    BOOST_TEST(unscaled("\0\0\0\0\0\0\0\0\0\x07"sv, 1) == "0.7");
    BOOST_TEST(unscaled("", 0) == "bad_text");
    BOOST_TEST(unscaled("\x01"sv, 20'000) == "bad_text");
    BOOST_TEST(unscaled(std::string(limits::numeric_bytes_max + 1, '\x01'), 0) == "over_limit");
}

BOOST_AUTO_TEST_CASE(a_declared_scale_adds_zeros_and_takes_only_zeros)
{
    BOOST_TEST(fitted("12.5", 2) == "12.50");
    BOOST_TEST(fitted("12", 2) == "12.00");
    BOOST_TEST(fitted("12.500", 2) == "12.50");
    BOOST_TEST(fitted("12300.0000", 0) == "12300");
    BOOST_TEST(fitted("12300.0000", -2) == "12300");
    BOOST_TEST(fitted("12.505", 2) == "bad_text");
    BOOST_TEST(fitted("12.5", 0) == "bad_text");
}

BOOST_AUTO_TEST_CASE(a_typmod_holds_a_precision_and_a_signed_scale)
{
    BOOST_TEST(numeric_precision(655366) == 10);
    BOOST_TEST(numeric_scale(655366) == 2);
    BOOST_TEST(numeric_scale(329730) == -2);
    BOOST_TEST(sent_numeric_scale(329730) == 2046);
}

BOOST_AUTO_TEST_SUITE_END()
