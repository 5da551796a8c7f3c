#include "child.hpp"
#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <csignal>
#include <random>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

constexpr int rows_in_group = 200;

/// Group n sets every row to n: so the position tells what every row is.
change_batch group_number(epoch rows, std::uint64_t number)
{
    change_batch batch;
    for (int row = 0; row < rows_in_group; ++row)
        batch.put(rows, fmt::format("{:04}", row), tuple({std::to_string(number), std::string(200, 'b')}));
    return batch;
}

void check_rows_match_position(store& opened, epoch rows)
{
    auto number = opened.state().position.position.value;
    auto expected = fmt::format("{},{}", number, std::string(200, 'b'));
    auto found = rows_of(opened, rows);
    BOOST_TEST(found.size() == (number == 0 ? 0u : static_cast<std::size_t>(rows_in_group)));
    for (const auto& row : found) BOOST_TEST(row == expected);
}

/// Commits group after group, telling each number that is durable, until it is killed.
int commit_for_ever(const scratch_directory& scratch, epoch rows, int told)
{
    auto opened = store::open({.directory = scratch.path(), .any_filesystem = true});
    if (!opened) return 1;
    for (auto number = (*opened)->state().position.position.value + 1;; ++number) {
        if (!(*opened)->commit_group(group_number(rows, number), position_at(number))) return 2;
        if (::write(told, &number, sizeof number) != sizeof number) return 3;
    }
}

/// Kills the child after it told of `commits` commits and `more` has passed. Returns the last number told.
std::uint64_t kill_after(const scratch_directory& scratch, epoch rows, int commits, useconds_t more)
{
    int pipe[2];
    BOOST_TEST_REQUIRE(::pipe(pipe) == 0);
    auto child = ::fork();
    if (child == 0) ::_exit(commit_for_ever(scratch, rows, pipe[1]));
    ::close(pipe[1]);
    std::uint64_t told = 0;
    for (int count = 0; count < commits; ++count)
        BOOST_TEST_REQUIRE(::read(pipe[0], &told, sizeof told) == static_cast<ssize_t>(sizeof told));
    ::usleep(more);  // only moves the kill to another place inside a commit
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &told, sizeof told) == static_cast<ssize_t>(sizeof told)) {
    }
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return told;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crashes)

BOOST_AUTO_TEST_CASE(a_process_that_ends_without_closing_loses_no_commit)
{
    scratch_directory scratch;
    auto rows = add_table(*open_store(scratch));
    auto status = in_child([&] {
        auto opened = store::open({.directory = scratch.path(), .any_filesystem = true});
        return opened && (*opened)->commit_group(group_number(rows, 9), position_at(9)) ? 0 : 1;
    });
    BOOST_TEST(status == 0);
    auto opened = open_store(scratch);
    BOOST_TEST((opened->state().position == position_at(9)));
    check_rows_match_position(*opened, rows);
}

BOOST_AUTO_TEST_CASE(a_process_killed_at_any_time_leaves_rows_that_match_their_position)
{
    auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    scratch_directory scratch;
    auto rows = add_table(*open_store(scratch));
    for (int round = 0; round < 10; ++round)
        BOOST_TEST_CONTEXT("seed " << seed << " round " << round) {
            auto told = kill_after(scratch, rows, 3, static_cast<useconds_t>(random() % 20'000));
            auto opened = open_store(scratch);
            BOOST_TEST(opened->state().position.position.value >= told);
            BOOST_TEST(opened->state().position.position.value <= told + 1);
            check_rows_match_position(*opened, rows);
        }
}

BOOST_AUTO_TEST_CASE(a_process_killed_inside_a_large_transaction_leaves_nothing_of_it)
{
    scratch_directory scratch;
    auto rows = add_table(*open_store(scratch));
    auto status = in_child([&] {
        auto opened = store::open({.directory = scratch.path(), .any_filesystem = true});
        bool done = opened && (*opened)->begin_large(0) && (*opened)->apply_large(group_number(rows, 5));
        if (done) ::raise(SIGKILL);
        return 1;
    });
    BOOST_TEST(WIFSIGNALED(status));
    auto opened = open_store(scratch);
    BOOST_TEST((opened->state().position == stored_position{}));
    check_rows_match_position(*opened, rows);
}

BOOST_AUTO_TEST_SUITE_END()
