#include "integration/data/mirror.hpp"
#include "support/waiting.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

using namespace understudy::testing;

namespace fs = std::filesystem;

namespace {

/// Whether any file below holds these bytes.
bool holds(const fs::path& directory, const std::string& bytes)
{
    for (const auto& entry : fs::recursive_directory_iterator{directory})
        if (entry.is_regular_file() && read_file(entry.path()).find(bytes) != std::string::npos) return true;
    return false;
}

ino_t inode_of(const fs::path& file)
{
    struct stat facts{};
    if (stat(file.c_str(), &facts) != 0) throw std::runtime_error{"no file " + file.string()};
    return facts.st_ino;
}

/// The rows of one member as they stand in the file.
std::vector<std::string> rows_in_order(const fs::path& file, const std::string& member)
{
    std::ifstream text{file};
    std::string line;
    while (std::getline(text, line) && line != "\"" + member + "\":[") continue;
    std::vector<std::string> rows;
    while (std::getline(text, line) && !line.starts_with(']'))
        rows.push_back(line.ends_with(',') ? line.substr(0, line.size() - 1) : line);
    return rows;
}

std::vector<std::string> query_rows(sql_session& session, const std::string& query)
{
    std::vector<std::string> rows;
    for (auto& row : session.query(query)) rows.push_back(row[0].value());
    return rows;
}

const std::string shop =
    "CREATE TABLE materials (id int PRIMARY KEY, name text, weight numeric, secret text);"
    "CREATE TABLE suppliers (code text PRIMARY KEY, name text);"
    "INSERT INTO materials SELECT i, 'material ' || i, i / 3.0, 'canary-' || i FROM generate_series(1, 20) i;"
    "INSERT INTO suppliers VALUES ('a\"b', 'quoted'), ('ü', 'umlaut'), ('', 'empty')";

}  // namespace

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(hostile_names_of_schemas_tables_and_columns_are_mirrored)
{
    mirror source{{.tables = {R"('"we ird"."it''s ""quoted"""')", R"('"we ird"."SELECT"')",
                              R"('"we ird"."ünïcode 😀"')", R"('"we ird"."a.b"')"}}};
    source.exec(R"sql(
        CREATE SCHEMA "we ird";
        CREATE TABLE "we ird"."it's ""quoted""" ("the ""id""" int PRIMARY KEY, "from" text, "%s {} \n" text, "a,b" int);
        CREATE TABLE "we ird"."SELECT" ("Order" int PRIMARY KEY, "../../x" text, "<script>" text);
        CREATE TABLE "we ird"."ünïcode 😀" ("schlüssel" text PRIMARY KEY, "$1" int);
        CREATE TABLE "we ird"."a.b" ("a.b" int PRIMARY KEY);
        INSERT INTO "we ird"."it's ""quoted""" VALUES (1, 'x', 'y', 2);
        INSERT INTO "we ird"."SELECT" VALUES (1, 'x', 'y'))sql");
    source.start();
    BOOST_TEST(source.differences() == "");
    source.exec(R"sql(
        INSERT INTO "we ird"."it's ""quoted""" VALUES (2, 'x', 'y', 2);
        UPDATE "we ird"."it's ""quoted""" SET "the ""id""" = 7 WHERE "from" = 'x' AND "the ""id""" = 1;
        DELETE FROM "we ird"."SELECT"; INSERT INTO "we ird"."SELECT" VALUES (5, '%s', '\');
        INSERT INTO "we ird"."ünïcode 😀" VALUES ('ä', 1), ('z', 2);
        INSERT INTO "we ird"."a.b" VALUES (1))sql");
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_CASE(whole_schemas_and_tables_of_other_schemas_are_mirrored)
{
    mirror source{{.tables = {"sales.*", "public.single"}}};
    source.exec(
        "CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY); CREATE TABLE sales.lines (id int PRIMARY KEY, n int);"
        "CREATE TABLE sales.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE TABLE sales.parts_1 PARTITION OF sales.parts FOR VALUES FROM (0) TO (10);"
        "CREATE VIEW sales.seen AS SELECT 1; CREATE UNLOGGED TABLE sales.scratch (id int PRIMARY KEY);"
        "CREATE TABLE single (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY);"
        "INSERT INTO sales.parts VALUES (1); INSERT INTO other VALUES (1)");
    source.start();
    source.exec(
        "INSERT INTO sales.orders VALUES (1); INSERT INTO sales.lines VALUES (1, 1); INSERT INTO other VALUES (2)");
    auto tables = source.all_tables();
    std::erase_if(tables, [](const oracle_table& table) { return table.member == "other"; });
    BOOST_TEST(tables.size() == 5U);
    BOOST_TEST(source.differences(tables) == "");
}

BOOST_AUTO_TEST_CASE(bytes_of_an_excluded_column_never_reach_the_disk)
{
    mirror source{{.tables = {"{table: public.materials, exclude: [secret]}", "public.suppliers"}}};
    source.exec(shop);
    source.start();
    source.exec(
        "UPDATE materials SET secret = 'canary-later', weight = 1 WHERE id < 5; DELETE FROM materials WHERE id = 9;"
        "INSERT INTO materials VALUES (100, 'new', 1, 'canary-new'); ALTER TABLE materials REPLICA IDENTITY FULL");
    source.exec("UPDATE materials SET secret = 'canary-full'; UPDATE materials SET id = 200 WHERE id = 100");
    std::vector<oracle_table> tables{{.table = "materials", .member = "materials", .columns = {"id", "name", "weight"}},
                                     {.table = "suppliers", .member = "suppliers"},
                                     {.table = "test.marker", .member = "test.marker"}};
    BOOST_TEST(source.differences(tables) == "");
    source.stop();
    BOOST_TEST(!holds(source.sidecar().state_directory(), "canary-"));
    BOOST_TEST(!holds(source.sidecar().snapshot_directory(), "canary-"));
    BOOST_TEST(holds(source.sidecar().state_directory(), "material 3"));
}

BOOST_AUTO_TEST_CASE(only_the_chosen_columns_are_mirrored_in_the_tables_order)
{
    mirror source{{.tables = {"{table: public.materials, columns: [weight, id]}"}}};
    source.exec(shop);
    source.start();
    source.exec("UPDATE materials SET secret = 'x'; UPDATE materials SET weight = 7.50 WHERE id = 3");
    std::vector<oracle_table> tables{{.table = "materials", .member = "materials", .columns = {"id", "weight"}},
                                     {.table = "test.marker", .member = "test.marker"}};
    BOOST_TEST(source.differences(tables) == "");
}

BOOST_AUTO_TEST_CASE(shaped_documents_hold_the_chosen_tables_columns_and_names)
{
    mirror source{{.more = "documents:\n"
                           "  - file: by_code.json\n    header: false\n    tables:\n"
                           "      - {table: public.suppliers, keyed_by: code, as: vendors}\n"
                           "  - file: parts.json\n    tables:\n"
                           "      - {table: public.materials, keyed_by: id, columns: [{name: title}, id]}\n"
                           "      - {table: public.suppliers, columns: [name]}\n"
                           "  - file: snapshot.json\n"}};
    source.exec(shop);
    source.start();
    source.exec(
        "UPDATE suppliers SET name = 'changed' WHERE code = ''; INSERT INTO suppliers VALUES (E'x\\ny', 'line break');"
        "UPDATE materials SET id = 1000 WHERE id = 7; DELETE FROM materials WHERE id = 8");
    BOOST_TEST(source.differences() == "");
    auto generation = source.settle();
    auto by_code = read_document(generation / "by_code.json");
    BOOST_TEST(by_code.header == "");
    BOOST_TEST(
        difference(read_now(source.connection(), {{.table = "suppliers", .member = "vendors", .keyed_by = "code"}}),
                   by_code.rows) == "");
    std::vector<oracle_table> parts{
        {.table = "(SELECT name AS title, id FROM materials) AS renamed", .member = "materials", .keyed_by = "id"},
        {.table = "suppliers", .member = "suppliers", .columns = {"name"}}};
    BOOST_TEST(difference(read_now(source.connection(), parts), read_document(generation / "parts.json").rows) == "");
    for (const char* file : {"by_code.json", "parts.json", "snapshot.json"})
        BOOST_CHECK_NO_THROW(boost::json::parse(read_file(generation / file)));
}

BOOST_AUTO_TEST_CASE(a_document_whose_tables_did_not_change_is_a_hard_link)
{
    mirror source{{.more =
                       "documents:\n  - {file: materials.json, tables: [{table: public.materials}]}\n"
                       "  - {file: suppliers.json, tables: [{table: public.suppliers}]}\n  - file: snapshot.json\n"}};
    source.exec(shop);
    source.start();
    auto before = source.settle();
    auto materials = inode_of(before / "materials.json");
    source.exec("UPDATE suppliers SET name = 'changed'");
    auto after = source.settle();
    BOOST_TEST(before != after);
    BOOST_TEST(inode_of(after / "materials.json") == materials);
    BOOST_TEST(inode_of(after / "suppliers.json") != inode_of(before / "suppliers.json"));
    source.exec("UPDATE materials SET weight = 0 WHERE id = 1");
    BOOST_TEST(inode_of(source.settle() / "materials.json") != materials);
}

BOOST_AUTO_TEST_CASE(changed_documents_are_published_at_a_reload_and_at_a_restart_though_nothing_changes)
{
    mirror source{{.more = "documents:\n  - {file: first.json}\n", .cadence = "cadence:\n  after_changes: 1000\n"}};
    source.exec(shop);
    source.start();
    auto announces = [&](const std::string& file) {
        auto now = source.current();
        return now && fs::exists(*now / file);
    };
    auto rename_document = [&](const std::string& from, const std::string& to) {
        auto text = read_file(source.sidecar().config_file());
        write_file(source.sidecar().config_file(), text.replace(text.find(from), from.size(), to));
    };
    BOOST_REQUIRE(announces("first.json"));
    rename_document("first.json", "second.json");
    source.sidecar().signal(SIGHUP);
    BOOST_TEST(wait_for([&] { return announces("second.json"); }), source.sidecar().log());
    source.stop();
    rename_document("second.json", "third.json");
    source.launch();
    BOOST_TEST(wait_for([&] { return announces("third.json"); }), source.sidecar().log());
    // A shape that stays is nothing to publish for.
    auto generation = source.current();
    source.stop();
    source.launch();
    BOOST_TEST(wait_for([&] { return source.status()["state"] == "streaming"; }), source.sidecar().log());
    BOOST_TEST((source.current() == generation));
}

BOOST_AUTO_TEST_CASE(generations_of_earlier_runs_are_removed_like_others)
{
    mirror source;
    source.sidecar().set_environment("UNDERSTUDY_SNAPSHOT__GRACE", "1ms");
    source.sidecar().set_environment("UNDERSTUDY_SNAPSHOT__KEEP", "2");
    source.exec("CREATE TABLE t (id int PRIMARY KEY)");
    source.start();
    for (int run = 0; run < 4; ++run) {
        source.settle();
        source.stop();
        source.launch();
    }
    auto directory = source.settle().parent_path();
    auto kept = [&] { return std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}); };
    auto has_settled_to_two = [&] { return source.settle(), kept() == 2; };
    BOOST_TEST(wait_for(has_settled_to_two), kept() << " generations are there");
}

BOOST_AUTO_TEST_CASE(rows_stand_in_key_order)
{
    mirror source;
    source.exec(
        "CREATE TABLE words (w text PRIMARY KEY); CREATE TABLE numbers (n numeric, i int, PRIMARY KEY (n, i));"
        "CREATE TABLE days (d timestamptz PRIMARY KEY);"
        "INSERT INTO words SELECT md5(i::text) FROM generate_series(1, 50) i; INSERT INTO words VALUES ('A'), ('a'), ('Z'), ('ä'), ('');"
        "INSERT INTO numbers SELECT (i * 7919 % 101 - 50) / 8.0, i % 5 - 2 FROM generate_series(1, 100) i;"
        "INSERT INTO numbers VALUES ('NaN', 0), (1e20, 0), (-1e20, 0);"
        "INSERT INTO days SELECT '2000-01-01'::timestamptz + i * interval '31 days 7 hours' FROM generate_series(-30, 30) i;"
        "INSERT INTO days VALUES ('infinity'), ('-infinity'), ('0044-03-15 BC')");
    source.start();
    source.exec("INSERT INTO words VALUES ('0'), ('b'), ('\x7f'); INSERT INTO numbers VALUES (0.001, 7), (-0.001, 7);"
                "DELETE FROM days WHERE d = '2000-01-01'; INSERT INTO days VALUES ('1970-01-01'), ('1969-12-31')");
    auto file = source.settle() / "snapshot.json";
    source.exec("SET timezone = 'UTC'");
    auto check = [&](const std::string& member, const std::string& query) {
        BOOST_TEST(rows_in_order(file, member) == query_rows(source.session(), query),
                   boost::test_tools::per_element());
    };
    check("words", "SELECT to_json(t) FROM words t ORDER BY w COLLATE \"C\"");
    check("numbers", "SELECT to_json(t) FROM numbers t ORDER BY n, i");
    check("days", "SELECT to_json(t) FROM days t ORDER BY d");
}

BOOST_AUTO_TEST_CASE(the_same_state_gives_the_same_bytes_however_it_came_about)
{
    mirror source{
        {.more = "documents:\n  - {file: plain.json, header: false, tables: [{table: public.t}, {table: public.f}]}\n"
                 "  - file: snapshot.json\n"}};
    source.exec("CREATE TABLE t (k text, n int, PRIMARY KEY (k, n)); CREATE TABLE f (a int, b text);"
                "ALTER TABLE f REPLICA IDENTITY FULL;"
                "INSERT INTO t SELECT md5(i::text), i FROM generate_series(1, 100) i;"
                "INSERT INTO f SELECT i % 5, i % 3 FROM generate_series(1, 50) i");
    source.start();
    auto first = read_file(source.settle() / "plain.json");
    source.exec(
        "CREATE TABLE kept AS SELECT * FROM t; DELETE FROM t; INSERT INTO t SELECT * FROM kept ORDER BY n DESC;"
        "CREATE TEMP TABLE keep AS SELECT * FROM f; DELETE FROM f; INSERT INTO f SELECT * FROM keep ORDER BY b; DROP TABLE kept");
    BOOST_TEST((read_file(source.settle() / "plain.json") == first));
}

BOOST_AUTO_TEST_SUITE_END()
