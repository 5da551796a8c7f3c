#include "app/reload_report.hpp"

#include "core/limits.hpp"

#include <boost/test/unit_test.hpp>

namespace understudy {

namespace {

const db_time noon{std::chrono::seconds{1'700'049'600}};
const changed_key live{"cadence.every", reload_effect::live, "1h", "10m"};
const changed_key refused{"tables", reload_effect::refused, "a", "b"};

}  // namespace

BOOST_AUTO_TEST_SUITE(reload_reports)

BOOST_AUTO_TEST_CASE(the_result_says_whether_all_some_or_nothing_took_effect)
{
    BOOST_TEST(report_reload({}, noon).result == "unchanged");
    BOOST_TEST(report_reload({live}, noon).result == "applied");
    BOOST_TEST(report_reload({live, refused}, noon).result == "partly_refused");
    BOOST_TEST(report_refused_reload("documents", "no such table", noon).result == "refused");
}

BOOST_AUTO_TEST_CASE(each_change_has_its_old_and_new_value_and_its_effect)
{
    auto report = report_reload({live, refused}, noon);
    BOOST_TEST((report.at == noon));
    BOOST_TEST_REQUIRE(report.changes.size() == 2u);
    BOOST_TEST((report.changes[0] == reload_status::change{"cadence.every", "1h", "10m", "live"}));
    BOOST_TEST((report.changes[1] == reload_status::change{"tables", "a", "b", "refused"}));
}

BOOST_AUTO_TEST_CASE(a_value_of_any_length_stays_short)
{
    auto report = report_reload({{"tables", reload_effect::live, std::string(100'000, 'x'), "b"}}, noon);
    BOOST_TEST(report.changes[0].before.size() <= limits::shown_value_bytes_max + 3);
}

BOOST_AUTO_TEST_CASE(a_file_with_mistakes_is_refused_with_all_of_them)
{
    config_failure broken;
    broken.errors.resize(2);
    broken.errors[0].message = "there is no key `nonsense`";
    broken.errors[1].message = "`1 h` is no duration";
    auto report = report_refused_reload(broken, noon);
    BOOST_TEST(report.result == "refused");
    BOOST_TEST(report.text.find("nonsense") != std::string::npos);
    BOOST_TEST(report.text.find("1 h") != std::string::npos);
    BOOST_TEST(report.changes.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
