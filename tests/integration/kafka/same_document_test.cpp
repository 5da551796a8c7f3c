#include "topic_mirror.hpp"

#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>

// The same database, followed by two programs: through its log, and through Debezium's topics.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

struct typed_column {
    const char* type;
    std::vector<const char*> values;
};

// Everything that Debezium, as recommended, sends with nothing lost.
const std::vector<typed_column> columns{
    {"bool", {"true", "false"}},
    {"int2", {"-32768", "32767", "0"}},
    {"int4", {"-2147483648", "2147483647"}},
    {"int8", {"-9223372036854775808", "9223372036854775807", "9007199254740993"}},
    {"oid", {"4294967295"}},
    {"float4", {"'NaN'", "'Infinity'", "'-Infinity'", "1e-45", "3.4028235e38", "'-0'", "0.1", "16777216"}},
    {"float8", {"'NaN'", "'-Infinity'", "5e-324", "1.7976931348623157e308", "0.1", "1e15", "1e16", "1e-5", "'-0'"}},
    {"numeric",
     {"'NaN'", "1.0", "1.00", "-0.000", "1e400", "1e-400", "'Infinity'", "'-Infinity'",
      "123456789012345678901234567890.1234567890"}},
    {"numeric(20,4)", {"1", "-99999.99995", "'NaN'", "0"}},
    {"text", {"''", "'NULL'", R"('\N')", R"('"\/')", R"(E'\b\f\n\r\t\x01\x7f')", "'äß€😀'", "U&'\\2028'"}},
    {"varchar(10)", {"'ab'", "''"}},
    {"char(5)", {"'ab'", "''"}},
    {"\"char\"", {"'a'", "'\"'"}},
    {"date", {"'2024-02-29'", "'1969-12-31'", "'5874897-12-31'", "'0001-01-01'", "'infinity'", "'-infinity'"}},
    {"time", {"'24:00'", "'12:34:56.7'", "'00:00:00.000001'"}},
    {"time(3)", {"'12:34:56.789'", "'24:00'"}},
    {"timestamp",
     {"'infinity'", "'-infinity'", "'0044-03-15 12:00:00.5 BC'", "'2024-02-29 12:34:56.120000'",
      "'1969-12-31 23:59:59.999999'"}},
    {"timestamp(0)", {"'2024-02-29 12:34:56.7'"}},
    {"timestamp(3)", {"'2024-02-29 12:34:56.789'", "'1969-12-31 23:59:59.999'"}},
    {"timestamptz",
     {"'infinity'", "'-infinity'", "'0044-03-15 12:00:00.5+02 BC'", "'2024-02-29 12:34:56.12-05:30'",
      "'294276-12-31 23:59:59.999999+00'"}},
    {"timestamptz(0)", {"'2024-02-29 12:34:56.7'"}},
    {"interval", {"'-1 year -2 mons +3 days -04:05:06.789'", "'0'", "'1 mon'", "'24 hours'", "'1 day'"}},
    {"interval day to second", {"'3 days 04:05:06'"}},
    {"uuid", {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"}},
    {"bit(1)", {"B'1'", "B'0'"}},
    {"bit(11)", {"B'10100000001'", "B'00000000000'"}},
    {"json", {R"(E'{"a" :\n [1, "x\\ny", null]}')", "'null'", "' 1 '", R"('{"a":1,"a":2}')"}},
    {"jsonb", {R"('{"b": 1.00, "a": [true, null, "\u00fc"]}')", "'null'", "'\"x\"'", "'1e3'"}},
    {"xml", {"'<a>\n\"b\" &amp; é</a>'"}},
    {"bytea", {R"('\x00ff')", "''"}},
    {"inet", {"'10.0.0.1/8'", "'::1'", "'1.2.3.4'"}},
    {"cidr", {"'10.0.0.0/8'"}},
    {"macaddr", {"'08:00:2b:01:02:03'"}},
    {"macaddr8", {"'08:00:2b:01:02:03:04:05'"}},
    {"point", {"'(1.5,-2)'"}},
    {"tsvector", {"'a:1 it''s:2,3A'"}},
    {"tsquery", {"'a & !b | d:*'"}},
    {"pg_lsn", {"'16/B374D848'"}},
    {"int4range", {"'empty'", "'[1,5)'", "'(,)'"}},
    {"numrange", {"'(1.50,2]'"}},
    {"tstzrange", {"'[2020-01-01 00:00+00,infinity)'"}},
    {"daterange", {"'[2020-01-01,)'"}},
    {"int8multirange", {"'{[1,2),[5,9)}'"}},
    {"hstore", {"''", R"('a=>NULL, b=>"NULL", "q\"\\"=>", =>"')"}},
    {"citext", {"'Ab'"}},
    {"ltree", {"'a.b.c'"}},
    {"mood", {"'sad'", R"('it''s "fine"')"}},
    {"positive", {"7"}},
    {"word", {"'a b'"}},
    {"place", {"ROW(1, 2.50, E'x \"y\"\\n', '{1,2}')", "ROW(NULL, NULL, NULL, NULL)"}},
    {"floats", {"'[1.5,2.25)'"}},
    {"int4[]", {"'{}'", "'{1,NULL,3}'"}},
    {"int8[]", {"'{9007199254740993,NULL}'"}},
    {"text[]", {R"('{"a b",NULL,"NULL","\"\\",""}')", "'{}'"}},
    {"numeric[]", {"'{1.0,1e40,NULL}'"}},
    {"timestamptz[]", {"'{infinity,2024-02-29 12:34:56.5+00}'"}},
    {"uuid[]", {"'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}'"}},
    {"jsonb[]", {R"(ARRAY['{"a": 1}', 'null', NULL]::jsonb[])"}},
    {"bytea[]", {R"(ARRAY['\x00', '\xff']::bytea[])"}},
    {"mood[]", {"'{sad,happy}'"}},
    {"place[]", {"ARRAY[ROW(1, 2.50, 'x,y', '{}')::place]", "'{}'"}},
};

std::string create_statement()
{
    std::string list;
    for (std::size_t nr = 0; nr < columns.size(); ++nr) list += ", c" + std::to_string(nr) + " " + columns[nr].type;
    return "CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;"
           "CREATE TYPE mood AS ENUM ('sad', 'happy', 'it''s \"fine\"'); CREATE DOMAIN positive AS int CHECK (value > 0);"
           "CREATE DOMAIN word AS varchar(20);"
           "CREATE TYPE place AS (x int, \"a \"\"name\"\"\" numeric, note text, ns int[]);"
           "CREATE TYPE floats AS RANGE (subtype = float8);"
           "CREATE TABLE wide (id serial PRIMARY KEY" +
           list + ");";
}

constexpr const char* odd_tables = R"sql(
CREATE TABLE "Odd Name" ("Key ""1""" text, "key.2" int, "$v" text, PRIMARY KEY ("key.2", "Key ""1"""));
CREATE TABLE by_index (a text NOT NULL, b timestamptz(3) NOT NULL, v int);
CREATE UNIQUE INDEX by_index_ab ON by_index (a, b);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_ab;
CREATE TABLE sized (id uuid PRIMARY KEY, n int DEFAULT 42, made int GENERATED ALWAYS AS (n * 2) STORED, v text DEFAULT 'x');
CREATE TABLE large (id int PRIMARY KEY, n int, t text, j json, jb jsonb, b bytea, x numeric, l text NOT NULL);
ALTER TABLE large ALTER t SET STORAGE EXTERNAL, ALTER j SET STORAGE EXTERNAL, ALTER jb SET STORAGE EXTERNAL,
                  ALTER b SET STORAGE EXTERNAL, ALTER l SET STORAGE EXTERNAL;
CREATE TABLE fully (LIKE large INCLUDING STORAGE, PRIMARY KEY (id), arrays text[]);
ALTER TABLE fully REPLICA IDENTITY FULL;
CREATE TABLE nothing (id int PRIMARY KEY);
)sql";

std::string insert_statement(std::size_t nr)
{
    std::string list;
    for (const auto& column : columns) list += std::string{", "} + column.values[nr % column.values.size()];
    return "INSERT INTO wide VALUES (DEFAULT" + list + ");";
}

std::string insert_large(int id)
{
    return "INSERT INTO large SELECT " + std::to_string(id) +
           ", 0, string_agg(md5(i::text), ''), to_json(array_agg(i)), to_jsonb(array_agg(md5(i::text))),"
           " decode(string_agg(md5(i::text), ''), 'hex'), (string_agg(i::text, ''))::numeric / 7,"
           " string_agg(md5((i + 1)::text), '') FROM generate_series(1, 300) i;";
}

void write_rows(topic_mirror& through)
{
    for (std::size_t nr = 0; nr < 9; ++nr) through.exec(insert_statement(nr));
    through.exec("INSERT INTO wide DEFAULT VALUES");
}

void write_others(topic_mirror& through, int from)
{
    auto id = [&](int more) { return std::to_string(from + more); };
    through.exec("INSERT INTO \"Odd Name\" VALUES ('a', " + id(0) + ", 'v'), ('\"', " + id(1) + ", NULL), ('ü', " +
                 id(2) + ", ''), ('', " + id(3) + ", 'x')");
    through.exec("UPDATE \"Odd Name\" SET \"$v\" = 'new' WHERE \"key.2\" = " + id(0));
    through.exec("UPDATE \"Odd Name\" SET \"Key \"\"1\"\"\" = 'moved' WHERE \"key.2\" = " + id(1));
    through.exec("DELETE FROM \"Odd Name\" WHERE \"key.2\" = " + id(2));
    through.exec("INSERT INTO by_index VALUES ('a', 'epoch'::timestamptz + interval '" + id(1) +
                 " s 123 ms', 1), ('b', 'epoch'::timestamptz + interval '" + id(1) + " s', 2)");
    through.exec("UPDATE by_index SET v = v + 1; UPDATE by_index SET a = a || 'b' WHERE v > 2;"
                 "DELETE FROM by_index WHERE v = 2");
    through.exec("INSERT INTO sized (id, n, v) VALUES (md5('" + id(1) + "')::uuid, DEFAULT, DEFAULT), (md5('" + id(2) +
                 "')::uuid, NULL, NULL)");
    through.exec("UPDATE sized SET n = n + 1");
    through.exec(insert_large(from) + insert_large(from + 1) + insert_large(from + 2));
    through.exec("UPDATE large SET n = n + 1");
    through.exec("UPDATE large SET t = 'short' WHERE id = " + id(1));
    through.exec("INSERT INTO fully SELECT *, ARRAY[t, NULL, l] FROM large WHERE id IN (" + id(0) + ", " + id(2) + ")");
    through.exec("UPDATE fully SET n = n + 1; UPDATE fully SET id = -id WHERE id = " + id(2) +
                 "; UPDATE fully SET n = n + 1");
    through.exec("UPDATE large SET t = NULL, j = NULL, jb = NULL, b = NULL, x = NULL WHERE id = " + id(1));
}

/// All but the header, which says of which source it is.
std::string document_of(const sidecar_process& sidecar)
{
    auto text = read_file(sidecar.current("snapshot.json"));
    return text.substr(std::min(text.find('\n'), text.size()));
}

std::unique_ptr<sidecar_process> beside(const topic_mirror& through, const std::vector<std::string>& tables)
{
    sidecar_options options{.connection = through.connection()};
    for (const auto& table : tables) options.tables.push_back("'" + table + "'");
    options.more = "cadence:\n  min_interval: 20ms\ncommit:\n  max_delay: 20ms\nstatus:\n  heartbeat: 100ms\n";
    auto direct = std::make_unique<sidecar_process>(options);
    direct->set_environment("UNDERSTUDY_SOURCE__POSTGRES__SLOT", through.name() + "_direct");
    direct->set_environment("UNDERSTUDY_SOURCE__POSTGRES__PUBLICATION", through.name() + "_direct");
    direct->start();
    return direct;
}

/// What stands around the first byte that differs.
std::string first_difference(const std::string& direct, const std::string& through)
{
    if (direct == through) return {};
    auto at = static_cast<std::size_t>(std::ranges::mismatch(direct, through).in1 - direct.begin());
    auto from = at < 60 ? 0 : at - 60;
    return "directly: " + direct.substr(from, 120) +
           "\nthrough Debezium: " + through.substr(std::min(from, through.size()), 120);
}

/// Waits for both to hold what the database holds; then says where their bytes differ.
void check_same(topic_mirror& through, const sidecar_process& direct)
{
    BOOST_TEST(through.lasting_difference(10s) == "");
    auto expected = through.rows_of_database();
    auto is_there = [&] {
        auto file = direct.current("snapshot.json");
        return std::filesystem::exists(file) && difference(expected, read_document(file).rows).empty();
    };
    BOOST_TEST(wait_for(is_there), direct.log());
    BOOST_TEST(document_of(direct).size() > 100u);
    BOOST_TEST(first_difference(document_of(direct), document_of(through.sidecar())) == "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(same_document)

BOOST_AUTO_TEST_CASE(through_debezium_and_directly_the_document_has_the_same_bytes)
{
    std::vector<std::string> tables{"public.wide",  "public.\"Odd Name\"", "public.by_index", "public.sized",
                                    "public.large", "public.fully",        "public.nothing"};
    topic_mirror through{{.name = "same", .setup = create_statement() + odd_tables, .tables = tables}};
    write_rows(through);
    write_others(through, 1000);
    auto direct = beside(through, tables);
    through.capture();
    through.exec("INSERT INTO nothing VALUES (1)");  // its topic is there with its first row
    through.exec("DELETE FROM nothing");
    through.start();
    BOOST_TEST_CONTEXT("copied") check_same(through, *direct);
    write_rows(through);
    write_others(through, 2000);
    through.exec("UPDATE wide SET c0 = NOT c0 WHERE id % 2 = 0");
    BOOST_TEST_CONTEXT("streamed") check_same(through, *direct);
    through.exec(
        "UPDATE large SET n = n + 1; UPDATE wide SET id = -id WHERE id % 5 = 0; DELETE FROM wide WHERE id % 7 = 0;"
        "UPDATE sized SET v = v || 'y'");
    BOOST_TEST_CONTEXT("changed") check_same(through, *direct);
    BOOST_TEST(!through.manifest().at("documents").at(0).as_object().contains("withheld_rows"));
}

// Debezium sends a changed key as a new row, and of an unchanged large value only that it is one.
BOOST_AUTO_TEST_CASE(a_row_that_lost_a_large_value_is_withheld_until_it_is_whole)
{
    topic_mirror through{{.name = "withheld",
                          .setup = "CREATE TABLE large (id int PRIMARY KEY, n int, t text);"
                                   "ALTER TABLE large ALTER t SET STORAGE EXTERNAL;"
                                   "INSERT INTO large VALUES (1, 0, repeat('x', 9000)), (2, 0, 'short')",
                          .tables = {"public.large"}}};
    through.capture();
    through.start_following();
    BOOST_TEST(through.lasting_difference() == "");
    through.exec("UPDATE large SET id = 3 WHERE id = 1; UPDATE large SET n = 1; UPDATE large SET n = 2;"
                 "INSERT INTO large VALUES (4, 0, 'last')");
    auto withheld = [&] {
        return through.rows("large") ==
               std::vector<std::string>{R"({"id":2,"n":2,"t":"short"})", R"({"id":4,"n":0,"t":"last"})"};
    };
    BOOST_TEST(wait_for(withheld), through.explain());
    BOOST_TEST(through.manifest().at("documents").at(0).at("withheld_rows").as_int64() == 1);
    through.exec("UPDATE large SET t = t || '' WHERE id = 3");
    BOOST_TEST(through.lasting_difference() == "");
    BOOST_TEST(!through.manifest().at("documents").at(0).as_object().contains("withheld_rows"));
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
