#include "integration/data/committed_states.hpp"
#include "integration/data/generation_reader.hpp"
#include "integration/data/mirror.hpp"
#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

namespace {

/// A mirror whose tables are altered while others write beside them. Each generation must show a state that was
/// committed, with the shape that it had then.
struct altered_mirror {
    explicit altered_mirror(const std::string& tables, const std::string& member = "t", int version = 15)
        : source{{.version = version, .tables = {"public." + member, "public.items", "public.events"}}}, altered{member}
    {
        workload::create_tables(source.session());
        source.exec(tables);
        source.start();
        states = std::make_unique<committed_states>(source, std::vector<std::string>{altered});
        reader = std::make_unique<generation_reader>(source.sidecar().snapshot_directory(),
                                                     [this](const auto& document) { return states->check(document); });
        load = std::make_unique<workload>(workload_options{.connection = source.connection(), .seed = 11});
    }

    /// One change of shape, with changes of rows before and after it, and what is announced in the end.
    void alter(const std::string& ddl, const std::string& dml)
    {
        states->commit(dml);
        states->commit(dml);
        states->commit(ddl);
        states->commit(dml);
        source.settle();
    }

    /// What is published in the end, and what was in between.
    void check()
    {
        load->stop();
        std::vector<oracle_table> tables{{.table = "items", .member = "items"},
                                         {.table = "events", .member = "events"},
                                         {.table = "test.marker", .member = "test.marker"}};
        for (auto& known : source.all_tables())
            if (known.member == altered) tables.push_back(known);
        BOOST_TEST(source.differences(tables) == "");
        auto report = reader->stop();
        BOOST_TEST(report.failures == "");
        BOOST_TEST(report.generations >= 2U);
    }

    mirror source;
    std::string altered;
    std::unique_ptr<committed_states> states;
    std::unique_ptr<generation_reader> reader;
    std::unique_ptr<workload> load;
};

const std::string table = "CREATE TABLE t (id serial PRIMARY KEY, a int, b text);"
                          "INSERT INTO t (a, b) SELECT i, 'row ' || i FROM generate_series(1, 300) i;";
const std::string change =
    "INSERT INTO t DEFAULT VALUES; UPDATE t SET id = id WHERE id % 7 = 0; DELETE FROM t WHERE id = (SELECT min(id) FROM t)";

const std::string parts =
    "CREATE TABLE p (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);"
    "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);"
    "CREATE TABLE p_2 (id int PRIMARY KEY, a text); INSERT INTO p_2 SELECT i, 'two' FROM generate_series(100, 150) i;"
    "INSERT INTO p SELECT i, 'one' FROM generate_series(1, 50) i;";

}  // namespace

BOOST_AUTO_TEST_SUITE(tables_change_shape)

BOOST_AUTO_TEST_CASE(columns_are_added_with_and_without_a_default)
{
    altered_mirror mirrored{table};
    mirrored.alter("ALTER TABLE t ADD c text", change);
    mirrored.alter("ALTER TABLE t ADD d int NOT NULL DEFAULT 7", change);
    mirrored.alter("ALTER TABLE t ADD e uuid DEFAULT gen_random_uuid()", change);
    mirrored.alter("ALTER TABLE t ADD f timestamptz DEFAULT now(), DROP COLUMN e", change);
    mirrored.alter("ALTER TABLE t ADD g int GENERATED ALWAYS AS (a * 2) STORED", change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(columns_are_dropped_and_renamed)
{
    altered_mirror mirrored{table};
    mirrored.alter("ALTER TABLE t DROP COLUMN b", change);
    mirrored.alter("ALTER TABLE t RENAME a TO renamed", change);
    mirrored.alter("ALTER TABLE t RENAME id TO number; ALTER TABLE t RENAME number TO id", change);
    mirrored.alter("ALTER TABLE t ADD x int DEFAULT 1; UPDATE t SET x = id", change);
    mirrored.alter("ALTER TABLE t DROP x; ALTER TABLE t ADD x int", change);
    mirrored.alter("ALTER TABLE t ADD y int DEFAULT 5; ALTER TABLE t RENAME x TO z; ALTER TABLE t RENAME y TO x",
                   change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(a_columns_type_changes_with_a_rewrite)
{
    altered_mirror mirrored{table};
    mirrored.alter("ALTER TABLE t ALTER a TYPE text USING 'x' || a", change);
    mirrored.alter("ALTER TABLE t ALTER b TYPE text USING upper(b)", change);
    mirrored.alter("ALTER TABLE t ALTER a TYPE varchar(20)", change);
    mirrored.alter("ALTER TABLE t ALTER id TYPE bigint", change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(the_values_of_an_enum_and_the_parts_of_a_composite_are_renamed)
{
    altered_mirror mirrored{
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE place AS (x int, y text); " + table +
        "ALTER TABLE t ADD m mood DEFAULT 'ok', ADD p place DEFAULT ROW(1, 'y'), ADD ms mood[] DEFAULT '{sad}'"};
    mirrored.alter("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", change);
    mirrored.alter("ALTER TYPE mood RENAME VALUE 'sad' TO 'ok'", change);
    mirrored.alter("ALTER TYPE place RENAME ATTRIBUTE x TO \"x \"\"2\"\"\"", change);
    mirrored.alter("ALTER TYPE mood ADD VALUE 'great'", change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(tables_are_truncated_and_rewritten_in_place)
{
    altered_mirror mirrored{table};
    mirrored.alter("TRUNCATE t", change);
    mirrored.alter(
        "INSERT INTO t (a) SELECT generate_series(1, 500); TRUNCATE t; INSERT INTO t (a) SELECT generate_series(1, 50)",
        change);
    mirrored.source.exec("VACUUM FULL t");
    mirrored.alter("CLUSTER t USING t_pkey", change);
    mirrored.alter("ALTER TABLE t ADD c int; TRUNCATE t; INSERT INTO t (c) VALUES (1)", change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(the_replica_identity_and_the_key_change)
{
    altered_mirror mirrored{table};
    mirrored.alter("ALTER TABLE t REPLICA IDENTITY FULL", change);
    mirrored.alter("ALTER TABLE t DROP CONSTRAINT t_pkey", change);
    mirrored.alter("ALTER TABLE t ADD CONSTRAINT u UNIQUE (id); ALTER TABLE t ALTER id SET NOT NULL;"
                   "ALTER TABLE t REPLICA IDENTITY USING INDEX u",
                   change);
    mirrored.alter("ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id); ALTER TABLE t REPLICA IDENTITY DEFAULT",
                   change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(a_table_is_dropped_and_made_again)
{
    altered_mirror mirrored{table};
    mirrored.alter("DROP TABLE t; " + table, change);
    mirrored.alter("DROP TABLE t; CREATE TABLE t (id serial PRIMARY KEY, other text DEFAULT 'x')", change);
    mirrored.alter("CREATE TABLE t_new (id serial PRIMARY KEY, c int DEFAULT 1); INSERT INTO t_new DEFAULT VALUES;"
                   "DROP TABLE t; ALTER TABLE t_new RENAME TO t",
                   change);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(partitions_come_and_go_with_their_rows)
{
    altered_mirror mirrored{parts, "p"};
    const std::string change_parts = "UPDATE p SET a = a || '!' WHERE id % 10 = 0";
    mirrored.alter("ALTER TABLE p ATTACH PARTITION p_2 FOR VALUES FROM (100) TO (200)", change_parts);
    mirrored.alter("ALTER TABLE p DETACH PARTITION p_1", change_parts);
    mirrored.alter("ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES FROM (0) TO (100)", change_parts);
    mirrored.alter("TRUNCATE p_2", change_parts);
    mirrored.alter(
        "CREATE TABLE p_3 PARTITION OF p DEFAULT; INSERT INTO p SELECT i, 'rest' FROM generate_series(300, 320) i",
        change_parts);
    mirrored.alter("UPDATE p SET id = id + 1000 WHERE id BETWEEN 20 AND 30", change_parts);
    mirrored.alter("DROP TABLE p_1", change_parts);
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(a_partition_is_detached_concurrently)
{
    altered_mirror mirrored{parts, "p"};
    mirrored.states->commit("UPDATE p SET a = 'x' WHERE id = 1");
    mirrored.source.settle();
    // It takes two transactions, and the rows are gone for the second: nobody can tell between them, so the reader
    // of states ends here.
    mirrored.reader->stop();
    mirrored.source.exec("ALTER TABLE p DETACH PARTITION p_1 CONCURRENTLY");
    mirrored.check();
}

BOOST_AUTO_TEST_CASE(a_table_that_was_made_unlogged_and_logged_again_is_mirrored_again)
{
    mirror source;
    source.exec(table + "CREATE PUBLICATION understudy FOR ALL TABLES WITH (publish_via_partition_root = true)");
    source.start();
    source.exec("ALTER TABLE t SET UNLOGGED; UPDATE t SET b = 'unlogged'; INSERT INTO t (b) VALUES ('new')");
    source.exec("ALTER TABLE t SET LOGGED");
    BOOST_TEST(source.differences() == "");
    source.exec("BEGIN; ALTER TABLE t SET UNLOGGED; DELETE FROM t WHERE id < 20; ALTER TABLE t SET LOGGED; COMMIT");
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_CASE(a_renamed_table_is_missing_until_it_has_its_name_again)
{
    mirror source{{.tables = {"public.t"}}};
    source.exec(table);
    source.start();
    auto before = source.settle();
    source.exec("ALTER TABLE t RENAME TO elsewhere; UPDATE test.marker SET count = count + 1");
    BOOST_TEST(wait_for([&] { return source.status().at("reason") == "table_missing"; }), source.sidecar().log());
    BOOST_TEST(source.current().value() == before);
    BOOST_TEST(source.sidecar().running());
    source.exec("UPDATE elsewhere SET b = 'away' WHERE id = 3; ALTER TABLE elsewhere RENAME TO t");
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_gone_and_comes_back_is_mirrored_again)
{
    mirror source{{.tables = {"public.t"}}};
    source.exec(table);
    source.start();
    auto before = source.settle();
    source.exec("DROP TABLE t");
    source.exec("UPDATE test.marker SET count = count + 1");
    BOOST_TEST(wait_for([&] { return source.status().at("reason") == "table_missing"; }), source.sidecar().log());
    BOOST_TEST(source.current().value() == before);
    source.exec(table);
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_CASE(a_new_table_of_a_mirrored_schema_enters_at_the_next_start)
{
    mirror source{{.tables = {"public.*"}}};
    source.exec(table);
    source.start();
    source.exec("CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1)");
    source.stop();
    source.launch();
    BOOST_TEST(source.differences() == "");
    source.exec("INSERT INTO later VALUES (2)");
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_SUITE_END()
