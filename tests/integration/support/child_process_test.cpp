#include "support/child_process.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <stdexcept>

using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

child_options shell(const temp_directory& directory, const std::string& script)
{
    return {.command = {"/bin/sh", "-c", script}, .output = directory / "output"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(child_processes)

BOOST_AUTO_TEST_CASE(exit_status_and_output_are_kept)
{
    temp_directory directory;
    child_process program{shell(directory, "echo out; echo err >&2; exit 7")};
    BOOST_TEST(program.wait(10s).value() == 7);
    BOOST_TEST(program.wait(0ms).value() == 7);
    BOOST_TEST(read_file(directory / "output") == "out\nerr\n");
}

BOOST_AUTO_TEST_CASE(a_program_that_goes_on_is_not_waited_for_longer_than_the_deadline)
{
    temp_directory directory;
    child_process program{shell(directory, "exec sleep 100")};
    BOOST_TEST(!program.wait(10ms).has_value());
    BOOST_TEST(program.running());
}

BOOST_AUTO_TEST_CASE(a_signal_that_ends_a_program_is_its_status)
{
    temp_directory directory;
    child_process program{shell(directory, "exec sleep 100")};
    program.signal(SIGTERM);
    BOOST_TEST(program.wait(10s).value() == 128 + SIGTERM);
}

BOOST_AUTO_TEST_CASE(a_program_ends_with_its_owner)
{
    temp_directory directory;
    pid_t pid = 0;
    {
        child_process program{shell(directory, "trap '' TERM; exec sleep 100")};
        pid = program.pid();
    }
    BOOST_TEST(kill(pid, 0) == -1);
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_exist_exits_with_127)
{
    temp_directory directory;
    child_process program{{.command = {"/nowhere"}, .output = directory / "output"}};
    BOOST_TEST(program.wait(10s).value() == 127);
}

BOOST_AUTO_TEST_CASE(variables_are_added_and_replaced)
{
    temp_directory directory;
    auto options = shell(directory, "echo \"$HOME $ADDED\"");
    options.environment = {{"HOME", "/here"}, {"ADDED", "too"}};
    child_process program{options};
    BOOST_TEST(program.wait(10s).value() == 0);
    BOOST_TEST(read_file(directory / "output") == "/here too\n");
}

BOOST_AUTO_TEST_CASE(run_program_throws_what_a_failing_program_printed)
{
    temp_directory directory;
    BOOST_CHECK_EXCEPTION(run_program(shell(directory, "echo why; exit 1")), std::runtime_error,
                          [](const auto& error) { return std::string{error.what()}.find("why") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_temp_directory_is_removed_with_its_contents)
{
    std::filesystem::path path;
    {
        temp_directory directory;
        path = directory.path();
        std::filesystem::create_directory(directory / "inside");
        write_file(directory / "inside/file", "text");
        BOOST_TEST(read_file(directory / "inside/file") == "text");
    }
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(waiting_gives_up_at_the_deadline)
{
    BOOST_TEST(!wait_for([] { return false; }, 20ms));
    BOOST_TEST(wait_for([] { return true; }, 0ms));
}

BOOST_AUTO_TEST_SUITE_END()
