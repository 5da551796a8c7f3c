#include "render/json_fragment.hpp"

#include "formats.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace understudy;

namespace {

/// Types with texts as Postgres prints them, of every json_form that has a way back.
const std::vector<std::pair<oid, std::vector<std::string>>> printed{
    {text_type, {"", "plain", "quo\"te\\", "line\nbreak\ttab", "ä 日本 😀", std::string{"\x01\x1f", 2}, "null", "[1]"}},
    {bool_type, {"t", "f"}},
    {int8_type, {"0", "-9223372036854775808", "42"}},
    {numeric_type, {"0", "1.00", "-1.5", "NaN", "Infinity", "-Infinity", "123456789012345678901234567890.5"}},
    {float8_type, {"0.1", "-1e-07", "1e+300", "NaN", "-Infinity"}},
    {timestamp_type,
     {"2026-01-02 03:04:05", "2026-01-02 03:04:05.678", "infinity", "-infinity", "0044-03-15 12:00:00 BC"}},
    {timestamptz_type, {"2026-01-02 03:04:05+00", "2026-01-02 03:04:05.5+00", "infinity", "0044-03-15 12:00:00+00 BC"}},
    {date_type, {"2026-01-02", "infinity", "0044-03-15 BC"}},
    {json_type, {"{\"a\": [1, 2]}", "null", "\"x\""}},
    {uuid_type, {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
    {bytea_type, {"\\x", "\\xdeadbeef"}},
    {bpchar_type, {"ab   "}},
    {pg_lsn_type, {"16/B374D848"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_fragment_test)

BOOST_AUTO_TEST_CASE(the_text_of_a_value_comes_back_from_its_json)
{
    for (const auto& [type, texts] : printed)
        for (const auto& text : texts) {
            auto json = json_of(type, text);
            std::string back = "before ";
            BOOST_TEST(!append_text_of(find_builtin(type)->json, json, back), json);
            BOOST_TEST(back == "before " + text, json);
        }
}

BOOST_AUTO_TEST_CASE(the_end_of_a_value_is_found_whatever_follows)
{
    for (const auto& [type, texts] : printed)
        for (const auto& text : texts) {
            auto json = json_of(type, text);
            for (const std::string behind : {"", ",\"x\":1}", "}", "]", " ,"})
                BOOST_TEST(json_fragment_size(json + behind) == json.size(), json << behind);
        }
    for (const std::string json : {"[]", "{}", "[[[]]]", R"({"a":"]}\"","b":[{}]})", R"("\\")", R"("\\\"")"})
        BOOST_TEST(json_fragment_size(json + ",1") == json.size(), json);
}

BOOST_AUTO_TEST_CASE(a_value_cut_at_any_byte_is_not_whole_or_a_shorter_scalar)
{
    for (const std::string json : {R"("a\"b\\")", R"([1,"]",[2]])", R"({"a":{"b":"}"}})"})
        for (std::size_t size = 0; size < json.size(); ++size)
            BOOST_TEST(json_fragment_size(std::string_view{json}.substr(0, size)) == 0u, json << " at " << size);
}

BOOST_AUTO_TEST_CASE(a_string_cut_at_any_byte_stands_for_nothing)
{
    const std::string json = R"("a\"b\\\u00e4\ud83d\ude00\n")";
    std::string out;
    BOOST_TEST(append_unescaped(json, out));
    BOOST_TEST(out == "a\"b\\ä😀\n");
    for (std::size_t size = 0; size < json.size(); ++size) {
        auto cut = json.substr(0, size);
        std::string ignored;
        bool ends_in_quote = cut.size() > 1 && cut.back() == '"';
        if (!ends_in_quote) BOOST_TEST(!append_unescaped(cut, ignored), cut);
        append_unescaped(cut + '"', ignored);
    }
}

BOOST_AUTO_TEST_CASE(escapes_that_stand_for_no_character_are_refused)
{
    std::string ignored;
    for (const std::string bad : {R"("\u0000")", R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")",
                                  R"("\x")", R"("\u12")", R"("\u12g4")", R"("\u-123")", "\"\\\"", "abc", "\"", ""})
        BOOST_TEST(!append_unescaped(bad, ignored), bad);
}

BOOST_AUTO_TEST_CASE(a_fragment_of_another_form_is_refused)
{
    std::string ignored;
    BOOST_TEST(append_text_of(json_form::boolean, "1", ignored) == errc::bad_text);
    BOOST_TEST(append_text_of(json_form::quoted, "1", ignored) == errc::bad_text);
    BOOST_TEST(append_text_of(json_form::timestamptz, "\"2026-01-01T00:00:00\"", ignored) == errc::bad_text);
    BOOST_TEST(append_text_of(json_form::array, "[]", ignored) == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(a_string_of_nothing_but_escapes_is_gone_through_once)
{
    std::string value{'"'};
    for (int count = 0; count < 1'000'000; ++count) value += "\\\\";
    value += '"';
    BOOST_TEST(json_fragment_size(value + ",") == value.size());
}

BOOST_AUTO_TEST_SUITE_END()
