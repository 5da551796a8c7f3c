#include "support/postgres_programs.hpp"
#include "support/postgres_server.hpp"
#include "support/sql.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <stdexcept>

using namespace understudy::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

pid_t postmaster_of(const postgres_server& server)
{
    return static_cast<pid_t>(std::stol(read_file(server.data_directory() / "postmaster.pid")));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_servers)

BOOST_AUTO_TEST_CASE(every_supported_version_is_installed)
{
    BOOST_TEST(installed_postgres_versions() == (std::vector<int>{14, 15, 16, 17, 18}),
               boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(a_server_of_each_version_starts_stops_and_leaves_nothing, data::make({14, 15, 16, 17, 18}),
                     version)
{
    std::filesystem::path data_directory;
    pid_t postmaster = 0;
    {
        postgres_server server{{.version = version, .settings = {{"work_mem", "5MB"}}}};
        data_directory = server.data_directory();
        postmaster = postmaster_of(server);
        sql_session session{server.connection_string()};
        BOOST_TEST(std::stoi(session.scalar("SHOW server_version_num")) / 10000 == version);
        BOOST_TEST(session.scalar("SHOW wal_level") == "logical");
        BOOST_TEST(session.scalar("SHOW work_mem") == "5MB");
        BOOST_TEST(session.scalar("SHOW server_encoding") == "UTF8");
    }
    BOOST_TEST(!std::filesystem::exists(data_directory));
    BOOST_TEST(kill(postmaster, 0) == -1);
}

BOOST_AUTO_TEST_CASE(data_survives_a_restart_and_a_crash)
{
    postgres_server server;
    sql_session{server.connection_string()}.exec("CREATE TABLE t AS SELECT 1 AS a");
    server.restart();
    server.kill_postmaster();
    BOOST_TEST(!server.running());
    server.start();
    BOOST_TEST(sql_session{server.connection_string()}.scalar("SELECT a FROM t") == "1");
    BOOST_TEST(server.log().find("not properly shut down") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_smart_stop_waits_for_sessions_and_says_that_it_took_too_long)
{
    postgres_server server;
    sql_session session{server.connection_string()};
    BOOST_TEST(!server.stop(postgres_server::stop_mode::smart, 100ms).has_value());
    BOOST_TEST(server.stop(postgres_server::stop_mode::fast).has_value());
    BOOST_TEST(!server.running());
}

BOOST_AUTO_TEST_CASE(two_servers_live_side_by_side)
{
    postgres_server one;
    postgres_server two;
    sql_session{one.connection_string()}.exec("CREATE TABLE only_in_one ()");
    BOOST_CHECK_THROW(sql_session{two.connection_string()}.exec("SELECT FROM only_in_one"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(tcp_is_there_only_when_asked_for)
{
    postgres_server with{{.tcp = true}};
    BOOST_TEST(sql_session{with.tcp_connection_string()}.scalar("SELECT 1") == "1");
    postgres_server without;
    BOOST_TEST(sql_session{without.connection_string()}.scalar("SHOW listen_addresses") == "");
}

BOOST_AUTO_TEST_CASE(passwords_are_asked_of_every_role_but_postgres)
{
    postgres_server server{{.passwords = true}};
    sql_session{server.connection_string()}.exec("CREATE ROLE reader LOGIN PASSWORD 'secret'");
    auto connection = server.connection_string("reader");
    BOOST_CHECK_THROW(sql_session{connection + " password=wrong"}, std::runtime_error);
    BOOST_TEST(sql_session{connection + " password=secret"}.scalar("SELECT current_user") == "reader");
}

BOOST_AUTO_TEST_CASE(a_bad_setting_is_reported_with_the_log)
{
    BOOST_CHECK_EXCEPTION(
        postgres_server({.settings = {{"no_such_setting", "1"}}}), std::runtime_error,
        [](const auto& error) { return std::string{error.what()}.find("no_such_setting") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_session_gives_nulls_and_throws_on_errors)
{
    postgres_server server;
    sql_session session{server.connection_string()};
    auto rows = session.query("SELECT 'a', NULL UNION ALL SELECT 'b', ''");
    BOOST_TEST(rows.size() == 2u);
    BOOST_TEST(rows[0][0].value() == "a");
    BOOST_TEST(!rows[0][1].has_value());
    BOOST_TEST(rows[1][1].value() == "");
    BOOST_CHECK_THROW(session.scalar("SELECT NULL"), std::runtime_error);
    BOOST_CHECK_THROW(session.exec("nonsense"), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
