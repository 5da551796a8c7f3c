#include "integration/examples/line_process.hpp"
#include "support/postgres_server.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"
#include "unit/readers/exact_json.hpp"
#include "unit/readers/example_languages.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

// Applications that ask the database first and then the snapshot, through an outage.
namespace understudy::testing {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto patience = 90s;
constexpr const char* table = R"(
CREATE TABLE materials (id bigint PRIMARY KEY, name text, price numeric);
INSERT INTO materials SELECT n, 'round 0', n * 0.50 FROM generate_series(1, 50) n;
INSERT INTO materials VALUES (9007199254740993, 'round 0', 12345678901234567890.12345678901234567890);)";

/// One answer of an example program.
struct reply {
    json::object facts;
    json::value rows;

    bool is_from(const char* source) const { return text("source") == source; }
    double age() const { return facts.at("age_seconds").to_number<double>(); }
    std::int64_t generation() const { return facts.at("generation").as_int64(); }
    std::string text(const char* name) const
    {
        const auto* found = facts.if_contains(name);
        return found != nullptr && found->is_string() ? json::value_to<std::string>(*found) : "";
    }
};

struct bounds {
    std::string max_age = "600";
    std::string pause = "0";
    std::string timeout = "30";
};

class application {
public:
    application(std::vector<std::string> command, const std::string& snapshot, const std::string& connection,
                const bounds& within)
        : process_{with(std::move(command), {snapshot, connection, within.max_age, within.pause, within.timeout})}
    {
    }

    reply read(const std::string& query = "")
    {
        auto line = process_.ask(query);
        reply made{.facts = json::parse(line).as_object(), .rows = {}};
        if (made.facts.contains("rows")) made.rows = exact_json(line).at("rows");
        return made;
    }

    /// A read that must not fail.
    reply good_read()
    {
        auto made = read();
        BOOST_TEST(!made.facts.contains("error"), json::serialize(made.facts));
        return made;
    }

private:
    static std::vector<std::string> with(std::vector<std::string> command, const std::vector<std::string>& arguments)
    {
        command.insert(command.end(), arguments.begin(), arguments.end());
        return command;
    }

    line_process process_;
};

/// A database, its sidecar, and the applications of one language.
struct shop {
    explicit shop(const std::string& language)
    {
        for (auto& each : example_languages())
            if (each.name == language) command = each.materials;
        sql().exec(table);
        sidecar.start();
    }

    sql_session sql() const { return sql_session{server.connection_string()}; }

    application open(const bounds& within = {}) const { return open_at(server.connection_string(), within); }

    application open_at(const std::string& connection, const bounds& within) const
    {
        return {command, sidecar.snapshot_directory(), connection, within};
    }

    json::value rows() const
    {
        return exact_json(
            sql().scalar("SELECT json_agg(t) FROM (SELECT id, name, price FROM materials ORDER BY id) t"));
    }

    bool has_published(const json::value& rows) const
    {
        auto text = read_file(sidecar.current("snapshot.json"));
        return !text.empty() && exact_json(text).at("materials") == rows;
    }

    /// Whether the status says of what is announced that it is as new as itself. It follows the announcement.
    bool is_proved() const
    {
        auto status = json::parse(read_file(sidecar.snapshot_directory() / "status.json"));
        auto manifest = json::parse(read_file(sidecar.current("manifest.json")));
        const auto& proved = status.at("current_as_of");
        const auto& content = manifest.at("content_as_of");
        return status.at("generation") == manifest.at("generation") && proved.is_string() &&
               (content.is_null() || proved.get_string() >= content.get_string());
    }

    /// Returns the rows that database and snapshot both have now.
    json::value publish() const
    {
        auto wanted = rows();
        auto done = [&] { return has_published(wanted) && is_proved(); };
        BOOST_TEST(wait_for(done, patience), sidecar.log());
        return wanted;
    }

    postgres_server server;
    sidecar_process sidecar{{.connection = server.connection_string(),
                             .tables = {"public.materials"},
                             .more = "cadence: {min_interval: 100ms}\nstatus: {heartbeat: 100ms}\n"}};
    std::vector<std::string> command;
};

/// A server that takes connections and does not answer.
class stopped_process {
public:
    explicit stopped_process(const postgres_server& server)
        : pid_{std::stoi(read_file(server.data_directory() / "postmaster.pid"))}
    {
        kill(pid_, SIGSTOP);
    }
    stopped_process(const stopped_process&) = delete;
    stopped_process& operator=(const stopped_process&) = delete;
    ~stopped_process() { kill(pid_, SIGCONT); }

private:
    pid_t pid_;
};

/// In its place, as no daemon does it.
void cut(const std::filesystem::path& document)
{
    std::filesystem::permissions(document, std::filesystem::perms{0640});
    std::filesystem::resize_file(document, std::filesystem::file_size(document) / 2);
}

void check_snapshot(const reply& got, const json::value& rows)
{
    BOOST_TEST(got.is_from("snapshot"), json::serialize(got.facts));
    BOOST_TEST((got.rows == rows));
    BOOST_TEST(got.age() >= 0);
    BOOST_TEST(got.generation() > 0);
    BOOST_TEST(got.text("content_as_of") != "");
    BOOST_TEST(got.text("current_as_of") >= got.text("content_as_of"));
    BOOST_TEST(got.text("warning") == "");
    BOOST_TEST(got.text("why") != "");
}

void check_database(const reply& got, const json::value& rows)
{
    BOOST_TEST(got.is_from("database"), json::serialize(got.facts));
    BOOST_TEST((got.rows == rows));
    BOOST_TEST(got.age() == 0);
}

void live_through_an_outage(const std::string& language)
{
    shop at{language};
    at.publish();
    at.sql().exec("INSERT INTO materials VALUES (0, 'Größe \"10\"', NULL)");
    auto rows = at.publish();
    auto app = at.open();
    auto patient = at.open({.pause = "600"});
    auto strict = at.open({.max_age = "0", .pause = "600"});
    for (auto* each : {&app, &patient, &strict}) check_database(each->good_read(), rows);
    BOOST_TEST(app.read("SELECT nonsense FROM materials").text("error") == "mistake");
    BOOST_TEST(at.open_at(at.server.connection_string("stranger"), {}).read().text("error") == "mistake");

    at.server.stop();
    auto first = app.good_read();
    check_snapshot(first, rows);
    check_snapshot(patient.good_read(), rows);
    BOOST_TEST(strict.read().text("error") == "too_old");
    BOOST_TEST(wait_for([&] { return app.good_read().age() > first.age() + 0.2; }, patience));

    at.sidecar.signal(SIGKILL);
    at.sidecar.wait(patience);
    check_snapshot(app.good_read(), rows);
    check_snapshot(at.open().good_read(), rows);

    cut(at.sidecar.current("snapshot.json"));
    check_snapshot(app.good_read(), rows);  // it holds what it has read
    BOOST_TEST(at.open().read().text("error") == "torn");

    at.server.start();
    check_database(app.good_read(), rows);
    check_snapshot(patient.good_read(), rows);
    check_database(strict.good_read(), rows);
}

/// Each statement gives all rows one name, so a read that mixed two generations would show two names. Times are texts
/// of one form, so they compare as texts.
void read_while_generations_change(const std::string& language)
{
    shop at{language};
    at.publish();
    auto sql = at.sql();
    auto app = at.open_at("host=/nowhere", {.pause = "600"});
    std::vector<std::string> acknowledged{""};
    std::set<std::int64_t> generations;
    auto seen_enough = [&] {
        sql.exec("UPDATE materials SET name = 'round " + std::to_string(acknowledged.size()) + "'");
        acknowledged.push_back(
            sql.scalar(R"(SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))"));
        auto got = app.good_read();
        std::set<std::string> names;
        for (const auto& row : got.rows.as_array()) names.insert(json::value_to<std::string>(row.at("name")));
        BOOST_TEST(names.size() == 1u);
        BOOST_TEST((generations.empty() || *generations.rbegin() <= got.generation()));
        generations.insert(got.generation());
        auto round = std::stoul(names.begin()->substr(6));
        if (round + 1 < acknowledged.size()) BOOST_TEST(got.text("current_as_of") < acknowledged[round + 1]);
        return generations.size() >= 5;
    };
    BOOST_TEST(wait_for(seen_enough, patience), at.sidecar.log());
}

void do_not_wait_for_a_server_that_hangs(const std::string& language)
{
    shop at{language};
    at.sql().exec("INSERT INTO materials VALUES (0, 'Größe \"10\"', NULL)");
    auto rows = at.publish();
    auto app = at.open({.timeout = "2"});
    {
        stopped_process hanging{at.server};
        auto began = std::chrono::steady_clock::now();
        auto got = app.good_read();
        BOOST_TEST(got.is_from("snapshot"));
        BOOST_TEST((got.rows == rows));
        BOOST_TEST((std::chrono::steady_clock::now() - began < 20s));
    }
    BOOST_TEST(wait_for([&] { return app.good_read().is_from("database"); }, patience));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(python_application)

BOOST_AUTO_TEST_CASE(no_read_fails_in_an_outage_and_the_database_is_used_again)
{
    live_through_an_outage("python");
}

BOOST_AUTO_TEST_CASE(a_read_never_mixes_two_generations_nor_takes_one_for_newer_than_it_is)
{
    read_while_generations_change("python");
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_costs_a_timeout_and_no_read)
{
    do_not_wait_for_a_server_that_hangs("python");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(node_application)

BOOST_AUTO_TEST_CASE(no_read_fails_in_an_outage_and_the_database_is_used_again)
{
    live_through_an_outage("node");
}

BOOST_AUTO_TEST_CASE(a_read_never_mixes_two_generations_nor_takes_one_for_newer_than_it_is)
{
    read_while_generations_change("node");
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_costs_a_timeout_and_no_read)
{
    do_not_wait_for_a_server_that_hangs("node");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(go_application)

BOOST_AUTO_TEST_CASE(no_read_fails_in_an_outage_and_the_database_is_used_again)
{
    live_through_an_outage("go");
}

BOOST_AUTO_TEST_CASE(a_read_never_mixes_two_generations_nor_takes_one_for_newer_than_it_is)
{
    read_while_generations_change("go");
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_costs_a_timeout_and_no_read)
{
    do_not_wait_for_a_server_that_hangs("go");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cpp_application)

BOOST_AUTO_TEST_CASE(no_read_fails_in_an_outage_and_the_database_is_used_again)
{
    live_through_an_outage("cpp");
}

BOOST_AUTO_TEST_CASE(a_read_never_mixes_two_generations_nor_takes_one_for_newer_than_it_is)
{
    read_while_generations_change("cpp");
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_costs_a_timeout_and_no_read)
{
    do_not_wait_for_a_server_that_hangs("cpp");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
