#include "app/daemon_state.hpp"
#include "core/error.hpp"
#include "core/remedy.hpp"
#include "publish/cadence.hpp"
#include "publish/day_record.hpp"
#include "settings/config_schema.hpp"
#include "settings/keys.hpp"
#include "settings/load.hpp"
#include "support/files.hpp"
#include "support/markdown.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

// README says what the program knows: nothing less, and nothing more.
namespace understudy {

namespace {

namespace json = boost::json;
using namespace testing;

using names = std::set<std::string>;
using row = std::vector<std::string>;

std::string readme()
{
    static const auto text = read_file(UNDERSTUDY_README);
    return text;
}

/// The only `code` of a cell, or the cell itself.
std::string plain(const std::string& cell)
{
    auto spans = code_spans(cell);
    return spans.size() == 1 ? spans.front() : cell;
}

/// The rows of a section's tables that have so many cells, by the name in the first one.
std::map<std::string, row> rows_by_name(const std::string& heading, std::size_t cells)
{
    std::map<std::string, row> rows;
    for (const auto& cells_of_row : table_rows(section_of(readme(), heading)))
        if (cells_of_row.size() == cells)
            BOOST_TEST(rows.emplace(plain(cells_of_row.front()), cells_of_row).second,
                       cells_of_row.front() + " stands twice");
    return rows;
}

names names_in(const std::map<std::string, row>& rows)
{
    names found;
    for (const auto& [name, cells] : rows) found.insert(name);
    return found;
}

void check_same(const names& expected, const names& found)
{
    BOOST_TEST(expected == found, boost::test_tools::per_element());
}

/// `tables[].columns` is a key inside the elements of the list `tables`.
void visit_keys(const json::object& schema, const std::string& path,
                const std::function<void(const std::string&, const json::object&)>& visit)
{
    if (const auto* items = schema.if_contains("items")) visit_keys(items->as_object(), path + "[]", visit);
    const auto* properties = schema.if_contains("properties");
    if (properties == nullptr) return;
    for (const auto& [name, inner] : properties->as_object()) {
        auto key = path.empty() ? std::string{name} : path + "." + std::string{name};
        if (!inner.as_object().contains("properties")) visit(key, inner.as_object());
        visit_keys(inner.as_object(), key, visit);
    }
}

std::map<std::string, json::object> schema_by_key()
{
    std::map<std::string, json::object> keys;
    visit_keys(config_schema().as_object(), "", [&](auto& key, auto& schema) { keys.emplace(key, schema); });
    return keys;
}

std::string output_of(const std::string& arguments)
{
    auto* pipe = ::popen((UNDERSTUDY_PROGRAM " " + arguments).c_str(), "r");
    std::array<char, 4096> buffer{};
    std::string text;
    while (auto size = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), size);
    ::pclose(pipe);
    return text;
}

/// The first words of the lines that are indented by two, below a line.
names listed_below(const std::string& help, const std::string& head)
{
    names found;
    std::istringstream lines{help};
    bool below = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.front() != ' ') below = line == head;
        if (below && line.starts_with("  ") && line.size() > 2 && line[2] != ' ')
            found.insert(line.substr(2, line.find_first_of(" ,", 2) - 2));
    }
    return found;
}

names commands()
{
    return listed_below(output_of("--help"), "Subcommands:");
}

/// Besides --help and --config, which all have.
names own_options(const std::string& command)
{
    auto found = listed_below(output_of(command + " --help"), "Options:");
    found.erase("-h");
    BOOST_TEST(found.erase("--config") == 1u);
    return found;
}

/// Of `Exit status: 0 done; 1 the answer is no; ...`: each number with what it means.
std::map<std::string, std::string> exit_statuses()
{
    auto help = output_of("--help");
    const std::string head = "Exit status: ";
    auto list = help.substr(help.find(head) + head.size());
    std::replace(list.begin(), list.end(), '\n', ' ');
    std::istringstream parts{list.substr(0, list.find('.'))};
    std::map<std::string, std::string> found;
    std::string number;
    for (std::string meaning; parts >> number && std::getline(parts >> std::ws, meaning, ';');)
        found.emplace(number, meaning);
    return found;
}

std::vector<errc> every_code()
{
    std::vector<errc> codes;
    for (int code = 1; code <= static_cast<int>(errc::internal); ++code) codes.push_back(static_cast<errc>(code));
    return codes;
}

/// The words of a text, which commas may separate.
names words_of(const std::string& text)
{
    std::string spaced = text;
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    std::istringstream words{spaced};
    names found;
    for (std::string word; words >> word;) found.insert(word);
    return found;
}

names levels_in(const std::string& code)
{
    const std::string prefix = "log_level::";
    names found;
    for (auto at = code.find(prefix); at != code.npos; at = code.find(prefix, at + 1)) {
        auto begin = at + prefix.size();
        found.insert(code.substr(begin, code.find_first_not_of("abcdefghijklmnopqrstuvwxyz", begin) - begin));
    }
    return found;
}

/// Of every call in a source `log_event(LEVEL, "name", ...)`: the name with the levels that it can have.
void add_events(const std::string& file, const std::string& code, std::map<std::string, names>& into)
{
    const std::string call = "log_event(";
    for (auto at = code.find(call); at != code.npos; at = code.find(call, at + 1)) {
        auto level_end = code.find(',', at);
        auto level = code.substr(at, level_end - at);
        auto name_begin = code.find_first_not_of(" \n", level_end + 1);
        if (level.find("log_level level") != level.npos) continue;  // its declaration and definition
        BOOST_TEST_REQUIRE(code[name_begin] == '"', file + ": an event's name is written where it is logged");
        auto name = code.substr(name_begin + 1, code.find('"', name_begin + 1) - name_begin - 1);
        into[name].merge(levels_in(level));
    }
}

std::map<std::string, names> logged_events()
{
    std::map<std::string, names> events;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{UNDERSTUDY_SOURCE_DIRECTORY "/sidecar"}) {
        auto extension = entry.path().extension();
        if (extension == ".cpp" || extension == ".hpp")
            add_events(entry.path().string(), read_file(entry.path()), events);
    }
    return events;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readme_page)

BOOST_AUTO_TEST_CASE(every_event_of_the_log_has_a_row_with_its_levels)
{
    auto rows = rows_by_name("## The log", 3);
    auto events = logged_events();
    names known;
    for (const auto& [name, levels] : events) {
        known.insert(name);
        if (auto found = rows.find(name); found != rows.end())
            BOOST_TEST_CONTEXT(name) check_same(levels, words_of(found->second.at(1)));
    }
    check_same(known, names_in(rows));
}

BOOST_AUTO_TEST_CASE(every_reason_to_publish_or_to_wait_has_a_row)
{
    std::map<std::string, names> known;
    for (int reason = 0; reason <= static_cast<int>(last_publish_reason); ++reason)
        known[name_of(static_cast<publish_reason>(reason))].insert("publishes");
    for (int reason = 0; reason <= static_cast<int>(last_wait_reason); ++reason)
        known[name_of(static_cast<wait_reason>(reason))].insert("waits");
    auto rows = rows_by_name("## Why it publishes, and why not", 3);
    names all;
    for (const auto& [name, kinds] : known) {
        all.insert(name);
        if (auto found = rows.find(name); found != rows.end())
            BOOST_TEST_CONTEXT(name) check_same(kinds, words_of(found->second.at(1)));
    }
    check_same(all, names_in(rows));
}

BOOST_AUTO_TEST_CASE(everything_that_a_slot_of_the_day_can_show_has_a_row)
{
    names known;
    for (std::size_t what = 0; what < day_events; ++what) known.insert(name_of(static_cast<day_event>(what)));
    check_same(known, names_in(rows_by_name("## Why it publishes, and why not", 2)));
}

BOOST_AUTO_TEST_CASE(every_setting_has_a_row_and_every_row_a_setting)
{
    names known;
    for (const auto& [key, schema] : schema_by_key()) known.insert(key);
    check_same(known, names_in(rows_by_name("## Settings", 4)));
}

BOOST_AUTO_TEST_CASE(defaults_are_those_of_the_schema)
{
    auto rows = rows_by_name("## Settings", 4);
    for (const auto& [key, schema] : schema_by_key()) {
        const auto* value = schema.if_contains("default");
        if (value == nullptr) continue;
        auto expected = value->is_string() ? std::string{value->as_string()} : json::serialize(*value);
        BOOST_TEST_CONTEXT(key) BOOST_TEST(plain(rows.at(key).at(1)) == expected);
    }
}

BOOST_AUTO_TEST_CASE(what_is_marked_live_is_what_a_reload_takes)
{
    auto rows = rows_by_name("## Settings", 4);
    for (const auto& key : setting_keys())
        BOOST_TEST_CONTEXT(key.name)
            BOOST_TEST((rows.at(std::string{key.name}).at(2) == "live") == (key.on_reload == reload_effect::live));
}

BOOST_AUTO_TEST_CASE(every_command_has_a_row_with_its_options)
{
    auto rows = rows_by_name("## Commands", 3);
    check_same(commands(), names_in(rows));
    for (const auto& [command, cells] : rows) {
        auto written = code_spans(cells.at(1));
        BOOST_TEST_CONTEXT(command) check_same(own_options(command), names(written.begin(), written.end()));
    }
}

BOOST_AUTO_TEST_CASE(every_exit_status_of_the_help_has_a_row_that_starts_with_its_meaning)
{
    auto rows = rows_by_name("## Commands", 2);
    names known;
    for (const auto& [number, meaning] : exit_statuses()) {
        known.insert(number);
        if (auto found = rows.find(number); found != rows.end())
            BOOST_TEST(found->second.at(1).starts_with(meaning), number + " " + meaning);
    }
    check_same(known, names_in(rows));
}

BOOST_AUTO_TEST_CASE(every_state_has_a_row_and_every_row_a_state)
{
    names known;
    for (int phase = 0; phase <= static_cast<int>(daemon_phase::stopped); ++phase)
        known.insert(name_of(static_cast<daemon_phase>(phase)));
    check_same(known, names_in(rows_by_name("## What it says: states and reasons", 2)));
}

BOOST_AUTO_TEST_CASE(every_reason_has_a_row_with_its_remedy)
{
    auto rows = rows_by_name("## What it says: states and reasons", 3);
    names known;
    for (auto reason : every_code()) known.insert(name_of(reason));
    check_same(known, names_in(rows));
    for (auto reason : every_code())
        if (auto found = rows.find(name_of(reason)); found != rows.end())
            BOOST_TEST_CONTEXT(found->first) BOOST_TEST(found->second.at(1) == name_of(remedy_for(reason)));
}

BOOST_AUTO_TEST_CASE(every_exit_status_of_a_reason_has_a_row)
{
    auto statuses = names_in(rows_by_name("## Commands", 2));
    for (auto reason : every_code())
        BOOST_TEST_CONTEXT(name_of(reason)) BOOST_TEST(statuses.contains(std::to_string(exit_status_for(reason))));
}

BOOST_AUTO_TEST_CASE(an_exit_status_that_a_reason_names_is_its_own)
{
    names named;
    for (const auto& [name, cells] : rows_by_name("## What it says: states and reasons", 3))
        if (cells.at(2).find("exit status") != std::string::npos) named.insert(name);
    check_same({"bad_config", "cancelled", "no_daemon", "usage"}, named);

    auto rows = rows_by_name("## What it says: states and reasons", 3);
    for (auto reason : {errc::bad_config, errc::usage, errc::no_daemon, errc::cancelled}) {
        auto status = "(exit status " + std::to_string(exit_status_for(reason)) + ")";
        BOOST_TEST_CONTEXT(name_of(reason))
            BOOST_TEST(rows.at(name_of(reason)).at(2).find(status) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_configuration_is_the_minimal_example_and_loads)
{
    auto blocks = fenced_blocks(section_of(readme(), "## Set up with your database"), "yaml");
    BOOST_REQUIRE(blocks.size() == 1u);
    auto loaded = load_text(blocks.front(), "README.md", {});
    BOOST_TEST(loaded.has_value());
    if (loaded) BOOST_TEST(loaded->warnings.empty());
    auto example = read_file(UNDERSTUDY_CONFIG_DIRECTORY "/understudy.minimal.yaml");
    BOOST_TEST(example.find(blocks.front()) != example.npos);
}

BOOST_AUTO_TEST_CASE(every_key_in_the_text_exists)
{
    auto keys = names_in(rows_by_name("## Settings", 4));
    names sections{"source", "tables", "state", "snapshot", "cadence", "commit", "documents", "status", "log"};
    for (const auto& span : code_spans(readme())) {
        auto dot = span.find('.');
        if (dot == span.npos || !sections.contains(span.substr(0, dot)) || span.ends_with(".json")) continue;
        auto is_section = std::any_of(keys.begin(), keys.end(), [&](auto& key) { return key.starts_with(span + "."); });
        BOOST_TEST((keys.contains(span) || is_section), span + " is no key");
    }
}

BOOST_AUTO_TEST_CASE(every_file_that_it_links_to_exists)
{
    auto page = readme();
    for (auto at = page.find("]("); at != page.npos; at = page.find("](", at + 1)) {
        auto target = page.substr(at + 2, page.find(')', at) - at - 2);
        if (!target.starts_with("http") && !target.starts_with('#'))
            BOOST_TEST(std::filesystem::exists(UNDERSTUDY_SOURCE_DIRECTORY "/" + target), target);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
