#include "page_kit.hpp"

#include "serve/page_parts.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <vector>

using namespace understudy;
using namespace understudy::testing;

namespace {

namespace json = boost::json;

bool holds(const std::string& text, std::string_view part)
{
    return text.find(part) != text.npos;
}

std::size_t count(const std::string& text, std::string_view part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

std::vector<page_facts> all_pages()
{
    return {ordinary_page(), down_page(), copying_page(), paused_page(), operator_page(),
            failing_page(),  new_page(),  stopped_page(), hostile_page()};
}

std::string without_style(const std::string& page)
{
    auto begin = page.find("<style>");
    auto end = page.find("</style>");
    return page.substr(0, begin) + page.substr(end);
}

bool is_time(std::string_view text)
{
    return text.size() == 27 && text[10] == 'T' && text.back() == 'Z';
}

bool is_position(std::string_view text)
{
    return text.find('/') != text.npos && text.find_first_not_of("0123456789ABCDEF/") == text.npos;
}

/// Each number, time and position of a JSON value as it stands there, by its path.
void collect(const json::value& value, const std::string& path, std::vector<std::pair<std::string, std::string>>& into)
{
    if (const auto* object = value.if_object())
        for (const auto& [name, member] : *object) collect(member, path + "/" + std::string{name}, into);
    if (const auto* array = value.if_array())
        for (const auto& item : *array) collect(item, path + "[]", into);
    if (const auto* text = value.if_string(); text != nullptr && (is_time(*text) || is_position(*text)))
        into.emplace_back(path, std::string{*text});
    if (value.is_double())
        into.emplace_back(path, fmt::format("{}", value.as_double()));
    else if (value.is_number())
        into.emplace_back(path, json::serialize(value));
}

bool shows(const std::string& page, const std::string& value)
{
    for (const auto* before : {"value=", "datetime=", "title=\"at ", ">", " "})
        for (const auto* after : {">", " ", "\"", "<", ",", "."})
            if (holds(page, before + value + after)) return true;
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_status_page)

BOOST_AUTO_TEST_CASE(every_section_is_there_whatever_the_situation)
{
    for (const auto& facts : all_pages()) {
        auto page = status_page(facts);
        for (const auto* wanted : {"<html lang=en>", "<title>", "<h1>", "id=day>", "id=source>", "id=cadence>",
                                   "id=tables>", "id=generations>", "id=readers>", "id=settings>", "</html>"})
            BOOST_TEST(count(page, wanted) == 1u, wanted);
    }
}

BOOST_AUTO_TEST_CASE(the_numbers_are_those_of_the_json)
{
    for (const auto& facts : {ordinary_page(), down_page(), copying_page(), paused_page(), failing_page()}) {
        auto page = status_page(facts);
        std::vector<std::pair<std::string, std::string>> numbers;
        collect(json::parse(to_json(facts.status)), "", numbers);
        BOOST_TEST(numbers.size() > 40u);
        for (const auto& [path, value] : numbers)
            if (path != "/format") BOOST_TEST(shows(page, value), path + " " + value + " is not on the page");
    }
}

BOOST_AUTO_TEST_CASE(nothing_comes_from_outside_and_nothing_runs)
{
    for (const auto& facts : all_pages()) {
        auto page = status_page(facts);
        for (const auto* unwanted : {"http:", "https:", "src=", "url(", "@import", "<script", "<iframe",
                                     "<link rel=style", " onload=", " onclick=", " style=", "javascript:"})
            BOOST_TEST(!holds(page, unwanted), unwanted);
        BOOST_TEST(count(page, "<style>") == 1u);
        BOOST_TEST(count(page, "<link ") == 1u);
    }
}

BOOST_AUTO_TEST_CASE(hostile_text_stays_text)
{
    auto page = status_page(hostile_page());
    BOOST_TEST(!holds(page, "<script"));
    BOOST_TEST(!holds(page, "\" onmouseover"));
    BOOST_TEST(count(page, "</style>") == 1u);
    BOOST_TEST(count(page, "</title>") == 1u);
    BOOST_TEST(!holds(page, "\xff"));
    BOOST_TEST(!holds(page, "\x01"));
    BOOST_TEST(count(page, "&lt;script&gt;alert(1)") > 20u);
}

BOOST_AUTO_TEST_CASE(an_ordinary_installation_takes_less_than_fifty_kilobytes)
{
    for (const auto& facts : all_pages()) BOOST_TEST(status_page(facts).size() < 50'000u);
    BOOST_TEST_MESSAGE("an ordinary page takes " << status_page(ordinary_page()).size() << " bytes");
}

BOOST_AUTO_TEST_CASE(an_extraordinary_one_is_cut_and_says_so)
{
    auto facts = ordinary_page();
    facts.status.tables.resize(4096, {{"public", std::string(63, 'x')}, 1, "current", std::nullopt});
    facts.generations.resize(1000, facts.generations[0]);
    facts.reads.resize(1000, {std::string(10'000, 'x'), 1, page_now});
    for (auto& setting : facts.settings) setting.value = std::string(100'000, 'y');
    facts.status.reason_text = std::string(100'000, 'z');
    auto page = status_page(facts);
    BOOST_TEST(page.size() < 250'000u);
    BOOST_TEST(holds(page, "And 3,896 more in status.json."));
    BOOST_TEST(holds(page, "And 980 more before these."));
    BOOST_TEST(holds(page, "And 950 more reasons."));
}

BOOST_AUTO_TEST_CASE(a_table_shows_its_difference_to_the_generation_before)
{
    auto facts = ordinary_page();
    facts.generations.resize(2);
    auto& now = facts.generations[0].tables;
    auto& before = facts.generations[1].tables;
    before[0].rows = now[0].rows + 3;
    before[1].rows = now[1].rows - 2;
    before[2].rows_epoch = 99;
    before.erase(before.begin() + 3);
    auto page = status_page(facts);
    BOOST_TEST(holds(page, "public.materials<td class=n><data value=12>12</data><td class=n><data value=-3>−3</data>"));
    BOOST_TEST(holds(page, "<data value=2>+2</data>"));
    BOOST_TEST(holds(page, "(copied again)"));
    BOOST_TEST(holds(page, "<td class=n>new<td>"));
}

BOOST_AUTO_TEST_CASE(the_day_has_a_cell_for_each_slot_and_the_reason_on_it)
{
    auto page = status_page(ordinary_page());
    auto strip =
        page.substr(page.find("<div class=strip"), page.find("<div class=hours") - page.find("<div class=strip"));
    BOOST_TEST(count(strip, "<i") == day_record::slots_max);
    BOOST_TEST(count(strip, "<i class=d ") == 5u);
    BOOST_TEST(holds(strip, "database down (unreachable)"));
    BOOST_TEST(holds(strip, "failed 1 (disk_full)"));
    BOOST_TEST(holds(strip, "role=img aria-label=\"The last 24 hours, in slots of five minutes."));
    BOOST_TEST(holds(page, "<td>database down<td><code>unreachable</code>"));
}

BOOST_AUTO_TEST_CASE(every_table_has_a_caption_and_its_headers_a_scope)
{
    for (const auto& facts : all_pages()) {
        auto page = without_style(status_page(facts));
        BOOST_TEST(count(page, "<table") == count(page, "<caption>"));
        BOOST_TEST(count(page, "<th ") == count(page, "<th scope="));
        BOOST_TEST(count(page, "<th>") == 0u);
    }
}

BOOST_AUTO_TEST_CASE(it_loads_again_by_itself_only_if_asked_to)
{
    auto facts = ordinary_page();
    BOOST_TEST(!holds(status_page(facts), "http-equiv"));
    BOOST_TEST(holds(status_page(facts), "href=\"?refresh=5\""));
    facts.refresh = std::chrono::seconds{5};
    BOOST_TEST(holds(status_page(facts), "<meta http-equiv=refresh content=5>"));
    BOOST_TEST(holds(status_page(facts), "href=\"?\""));
}

BOOST_AUTO_TEST_CASE(a_reload_and_a_pause_are_shown_with_who_and_what)
{
    auto page = status_page(paused_page());
    BOOST_TEST(holds(page, "<code>cadence.every</code><td>5m<td>1m<td>in effect"));
    BOOST_TEST(holds(page, "<code>commit.max_delay</code><td>1s<td>5s<td>needs a restart"));
    BOOST_TEST(holds(page, "by anna: the price import is wrong"));
}

BOOST_AUTO_TEST_CASE(each_setting_has_its_value_and_origin)
{
    auto page = status_page(ordinary_page());
    for (const auto& setting : ordinary_page().settings)
        BOOST_TEST(holds(page, "<th scope=row>" + setting.key + "<td class=value>" + escaped(setting.value) +
                                   "<td class=quiet>" + setting.origin),
                   setting.key);
}

BOOST_AUTO_TEST_SUITE_END()
