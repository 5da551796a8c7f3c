#include "integration/data/mirror.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

namespace {

// A column and values of it, by whatever expression gives them.
struct typed_column {
    const char* type;
    std::vector<const char*> values;
};

const std::vector<typed_column> columns{
    {"bool", {"true", "false"}},
    {"bytea", {R"('\x00ff')", "''"}},
    {"\"char\"", {"'a'", "''"}},
    {"name", {"'n'", R"('"')"}},
    {"int2", {"-32768", "32767"}},
    {"int4", {"-2147483648", "2147483647"}},
    {"int8", {"-9223372036854775808", "9223372036854775807"}},
    {"oid", {"4294967295"}},
    {"float4", {"'NaN'", "'Infinity'", "'-Infinity'", "1e-45", "3.4028235e38", "'-0'", "0.1"}},
    {"float8", {"'NaN'", "'-Infinity'", "5e-324", "1.7976931348623157e308", "0.1", "1e15", "1e-5"}},
    {"numeric", {"'NaN'", "1.0", "1.00", "-0.000", "1e400", "1e-400", "123456789012345678901234567890.1234567890"}},
    {"numeric(20,4)", {"1", "-99999.99995"}},
    {"money", {"'-1234.50'"}},
    {"text", {"''", "'NULL'", R"('\N')", R"('"\/')", R"(E'\b\f\n\r\t\x01\x7f')", "'äß€😀'", "U&'\\2028'"}},
    {"varchar(10)", {"'ab'"}},
    {"char(5)", {"'ab'"}},
    {"date", {"'infinity'", "'-infinity'", "'0044-03-15 BC'", "'5874897-12-31'", "'2024-02-29'"}},
    {"time", {"'24:00'", "'12:34:56.7'"}},
    {"timetz", {"'12:34:56.7+05:30'"}},
    {"timestamp", {"'infinity'", "'0044-03-15 12:00:00.5 BC'", "'2024-02-29 12:34:56.120000'"}},
    {"timestamptz",
     {"'infinity'", "'4713-11-24 BC'", "'2024-02-29 12:34:56.12-05:30'", "'294276-12-31 23:59:59.999999+00'"}},
    {"timestamptz(0)", {"'2024-02-29 12:34:56.7'"}},
    {"interval", {"'-1 year -2 mons +3 days -04:05:06.789'", "'0'", "'178000000 years'"}},
    {"interval day to second", {"'3 days 04:05:06'"}},
    {"uuid", {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"}},
    {"bit(3)", {"B'101'"}},
    {"varbit", {"B''", "B'0101'"}},
    {"json", {R"(E'{"a" :\n [1, "x\\ny", null]}')", "'null'", "' 1 '", R"('{"a":1,"a":2}')"}},
    {"jsonb", {R"('{"b": 1.00, "a": [true, null, "\u00fc"]}')", "'null'", "'\"x\"'", "'1e3'"}},
    {"inet", {"'10.0.0.1/8'", "'::1'"}},
    {"cidr", {"'10.0.0.0/8'"}},
    {"macaddr", {"'08:00:2b:01:02:03'"}},
    {"macaddr8", {"'08:00:2b:01:02:03:04:05'"}},
    {"point", {"'(1.5,-0)'"}},
    {"line", {"'{1,2,3}'"}},
    {"lseg", {"'[(0,0),(1,1)]'"}},
    {"box", {"'(3,4),(1,2)'"}},
    {"path", {"'[(0,0),(1,1)]'", "'((0,0),(1,1))'"}},
    {"polygon", {"'((1,2),(3,4),(5,6))'"}},
    {"circle", {"'<(1,2),3>'"}},
    {"tsvector", {"'a:1 it''s:2,3A'"}},
    {"tsquery", {"'a & !b | d:*'"}},
    {"pg_lsn", {"'16/B374D848'"}},
    {"xid8", {"'18446744073709551615'"}},
    {"regclass", {"'pg_class'"}},
    {"int4range", {"'empty'", "'[1,5)'", "'(,)'"}},
    {"numrange", {"'(1.50,2]'"}},
    {"tstzrange", {"'[2020-01-01 00:00+00,infinity)'"}},
    {"daterange", {"'[0044-03-15 BC,)'"}},
    {"int8multirange", {"'{[1,2),[5,9)}'"}},
    {"tsmultirange", {"'{}'"}},
    {"int4[]", {"'{}'", "'{1,NULL,3}'", "'{{1,2},{3,NULL}}'", "'[0:2]={1,2,3}'"}},
    {"text[]", {R"('{"a b",NULL,"NULL","\"\\",""}')", "'{{a,b},{c,d}}'"}},
    {"numeric[]", {"'{1.0,NaN,1e40}'"}},
    {"timestamptz[]", {"'{infinity,2024-02-29 12:34:56.5+00}'"}},
    {"jsonb[]", {R"(ARRAY['{"a": 1}', 'null', NULL]::jsonb[])"}},
    {"bytea[]", {R"(ARRAY['\x00', '\xff']::bytea[])"}},
    {"mood", {"'sad'", R"('it''s "fine"')"}},
    {"mood[]", {"'{sad,happy}'"}},
    {"positive", {"7"}},
    {"positive[]", {"'{1,2}'"}},
    {"place", {"ROW(1, 2.50, E'x \"y\"\\n', '{1,2}')", "ROW(NULL, NULL, NULL, NULL)"}},
    {"place[]", {"ARRAY[ROW(1, 2.50, 'x,y', '{}')::place, NULL]"}},
    {"route", {"ROW(ROW(1, 2, '(', NULL)::place, ARRAY[ROW(3, 4, NULL, '{5}')::place], 'sad')"}},
    {"floats", {"'[1.5,2.25)'"}},
};

const std::string types =
    "CREATE TYPE mood AS ENUM ('sad', 'happy', 'it''s \"fine\"'); CREATE DOMAIN positive AS int CHECK (value > 0);"
    "CREATE TYPE place AS (x int, \"a \"\"name\"\"\" numeric, note text, ns int[]);"
    "CREATE TYPE route AS (start place, stops place[], feeling mood); CREATE TYPE floats AS RANGE (subtype = float8);";

std::string create_statement()
{
    std::string list;
    for (std::size_t nr = 0; nr < columns.size(); ++nr) list += ", c" + std::to_string(nr) + " " + columns[nr].type;
    return types + "CREATE TABLE wide (id serial PRIMARY KEY" + list + ")";
}

/// The nr-th value of each column; columns with fewer begin again.
std::string value_list(std::size_t nr)
{
    std::string list;
    for (const auto& column : columns)
        list += std::string{list.empty() ? "" : ", "} + column.values[nr % column.values.size()];
    return list;
}

void check_types(int version)
{
    constexpr std::size_t rows = 8;
    mirror source{{.version = version}};
    source.exec(create_statement());
    auto insert = [&](std::size_t nr) { source.exec("INSERT INTO wide VALUES (DEFAULT, " + value_list(nr) + ")"); };
    for (std::size_t nr = 0; nr < rows; ++nr) insert(nr);
    source.exec("INSERT INTO wide DEFAULT VALUES");
    source.start();
    BOOST_TEST_CONTEXT("copied, on " << version) BOOST_TEST(source.differences() == "");
    for (std::size_t nr = 0; nr < rows; ++nr) insert(nr);
    source.exec("INSERT INTO wide DEFAULT VALUES; UPDATE wide SET c0 = NOT c0");
    BOOST_TEST_CONTEXT("streamed, on " << version) BOOST_TEST(source.differences() == "");
    source.exec("ALTER TABLE wide REPLICA IDENTITY FULL");
    source.exec("UPDATE wide SET c0 = NOT c0; UPDATE wide SET id = -id; DELETE FROM wide WHERE id % 3 = 0");
    BOOST_TEST_CONTEXT("under replica identity full, on " << version) BOOST_TEST(source.differences() == "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types)

BOOST_AUTO_TEST_CASE(every_type_is_rendered_as_to_json_does_whether_copied_or_streamed)
{
    for (int version : {14, 15, 18}) check_types(version);
}

BOOST_AUTO_TEST_CASE(settings_of_the_role_and_the_database_do_not_show_in_the_values)
{
    mirror source;
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY, at timestamptz, took interval, f float8, b bytea, d date);"
        "INSERT INTO t VALUES (1, '2026-01-02 03:04:05.5+00', '1 day 2 hours', 0.1 + 0.2, '\\x00ff', '2026-02-01')");
    source.exec("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kolkata''', current_database());"
                "EXECUTE format('ALTER DATABASE %I SET intervalstyle = ''iso_8601''', current_database());"
                "EXECUTE format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''', current_database());"
                "EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -5', current_database());"
                "EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database()); END $$");
    source.start();
    BOOST_TEST(source.differences() == "");
    source.exec("INSERT INTO t SELECT 2, at, took, f, b, d FROM t");
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_SUITE_END()
