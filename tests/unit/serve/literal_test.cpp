#include "serve/literal.hpp"

#include "serve/value_kind.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace understudy;

namespace {

value_kind kind_of(std::string_view name)
{
    auto found = value_kind::find(name);
    BOOST_TEST_REQUIRE(found.has_value(), name);
    return *found;
}

std::string key_of(std::string_view kind, std::string_view literal)
{
    auto key = kind_of(kind).key_of_literal(literal);
    BOOST_TEST_REQUIRE(key.has_value(), kind << " " << literal);
    return *key;
}

std::string key_of_fragment(std::string_view kind, std::string_view fragment)
{
    std::string key;
    BOOST_TEST_REQUIRE(kind_of(kind).append_key(fragment, key), kind << " " << fragment);
    return key;
}

std::string state_of(std::string_view kind, std::string_view literal)
{
    auto key = kind_of(kind).key_of_literal(literal);
    return key ? "accepted" : key.error().code;
}

struct form {
    std::string kind;
    std::string literal;
    std::string fragment;  ///< The JSON of the value that it means.
};

const std::vector<form> accepted{
    {"bool", "t", "true"},
    {"bool", " YES ", "true"},
    {"bool", "on", "true"},
    {"bool", "1", "true"},
    {"bool", "of", "false"},
    {"bool", "n", "false"},
    {"int2", "-32768", "-32768"},
    {"int4", " +007 ", "7"},
    {"int4", "-0", "0"},
    {"int8", "9223372036854775807", "9223372036854775807"},
    {"oid", "4294967295", "4294967295"},
    {"numeric", "1e3", "1000"},
    {"numeric", ".5", "0.50"},
    {"numeric", "5.", "5.000"},
    {"numeric", "-0.0", "0"},
    {"numeric", "1.5E-2", "0.015"},
    {"numeric", "nan", "\"NaN\""},
    {"numeric", "-inf", "\"-Infinity\""},
    {"float8", "1e0", "1"},
    {"float8", "+.5", "0.5"},
    {"float8", "inf", "\"Infinity\""},
    {"float4", "0.1", "0.1"},
    {"text", " as it is ", "\" as it is \""},
    {"bpchar", "ab", "\"ab   \""},
    {"uuid", "{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
    {"bytea", "\\xDEad", "\"\\\\xdead\""},
    {"date", "2026-1-5", "\"2026-01-05\""},
    {"date", "0044-03-15 BC", "\"0044-03-15 BC\""},
    {"date", "2026-01-05T23:59:59", "\"2026-01-05\""},
    {"date", "-Infinity", "\"-infinity\""},
    {"time", "9:05", "\"09:05:00\""},
    {"time", "24:00:00", "\"24:00:00\""},
    {"timestamp", "2026-01-01", "\"2026-01-01T00:00:00\""},
    {"timestamp", "2026-01-01 12:34:56.7890125", "\"2026-01-01T12:34:56.789012\""},
    {"timestamptz", "2026-01-01T02:00:00+02", "\"2026-01-01T00:00:00+00:00\""},
    {"timestamptz", "2026-01-01 00:00:00", "\"2026-01-01T00:00:00+00:00\""},
    {"timestamptz", "2026-01-01T05:30+05:30", "\"2026-01-01T00:00:00+00:00\""},
    {"pg_lsn", "16/b374d848", "\"16/B374D848\""},
    {"enum", "so-so", "\"so-so\""},
};

const std::vector<form> refused{
    {"bool", "", "22P02"},
    {"bool", "o", "22P02"},
    {"bool", "2", "22P02"},
    {"int2", "32768", "22003"},
    {"int4", "2147483648", "22003"},
    {"int4", "", "22P02"},
    {"int4", "1.0", "22P02"},
    {"int4", "+", "22P02"},
    {"int4", "1 2", "22P02"},
    {"int8", std::string(900, '9'), "22003"},
    {"oid", "4294967296", "22003"},
    {"numeric", ".", "22P02"},
    {"numeric", "1e", "22P02"},
    {"numeric", "1e99999999999", "22P02"},
    {"numeric", "1,5", "22P02"},
    {"float8", "1x", "22P02"},
    {"float8", "", "22P02"},
    {"uuid", "a0eebc99", "22P02"},
    {"uuid", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "22P02"},
    {"bytea", "\\x0", "22P02"},
    {"bytea", "abc", "22P02"},
    {"date", "2026-02-30", "22007"},
    {"date", "2026-13-01", "22007"},
    {"date", "yesterday", "22007"},
    {"date", "0000-01-01", "22007"},
    {"time", "25:00", "22007"},
    {"time", "12", "22007"},
    {"timestamp", "2026-01-01 24:00:01", "22007"},
    {"timestamptz", "2026-01-01T00:00:00+99", "22007"},
    {"pg_lsn", "16", "22P02"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(literal_test)

BOOST_AUTO_TEST_CASE(each_accepted_form_means_the_value_that_postgres_prints)
{
    for (const auto& [kind, literal, fragment] : accepted)
        BOOST_TEST_CONTEXT(kind << " " << literal)
            BOOST_TEST((key_of(kind, literal) == key_of_fragment(kind, fragment)));
}

BOOST_AUTO_TEST_CASE(each_refused_form_has_postgres_state)
{
    for (const auto& [kind, literal, state] : refused)
        BOOST_TEST_CONTEXT(kind << " " << literal) BOOST_TEST(state_of(kind, literal) == state);
}

BOOST_AUTO_TEST_CASE(keys_of_literals_sort_as_the_values_do)
{
    const std::vector<std::pair<std::string, std::vector<std::string>>> ascending{
        {"int4", {"-2147483648", "-1", "0", "1", "2147483647"}},
        {"numeric", {"-Infinity", "-1e20", "-1.5", "-1.4999", "0", "0.001", "1", "10", "1e20", "Infinity", "NaN"}},
        {"float8", {"-Infinity", "-1e300", "-1", "0", "1e-300", "1", "Infinity", "NaN"}},
        {"text", {"", "A", "a", "ab", "b", "ä"}},
        {"date", {"-infinity", "0044-03-15 BC", "0001-01-01", "2026-01-01", "12026-01-01", "infinity"}},
        {"timestamptz", {"2026-01-01T00:00:00+01", "2026-01-01", "2026-01-01T00:00:00-01"}},
        {"time", {"00:00", "00:00:00.000001", "23:59:59.999999", "24:00"}},
        {"bytea", {"\\x", "\\x00", "\\x0001", "\\xff"}},
        {"bool", {"false", "true"}},
        {"pg_lsn", {"0/0", "0/FFFFFFFF", "1/0"}},
    };
    for (const auto& [kind, literals] : ascending)
        for (std::size_t at = 1; at < literals.size(); ++at)
            BOOST_TEST((key_of(kind, literals[at - 1]) < key_of(kind, literals[at])), kind << " " << literals[at]);
}

BOOST_AUTO_TEST_CASE(an_exponent_cannot_make_a_number_of_any_length)
{
    auto made = numeric_text("1e20000");
    BOOST_TEST_REQUIRE(made.has_value());
    BOOST_TEST(made->size() == 20'001u);
    BOOST_TEST(!numeric_text("1e20001").has_value());
    BOOST_TEST(!numeric_text("1e-20001").has_value());
}

BOOST_AUTO_TEST_CASE(types_without_a_known_comparison_have_no_kind)
{
    for (std::string_view name : {"", "json", "jsonb", "interval", "point", "inet", "money", "timetz", "nothing"})
        BOOST_TEST(!value_kind::find(name).has_value(), name);
    BOOST_TEST(!kind_of("enum").has_order());
    BOOST_TEST(kind_of("varchar").is_text());
    BOOST_TEST(kind_of("bool").is_boolean());
}

BOOST_AUTO_TEST_CASE(the_error_names_type_and_value_and_is_short)
{
    auto error = kind_of("int4").key_of_literal("abc").error();
    BOOST_TEST(error.message == "invalid input syntax for type integer: \"abc\"");
    BOOST_TEST((error.status == http::status::bad_request));
    BOOST_TEST(kind_of("int4").key_of_literal(std::string(60'000, 'x')).error().message.size() < 500u);
}

BOOST_AUTO_TEST_CASE(a_value_that_its_type_does_not_print_is_found_out)
{
    std::string out;
    BOOST_TEST(!kind_of("int4").append_key("\"x\"", out));
    BOOST_TEST(!kind_of("bool").append_key("1", out));
    BOOST_TEST(!kind_of("text").append_text("\"\\u0000\"", out));
    BOOST_TEST(!kind_of("timestamptz").append_key("\"2026-01-01T00:00:00\"", out));
    BOOST_TEST(!kind_of("uuid").append_key("\"x\"", out));
}

BOOST_AUTO_TEST_SUITE_END()
