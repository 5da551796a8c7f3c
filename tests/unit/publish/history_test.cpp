#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"
#include "publish/history.hpp"

using namespace understudy;
using namespace std::chrono_literals;

namespace {

using numbers = std::vector<std::uint64_t>;

const history_facts::steady_time now{1000s};

history_facts six()
{
    return {
        .numbers = {1, 2, 3, 4, 5, 6}, .current = 5, .pinned = {}, .ended = {}, .keep = 2, .grace = 60s, .now = now};
}

#define CHECK_REMOVABLE(facts, ...) \
    BOOST_TEST(removable(facts) == (numbers{__VA_ARGS__}), boost::test_tools::per_element())

}  // namespace

BOOST_FIXTURE_TEST_SUITE(history_test, publish_fixture)

BOOST_AUTO_TEST_CASE(the_newest_are_kept_and_the_current_one_counts)
{
    auto facts = six();
    CHECK_REMOVABLE(facts, 1, 2, 3);
    facts.keep = 5;
    CHECK_REMOVABLE(facts);
    facts.keep = 0;
    CHECK_REMOVABLE(facts, 1, 2, 3, 4);
}

BOOST_AUTO_TEST_CASE(without_a_current_one_nothing_is_removed)
{
    auto facts = six();
    facts.current.reset();
    CHECK_REMOVABLE(facts);
}

BOOST_AUTO_TEST_CASE(one_above_the_current_is_never_removed)
{
    auto facts = six();
    facts.current = 2;
    facts.keep = 1;
    CHECK_REMOVABLE(facts, 1);
}

BOOST_AUTO_TEST_CASE(a_pinned_one_is_kept_and_does_not_count)
{
    auto facts = six();
    facts.pinned = {1, 4};
    CHECK_REMOVABLE(facts, 2);
}

BOOST_AUTO_TEST_CASE(one_that_was_current_a_moment_ago_is_kept_until_its_grace_is_over)
{
    auto facts = six();
    facts.keep = 1;
    facts.ended = {{4, now - 59'999ms}, {3, now - 60s}};
    CHECK_REMOVABLE(facts, 1, 2, 3);
}

BOOST_AUTO_TEST_CASE(removed_generations_are_gone_and_links_to_their_files_stay)
{
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    require(write(directory, 2, &*first));
    BOOST_TEST(remove_generations(directory, numbers{1}).empty());
    BOOST_TEST(names_under(settings.directory / "generations") == std::vector<std::string>{"0000000002"},
               boost::test_tools::per_element());
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_held_open_stays_whole_for_its_reader)
{
    auto directory = open();
    require(write(directory, 1));
    std::ifstream reader{generation(1) / "manifest.json"};
    auto before = slurp(generation(1) / "manifest.json");
    BOOST_TEST(remove_generations(directory, numbers{1}).empty());
    BOOST_TEST((std::string{std::istreambuf_iterator<char>{reader}, {}} == before));
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_removed_is_named_and_stops_nothing)
{
    auto directory = open();
    require(write(directory, 1));
    require(write(directory, 2));
    fs::create_directories(generation(1) / "planted" / "deeper");
    BOOST_TEST(remove_generations(directory, numbers{1, 2, 7}) == (numbers{1, 7}), boost::test_tools::per_element());
    BOOST_TEST(!fs::exists(generation(2)));
}

BOOST_AUTO_TEST_SUITE_END()
