#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <string>

#include <sys/wait.h>

namespace {

struct answer {
    int status = -1;
    std::string text;
};

/// Runs the built program with an empty environment but `variables`, through the shell.
answer run(const std::string& arguments, const std::string& variables = "")
{
    auto line = "env -i " + variables + " " UNDERSTUDY_PROGRAM " " + arguments;
    auto* pipe = ::popen(line.c_str(), "r");
    answer got;
    std::array<char, 4096> buffer{};
    while (auto size = std::fread(buffer.data(), 1, buffer.size(), pipe)) got.text.append(buffer.data(), size);
    auto ended = ::pclose(pipe);
    got.status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return got;
}

const std::string minimal = UNDERSTUDY_CONFIG_DIRECTORY "/understudy.minimal.yaml";

}  // namespace

BOOST_AUTO_TEST_SUITE(program)

BOOST_AUTO_TEST_CASE(usage_errors_exit_2_with_a_hint)
{
    for (auto arguments : {"", "nonsense", "config --nonsense", "config extra", "config --config", "--nonsense",
                           "version config", "--config /x config"}) {
        auto got = run(std::string{arguments} + " 2>&1");
        BOOST_TEST_CONTEXT(arguments) {
            BOOST_TEST(got.status == 2);
            BOOST_TEST(got.text.find("Try: understudy ") != got.text.npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_mistyped_command_names_the_nearest)
{
    BOOST_TEST(run("confg 2>&1").text ==
               "understudy: there is no command `confg`; did you mean `config`?\nTry: understudy --help\n");
}

BOOST_AUTO_TEST_CASE(a_usage_error_leaves_stdout_empty)
{
    BOOST_TEST(run("config --nonsense 2>/dev/null").text.empty());
}

BOOST_AUTO_TEST_CASE(help_is_an_answer)
{
    for (auto arguments : {"--help", "config --help", "version --help", "--version"}) {
        auto got = run(arguments);
        BOOST_TEST_CONTEXT(arguments) BOOST_TEST(got.status == 0);
        BOOST_TEST_CONTEXT(arguments) BOOST_TEST(!got.text.empty());
    }
    BOOST_TEST(run("config --help").text.find("/etc/understudy/understudy.yaml") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_command_is_listed_and_has_help_of_its_own)
{
    auto list = run("--help").text;
    for (std::string command : {"run", "once", "check", "status", "verify", "publish", "config", "version"}) {
        auto help = run(command + " --help");
        BOOST_TEST_CONTEXT(command) {
            BOOST_TEST(list.find("\n  " + command + " ") != list.npos);
            BOOST_TEST(help.status == 0);
            BOOST_TEST(help.text.find("--config FILE") != help.text.npos);
            bool answers = command != "run" && command != "once";
            BOOST_TEST((help.text.find("--json") != help.text.npos) == answers);
            BOOST_TEST((help.text.find("--against-db") != help.text.npos) == (command == "verify"));
        }
    }
}

BOOST_AUTO_TEST_CASE(version_answers_in_both_forms)
{
    BOOST_TEST(run("version").text.starts_with("understudy"));
    auto got = boost::json::parse(run("version --json").text).as_object();
    for (auto name : {"understudy", "libpq", "lmdb", "boost", "compiler"})
        BOOST_TEST_CONTEXT(name) BOOST_TEST(!got.at(name).as_string().empty());
}

BOOST_AUTO_TEST_CASE(config_shows_values_and_origins)
{
    auto got = run("config --config " + minimal, "UNDERSTUDY_SNAPSHOT__KEEP=9");
    BOOST_TEST(got.status == 0);
    auto json = boost::json::parse(run("config --json --config " + minimal, "UNDERSTUDY_SNAPSHOT__KEEP=9").text);
    auto keep = json.at("settings").at("snapshot.keep").as_object();
    BOOST_TEST(keep.at("value").as_int64() == 9);
    BOOST_TEST(keep.at("from").as_string() == "environment");
    BOOST_TEST(keep.at("variable").as_string() == "UNDERSTUDY_SNAPSHOT__KEEP");
    auto directory = json.at("settings").at("state.directory").as_object();
    BOOST_TEST(directory.at("from").as_string() == "file");
    BOOST_TEST(directory.at("line").as_int64() == 7);
    BOOST_TEST(directory.at("column").as_int64() == 14);
}

BOOST_AUTO_TEST_CASE(understudy_config_names_the_file_and_the_option_wins)
{
    BOOST_TEST(run("config", "UNDERSTUDY_CONFIG=" + minimal).status == 0);
    BOOST_TEST(run("config --config " + minimal, "UNDERSTUDY_CONFIG=/nonexistent").status == 0);
}

BOOST_AUTO_TEST_CASE(a_bad_configuration_exits_2_with_every_error)
{
    auto got = run("config --config " + minimal + " 2>&1", "UNDERSTUDY_SNAPSHOT__KEEP=x UNDERSTUDY_LOG__LEVEL=y");
    BOOST_TEST(got.status == 2);
    BOOST_TEST(got.text.find("snapshot.keep: expected a whole number") != got.text.npos);
    BOOST_TEST(got.text.find("log.level: expected one of") != got.text.npos);
    got = run("config --json --config /nonexistent 2>/dev/null");
    BOOST_TEST(got.status == 2);
    BOOST_TEST(boost::json::parse(got.text).at("errors").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_check_without_a_database_answers_in_both_forms)
{
    const std::string nowhere = "UNDERSTUDY_SOURCE__POSTGRES__CONNECTION=host=/nonexistent";
    auto got = run("check --json --config " + minimal + " 2>/dev/null", nowhere);
    BOOST_TEST(got.status == 3);
    auto answer = boost::json::parse(got.text);
    BOOST_TEST(!answer.at("passed").as_bool());
    BOOST_TEST(answer.at("items").as_array().back().at("reason").as_string() == "unreachable");
    BOOST_TEST(run("check --config " + minimal + " 2>/dev/null", nowhere).text.find("FAILED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_password_is_printed)
{
    for (auto form : {"host=db\\ password=c4n4ry", "postgres://u:c4n4ry@db/x", "host=db\\ password\\ c4n4ry"})
        for (auto arguments : {"config --config ", "config --json --config "}) {
            auto got =
                run(arguments + minimal + " 2>&1", std::string{"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION="} + form);
            BOOST_TEST_CONTEXT(form) BOOST_TEST(!got.text.empty());
            BOOST_TEST_CONTEXT(form) BOOST_TEST(got.text.find("c4n4ry") == got.text.npos);
        }
}

BOOST_AUTO_TEST_CASE(an_answer_that_cannot_be_written_is_no_success)
{
    BOOST_TEST(run("version > /dev/full 2>/dev/null").status == 4);
}

BOOST_AUTO_TEST_SUITE_END()
