#include "integration/reads/reads_kit.hpp"
#include "support/markdown.hpp"
#include "support/promtool.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <set>
#include <sstream>

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;

const std::string numbers = "CREATE TABLE numbers (id int PRIMARY KEY); INSERT INTO numbers VALUES (1), (2)";

/// `name{labels}` of each sample, without its value.
std::set<std::string> series_in(const std::string& text)
{
    std::set<std::string> all;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);)
        if (!line.empty() && line.front() != '#') all.insert(line.substr(0, line.rfind(' ')));
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(promtool_has_nothing_to_say_about_them)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    mirror.settle();
    mirror.get("/numbers/1");
    auto reply = mirror.get("/metrics");
    BOOST_TEST(reply.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    temp_directory scratch;
    write_file(scratch / "metrics", reply.body);
    auto checked = std::system((promtool() + " check metrics < " + (scratch / "metrics").string() + " > " +
                                (scratch / "said").string() + " 2>&1")
                                   .c_str());
    BOOST_TEST(checked == 0, read_file(scratch / "said"));
    BOOST_TEST(read_file(scratch / "said") == "");
}

BOOST_AUTO_TEST_CASE(each_metric_has_its_row_in_the_readme_and_no_other_has_one)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    std::set<std::string> shown;
    std::istringstream lines{mirror.get("/metrics").body};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("# TYPE ")) shown.insert(line.substr(7));
    std::set<std::string> written;
    for (const auto& row : table_rows(section_of(read_file(UNDERSTUDY_README), "### Metrics")))
        written.insert(code_spans(row.at(0)).at(0) + " " + row.at(1));
    BOOST_TEST(shown == written, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(changes_count_by_table_and_what_they_do)
{
    served_mirror mirror{numbers + "; CREATE TABLE words (word text PRIMARY KEY)", {"public.numbers", "public.words"}};
    mirror.start();
    mirror.settle();
    mirror.sql().exec(
        "INSERT INTO numbers SELECT generate_series(3, 10); UPDATE numbers SET id = id + 100 WHERE id > 8;"
        "DELETE FROM numbers WHERE id = 3; TRUNCATE words");
    mirror.settle();
    const std::vector<std::string> expected{
        "understudy_applied_changes_total{table=\"public.numbers\",op=\"insert\"} 8",
        "understudy_applied_changes_total{table=\"public.numbers\",op=\"update\"} 2",
        "understudy_applied_changes_total{table=\"public.numbers\",op=\"delete\"} 1",
        "understudy_applied_changes_total{table=\"public.numbers\",op=\"truncate\"} 0",
        "understudy_applied_changes_total{table=\"public.words\",op=\"truncate\"} 1",
    };
    for (const auto& line : expected)
        BOOST_TEST(wait_for([&] { return mirror.get("/metrics").body.find(line + "\n") != std::string::npos; }), line);
}

BOOST_AUTO_TEST_CASE(each_phase_of_a_publish_is_timed)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    for (std::string phase : {"freeze", "write", "check", "announce"}) {
        auto none = "understudy_snapshot_phase_duration_seconds_count{phase=\"" + phase + "\"} 0\n";
        BOOST_TEST(wait_for([&] { return mirror.get("/metrics").body.find(none) == std::string::npos; }), phase);
        BOOST_TEST(mirror.get("/metrics").body.find("_count{phase=\"" + phase + "\"} ") != std::string::npos, phase);
    }
}

BOOST_AUTO_TEST_CASE(no_series_vanishes_when_the_database_is_down)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    auto first = series_in(mirror.get("/metrics").body);
    mirror.settle();
    mirror.get("/numbers/1");
    mirror.get("/numbers/9");
    auto before = series_in(mirror.get("/metrics").body);
    mirror.server().stop();
    BOOST_TEST_REQUIRE(wait_for(
        [&] { return mirror.get("/metrics").body.find("understudy_source_connected 0") != std::string::npos; }));
    auto after = series_in(mirror.get("/metrics").body);
    for (const auto& series : first) BOOST_TEST(before.contains(series), series);
    for (const auto& series : before) BOOST_TEST(after.contains(series), series);
    BOOST_TEST(after.contains("understudy_state{state=\"waiting\"}"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
