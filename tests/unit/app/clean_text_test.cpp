#include "app/clean_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

namespace understudy {

BOOST_AUTO_TEST_SUITE(cleaning)

BOOST_AUTO_TEST_CASE(ordinary_text_stays_as_it_is)
{
    for (auto text : {"", "plain", "größe €", "\xF0\x9F\x98\x80", "a \"b\" \\ c"}) BOOST_TEST(clean_text(text) == text);
}

BOOST_AUTO_TEST_CASE(control_characters_become_spaces)
{
    BOOST_TEST(clean_text("a\x1b[31mb\r\nc\x7f") == "a [31mb  c ");
    BOOST_TEST(clean_text("a\xC2\x9B"
                          "b") == "a b");
    BOOST_TEST(clean_text("a\xE2\x80\xAE"
                          "b\xE2\x80\xA8") == "a b ");
    BOOST_TEST(clean_text(std::string_view{"\0", 1}) == " ");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_are_replaced)
{
    for (auto text : {"\xFF", "\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE0\x80\x80"})
        BOOST_TEST(clean_text(text).starts_with("\xEF\xBF\xBD"));
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_at_a_character_with_an_ellipsis)
{
    BOOST_TEST(clean_text("abcdef", 4) == "abcd\xE2\x80\xA6");
    BOOST_TEST(clean_text("abcd", 4) == "abcd");
    BOOST_TEST(clean_text("abc\xC3\xA4", 4) == "abc\xE2\x80\xA6");
    BOOST_TEST(clean_text(std::string(5000, 'x')).size() == limits::peer_text_bytes_max + 3);
}

BOOST_AUTO_TEST_CASE(random_bytes_become_clean_text)
{
    std::random_device device;
    auto seed = device();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 40, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random());
        auto clean = clean_text(bytes);
        BOOST_TEST_CONTEXT("seed " << seed << " round " << round) {
            BOOST_TEST(clean_text(clean) == clean);
            boost::system::error_code ec;
            boost::json::parse(boost::json::serialize(boost::json::string_view{clean}), ec);  // checks UTF-8
            BOOST_TEST(!ec);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
