#include "integration/reads/loopback_mirror.hpp"
#include "unit/serve/page_kit.hpp"

#include "support/child_process.hpp"
#include "support/files.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

// The status page as a browser shows it and as a screen reader finds it.
using namespace understudy;
using namespace understudy::testing;

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::map<std::string, page_facts>& pages()
{
    static const std::map<std::string, page_facts> all{
        {"ordinary", ordinary_page()}, {"down", down_page()},         {"copying", copying_page()},
        {"paused", paused_page()},     {"operator", operator_page()}, {"failing", failing_page()},
        {"new", new_page()},           {"stopped", stopped_page()},   {"hostile", hostile_page()}};
    return all;
}

/// What look.py finds: one browser for all pages, in each of its ways. Screenshots stay in the reports.
json::array look_at(const std::vector<std::string>& urls)
{
    temp_directory scratch;
    auto pictures = fs::path{UNDERSTUDY_REPORTS} / "status-page";
    fs::create_directories(pictures);
    std::vector<std::string> command{"/usr/bin/python3", UNDERSTUDY_LOOK, "--save", pictures.string()};
    command.insert(command.end(), urls.begin(), urls.end());
    child_process looking{{.command = command, .output = scratch / "found.json"}};
    auto status = looking.wait(std::chrono::minutes{3});
    auto said = read_file(scratch / "found.json");
    if (status != 0) throw std::runtime_error{"look.py failed: " + said};
    return json::parse(said).as_array();
}

json::array look_at_all(const std::map<std::string, page_facts>& wanted)
{
    temp_directory written;
    std::vector<std::string> urls;
    for (const auto& [name, facts] : wanted) {
        write_file(written / (name + ".html"), status_page(facts));
        urls.push_back("file://" + (written / (name + ".html")).string());
    }
    return look_at(urls);
}

const json::array& found()
{
    static const auto all = look_at_all(pages());
    return all;
}

std::string name_of(const json::value& seen)
{
    return fs::path{std::string{seen.at("url").as_string()}}.stem().string() + " " + json::serialize(seen.at("width")) +
           " " + std::string{seen.at("scheme").as_string()};
}

std::vector<std::string> named(const json::value& seen, std::string_view role)
{
    std::vector<std::string> names;
    for (const auto& one : seen.at("named").as_array())
        if (one.at("role").as_string() == role) names.emplace_back(one.at("name").as_string());
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_status_page_in_a_browser)

BOOST_AUTO_TEST_CASE(every_page_was_seen_narrow_and_wide_light_and_dark_and_printed)
{
    BOOST_TEST(found().size() == 5 * pages().size());
}

BOOST_AUTO_TEST_CASE(it_asks_for_nothing_but_itself)
{
    for (const auto& seen : found())
        BOOST_TEST_CONTEXT(name_of(seen)) {
            for (const auto& request : seen.at("requests").as_array())
                BOOST_TEST((request == seen.at("url") || request.as_string() == "data:,"),
                           "asked for " << request.as_string().c_str());
            BOOST_TEST(seen.at("scripts") == 0);
        }
}

BOOST_AUTO_TEST_CASE(it_fits_the_window)
{
    for (const auto& seen : found())
        BOOST_TEST_CONTEXT(name_of(seen)) BOOST_TEST(seen.at("overflow") == 0);
}

BOOST_AUTO_TEST_CASE(its_text_is_dark_enough_on_what_is_behind_it)
{
    for (const auto& seen : found())
        BOOST_TEST_CONTEXT(name_of(seen)) BOOST_TEST(json::serialize(seen.at("pale")) == "[]");
}

BOOST_AUTO_TEST_CASE(it_has_a_title_a_language_and_landmarks)
{
    for (const auto& seen : found())
        BOOST_TEST_CONTEXT(name_of(seen)) {
            auto title = std::string{seen.at("title").as_string()};
            BOOST_TEST(title.ends_with(": understudy"));
            BOOST_TEST(seen.at("lang").as_string() == "en");
            auto marks = json::value_to<std::vector<std::string>>(seen.at("landmarks"));
            for (const auto* wanted : {"main", "banner", "contentinfo"})
                BOOST_TEST(std::count(marks.begin(), marks.end(), wanted) == 1, wanted);
        }
}

BOOST_AUTO_TEST_CASE(its_headings_are_in_order_and_all_there)
{
    const std::vector<std::string> sections{"The last 24 hours", "Source",  "Tables",       "Cadence",
                                            "Generations",       "Readers", "Configuration"};
    for (const auto& seen : found())
        BOOST_TEST_CONTEXT(name_of(seen)) {
            std::int64_t before = 0;
            for (const auto& one : seen.at("named").as_array()) {
                if (one.at("role").as_string() != "heading") continue;
                auto level = one.at("level").as_int64();
                BOOST_TEST(level <= before + 1);
                before = level;
            }
            auto headings = named(seen, "heading");
            BOOST_TEST_REQUIRE(!headings.empty());
            headings.erase(headings.begin());  // the sentence
            std::erase(headings, "Last reload");
            BOOST_TEST(headings == sections, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE(every_table_has_a_caption_and_headers)
{
    for (const auto& seen : found()) {
        auto tables = named(seen, "table");
        BOOST_TEST_CONTEXT(name_of(seen)) {
            BOOST_TEST(tables.size() >= 2u);
            BOOST_TEST(named(seen, "columnheader").size() >= 2 * tables.size());
        }
    }
    auto ordinary = std::find_if(found().begin(), found().end(),
                                 [](const auto& seen) { return name_of(seen).starts_with("ordinary"); });
    auto tables = named(*ordinary, "table");
    for (const auto* wanted : {"What the announced generation holds", "The announced one and those that are kept",
                               "The last publishes and skips, newest first"})
        BOOST_TEST(std::count(tables.begin(), tables.end(), wanted) == 1, wanted);
}

BOOST_AUTO_TEST_CASE(the_strip_is_one_picture_that_says_what_it_shows)
{
    for (const auto& seen : found()) {
        auto pictures = named(seen, "image");
        BOOST_TEST_CONTEXT(name_of(seen)) {
            BOOST_TEST_REQUIRE(pictures.size() == 1u);
            BOOST_TEST(pictures[0].starts_with("The last 24 hours"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_daemon_shows_itself_and_that_its_database_is_down)
{
    loopback_mirror sidecar{"CREATE TABLE numbers (id int PRIMARY KEY); INSERT INTO numbers VALUES (1)",
                            {"public.numbers"}};
    sidecar.start();
    sidecar.settle();
    auto url = "http://127.0.0.1:" + std::to_string(sidecar.port()) + "/";
    auto expect = [&](const std::string& beginning, const std::string& part) {
        for (const auto& seen : look_at({url})) {
            auto sentence = named(seen, "heading").at(0);
            BOOST_TEST_CONTEXT(name_of(seen) << ": " << sentence) {
                BOOST_TEST(sentence.starts_with(beginning));
                BOOST_TEST((sentence.find(part) != sentence.npos));
                BOOST_TEST(seen.at("overflow") == 0);
                BOOST_TEST(json::serialize(seen.at("pale")) == "[]");
                BOOST_TEST(seen.at("scripts") == 0);
                for (const auto& request : seen.at("requests").as_array())
                    BOOST_TEST((request.as_string() == url || request.as_string() == "data:,"),
                               "asked for " << request.as_string().c_str());
            }
        }
    };
    expect("Serving generation ", "Database up.");
    BOOST_REQUIRE(sidecar.server().stop());
    BOOST_TEST(wait_for([&] { return sidecar.status().at("state") == "waiting"; }));
    expect("Database down for ", "Still serving generation ");
}

BOOST_AUTO_TEST_SUITE_END()
