#include "serve/like_pattern.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>
#include <string>

using namespace understudy;

namespace {

bool matches(std::string_view pattern, std::string_view text,
             like_pattern::letters how = like_pattern::letters::as_they_are)
{
    auto found = like_pattern{pattern, how}.matches(text);
    BOOST_TEST_REQUIRE(found.has_value());
    return *found;
}

/// By the definition, without any cleverness. For ASCII.
bool matches_slowly(std::string_view pattern, std::string_view text)
{
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '%')
        return matches_slowly(pattern.substr(1), text) || (!text.empty() && matches_slowly(pattern, text.substr(1)));
    if (text.empty()) return false;
    if (pattern.front() == '_' || pattern.front() == text.front())
        return matches_slowly(pattern.substr(1), text.substr(1));
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(like_pattern_test)

BOOST_AUTO_TEST_CASE(signs_of_a_pattern_stand_for_what_the_manual_says)
{
    for (const auto& [pattern, text] : std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                                                        {"%", ""},
                                                                                        {"%%", "a"},
                                                                                        {"abc", "abc"},
                                                                                        {"a%", "abc"},
                                                                                        {"_b_", "abc"},
                                                                                        {"%c", "abc"},
                                                                                        {"_", "é"},
                                                                                        {"__", "日本"},
                                                                                        {"\\%", "%"},
                                                                                        {"\\_", "_"},
                                                                                        {"\\\\", "\\"},
                                                                                        {"\\a", "a"},
                                                                                        {"%a%b%", "xaxbx"},
                                                                                        {"%ab", "aab"},
                                                                                        {"%_b", "éb"},
                                                                                        {"_%_", "日x"}})
        BOOST_TEST(matches(pattern, text), pattern << " and " << text);
    for (const auto& [pattern, text] : std::vector<std::pair<std::string, std::string>>{{"", "a"},
                                                                                        {"_", ""},
                                                                                        {"abc", "ABC"},
                                                                                        {"\\%", "a"},
                                                                                        {"a_", "a"},
                                                                                        {"%ab", "aba"},
                                                                                        {"_", "ab"},
                                                                                        {"%_%_", "é"}})
        BOOST_TEST(!matches(pattern, text), pattern << " and " << text);
}

BOOST_AUTO_TEST_CASE(letters_of_any_case_are_folded_beyond_ascii)
{
    constexpr auto any = like_pattern::letters::any_case;
    BOOST_TEST(matches("äÖ%", "ÄöX", any));
    BOOST_TEST(matches("ÉTOILE", "étoile", any));
    BOOST_TEST(!matches("straße", "STRASSE", any));
}

BOOST_AUTO_TEST_CASE(an_escape_at_the_end_is_noticed)
{
    BOOST_TEST((like_pattern{"a\\", like_pattern::letters::as_they_are}.ends_in_escape()));
    BOOST_TEST(!(like_pattern{"a\\\\", like_pattern::letters::as_they_are}.ends_in_escape()));
    BOOST_TEST(!matches("a\\", "a\\"));
}

BOOST_AUTO_TEST_CASE(random_patterns_match_as_the_definition_has_it)
{
    std::mt19937 random{7};
    auto any_text = [&](std::string_view letters, std::size_t most) {
        std::string made(random() % (most + 1), ' ');
        for (auto& letter : made) letter = letters[random() % letters.size()];
        return made;
    };
    for (int round = 0; round < 20'000; ++round) {
        auto pattern = any_text("ab%_", 8);
        auto text = any_text("ab", 10);
        if (matches(pattern, text) != matches_slowly(pattern, text)) BOOST_ERROR(pattern << " and " << text);
    }
}

BOOST_AUTO_TEST_CASE(a_pattern_that_takes_for_ever_gives_up)
{
    const std::string text(1'000'000, 'x');
    auto started = std::chrono::steady_clock::now();
    like_pattern pattern{"%" + std::string(50'000, '_') + "y", like_pattern::letters::as_they_are};
    BOOST_TEST(!pattern.matches(text).has_value());
    BOOST_TEST((std::chrono::steady_clock::now() - started < std::chrono::seconds{5}));
    BOOST_TEST(!*pattern.matches(std::string(1000, 'x')));
}

BOOST_AUTO_TEST_SUITE_END()
