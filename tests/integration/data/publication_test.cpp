#include "integration/data/mirror.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

// Publications that an operator made by hand: what they leave out is not there.

namespace {

const oracle_table marker{.table = "test.marker", .member = "test.marker"};

}  // namespace

BOOST_AUTO_TEST_SUITE(publications)

BOOST_AUTO_TEST_CASE(rows_move_in_and_out_of_a_row_filter)
{
    for (const char* identity : {"REPLICA IDENTITY USING INDEX by_kind", "REPLICA IDENTITY FULL"}) {
        mirror source{{.tables = {"public.t"}}};
        source.exec(
            "CREATE TABLE t (id int NOT NULL, kind text NOT NULL, n int); CREATE UNIQUE INDEX by_kind ON t (id, kind);"
            "ALTER TABLE t " +
            std::string{identity} +
            "; INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'in' ELSE 'out' END, i FROM generate_series(1, 20) i;"
            "CREATE PUBLICATION understudy FOR TABLE t WHERE (kind = 'in'), test.marker WITH (publish_via_partition_root = true)");
        source.start();
        std::vector<oracle_table> tables{{.table = "t", .member = "t", .filter = "kind = 'in'"}, marker};
        BOOST_TEST_CONTEXT(identity) BOOST_TEST(source.differences(tables) == "");
        for (const char* change :
             {"UPDATE t SET n = n + 100", "UPDATE t SET kind = 'in' WHERE id IN (1, 3)",
              "UPDATE t SET kind = 'out' WHERE id IN (1, 2)", "UPDATE t SET id = id + 100, kind = 'in' WHERE id = 5",
              "UPDATE t SET id = id + 100, kind = 'out' WHERE id = 6",
              "INSERT INTO t VALUES (30, 'in', 1), (31, 'out', 1)", "DELETE FROM t WHERE id > 15"}) {
            source.exec(change);
            BOOST_TEST_CONTEXT(identity << ", after " << change) BOOST_TEST(source.differences(tables) == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(columns_outside_of_a_column_list_are_not_there)
{
    mirror source{{.tables = {"public.t"}}};
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY, secret text, b text, c text);"
        "INSERT INTO t SELECT i, 'canary', 'b', 'c' FROM generate_series(1, 5) i;"
        "CREATE PUBLICATION understudy FOR TABLE t (id, c, b), test.marker WITH (publish_via_partition_root = true)");
    source.start();
    std::vector<oracle_table> tables{{.table = "t", .member = "t", .columns = {"id", "b", "c"}}, marker};
    BOOST_TEST(source.differences(tables) == "");
    auto manifest = source.manifest(source.current().value());
    for (const auto& table : manifest.at("tables").as_array())
        if (table.at("name") == "t")
            BOOST_TEST(boost::json::serialize(table.at("left_out")) == R"([{"name":"secret","reason":"not_sent"}])");
    source.exec(
        "UPDATE t SET secret = 'x'; UPDATE t SET c = NULL WHERE id = 2; INSERT INTO t VALUES (9, 'y', 'z', 'zz')");
    BOOST_TEST(source.differences(tables) == "");
}

BOOST_AUTO_TEST_CASE(publications_for_all_tables_and_for_schemas_serve)
{
    for (const char* what : {"FOR ALL TABLES", "FOR TABLES IN SCHEMA public, test"}) {
        mirror source;
        source.exec(
            "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);"
            "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1); INSERT INTO p VALUES (1);"
            "CREATE PUBLICATION understudy " +
            std::string{what} + " WITH (publish_via_partition_root = true)");
        source.start();
        source.exec("INSERT INTO t VALUES (2); INSERT INTO p VALUES (2); UPDATE p SET id = 3 WHERE id = 1");
        BOOST_TEST_CONTEXT(what) BOOST_TEST(source.differences() == "");
    }
}

BOOST_AUTO_TEST_CASE(a_change_of_the_filter_brings_a_new_copy)
{
    mirror source{{.tables = {"public.t"}}};
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 20) i;"
        "CREATE PUBLICATION understudy FOR TABLE t WHERE (id > 10), test.marker WITH (publish_via_partition_root = true)");
    source.start();
    std::vector<oracle_table> tables{{.table = "t", .member = "t", .filter = "id > 10"}, marker};
    BOOST_TEST(source.differences(tables) == "");
    source.exec("ALTER PUBLICATION understudy SET TABLE t WHERE (id > 5), test.marker");
    tables[0].filter = "id > 5";
    BOOST_TEST(source.differences(tables) == "");
    source.exec("INSERT INTO t VALUES (100, 1), (-1, 1)");
    BOOST_TEST(source.differences(tables) == "");
}

BOOST_AUTO_TEST_SUITE_END()
