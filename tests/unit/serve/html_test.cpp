#include "serve/html.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(html_pieces)

BOOST_AUTO_TEST_CASE(every_character_that_has_a_meaning_is_escaped)
{
    BOOST_TEST(escaped(R"(<b a="1" c='2'>&</b>)") == "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;&lt;/b&gt;");
}

BOOST_AUTO_TEST_CASE(what_no_page_may_hold_is_replaced)
{
    BOOST_TEST(escaped(std::string_view{"a\0b", 3}) == "a\xEF\xBF\xBD"
                                                       "b");
    BOOST_TEST(escaped("a\x1b[31m") == "a\xEF\xBF\xBD[31m");
    BOOST_TEST(escaped("a\nb\tc") == "a b c");
    for (const auto* broken : {"\xff", "\xc3", "\xe2\x82", "\xc0\xbc", "\x80", "\xf5\x80\x80\x80"})
        BOOST_TEST(escaped(broken).starts_with("\xEF\xBF\xBD"));
}

BOOST_AUTO_TEST_CASE(text_of_any_language_stays)
{
    BOOST_TEST(escaped("Größe 寸法 🧾") == "Größe 寸法 🧾");
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_between_characters)
{
    BOOST_TEST(escaped_short("abc", 3) == "abc");
    BOOST_TEST(escaped_short("abcd", 3) == "abc…");
    BOOST_TEST(escaped_short("aß🧾", 6) == "aß…");
}

BOOST_AUTO_TEST_CASE(ages_have_the_digits_that_matter)
{
    BOOST_TEST(human(812ms) == "0.8 s");
    BOOST_TEST(human(3200ms) == "3.2 s");
    BOOST_TEST(human(42s) == "42 s");
    BOOST_TEST(human(59s + 600ms) == "1 min");
    BOOST_TEST(human(11min + 29s) == "11 min");
    BOOST_TEST(human(5h) == "5 h");
    BOOST_TEST(human(5h + 10min) == "5 h 10 min");
    BOOST_TEST(human(76h) == "3 d 4 h");
    BOOST_TEST(human(-5s) == "0.0 s");
}

BOOST_AUTO_TEST_CASE(no_age_jumps_over_sixty)
{
    for (auto seconds = 0; seconds < 200'000; seconds += 7) {
        auto text = human(std::chrono::seconds{seconds});
        BOOST_TEST_REQUIRE((!text.starts_with("60 ") && text.find(" 60 ") == text.npos), seconds << ": " << text);
    }
}

BOOST_AUTO_TEST_CASE(counts_are_grouped)
{
    BOOST_TEST(human_count(0) == "0");
    BOOST_TEST(human_count(999) == "999");
    BOOST_TEST(human_count(1000) == "1,000");
    BOOST_TEST(human_count(1'204'311) == "1,204,311");
    BOOST_TEST(human_count(UINT64_MAX) == "18,446,744,073,709,551,615");
}

BOOST_AUTO_TEST_CASE(sizes_have_the_unit_that_fits)
{
    BOOST_TEST(human_bytes(0) == "0 B");
    BOOST_TEST(human_bytes(1023) == "1023 B");
    BOOST_TEST(human_bytes(1024) == "1.0 KiB");
    BOOST_TEST(human_bytes(1024 * 1024 - 1) == "1.0 MiB");
    BOOST_TEST(human_bytes(std::uint64_t{192} << 20) == "192 MiB");
    BOOST_TEST(human_bytes(UINT64_MAX) == "16777216 TiB");
}

BOOST_AUTO_TEST_CASE(what_is_shown_in_human_units_holds_the_exact_value)
{
    BOOST_TEST(bytes_element(6312) == "<data value=6312 title=\"6312 bytes\">6.2 KiB</data>");
    BOOST_TEST(duration_element(157ms) == "<data value=157 title=\"157 ms\">157 ms</data>");
    BOOST_TEST(duration_element(1s) == "<data value=1000 title=\"1000 ms\">1 s</data>");
    auto now = db_time{std::chrono::seconds{1'700'049'600}};
    BOOST_TEST(age_element(now - 3200ms, now) ==
               "<time datetime=2023-11-15T11:59:56.800000Z title=2023-11-15T11:59:56.800000Z>3.2 s ago</time>");
    BOOST_TEST(until_element(now - 1s, now).find(">now<") != std::string::npos);
    BOOST_TEST(time_element(now, now).find(">12:00:00<") != std::string::npos);
    BOOST_TEST(time_element(now, now + 24h).find(">2023-11-15 12:00:00<") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
