#include "publish_fixture.hpp"
#include "full_status.hpp"

#include <boost/json.hpp>

using namespace understudy;

BOOST_FIXTURE_TEST_SUITE(status_file_test, publish_fixture)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back)
{
    auto directory = open();
    for (const auto& report : {full_status(), status_report{}}) {
        require(write_status(directory, report));
        auto read = read_status(settings.directory);
        require(read);
        BOOST_TEST((*read == report));
    }
    BOOST_TEST((facts_of(settings.directory / "status.json").st_mode & 07777) == 0440u);
    BOOST_TEST(names_under(settings.directory) == (std::vector<std::string>{".lock", "generations", "status.json"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_reader_that_holds_the_former_file_keeps_it_whole)
{
    auto directory = open();
    require(write_status(directory, full_status()));
    std::ifstream reader{settings.directory / "status.json"};
    require(write_status(directory, {}));
    std::string seen{std::istreambuf_iterator<char>{reader}, {}};
    BOOST_TEST(status_from_json(seen).has_value());
}

BOOST_AUTO_TEST_CASE(a_cut_or_missing_status_is_an_error)
{
    auto whole = to_json(full_status());
    for (std::size_t length = 0; length + 1 < whole.size(); ++length)
        BOOST_TEST_REQUIRE(!status_from_json(std::string_view{whole}.substr(0, length)).has_value());
    require_failure(read_status(parent.path()), errc::storage_failed);
}

BOOST_AUTO_TEST_CASE(a_missing_member_is_named)
{
    auto whole = boost::json::parse(to_json(full_status())).as_object();
    for (std::string_view optional : {"clock_offset_ms", "consistency", "lag_bytes", "lag_records", "lag_seconds",
                                      "copy", "hold", "paused", "reload"})
        whole.erase(optional);
    for (const auto& member : whole) {
        auto damaged = whole;
        damaged.erase(member.key());
        auto read = status_from_json(boost::json::serialize(damaged));
        BOOST_TEST_CONTEXT("member " << member.key()) {
            BOOST_TEST_REQUIRE(!read.has_value());
            BOOST_TEST(read.error().text.find(member.key()) != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
