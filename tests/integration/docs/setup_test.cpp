#include "support/child_process.hpp"
#include "support/files.hpp"
#include "support/markdown.hpp"
#include "support/postgres_server.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/stat.h>

#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 90s;
constexpr const char* tables = R"(
CREATE TABLE materials (id integer PRIMARY KEY, name text);
CREATE TABLE suppliers (id integer PRIMARY KEY, name text);
INSERT INTO materials SELECT n, 'material ' || n FROM generate_series(1, 100) n;
CREATE TABLE salaries (id integer PRIMARY KEY);)";

std::string setup_section()
{
    return section_of(read_file(UNDERSTUDY_README), "## Set up with your database");
}

/// The statements of one of the page's SQL blocks, to be sent one by one as psql does.
std::vector<std::string> statements(std::size_t block)
{
    auto blocks = fenced_blocks(setup_section(), "sql");
    if (blocks.size() != 2) throw std::runtime_error{"README has not two blocks of SQL any more"};
    std::vector<std::string> found;
    const auto& text = blocks.at(block);
    for (std::size_t from = 0, to = 0; (to = text.find(";\n", from)) != text.npos; from = to + 2)
        found.push_back(text.substr(from, to - from));
    return found;
}

void run_all(sql_session& session, const std::vector<std::string>& all)
{
    for (const auto& statement : all) session.exec(statement);
}

/// As README says it, for our address.
std::string hba_line()
{
    auto blocks = fenced_blocks(setup_section(), "pg_hba");
    if (blocks.size() != 1) throw std::runtime_error{"README has not one line for pg_hba.conf any more"};
    auto line = std::regex_replace(blocks.front(), std::regex{R"(10\.0\.0\.0/8)"}, "127.0.0.1/32");
    if (line == blocks.front()) throw std::runtime_error{"README's line for pg_hba.conf has another address"};
    return line;
}

/// A server as it comes, and then as README makes it.
struct shop {
    postgres_server server{{.settings = {{"wal_level", "replica"}}, .tcp = true}};

    shop()
    {
        sql_session{server.connection_string()}.exec("CREATE DATABASE shop");
        owner().exec(tables);
    }

    sql_session owner() const { return sql_session{server.connection_string("postgres", "shop")}; }

    void follow_readme()
    {
        sql_session session{server.connection_string("postgres", "shop")};
        run_all(session, statements(0));
        run_all(session, statements(1));
        write_file(server.data_directory() / "pg_hba.conf", "local all postgres trust\n" + hba_line());
        server.restart();
    }
};

std::string password()
{
    auto text = setup_section();
    std::smatch found;
    std::regex_search(text, found, std::regex{"PASSWORD '([^']+)'"});
    return found.str(1);
}

/// A passfile for a server on any port.
struct passfile {
    temp_directory directory;
    std::filesystem::path path = directory / "pgpass";

    passfile()
    {
        write_file(path, "*:*:*:understudy:" + password() + "\n");
        chmod(path.c_str(), 0600);
    }
};

sidecar_options options_for(const shop& at, const passfile& secret)
{
    return {.connection = at.server.tcp_connection_string("understudy", "shop") + " passfile=" + secret.path.string(),
            .tables = {"public.materials", "public.suppliers"}};
}

bool holds(const sidecar_process& sidecar, const std::string& text)
{
    return read_file(sidecar.current("snapshot.json")).find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(setup_of_readme)

BOOST_AUTO_TEST_CASE(after_its_steps_check_passes_and_run_publishes_what_changes)
{
    shop at;
    at.follow_readme();
    passfile secret;
    sidecar_process sidecar{options_for(at, secret)};
    BOOST_TEST(sidecar.run("check", {}, patience) == 0, sidecar.log());

    sidecar.start();
    BOOST_TEST(wait_for([&] { return holds(sidecar, "{\"id\":100,\"name\":\"material 100\"}"); }, patience),
               sidecar.log());
    at.owner().exec("INSERT INTO suppliers VALUES (7, 'seven')");
    BOOST_TEST(wait_for([&] { return holds(sidecar, "{\"id\":7,\"name\":\"seven\"}"); }, patience), sidecar.log());
    sidecar.signal(SIGTERM);
    BOOST_TEST(sidecar.wait(patience).value_or(-1) == 0, sidecar.log());
}

BOOST_AUTO_TEST_CASE(its_role_may_read_the_tables_and_replicate_and_nothing_else)
{
    shop at;
    at.follow_readme();
    auto session = at.owner();
    BOOST_TEST(
        session.scalar("SELECT rolcanlogin AND rolreplication AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR "
                       "rolbypassrls) FROM pg_roles WHERE rolname = 'understudy'") == "t");
    BOOST_TEST(session.scalar("SELECT string_agg(table_name || ' ' || privilege_type, ', ' ORDER BY table_name) FROM "
                              "information_schema.table_privileges WHERE grantee = 'understudy'") ==
               "materials SELECT, suppliers SELECT");
    BOOST_TEST(session.scalar("SELECT has_database_privilege('understudy', 'shop', 'CREATE')") == "f");
    BOOST_TEST(session.scalar("SELECT has_table_privilege('understudy', 'salaries', 'SELECT')") == "f");
}

BOOST_AUTO_TEST_CASE(before_its_steps_check_says_what_is_missing)
{
    shop at;
    at.owner().exec("CREATE ROLE understudy LOGIN");
    passfile secret;
    sidecar_process sidecar{options_for(at, secret)};
    BOOST_TEST(sidecar.run("check", {}, patience) == 1, sidecar.log());
    for (auto remedy : {"ALTER SYSTEM SET wal_level = 'logical'", "ALTER ROLE \"understudy\" REPLICATION;",
                        "GRANT SELECT ON \"public\".\"materials\" TO \"understudy\";"})
        BOOST_TEST(sidecar.log().find(remedy) != std::string::npos, remedy + ("\n" + sidecar.log()));
}

// Nothing is missing here that the role could not make, so there is something to be left alone.
BOOST_AUTO_TEST_CASE(check_changes_nothing)
{
    postgres_server server;
    sql_session session{server.connection_string()};
    session.exec(tables);
    sidecar_process sidecar{{.connection = server.connection_string(), .tables = {"public.materials"}}};
    std::filesystem::remove(sidecar.state_directory());
    std::filesystem::remove(sidecar.snapshot_directory());
    BOOST_TEST(sidecar.run("check", {}, patience) == 0, sidecar.log());
    BOOST_TEST(!std::filesystem::exists(sidecar.state_directory()));
    BOOST_TEST(!std::filesystem::exists(sidecar.snapshot_directory()));
    BOOST_TEST(session.scalar("SELECT count(*) FROM pg_replication_slots") == "0");
    BOOST_TEST(session.scalar("SELECT count(*) FROM pg_publication") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
