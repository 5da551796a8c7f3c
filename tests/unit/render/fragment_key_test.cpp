#include "render/fragment_key.hpp"
#include "render/json_fragment.hpp"

#include "support/printing.hpp"
#include "unit/render/formats.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

/// The key of a value from its JSON, or the name of the error.
std::string from_json(oid type, std::string_view fragment)
{
    std::string key;
    auto ec = fragment_key{type}.append(fragment, key);
    return ec ? ec.message() : key;
}

std::string unescaped(std::string_view json)
{
    std::string text;
    auto ec = append_string_bytes(json, text);
    return ec ? ec.message() : text;
}

const std::string bad_text = error_code{errc::bad_text}.message();

}  // namespace

BOOST_AUTO_TEST_SUITE(fragment_keys)

BOOST_AUTO_TEST_CASE(a_value_has_the_key_that_its_text_gave)
{
    for (auto [type, text] : {std::pair{bool_type, "t"},
                              {bool_type, "f"},
                              {int8_type, "-9223372036854775808"},
                              {numeric_type, "1.500"},
                              {numeric_type, "NaN"},
                              {float8_type, "1e+20"},
                              {float8_type, "-Infinity"},
                              {text_type, "a \"quoted\" \\ line\n\x01 ü"},
                              {text_type, "2026-11-26T00:00:00+00:00"},
                              {bpchar_type, "ab   "},
                              {date_type, "0044-03-15 BC"},
                              {timestamp_type, "2024-02-29 12:34:56.5"},
                              {timestamp_type, "infinity"},
                              {timestamptz_type, "0044-03-15 12:00:00+00 BC"},
                              {timestamptz_type, "-infinity"},
                              {bytea_type, "\\x00ff"},
                              {uuid_type, "00000000-0000-0000-0000-0000000000ff"},
                              {pg_lsn_type, "16/B374D848"}})
        BOOST_TEST_CONTEXT(type << " " << text)
            BOOST_TEST((from_json(type, json_of(type, text)) == key_of(type, text)));
}

BOOST_AUTO_TEST_CASE(values_that_are_equal_and_print_differently_have_one_key)
{
    BOOST_TEST((from_json(numeric_type, "1.0") == from_json(numeric_type, "1.00")));
    BOOST_TEST((from_json(bpchar_type, "\"ab\"") == from_json(bpchar_type, "\"ab  \"")));
    BOOST_TEST((from_json(float8_type, "0") == from_json(float8_type, "-0")));
}

BOOST_AUTO_TEST_CASE(types_that_are_not_built_in_sort_by_their_json)
{
    constexpr oid own = 20000;
    const char* ascending[] = {"-1e20", "-10", "-9.5", "-0.001", "0e5",          "1e-3",
                               "0.5",   "9",   "10",   "1e1000", "1E99999999999"};
    for (std::size_t at = 1; at < std::size(ascending); ++at)
        BOOST_TEST((from_json(own, ascending[at - 1]) < from_json(own, ascending[at])), ascending[at]);
    for (auto [one, same] : {std::pair{"1e1", "10"}, {"1.50e+2", "150"}, {"-0", "0"}, {"25E-1", "2.5"}})
        BOOST_TEST((from_json(own, one) == from_json(own, same)), one);
    BOOST_TEST((from_json(own, R"("\u0000")") == std::string{"\"\\u0000\"\0", 9}));
    BOOST_TEST((from_json(own, R"("\ud800")") != bad_text));
    BOOST_TEST((from_json(own, "\"a\"") < from_json(own, "\"b\"")));
    BOOST_TEST((from_json(own, "\"a\\u0001\"") == std::string{"a\1\0", 3}));
    BOOST_TEST((from_json(own, "[1]") < from_json(own, "[2]")));
}

BOOST_AUTO_TEST_CASE(json_that_the_type_never_gives_is_refused)
{
    BOOST_TEST(from_json(int8_type, "x") == bad_text);
    BOOST_TEST(from_json(text_type, "1") == bad_text);
    BOOST_TEST(from_json(text_type, "\"") == bad_text);
    BOOST_TEST(from_json(bool_type, "null") == bad_text);
    BOOST_TEST(from_json(timestamp_type, "\"2024-99-30T00:00:00\"") == bad_text);
}

BOOST_AUTO_TEST_CASE(types_match_when_their_equality_is_that_of_their_keys)
{
    constexpr oid int2 = 21, varchar = 1043, float4 = 700, interval = 1186, own = 20000;
    BOOST_TEST(keys_match(int4_type, int8_type));
    BOOST_TEST(keys_match(int2, int4_type));
    BOOST_TEST(keys_match(text_type, varchar));
    BOOST_TEST(keys_match(uuid_type, uuid_type));
    BOOST_TEST(!keys_match(float4, float8_type));
    BOOST_TEST(!keys_match(int4_type, numeric_type));
    BOOST_TEST(!keys_match(text_type, bpchar_type));
    BOOST_TEST(!keys_match(interval, interval));
    BOOST_TEST(!keys_match(json_type, json_type));
    BOOST_TEST(!keys_match(own, own));
    BOOST_TEST(!keys_match(int4_array_type, int4_array_type));
}

BOOST_AUTO_TEST_CASE(escapes_of_json_are_undone)
{
    BOOST_TEST(unescaped(R"("")") == "");
    BOOST_TEST(unescaped(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    BOOST_TEST(unescaped(R"("\u0041\u00fc\u20AC")") == "Aü€");
    BOOST_TEST(unescaped(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
    BOOST_TEST(unescaped(R"("\ud83dx")") == "\xED\xA0\xBDx");
    BOOST_TEST((unescaped(R"("\u0000")") == std::string(1, '\0')));
}

BOOST_AUTO_TEST_CASE(an_escape_cut_at_any_byte_is_refused)
{
    const std::string whole = R"("\ud83d\ude00\n")";
    for (std::size_t length = 1; length < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length) {
            std::string out;
            BOOST_TEST(append_string_bytes(whole.substr(0, length), out) == errc::bad_text);
        }
    BOOST_TEST(unescaped(R"("\x")") == bad_text);
    BOOST_TEST(unescaped(R"("\u12g4")") == bad_text);
    BOOST_TEST(unescaped(R"("\")") == bad_text);
}

BOOST_AUTO_TEST_SUITE_END()
