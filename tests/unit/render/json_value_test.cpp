#include "render/json_value.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

std::string value_of(std::string_view text)
{
    std::string out;
    auto ec = append_json_value(text, out);
    return ec ? ec.message() : out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_values)

BOOST_AUTO_TEST_CASE(valid_json_stays_as_it_is)
{
    for (std::string_view text : {"1", "-0.5e+7", "\"\"", "\"a\\\"b\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "null", "true",
                                  "false", "{}", "[]", " [ ] ", "{ }", "[1,[2,{\"a\":[]}],\"x\"]",
                                  "{\"a\" : 1 , \"a\":{\"b\":null}}", "\"\\ud800\"", "\"\\u0000\"", "\"é\x7f\""})
        BOOST_TEST(value_of(text) == text);
}

BOOST_AUTO_TEST_CASE(newlines_between_tokens_become_spaces)
{
    BOOST_TEST(value_of("{\n\"a\"\r\n:\t[1,\n2]}\n") == "{ \"a\"  :\t[1, 2]} ");
}

BOOST_AUTO_TEST_CASE(what_could_break_out_of_its_place_is_refused)
{
    for (std::string_view text :
         {"",         " ",          "1,2",          "1}",         "]",           "{}}",   "[]]",
          "1 2",      "{\"a\":1},", "nul",          "nulls",      "True",        "NaN",   "01",
          "[1,]",     "[,1]",       "[1 2]",        "{\"a\"}",    "{\"a\":}",    "{1:2}", "{\"a\":1,}",
          "{,}",      "[}",         "{]",           "[1}",        "{\"a\":1]",   "\"",    "\"\\\"",
          "\"a\nb\"", "\"\t\"",     "\"\\x\"",      "\"\\u12\"",  "\"\\u12g4\"", "'a'",   "//",
          "\"\xFF\"", "\"\xC2\"",   "{\"a\"\"b\"}", "{\"a\"::1}", "[\"a\":1]"})
        BOOST_TEST(value_of(text) == "bad_text", text);
    BOOST_TEST(value_of({"1\0", 2}) == "bad_text");
    BOOST_TEST(value_of({"\"\0\"", 3}) == "bad_text");
}

BOOST_AUTO_TEST_CASE(a_value_cut_at_any_byte_is_refused)
{
    std::string_view whole = "{\"k\\u00e9\": [1.5e3, true, null, {}, [\"é\"]], \"\": false}";
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(value_of(whole.substr(0, length)) == "bad_text", length);
    BOOST_TEST(value_of(whole) == whole);
}

BOOST_AUTO_TEST_CASE(any_depth_is_fine)
{
    constexpr std::size_t depth = 1'000'000;
    auto deep = std::string(depth, '[') + std::string(depth, ']');
    BOOST_TEST((value_of(deep) == deep));
    deep.pop_back();
    BOOST_TEST(value_of(deep) == "bad_text");
}

BOOST_AUTO_TEST_CASE(only_the_appended_part_is_put_on_one_line)
{
    std::string out = "\n";
    BOOST_TEST(append_json_value("1\n", out) == error_code{});
    BOOST_TEST(out == "\n1 ");
}

BOOST_AUTO_TEST_SUITE_END()
