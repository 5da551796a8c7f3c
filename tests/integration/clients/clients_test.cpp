#include "integration/reads/loopback_mirror.hpp"

#include "support/child_process.hpp"
#include "support/printing.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <map>
#include <sstream>

// PostgREST's own client libraries are pointed at the sidecar; what they make of its answers is compared with SQL.

namespace understudy::testing {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::string schema = R"SQL(
CREATE TABLE things (id int PRIMARY KEY, n int, t text, b boolean, d date, jb jsonb);
INSERT INTO things VALUES
    (1, 1, 'plain', true, '2026-01-01', '{"k": "v1", "list": [1, 2]}'),
    (2, 2, 'a,b', true, '2026-01-02', '{"k": "v2"}'),
    (3, 3, 'quo"te', false, '2026-01-03', '{"k": null}'),
    (4, 4, '(x)', NULL, NULL, NULL),
    (5, 5, 'back\slash', false, '2026-01-05', '[]'),
    (6, NULL, NULL, true, 'infinity', '5');
)SQL";

/// What each question of the scripts means. Those that differ between the languages have a name of their own.
const std::map<std::string, std::string> rows_in_sql{
    {"all", "SELECT * FROM things ORDER BY id"},
    {"columns", "SELECT t AS title, id, jb->'k' AS k, jb->>'k' AS kk FROM things ORDER BY id"},
    {"eq", "SELECT id FROM things WHERE t = 'a,b'"},
    {"neq", "SELECT id FROM things WHERE n <> 3 ORDER BY id"},
    {"gt", "SELECT id FROM things WHERE n > 2 ORDER BY id"},
    {"gte_lt", "SELECT id FROM things WHERE n >= 2 AND n < 5 ORDER BY id"},
    {"lte", "SELECT id FROM things WHERE d <= '2026-01-03' ORDER BY id"},
    {"in", R"(SELECT id FROM things WHERE t IN ('a,b', 'quo"te', '(x)', 'back\slash') ORDER BY id)"},
    {"in_numbers", "SELECT id FROM things WHERE n IN (1, 2) ORDER BY id"},
    {"is_null", "SELECT id FROM things WHERE n IS NULL ORDER BY id"},
    {"is_true", "SELECT id FROM things WHERE b IS TRUE ORDER BY id"},
    {"not", "SELECT id FROM things WHERE NOT t IN ('a,b', 'plain') ORDER BY id"},
    {"not_numbers", "SELECT id FROM things WHERE NOT n IN (1, 2) ORDER BY id"},
    {"or", "SELECT id FROM things WHERE n = 1 OR (n > 4 AND b IS FALSE) OR t LIKE '%te' ORDER BY id"},
    {"like", "SELECT id FROM things WHERE t LIKE '%a%' ORDER BY id"},
    {"ilike", "SELECT id FROM things WHERE t ILIKE 'PL_IN' ORDER BY id"},
    {"json", "SELECT id FROM things WHERE jb->>'k' = 'v2'"},
    {"match", "SELECT id FROM things WHERE n = 2 AND b"},
    {"filter", "SELECT id FROM things WHERE id IN (1, 2) ORDER BY id"},
    {"order", "SELECT id, n FROM things ORDER BY n DESC NULLS LAST, id"},
    {"limit", "SELECT id FROM things ORDER BY id LIMIT 2"},
    {"range", "SELECT id FROM things ORDER BY id LIMIT 3 OFFSET 1"},
    {"count", "SELECT id FROM things ORDER BY id LIMIT 2"},
};

fs::path cache()
{
    if (const char* given = std::getenv("XDG_CACHE_HOME")) return fs::path{given} / "understudy";
    const char* home = std::getenv("HOME");
    return fs::path{home != nullptr ? home : "/"} / ".cache/understudy";
}

/// Where ./dev setup put a client; it fetches exactly one version of each.
fs::path fetched(const std::string& prefix)
{
    std::error_code none;
    for (const auto& entry : fs::directory_iterator{cache(), none})
        if (entry.path().filename().string().starts_with(prefix) && fs::exists(entry.path() / "ready"))
            return entry.path();
    throw std::runtime_error{prefix + " is not there: ./dev setup fetches it"};
}

using answers = std::map<std::string, json::object>;

struct client_fixture {
    client_fixture() : mirror{schema, {"public.things"}} { mirror.start(); }

    /// Runs a script with the service's address, and reads `name, tab, answer` from each line of what it prints.
    answers ask(std::vector<std::string> command, const std::string& path_name, const fs::path& path)
    {
        auto printed = mirror.home() / "answers";
        command.push_back("http://127.0.0.1:" + std::to_string(mirror.port()));
        run_program({.command = command, .output = printed, .run_as = {}, .environment = {{path_name, path.string()}}});
        answers all;
        std::istringstream lines{read_file(printed)};
        for (std::string line; std::getline(lines, line);) {
            auto tab = line.find('\t');
            if (tab != line.npos) all.emplace(line.substr(0, tab), json::parse(line.substr(tab + 1)).as_object());
        }
        return all;
    }

    json::value rows(const std::string& query)
    {
        return json::parse(mirror.sql().scalar("SELECT coalesce(json_agg(x), '[]') FROM (" + query + ") x"));
    }

    void compare_rows(const answers& all, const std::map<std::string, std::string>& names)
    {
        for (const auto& [name, sql_name] : names)
            BOOST_TEST_CONTEXT(name) {
                BOOST_TEST_REQUIRE(all.contains(name));
                const auto& got = all.at(name);
                BOOST_TEST(got.at("error").is_null());
                BOOST_TEST(json::serialize(got.at("data")) == json::serialize(rows(rows_in_sql.at(sql_name))));
            }
    }

    static void expect(const answers& all, const std::string& name, const std::string& data, const std::string& error,
                       const std::string& count = "null")
    {
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST_REQUIRE(all.contains(name));
            const auto& got = all.at(name);
            BOOST_TEST(json::serialize(got.at("data")) == data);
            BOOST_TEST(json::serialize(got.at("error")) == (error.empty() ? "null" : '"' + error + '"'));
            BOOST_TEST(json::serialize(got.at("count")) == count);
        }
    }

    /// The answers that are the same in both languages and are no arrays of rows.
    static void compare_others(const answers& all)
    {
        expect(all, "single", R"({"id":2,"t":"a,b"})", "");
        expect(all, "single_of_none", "null", "PGRST116");
        expect(all, "single_of_many", "null", "PGRST116");
        expect(all, "maybe", R"({"id":3})", "");
        expect(all, "maybe_none", "null", "");
        expect(all, "unknown_column", "null", "42703");
        expect(all, "unknown_table", "null", "PGRST205");
        expect(all, "bad_value", "null", "22P02");
        expect(all, "insert", "null", "PGRST117");
        expect(all, "delete", "null", "PGRST117");
        BOOST_TEST(all.at("count").at("count").as_int64() == 6);
        BOOST_TEST(all.at("head").at("count").as_int64() == 4);
        const std::string csv = all.at("csv").at("data").as_string().c_str();
        BOOST_TEST(csv == "id,t,n\n1,plain,1\n2,\"a,b\",2\n3,\"quo\"\"te\",3\n4,(x),4\n5,back\\slash,5\n6,,\n");
    }

    loopback_mirror mirror;
};

std::map<std::string, std::string> same_names()
{
    std::map<std::string, std::string> names;
    for (const auto& [name, sql] : rows_in_sql)
        if (name != "in_numbers" && name != "not_numbers") names.emplace(name, name);
    return names;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(clients, client_fixture)

BOOST_AUTO_TEST_CASE(the_javascript_client_reads_what_sql_reads)
{
    auto all = ask({"/usr/bin/env", "node", CLIENT_SCRIPTS "/reads.cjs"}, "NODE_PATH",
                   fetched("postgrest-js-") / "node_modules");
    compare_rows(all, same_names());
    compare_others(all);
    expect(all, "maybe_many", "null", "PGRST116");
    expect(all, "beyond", "null", "PGRST103");
    BOOST_TEST(all.at("count").at("status").as_int64() == 206);
    BOOST_TEST(all.at("insert").at("status").as_int64() == 405);
}

BOOST_AUTO_TEST_CASE(the_python_client_reads_what_sql_reads)
{
    auto all = ask({"/usr/bin/env", "python3", CLIENT_SCRIPTS "/reads.py"}, "PYTHONPATH", fetched("postgrest-py-"));
    auto names = same_names();
    names.erase("filter");
    names["in"] = "in_numbers";
    names["not"] = "not_numbers";
    compare_rows(all, names);
    compare_others(all);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
