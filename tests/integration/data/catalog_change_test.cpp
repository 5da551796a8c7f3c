#include "integration/data/generation_reader.hpp"
#include "integration/data/mirror.hpp"
#include "support/waiting.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <signal.h>
#include <string>
#include <vector>

using namespace understudy::testing;

// Changes that send no row message at all, and changes that are undone before anybody can look. What holds for them is
// the promise of current_as_of: once it has passed them, the announced file shows them.

namespace {

const auto versions = boost::unit_test::data::make({14, 15, 18});  // each asks the catalog in another way

const std::string quick = "status:\n  heartbeat: 100ms\n";

/// Waits until current_as_of has passed what was committed so far; then what is announced against the database.
std::string proven_difference(mirror& source)
{
    auto now = source.session().scalar(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    auto proven = [&] {
        auto status = source.status();
        const auto& as_of = status.at("current_as_of");
        return as_of.is_string() && std::string_view{as_of.as_string()} > now;
    };
    if (!wait_for([&] { return proven() || !source.sidecar().running(); }, std::chrono::seconds{60}) || !proven())
        return "never proved: " + source.sidecar().log();
    auto expected = read_now(source.connection(), source.all_tables());
    return difference(expected, read_document(source.current().value() / "snapshot.json").rows);
}

/// Each change by itself, with nothing else written.
void check_each(mirror& source, const std::vector<std::string>& changes)
{
    source.start();
    for (const auto& change : changes) {
        source.exec(change);
        BOOST_TEST_CONTEXT("after " << change) BOOST_TEST(proven_difference(source) == "");
    }
}

const std::string partitioned = "CREATE TABLE p (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);"
                                "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);"
                                "CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (100) TO (200);"
                                "INSERT INTO p SELECT i, 'row ' || i FROM generate_series(1, 150) i;";

const std::string with_types =
    "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE moods AS RANGE (subtype = mood);"
    "CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'ok', ms mood[] DEFAULT '{sad,ok}', r moods DEFAULT '[sad,ok]');"
    "INSERT INTO t SELECT i FROM generate_series(1, 50) i;";

/// Two tables, and a transaction that holds back the slot of the first copy. Calls `change` meanwhile.
void change_before_the_copy(mirror& source, const std::string& change)
{
    source.exec("CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1, 0);"
                "CREATE TABLE b (id int PRIMARY KEY, n int); INSERT INTO b VALUES (1, 0), (2, 0);"
                "CREATE PUBLICATION understudy FOR TABLE a, b, test.marker WITH (publish_via_partition_root = true)");
    sql_session older{source.connection()};
    older.exec("BEGIN; SELECT pg_current_xact_id()");
    source.launch();
    auto waits = [&] {
        return source.sidecar().running() &&
               source.session().scalar(
                   "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender' AND wait_event = 'transactionid'") !=
                   "0";
    };
    BOOST_REQUIRE(wait_for(waits));
    source.exec(change);
    older.exec("COMMIT");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(catalog_changes)

BOOST_AUTO_TEST_CASE(columns_that_no_row_message_tells_of)
{
    mirror source{{.more = quick}};
    source.exec("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t SELECT i, i FROM generate_series(1, 50) i");
    check_each(source, {"ALTER TABLE t ADD b int DEFAULT 7", "ALTER TABLE t RENAME b TO c", "ALTER TABLE t DROP c",
                        "ALTER TABLE t ALTER a TYPE text", "TRUNCATE t"});
}

BOOST_DATA_TEST_CASE(names_that_are_printed_inside_values, versions, version)
{
    mirror source{{.version = version, .more = quick}};
    source.exec(with_types);
    check_each(source, {"ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TYPE mood RENAME VALUE 'sad' TO 'ok'"});
}

BOOST_AUTO_TEST_CASE(an_enum_inside_a_range_only)
{
    mirror source{{.more = quick}};
    source.exec("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE moods AS RANGE (subtype = mood);"
                "CREATE TABLE t (id int PRIMARY KEY, r moods, m moods_multirange);"
                "ALTER TYPE moods_multirange RENAME TO many_moods;"
                "INSERT INTO t VALUES (1, '[sad,ok]', '{[sad,ok]}')");
    check_each(source, {"ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"});
}

BOOST_DATA_TEST_CASE(partitions_that_come_and_go, versions, version)
{
    mirror source{{.version = version, .more = quick}};
    source.exec(partitioned);
    check_each(source, {"TRUNCATE p_1", "ALTER TABLE p DETACH PARTITION p_2; DROP TABLE p_2",
                        "CREATE TABLE p_3 PARTITION OF p FOR VALUES FROM (200) TO (300)", "DROP TABLE p_1"});
}

BOOST_DATA_TEST_CASE(a_publication_that_is_altered, versions, version)
{
    mirror source{{.version = version, .more = quick}};
    source.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    check_each(source, {"BEGIN; ALTER PUBLICATION understudy DROP TABLE ONLY t; INSERT INTO t VALUES (2);"
                        "ALTER PUBLICATION understudy ADD TABLE ONLY t; COMMIT",
                        "ALTER PUBLICATION understudy SET (publish = 'insert'); DELETE FROM t WHERE id = 1;"
                        "ALTER PUBLICATION understudy SET (publish = 'insert, update, delete, truncate')"});
}

BOOST_AUTO_TEST_CASE(a_partition_that_changes_while_it_is_none)
{
    mirror source{{.more = quick}};
    source.exec(partitioned);
    check_each(source,
               {"BEGIN; ALTER TABLE p DETACH PARTITION p_1; UPDATE p_1 SET a = 'alone'; DELETE FROM p_1 WHERE id < 10;"
                "ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES FROM (0) TO (100); COMMIT"});
}

BOOST_DATA_TEST_CASE(a_partition_that_is_there_for_a_while, versions, version)
{
    mirror source{{.version = version, .more = quick}};
    source.exec(partitioned);
    check_each(
        source,
        {"BEGIN; CREATE TABLE p_9 PARTITION OF p FOR VALUES FROM (900) TO (1000); INSERT INTO p VALUES (901, 'x');"
         "DROP TABLE p_9; COMMIT",
         "CREATE TABLE q_9 (LIKE p INCLUDING ALL); BEGIN; ALTER TABLE p ATTACH PARTITION q_9 FOR VALUES FROM (900) TO (1000);"
         "INSERT INTO p VALUES (902, 'x'); ALTER TABLE p DETACH PARTITION q_9; COMMIT; DROP TABLE q_9"});
}

BOOST_AUTO_TEST_CASE(a_mirrored_table_that_is_a_partition_for_a_while)
{
    mirror source{{.tables = {"public.t"}, .more = quick}};
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE PUBLICATION understudy FOR ALL TABLES WITH (publish_via_partition_root = true)");
    source.start();
    source.exec(
        "BEGIN; ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (0) TO (100); INSERT INTO t VALUES (2); DELETE FROM t WHERE id = 1;"
        "ALTER TABLE p DETACH PARTITION t; COMMIT");
    std::vector<oracle_table> tables{{.table = "t", .member = "t"}, {.table = "test.marker", .member = "test.marker"}};
    BOOST_TEST(source.differences(tables) == "");
}

BOOST_AUTO_TEST_CASE(a_label_that_is_another_one_for_a_while)
{
    mirror source{{.more = quick}};
    source.exec(with_types);
    check_each(source, {"BEGIN; ALTER TYPE mood RENAME VALUE 'ok' TO 'other'; UPDATE t SET id = id + 100 WHERE id < 10;"
                        "INSERT INTO t VALUES (1000); ALTER TYPE mood RENAME VALUE 'other' TO 'ok'; COMMIT"});
}

BOOST_AUTO_TEST_CASE(a_table_that_leaves_a_published_schema_for_a_while)
{
    mirror source{{.tables = {"public.t"}, .more = quick}};
    source.exec(
        "CREATE SCHEMA away; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);"
        "CREATE PUBLICATION understudy FOR TABLES IN SCHEMA public, test WITH (publish_via_partition_root = true)");
    check_each(
        source,
        {"BEGIN; ALTER TABLE t SET SCHEMA away; INSERT INTO away.t VALUES (2); ALTER TABLE away.t SET SCHEMA public; COMMIT"});
}

BOOST_AUTO_TEST_CASE(a_partition_whose_replica_identity_is_another_one_for_a_while)
{
    mirror source{{.more = quick}};
    source.exec("CREATE TABLE p (id int NOT NULL, a text) PARTITION BY RANGE (id);"
                "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE UNIQUE INDEX u ON p_1 (id);"
                "ALTER TABLE p REPLICA IDENTITY FULL; ALTER TABLE p_1 REPLICA IDENTITY FULL;"
                "INSERT INTO p SELECT i, 'row ' || i FROM generate_series(1, 50) i;");
    check_each(source, {"BEGIN; ALTER TABLE p_1 REPLICA IDENTITY USING INDEX u; UPDATE p SET a = 'x' WHERE id < 10;"
                        "DELETE FROM p WHERE id = 20; ALTER TABLE p_1 REPLICA IDENTITY FULL; COMMIT"});
}

BOOST_AUTO_TEST_CASE(a_cast_to_json_that_is_made_later_is_not_passed_over)
{
    mirror source{{.more = quick}};
    source.exec(with_types);
    source.start();
    auto before = source.settle();
    source.exec("CREATE FUNCTION shown(mood) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT '1'::json $$;"
                "CREATE CAST (mood AS json) WITH FUNCTION shown(mood)");
    BOOST_TEST(wait_for([&] { return source.status().at("reason") == "unsupported_type"; }), source.sidecar().log());
    BOOST_TEST(source.current().value() == before);
}

BOOST_DATA_TEST_CASE(commits_that_are_acknowledged_before_they_are_flushed, versions, version)
{
    mirror source{{.version = version, .more = quick}};
    source.exec("CREATE TABLE t (id int PRIMARY KEY)");
    source.start();
    source.exec("SET synchronous_commit = off");
    for (int n = 0; n < 20; ++n) {
        source.exec("INSERT INTO t VALUES (" + std::to_string(n) + ")");
        BOOST_TEST(proven_difference(source) == "");
    }
}

// The next record's place is behind a page's header then, where no stream gets to.
BOOST_AUTO_TEST_CASE(an_idle_database_at_the_start_of_a_segment_is_proved)
{
    mirror source{{.more = quick}};
    source.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    source.start();
    for (int n = 0; n < 3; ++n) {
        source.exec("SELECT pg_switch_wal()");
        BOOST_TEST(proven_difference(source) == "");
    }
}

BOOST_DATA_TEST_CASE(a_table_that_leaves_the_publication_before_it_is_copied, versions, version)
{
    mirror source{{.version = version, .tables = {"public.a", "public.b"}, .more = quick}};
    change_before_the_copy(source, "ALTER PUBLICATION understudy DROP TABLE b");
    BOOST_REQUIRE(wait_for([&] { return source.current().has_value(); }));
    source.exec("UPDATE a SET n = 1; UPDATE b SET n = 1");
    BOOST_TEST(proven_difference(source) == "");
}

BOOST_DATA_TEST_CASE(a_table_that_goes_away_before_it_is_copied,
                     boost::unit_test::data::make({"ALTER TABLE b RENAME TO c", "DROP TABLE b"}), change)
{
    mirror source{{.tables = {"public.a", "public.b"}, .more = quick}};
    change_before_the_copy(source, change);
    BOOST_TEST(source.sidecar().wait(std::chrono::seconds{30}).value_or(-1) == 4, source.sidecar().log());
    BOOST_TEST(source.status().at("reason") == "table_missing");
    BOOST_TEST(!source.current().has_value());
}

// COPY prints by the type as it is, not as the view sees it.
BOOST_AUTO_TEST_CASE(a_composite_that_is_altered_while_another_table_is_copied)
{
    mirror source{{.tables = {"public.a", "public.b"}, .more = quick}};
    source.exec("CREATE TYPE pair AS (x int, y int); CREATE TABLE a (id int PRIMARY KEY, body text);"
                "INSERT INTO a SELECT i, repeat('x', 1000) FROM generate_series(1, 50000) i;"
                "CREATE TABLE b (id int PRIMARY KEY, p pair); INSERT INTO b VALUES (1, '(1,2)'), (2, '(3,4)')");
    source.launch();
    BOOST_REQUIRE(wait_for([&] { return source.sidecar().log().find("copy_started") != std::string::npos; }));
    source.sidecar().signal(SIGSTOP);
    source.exec("ALTER TYPE pair ADD ATTRIBUTE z int");
    source.sidecar().signal(SIGCONT);
    BOOST_TEST(proven_difference(source) == "");
}

// Postgres 14 remembers of a table that it was not published, though it was attached since.
BOOST_DATA_TEST_CASE(a_table_that_was_filled_before_it_is_attached, versions, version)
{
    mirror source{{.version = version, .more = quick}};
    source.exec(partitioned + "CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)");
    source.start();
    source.stop();
    source.exec("CREATE TABLE p_3 (id int PRIMARY KEY, a text); INSERT INTO p_3 VALUES (250, 'x');"
                "ALTER TABLE p ATTACH PARTITION p_3 FOR VALUES FROM (200) TO (300)");
    source.start();
    source.exec("UPDATE p SET a = 'y'");
    BOOST_TEST(proven_difference(source) == "");
    source.exec("INSERT INTO p VALUES (260, 'z'); DELETE FROM p WHERE id = 250; UPDATE other SET id = 2");
    BOOST_TEST(proven_difference(source) == "");
}

BOOST_AUTO_TEST_SUITE_END()
