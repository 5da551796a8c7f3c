#include "app/pause_marker.hpp"

#include "support/files.hpp"

#include <boost/test/unit_test.hpp>

namespace understudy {

namespace {

using namespace std::chrono_literals;
using testing::temp_directory;
using testing::write_file;

const pause_facts annas{std::chrono::system_clock::time_point{1'700'000'000s}, "anna", "the \"import\" is wrong"};

}  // namespace

BOOST_AUTO_TEST_SUITE(pause_marker)

BOOST_AUTO_TEST_CASE(without_a_marker_nothing_is_paused)
{
    temp_directory state;
    BOOST_TEST(!read_pause(state.path()).has_value());
    BOOST_TEST(remove_pause(state.path()).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back_until_it_is_removed)
{
    temp_directory state;
    BOOST_TEST_REQUIRE(write_pause(state.path(), annas).has_value());
    auto read = read_pause(state.path());
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST((read->since == annas.since));
    BOOST_TEST(read->by == "anna");
    BOOST_TEST(read->reason == annas.reason);
    BOOST_TEST(remove_pause(state.path()).has_value());
    BOOST_TEST(!read_pause(state.path()).has_value());
}

BOOST_AUTO_TEST_CASE(a_marker_that_is_damaged_pauses_too)
{
    for (const auto* damaged : {"", "{", "[]", R"({"since":"yesterday","by":"x","reason":""})", R"({"by":1})"}) {
        temp_directory state;
        write_file(state / "paused.json", damaged);
        auto read = read_pause(state.path());
        BOOST_TEST_CONTEXT(damaged) {
            BOOST_TEST_REQUIRE(read.has_value());
            BOOST_TEST(describe(*read).find("cannot be read") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_marker_that_cannot_be_written_is_an_error_and_leaves_none)
{
    temp_directory state;
    BOOST_TEST(!write_pause(state / "missing", annas).has_value());
    BOOST_TEST(!read_pause(state / "missing").has_value());
}

BOOST_AUTO_TEST_CASE(the_sentence_says_since_when_by_whom_why_and_how_it_ends)
{
    BOOST_TEST(describe(annas) == "publishing is paused since 2023-11-14T22:13:20.000000Z by anna "
                                  "(the \"import\" is wrong); `understudy resume` ends that");
    BOOST_TEST(describe({annas.since, "anna\x1b[31m", ""}).find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
