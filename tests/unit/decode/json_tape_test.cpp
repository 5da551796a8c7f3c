#include "decode/json_tape.hpp"

#include "core/limits.hpp"
#include "support/json_nodes.hpp"
#include "support/kafka_capture.hpp"
#include "support/printing.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace understudy;

namespace {

error_code read_error(std::string_view text)
{
    json_tape tape;
    return tape.read(text);
}

/// What Boost's own tree says of the same value.
void check_same(json_node node, const boost::json::value& value)
{
    switch (value.kind()) {
    case boost::json::kind::object: {
        BOOST_REQUIRE(node.is(json_kind::object));
        BOOST_REQUIRE(node.size() == value.as_object().size());
        auto expected = value.as_object().begin();
        for (auto member : node) {
            BOOST_TEST(member.name() == std::string_view(expected->key()));
            check_same(member, (expected++)->value());
        }
        return;
    }
    case boost::json::kind::array: {
        BOOST_REQUIRE(node.is(json_kind::array));
        BOOST_REQUIRE(node.size() == value.as_array().size());
        auto expected = value.as_array().begin();
        for (auto element : node) check_same(element, *expected++);
        return;
    }
    case boost::json::kind::string:
        BOOST_TEST(node.is(json_kind::string));
        BOOST_TEST(node.text() == std::string_view(value.as_string()));
        return;
    case boost::json::kind::null: BOOST_TEST(node.is(json_kind::null)); return;
    case boost::json::kind::bool_:
        BOOST_TEST(node.is(json_kind::boolean));
        BOOST_TEST(node.text() == (value.as_bool() ? "true" : "false"));
        return;
    default: BOOST_TEST(node.is(json_kind::number));
    }
}

/// A tape that knows other texts must read one as one does that knows nothing.
void check_known(json_tape& knowing, std::string_view text)
{
    json_tape fresh;
    auto ec = fresh.read(text);
    auto known = knowing.read(text);
    if (known == ec && testing::is_same_value(knowing.root(), fresh.root())) return;
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(known == ec);
        BOOST_TEST(testing::is_same_value(knowing.root(), fresh.root()));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_tapes)

BOOST_AUTO_TEST_CASE(values_are_found_by_name_and_in_their_order)
{
    json_tape tape;
    BOOST_REQUIRE(!tape.read(R"( {"a":[1,{"b":[]},"x"],"c":{},"d":null,"e":true} )"));
    auto root = tape.root();
    BOOST_TEST(root.size() == 4u);
    std::string names;
    for (auto member : root) names += member.name();
    BOOST_TEST(names == "acde");
    auto array = root.find("a");
    BOOST_TEST(array.size() == 3u);
    BOOST_TEST((*++array.begin()).find("b").size() == 0u);
    BOOST_TEST(root.find("c").is(json_kind::object));
    BOOST_TEST(!root.find("d").is_present());
    BOOST_TEST(bool(root.find("d")));
    BOOST_TEST(root.find("e").text() == "true");
    BOOST_TEST(!root.find("f"));
    BOOST_TEST(!root.find("f").find("g"));
}

BOOST_AUTO_TEST_CASE(a_number_is_kept_as_it_was_written)
{
    for (std::string number : {"0", "-0", "1.50", "1E+308", "9223372036854775807", "18446744073709551616", "-1.0e-7",
                               "12345678901234567890.123456789000", "12300.0000000000000000000000000000000000000"}) {
        json_tape tape;
        BOOST_TEST_CONTEXT(number) {
            for (const auto& text : {number, "[" + number + "]", " {\"a\" : " + number + " } "}) {
                BOOST_REQUIRE(!tape.read(text));
                auto node = tape.root().size() == 0 ? tape.root() : *tape.root().begin();
                BOOST_TEST(node.is(json_kind::number));
                BOOST_TEST(node.text() == number);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(escapes_are_undone_in_strings_and_names)
{
    json_tape tape;
    BOOST_REQUIRE(!tape.read(R"({"a\"b":"\\ \/ \b\f\n\r\t \u00fc \uD83D\uDE00 ü","plain":"x","":""})"));
    auto first = *tape.root().begin();
    BOOST_TEST(first.name() == "a\"b");
    BOOST_TEST(first.text() == "\\ / \b\f\n\r\t ü 😀 ü");
    BOOST_TEST(tape.root().find("plain").text() == "x");
    BOOST_TEST(tape.root().find("").text() == "");
}

BOOST_AUTO_TEST_CASE(what_has_no_escapes_is_borrowed_from_the_text)
{
    json_tape tape;
    std::string text = R"(["plain","esc\taped","plain again"])";
    BOOST_REQUIRE(!tape.read(text));
    auto is_borrowed = [&](json_node node) {
        return node.text().data() >= text.data() && node.text().data() < text.data() + text.size();
    };
    std::vector<bool> borrowed;
    for (auto node : tape.root()) borrowed.push_back(is_borrowed(node));
    BOOST_TEST(borrowed == (std::vector{true, false, true}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_bad_text)
{
    for (std::string_view text :
         {"",         " ",   "{",         "[1,]",          "{\"a\":1,}", "{'a':1}", "nul",         "01",
          "1.",       "+1",  "\"a",       "[1]x",          "{} {}",      "// c\n1", "\"\\uD800\"", "\"\\x\"",
          "\"a\nb\"", "NaN", "{\"a\" 1}", "\xEF\xBB\xBF{}"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(read_error(text) == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(what_is_no_utf_8_or_has_a_zero_character_is_bad_text)
{
    for (std::string_view text : {"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "{\"\xff\":1}"})
        BOOST_TEST(read_error(text) == errc::bad_text);
    BOOST_TEST(read_error(R"("a\u0000b")") == errc::bad_text);
    BOOST_TEST(read_error(R"({"\u0000":1})") == errc::bad_text);
    BOOST_TEST(read_error(std::string_view{"\"\0\"", 3}) == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(nesting_and_the_number_of_values_have_a_bound)
{
    auto tower = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    BOOST_TEST(!read_error(tower(limits::nesting_max)));
    BOOST_TEST(read_error(tower(limits::nesting_max + 1)) == errc::over_limit);
    auto row = [](std::size_t values) {
        std::string text = "[";
        for (std::size_t i = 1; i < values; ++i) text += "0,";
        text.back() = ']';
        return text;
    };
    BOOST_TEST(!read_error(row(limits::json_values_max)));
    BOOST_TEST(read_error(row(limits::json_values_max + 1)) == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(a_tape_reads_on_after_an_error_and_after_a_long_text)
{
    json_tape tape;
    BOOST_TEST(!tape.root());
    BOOST_REQUIRE(!tape.read("[1,2]"));
    BOOST_TEST(bool(tape.read("[1,2")));
    BOOST_TEST(!tape.root());
    std::string text = "[" + std::string(2 * limits::json_values_kept, ' ') + "\"\\n" +
                       std::string(limits::json_bytes_kept, 'x') + "\"]";
    BOOST_REQUIRE(!tape.read(text));
    BOOST_TEST((*tape.root().begin()).text().size() == limits::json_bytes_kept + 1);
    BOOST_REQUIRE(!tape.read("[\"\\n\"]"));
    BOOST_TEST((*tape.root().begin()).text() == "\n");
}

BOOST_AUTO_TEST_CASE(real_messages_read_as_boost_reads_them)
{
    json_tape tape;
    for (const auto* topic : {"c1.public.ty", "c2.public.ty", "c5.public.ty", "asch.public.item", "a.transaction"})
        for (const auto& message : testing::captured(topic)) {
            if (!message.value) continue;
            BOOST_REQUIRE(!tape.read(*message.value));
            check_same(tape.root(), boost::json::parse(*message.value));
        }
}

BOOST_AUTO_TEST_CASE(a_text_like_one_before_is_read_as_if_it_were_the_first)
{
    json_tape tape;
    for (std::string scalar : {"1",
                               "-0",
                               "01",
                               "-",
                               "1.5",
                               "1.",
                               "1e5",
                               "1e",
                               "+1",
                               "true",
                               "tru",
                               "truex",
                               "false",
                               "null",
                               "nul",
                               "\"\"",
                               "\"x\"",
                               "\"a\\\"b\"",
                               "\"\\u00fc\"",
                               "\"\\u0000\"",
                               "\"\\x\"",
                               "\"ü\"",
                               "\"\xff\"",
                               "\"\t\"",
                               "\"a",
                               "\"a\\\"",
                               "[]",
                               "{}",
                               "[1]",
                               "",
                               " 2 ",
                               "\"sixteen plain bytes and more\"",
                               "\"sixteen plain bytes, ü and \\n\"",
                               "-9223372036854775808",
                               "123456789012345678901234567890"})
        for (const auto& text :
             {scalar, "[" + scalar + "]", "[1," + scalar + ",\"x\"]", R"({"a":)" + scalar + "}",
              R"( {"a" : {"" :)" + scalar + R"(, "b\"": 2} } )", R"({"a":[)" + scalar + R"(],"a":1})"})
            check_known(tape, text);
}

BOOST_AUTO_TEST_CASE(a_known_message_with_any_byte_changed_is_read_as_if_it_were_the_first)
{
    for (const auto* topic : {"c2.public.ty", "a.transaction"}) {
        json_tape tape;
        auto whole = testing::captured(topic).front().value.value();
        for (std::size_t place = 0; place < whole.size(); ++place)
            for (char byte : std::string_view{"\"\\{],0\x01\xc3"}) {
                auto changed = whole;
                changed[place] = byte;
                check_known(tape, whole);
                check_known(tape, changed);
            }
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_from_a_text_that_is_not_learned)
{
    json_tape tape;
    for (std::string_view text : {R"({"a":1,"b\"":2})", R"({"a":1,)", R"({"a":1,"b\"":3})", R"({"a":4})"})
        for (int again = 0; again < 2; ++again) check_known(tape, text);
}

BOOST_AUTO_TEST_CASE(more_kinds_of_texts_than_a_tape_knows_are_all_read)
{
    json_tape tape;
    for (int round = 0; round < 3; ++round)
        for (std::size_t members = 0; members < 3 * limits::skeletons_max; ++members) {
            std::string text = "{\"a\":1";
            for (std::size_t i = 0; i < members; ++i) text += ",\"m" + std::to_string(i) + "\":\"x\"";
            for (int again = 0; again < 2; ++again) check_known(tape, text + "}");
        }
}

BOOST_AUTO_TEST_CASE(what_is_large_is_read_again_and_again)
{
    json_tape tape;
    auto many = [](std::size_t values) {
        std::string text = "[0";
        for (std::size_t i = 1; i < values; ++i) text += ",0";
        return text + "]";
    };
    for (const auto& text : {many(limits::skeleton_values_max - 1), many(limits::skeleton_values_max),
                             "[\"" + std::string(limits::skeleton_bytes_max, 'x') + "\"]"})
        for (int again = 0; again < 3; ++again) check_known(tape, text);
}

BOOST_AUTO_TEST_CASE(names_outlive_the_text_that_they_were_learned_from)
{
    json_tape tape;
    {
        std::string gone = R"({"first":1,"inner":{"second":"x"}})";
        BOOST_REQUIRE(!tape.read(gone));
        gone.assign(gone.size(), '#');
    }
    std::string text = R"({"first":2,"inner":{"second":null}})";
    BOOST_REQUIRE(!tape.read(text));
    BOOST_TEST(tape.root().find("first").text() == "2");
    BOOST_TEST(tape.root().find("inner").find("second").is(json_kind::null));
}

BOOST_AUTO_TEST_CASE(a_message_cut_at_any_byte_is_bad_text)
{
    json_tape tape;
    auto whole = testing::captured("c2.public.ty").front().value.value();
    BOOST_REQUIRE(!tape.read(whole));
    for (std::size_t length = 0; length < whole.size(); ++length)
        if (auto ec = tape.read(std::string{whole, 0, length}); ec != errc::bad_text)
            BOOST_TEST_CONTEXT("length " << length) BOOST_TEST(ec == errc::bad_text);
}

BOOST_AUTO_TEST_SUITE_END()
