#include "render/json_text.hpp"

#include "render/column_format.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

std::string string_of(std::string_view text)
{
    std::string json;
    append_json_string(text, json);
    return json;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(strings_escape_what_postgres_escapes_and_nothing_else)
{
    BOOST_TEST(string_of("") == "\"\"");
    BOOST_TEST(string_of("plain / 'é' \x7f") == "\"plain / 'é' \x7f\"");
    BOOST_TEST(string_of("\"\\") == "\"\\\"\\\\\"");
    BOOST_TEST(string_of("\b\f\n\r\t") == "\"\\b\\f\\n\\r\\t\"");
    BOOST_TEST(string_of("\v\x01\x1f") == "\"\\u000b\\u0001\\u001f\"");
    BOOST_TEST(string_of("ab\"cd") == "\"ab\\\"cd\"");
}

BOOST_AUTO_TEST_CASE(every_byte_is_escaped_alike_at_any_offset)
{
    const std::string around(20, 'a');
    for (int byte = 0; byte < 256; ++byte) {
        auto alone = string_of(std::string(1, static_cast<char>(byte)));
        auto inside = alone.substr(1, alone.size() - 2);
        for (std::size_t offset = 0; offset <= around.size(); ++offset) {
            auto text = around;
            text.insert(offset, 1, static_cast<char>(byte));
            auto expected = around;
            expected.insert(offset, inside);
            BOOST_TEST_CONTEXT("byte " << byte << " at " << offset) BOOST_TEST(string_of(text) == '"' + expected + '"');
        }
    }
}

BOOST_AUTO_TEST_CASE(strings_append)
{
    std::string json = "[";
    append_json_string("a", json);
    BOOST_TEST(json == "[\"a\"");
}

BOOST_AUTO_TEST_CASE(utf8_is_accepted_at_any_offset)
{
    for (std::string_view character : {"a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                       "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
        for (std::size_t before = 0; before < 18; ++before)
            BOOST_TEST(is_utf8(std::string(before, 'x').append(character) + "yz"));
}

BOOST_AUTO_TEST_CASE(damaged_utf8_is_refused_at_any_offset)
{
    for (std::string_view bytes : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF",
                                   "\xED\xA0\x80", "\xED\xBF\xBF", "\xE2\x82", "\xE2\x82x", "\xF0\x8F\xBF\xBF",
                                   "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE"})
        for (std::size_t before = 0; before < 18; ++before)
            BOOST_TEST(!is_utf8(std::string(before, 'x').append(bytes)));
}

BOOST_AUTO_TEST_CASE(checked_strings_refuse_what_is_not_utf8)
{
    std::string json;
    BOOST_TEST(append_checked_string("\xFF", json) == errc::bad_text);
    BOOST_TEST(append_checked_string("é", json) == error_code{});
}

BOOST_AUTO_TEST_CASE(integers_are_numbers_without_point_or_exponent)
{
    for (auto text : {"0", "-0", "1", "-17", "9223372036854775808"}) BOOST_TEST(is_json_integer(text), text);
    for (auto text : {"", "-", "+1", "01", "-01", "1.0", "1e5", "1E5", " 1", "1 ", "NaN", "0x1"})
        BOOST_TEST(!is_json_integer(text), text);
}

BOOST_AUTO_TEST_CASE(numbers_are_those_of_the_grammar)
{
    for (std::string_view text :
         {"0", "-0", "7", "10", "-12.50", "0.001", "1e5", "1E+5", "1.5e-300", "99999999999999999999999999999999"})
        BOOST_TEST(is_json_number(text), text);
    for (std::string_view text : {"", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "NaN", " 1", "1 ",
                                  "1,2", "1\n", "--1", "Infinity", "1.2.3"})
        BOOST_TEST(!is_json_number(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
