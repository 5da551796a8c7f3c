#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"
#include "publish/history.hpp"

#include <random>

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

using namespace understudy;
using namespace std::chrono_literals;

namespace {

struct kill_fixture : publish_fixture {
    kill_fixture()
    {
        for (int i = 0; i < 500; ++i) rows.add_row(materials, {std::to_string(100 + i), "\"x\""});
    }

    /// What a daemon does until somebody kills it.
    [[noreturn]] void publish_for_ever()
    {
        auto directory = snapshot_directory::open(settings);
        if (!directory) ::_exit(1);
        auto numbers = directory->generations();
        for (auto number = numbers->empty() ? 1 : numbers->back() + 1;; ++number) {
            rows.add_row(materials, {std::to_string(1000 + number), "\"y\""});
            if (!write(*directory, number) || !announce(*directory, number)) ::_exit(2);
            auto there = directory->generations();
            auto old = removable({.numbers = *there, .current = number, .pinned = {}, .ended = {}, .keep = 20});
            remove_generations(*directory, old);
        }
    }

    pid_t start_daemon()
    {
        auto child = ::fork();
        if (child == 0) publish_for_ever();
        return child;
    }

    static void kill_daemon(pid_t child)
    {
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        BOOST_TEST_REQUIRE(WIFSIGNALED(status), "the daemon ended by itself: " << status);
    }

    /// Reads all of what is announced, as an application may at any time.
    void read_once()
    {
        auto number = read_current(settings.directory);
        require(number);
        BOOST_TEST_REQUIRE(*number >= highest);
        highest = *number;
        auto report = verify_generation(generation(highest), check_depth::full);
        BOOST_TEST_REQUIRE(report.good(), (report.good() ? "" : report.differences.front()));
        BOOST_TEST_REQUIRE(report.found->generation == highest);
    }

    std::uint64_t highest = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kill_test, kill_fixture)

BOOST_AUTO_TEST_CASE(a_reader_always_finds_one_whole_generation_while_the_daemon_is_killed_again_and_again)
{
    auto seed = std::random_device{}();
    std::mt19937 random{seed};
    std::uniform_int_distribution<std::uint64_t> generations{0, 3};
    std::uniform_int_distribution<int> more_reads{0, 12};
    {
        auto directory = open();
        require(write(directory, 1));
        require(announce(directory, 1));
    }
    auto end = std::chrono::steady_clock::now() + 4s;
    BOOST_TEST_CONTEXT("seed " << seed) {
        for (int rounds = 0; rounds < 60 && std::chrono::steady_clock::now() < end; ++rounds) {
            auto child = start_daemon();
            auto wanted = highest + generations(random);
            while (highest < wanted && std::chrono::steady_clock::now() < end + 20s) read_once();
            for (auto left = more_reads(random); left > 0; --left) read_once();
            kill_daemon(child);
        }
        BOOST_TEST(highest > 3u);
    }
    auto directory = open();
    for (const auto& name : names_under(settings.directory / "generations")) BOOST_TEST(!is_temporary(name), name);
}

BOOST_AUTO_TEST_SUITE_END()
