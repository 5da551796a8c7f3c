#include "support/files.hpp"
#include "support/postgres_server.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <set>
#include <string>

using namespace understudy::testing;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr auto patience = 90s;
constexpr const char* tables = R"(
CREATE TABLE materials (id integer PRIMARY KEY, name text, attributes jsonb, secret text,
                        doubled integer GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE log_lines (line text);
ALTER TABLE log_lines REPLICA IDENTITY FULL;
CREATE SCHEMA sales;
CREATE TABLE sales.orders (region text, number bigint, total numeric, PRIMARY KEY (region, number));
INSERT INTO materials SELECT n, 'material ' || n, '{"a": [1, null]}' FROM generate_series(1, 1000) n;
INSERT INTO sales.orders VALUES ('north', 1, 12.50);)";

json::value schema_named(const std::string& name)
{
    return json::parse(
        read_file(std::filesystem::path{UNDERSTUDY_SOURCE_DIRECTORY} / "schemas" / (name + ".schema.json")));
}

/// What a schema says against a value; empty if nothing.
std::string objections(const std::string& name, const json::value& value)
{
    auto text = schema_named(name);
    valijson::Schema schema;
    valijson::SchemaParser parser;
    valijson::adapters::BoostJsonAdapter schema_adapter{text};
    parser.populateSchema(schema_adapter, schema);
    valijson::adapters::BoostJsonAdapter adapter{value};
    valijson::ValidationResults results;
    valijson::Validator validator;
    validator.validate(schema, adapter, &results);
    std::string all;
    for (valijson::ValidationResults::Error error; results.popError(error);) all += error.description + "\n";
    return all;
}

/// The members of a value that a schema does not describe: `.tables[].rows`.
void collect_unknown(const json::value& value, const json::object& schema, const std::string& path,
                     std::set<std::string>& unknown)
{
    if (const auto* list = value.if_array()) {
        const auto* items = schema.if_contains("items");
        for (const auto& element : *list)
            if (items != nullptr) collect_unknown(element, items->as_object(), path + "[]", unknown);
    }
    const auto* properties = schema.if_contains("properties");
    if (!value.is_object() || properties == nullptr || schema.contains("additionalProperties")) return;
    for (const auto& [name, member] : value.get_object()) {
        auto where = path + "." + std::string{name};
        if (const auto* inner = properties->as_object().if_contains(name))
            collect_unknown(member, inner->as_object(), where, unknown);
        else
            unknown.insert(where);
    }
}

void check_against(const std::string& name, const json::value& value)
{
    BOOST_TEST_CONTEXT(name) {
        BOOST_TEST(objections(name, value) == "");
        std::set<std::string> unknown;
        collect_unknown(value, schema_named(name).as_object(), "", unknown);
        BOOST_TEST(unknown == std::set<std::string>{}, boost::test_tools::per_element());
    }
}

json::value file(const std::filesystem::path& path)
{
    json::error_code damaged;
    auto value = json::parse(read_file(path), damaged);
    return damaged ? json::value{} : value;
}

struct followed_shop {
    postgres_server server;
    sidecar_process sidecar{
        {.connection = server.connection_string(),
         .tables = {"{table: public.materials, exclude: [secret]}", "public.log_lines", "sales.orders"},
         .more = "cadence: {min_interval: 100ms}\nstatus: {heartbeat: 100ms}\n"}};

    followed_shop()
    {
        sql().exec(tables);
        sidecar.start();
    }

    sql_session sql() const { return sql_session{server.connection_string()}; }
    json::value status() const { return file(sidecar.snapshot_directory() / "status.json"); }

    /// Waits for a state, checking every status on the way.
    void follow_until(const std::string& state, const std::string& reason)
    {
        auto reached = [&] {
            auto now = status();
            if (now.is_null()) return false;
            check_against("status", now);
            return now.at("state").as_string() == state && now.at("reason").as_string() == reason &&
                   now.at("generation").as_int64() > 0;
        };
        BOOST_TEST(wait_for(reached, patience), sidecar.log());
    }

    void check_generation()
    {
        check_against("manifest", file(sidecar.current("manifest.json")));
        check_against("snapshot", file(sidecar.current("snapshot.json")));
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(schemas_of_a_real_run)

BOOST_AUTO_TEST_CASE(every_file_obeys_its_schema_and_has_no_member_that_it_does_not_describe)
{
    followed_shop shop;
    shop.follow_until("streaming", "");
    shop.check_generation();

    shop.sql().exec("INSERT INTO log_lines VALUES ('first'), ('first')");
    auto written = [&] { return file(shop.sidecar.current("snapshot.json")).at("log_lines").as_array().size() == 2; };
    BOOST_TEST(wait_for(written, patience), shop.sidecar.log());
    shop.check_generation();

    shop.server.stop();
    auto waiting = [&] { return shop.status().at("state").as_string() == "waiting"; };
    BOOST_TEST(wait_for(waiting, patience), shop.sidecar.log());
    check_against("status", shop.status());
}

BOOST_AUTO_TEST_CASE(a_copy_that_waits_is_described_by_the_status_schema)
{
    followed_shop shop;
    shop.follow_until("streaming", "");
    // A copy waits for every transaction that has an id.
    auto open = shop.sql();
    open.exec("BEGIN");
    open.exec("INSERT INTO materials (id) VALUES (0)");
    shop.sql().exec("TRUNCATE log_lines");
    auto waits = [&] {
        auto now = shop.status();
        return now.at("copy").is_object() && now.at("reason_text").as_string().find("waits for") != json::string::npos;
    };
    BOOST_TEST(wait_for(waits, patience), shop.sidecar.log());
    check_against("status", shop.status());
    open.exec("COMMIT");
    shop.follow_until("streaming", "");
}

BOOST_AUTO_TEST_SUITE_END()
