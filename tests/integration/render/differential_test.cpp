#include "integration/render/database.hpp"
#include "integration/render/type_cases.hpp"
#include "render/column_format.hpp"
#include "render/fragment_key.hpp"
#include "render/type_table.hpp"
#include "support/postgres_programs.hpp"
#include "support/postgres_server.hpp"
#include "support/printing.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace understudy;
namespace data = boost::unit_test::data;

// What render makes of a value against what the server makes of it, on every version that is here.

namespace {

const std::vector<int> versions = testing::installed_postgres_versions();

std::string server_of(int version)
{
    static std::map<int, std::unique_ptr<testing::postgres_server>> servers;
    auto& server = servers[version];
    if (!server) server = std::make_unique<testing::postgres_server>(testing::server_options{.version = version});
    return server->connection_string();
}

column_format format_of(database& db, const std::string& table)
{
    auto type = db.column_type(table, "v");
    return column_format::compile(db.catalog_of(type), type).value();
}

std::string json_of(const column_format& format, const std::optional<std::string>& text)
{
    if (!text) return "null";
    std::string json;
    BOOST_TEST(format.append_json(*text, json) == error_code{}, *text);
    return json;
}

std::string key_of(const column_format& format, const std::string& text)
{
    std::string key;
    BOOST_TEST(format.append_key(text, key) == error_code{}, text);
    return key;
}

/// Compares each row of a table with one column, v.
void check_json(database& db, const std::string& table)
{
    BOOST_TEST_INFO_SCOPE(table);
    auto format = format_of(db, table);
    auto rows = db.query("SELECT v, to_json(t) FROM " + table + " t");
    BOOST_TEST(!rows.empty());
    for (const auto& row : rows) {
        auto expected = row[1].value();
        std::ranges::replace_if(expected, [](char byte) { return byte == '\n' || byte == '\r'; }, ' ');
        BOOST_TEST("{\"v\":" + json_of(format, row[0]) + "}" == expected);
    }
}

void make_table(database& db, const type_case& tested)
{
    db.query("CREATE TABLE base (v " + tested.type + ")");
    for (const auto& value : tested.values) {
        auto expression = value.starts_with("ROW(") ? value : db.literal(value);
        db.query("INSERT INTO base VALUES (CAST(" + expression + " AS " + tested.type + "))");
    }
    db.query("INSERT INTO base VALUES (NULL)");
}

/// Also a domain over one: array_agg and ARRAY make a further dimension of both, not an array of them.
bool is_array(database& db, const std::string& table)
{
    auto type = std::to_string(db.column_type(table, "v"));
    return db.query("SELECT typelem <> 0 AND typsubscript = 'array_subscript_handler'::regproc FROM pg_type "
                    "WHERE oid = (SELECT coalesce(nullif(typbasetype, 0), oid) FROM pg_type WHERE oid = " +
                    type + ")")[0][0] == "t";
}

/// Puts each value inside everything that can hold it.
void make_nested_tables(database& db, const std::string& type)
{
    db.query("CREATE DOMAIN domain_of AS " + type);
    db.query("CREATE TABLE as_domain (v domain_of); INSERT INTO as_domain SELECT v FROM base");
    db.query("CREATE TYPE composite_of AS (first " + type + ", \"a \"\"name\"\"\\\" domain_of, last int)");
    db.query(
        "CREATE TABLE as_attribute (v composite_of); INSERT INTO as_attribute SELECT ROW(v, v::domain_of, 1)::composite_of FROM base");
    db.query("CREATE TABLE as_deep (v composite_of[]);"
             "INSERT INTO as_deep SELECT array_agg(ROW(v, v::domain_of, NULL)::composite_of) FROM base");
}

void make_array_tables(database& db, const std::string& type)
{
    db.query("CREATE TABLE as_domain_array (v domain_of[]);"
             "INSERT INTO as_domain_array SELECT array_agg(v::domain_of) FROM base");
    db.query("CREATE TABLE as_array (v " + type +
             "[]);"
             "INSERT INTO as_array SELECT array_agg(v) FROM base;"
             "INSERT INTO as_array SELECT ARRAY[array_agg(v), array_agg(v)] FROM base;"
             "INSERT INTO as_array SELECT array_fill(v, ARRAY[1, 2], ARRAY[0, -1]) FROM base");
}

void drop_tables(database& db)
{
    db.query("DROP TABLE IF EXISTS base, as_domain, as_attribute, as_deep, as_domain_array, as_array;"
             "DROP TYPE IF EXISTS composite_of; DROP DOMAIN IF EXISTS domain_of");
}

/// Keys of distinct values, in the order that the server gives, each with whether it equals the one before.
void check_key_order(database& db, const type_case& tested)
{
    auto format = format_of(db, "base");
    auto order = tested.order == key_order::value ? "v" + tested.collation : "v::text COLLATE \"C\"";
    auto rows = db.query("SELECT v, " + order + " = lag(" + order +
                         ") OVER w FROM base WHERE v IS NOT NULL "
                         "WINDOW w AS (ORDER BY " +
                         order + ") ORDER BY " + order);
    std::string before;
    for (const auto& row : rows) {
        auto key = key_of(format, row[0].value());
        BOOST_TEST((key == before) == (row[1] == "t"), tested.type << ": " << *row[0]);
        BOOST_TEST((before <= key), tested.type << ": " << *row[0]);
        BOOST_TEST((before.empty() || key == before || !key.starts_with(before)), tested.type << ": " << *row[0]);
        BOOST_TEST((key < "\xFF"));
        before = key;
    }
}

/// The keys of a type's values, from their JSON alone: as from their text, and equal when the server says so.
void check_fragment_keys(database& db, oid type)
{
    auto format = format_of(db, "base");
    for (const auto& row :
         db.query("SELECT a.v, b.v, a.v = b.v FROM base a, base b WHERE a.v IS NOT NULL AND b.v IS NOT NULL")) {
        std::string from_json[2];
        for (std::size_t side = 0; side < 2; ++side) {
            BOOST_TEST(fragment_key{type}.append(json_of(format, row[side]), from_json[side]) == error_code{});
            BOOST_TEST((from_json[side] == key_of(format, row[side].value())), *row[side]);
        }
        BOOST_TEST((from_json[0] == from_json[1]) == (row[2] == "t"), *row[0] << " and " << *row[1]);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(render_against_a_server)

BOOST_DATA_TEST_CASE(every_builtin_type_that_takes_values_has_a_case, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    for (const auto& row : builtin_types()) {
        auto tested = std::ranges::any_of(type_cases(), [&](const type_case& known) {
            return db.query("SELECT " + std::to_string(row.id) + " = " + db.literal(known.type) + "::regtype")[0][0] ==
                   "t";
        });
        BOOST_TEST((tested || refuses_input(row.name)), row.name);
    }
}

BOOST_DATA_TEST_CASE(the_table_has_every_builtin_type_of_the_server, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    for (const auto& row : db.query("SELECT oid, typarray, typname FROM pg_type WHERE oid < 16384 AND "
                                    "typtype IN ('b', 'r', 'm') AND left(typname, 1) <> '_' AND "
                                    "typname <> 'pg_toast_node_tree'")) {
        const auto* found = find_builtin(static_cast<oid>(std::stoul(*row[0])));
        BOOST_TEST_REQUIRE(found != nullptr, *row[2]);
        BOOST_TEST(found->name == *row[2]);
        BOOST_TEST(std::to_string(found->array) == *row[1], *row[2]);
    }
}

BOOST_DATA_TEST_CASE(builtin_arrays_have_the_servers_delimiters, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    for (const auto& row : builtin_types())
        BOOST_TEST(std::string(1, row.delimiter) ==
                   db.query("SELECT typdelim FROM pg_type WHERE oid = " + std::to_string(row.id))[0][0].value());
}

BOOST_DATA_TEST_CASE(each_value_renders_as_to_json_prints_it, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    for (const auto& tested : type_cases())
        BOOST_TEST_CONTEXT(tested.type) {
            make_table(db, tested);
            check_json(db, "base");
            drop_tables(db);
        }
}

BOOST_DATA_TEST_CASE(each_value_renders_as_to_json_prints_it_inside_domains_composites_and_arrays, data::make(versions),
                     version)
{
    database db{server_of(version), type_definitions};
    for (const auto& tested : type_cases())
        BOOST_TEST_CONTEXT(tested.type) {
            make_table(db, tested);
            make_nested_tables(db, tested.type);
            for (const char* table : {"as_domain", "as_attribute", "as_deep"}) check_json(db, table);
            if (!is_array(db, "base")) {
                make_array_tables(db, tested.type);
                for (const char* table : {"as_array", "as_domain_array"}) check_json(db, table);
            }
            drop_tables(db);
        }
}

BOOST_DATA_TEST_CASE(keys_sort_as_the_server_sorts, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    for (const auto& tested : type_cases()) {
        if (tested.type == "xml" || tested.type == "json") continue;  // nothing to sort by, not even equality
        make_table(db, tested);
        check_key_order(db, tested);
        drop_tables(db);
    }
}

BOOST_DATA_TEST_CASE(types_whose_keys_match_have_the_same_keys_when_only_the_json_is_left, data::make(versions),
                     version)
{
    database db{server_of(version), type_definitions};
    int matching = 0;
    for (const auto& tested : type_cases()) {
        make_table(db, tested);
        auto type = db.column_type("base", "v");
        for (const auto& row : db.query("SELECT v FROM base WHERE v IS NOT NULL")) {
            std::string key;
            BOOST_TEST(fragment_key{type}.append(json_of(format_of(db, "base"), row[0]), key) == error_code{}, *row[0]);
        }
        if (keys_match(type, type)) {
            BOOST_TEST_CONTEXT(tested.type) check_fragment_keys(db, type);
            ++matching;
        }
        drop_tables(db);
    }
    BOOST_TEST(matching > 20);
}

BOOST_DATA_TEST_CASE(a_type_with_a_cast_to_json_of_its_own_is_unsupported, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    db.query("CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE sql AS 'SELECT ''1''::json';"
             "CREATE CAST (mood AS json) WITH FUNCTION mood_json(mood);"
             "CREATE TABLE base (v mood[])");
    auto type = db.column_type("base", "v");
    BOOST_TEST(column_format::compile(db.catalog_of(type), type).error() == errc::unsupported_type);
}

BOOST_DATA_TEST_CASE(a_tables_row_type_renders_without_its_dropped_columns, data::make(versions), version)
{
    database db{server_of(version), type_definitions};
    db.query("CREATE TABLE whole (a int, b text, c int[]); ALTER TABLE whole DROP COLUMN b;"
             "CREATE TABLE base (v whole); INSERT INTO base VALUES (ROW(1, '{2}')::whole)");
    check_json(db, "base");
}

BOOST_AUTO_TEST_SUITE_END()
