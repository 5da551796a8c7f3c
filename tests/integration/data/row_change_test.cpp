#include "integration/data/mirror.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;

// Each case: a table, a mirror that has copied it, then changes one by one, each in its own transaction. After each
// the announced document must hold what to_json gives.

namespace {

void check_each(const std::string& tables, const std::vector<std::string>& changes, mirror_options options = {})
{
    mirror source{std::move(options)};
    source.exec(tables);
    source.start();
    BOOST_TEST_CONTEXT("after the copy") BOOST_TEST(source.differences() == "");
    for (const auto& change : changes) {
        source.exec(change);
        BOOST_TEST_CONTEXT("after " << change) BOOST_TEST(source.differences() == "");
    }
}

/// Over 2 kB, kept out of line.
std::string large(char filler)
{
    return "repeat('" + std::string(1, filler) + "', 9000)";
}

const std::string large_table =
    "CREATE TABLE t (id int PRIMARY KEY, n int, large text, other text);"
    "ALTER TABLE t ALTER COLUMN large SET STORAGE EXTERNAL, ALTER COLUMN other SET STORAGE EXTERNAL;"
    "INSERT INTO t SELECT i, i, " +
    large('a') + ", " + large('b') + " FROM generate_series(1, 5) i;";

}  // namespace

BOOST_AUTO_TEST_SUITE(row_changes)

BOOST_AUTO_TEST_CASE(inserted_updated_and_deleted_rows_arrive)
{
    check_each("CREATE TABLE t (id int PRIMARY KEY, name text)",
               {"INSERT INTO t VALUES (2, 'two'), (1, 'one'), (3, NULL)", "UPDATE t SET name = 'zwei' WHERE id = 2",
                "UPDATE t SET name = NULL WHERE id = 1", "DELETE FROM t WHERE id = 3", "DELETE FROM t",
                "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 3000) i",
                "UPDATE t SET name = name || '!' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0"});
}

BOOST_AUTO_TEST_CASE(a_large_value_that_did_not_change_stays)
{
    check_each(large_table, {"UPDATE t SET n = 0 WHERE id = 1", "UPDATE t SET n = n + 1",
                             "UPDATE t SET large = " + large('c') + " WHERE id = 2",
                             "UPDATE t SET large = NULL WHERE id = 3; UPDATE t SET n = 9 WHERE id = 3",
                             "UPDATE t SET other = 'short' WHERE id = 4; UPDATE t SET n = 9 WHERE id = 4"});
}

BOOST_AUTO_TEST_CASE(a_large_value_stays_when_its_rows_key_changes)
{
    check_each(large_table,
               {"UPDATE t SET id = 100 WHERE id = 1", "UPDATE t SET id = id + 1000, n = 7",
                "UPDATE t SET id = -id; UPDATE t SET n = 8",
                "BEGIN; UPDATE t SET id = 1 WHERE id = -1002; UPDATE t SET id = 2, other = 'x' WHERE id = 1;"
                "UPDATE t SET n = 10 WHERE id = 2; COMMIT"});
}

BOOST_AUTO_TEST_CASE(a_large_value_of_a_row_of_the_same_transaction_stays)
{
    check_each(large_table, {"BEGIN; INSERT INTO t VALUES (10, 1, " + large('n') +
                                 ", 'x'); UPDATE t SET n = 2 WHERE id = 10;"
                                 "UPDATE t SET id = 11 WHERE id = 10; COMMIT",
                             "BEGIN; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 1, " + large('m') +
                                 ", 'x');"
                                 "UPDATE t SET n = 2 WHERE id = 1; COMMIT"});
}

BOOST_AUTO_TEST_CASE(a_large_key_column_can_be_kept_and_changed)
{
    // A btree takes no key over 2,700 bytes, and text is compressed first: this one is kept out of line all the same.
    check_each("CREATE TABLE t (a text, b text, n int, PRIMARY KEY (a, b));"
               "ALTER TABLE t ALTER COLUMN a SET STORAGE EXTERNAL, ALTER COLUMN b SET STORAGE EXTERNAL;"
               "INSERT INTO t SELECT repeat(i::text, 1200), repeat('b', 1200), i FROM generate_series(1, 5) i",
               {"UPDATE t SET n = n + 1", "UPDATE t SET n = 0 WHERE a LIKE '1%'",
                "UPDATE t SET a = repeat('x', 1200) WHERE a LIKE '2%'",
                "UPDATE t SET b = 'short', n = 5 WHERE a LIKE '3%'", "DELETE FROM t WHERE a LIKE '4%'"});
}

BOOST_AUTO_TEST_CASE(a_large_value_stays_under_replica_identity_full)
{
    check_each(large_table + "ALTER TABLE t REPLICA IDENTITY FULL",
               {"UPDATE t SET n = 0 WHERE id = 1", "UPDATE t SET id = 100 WHERE id = 2",
                "UPDATE t SET id = id + 5, other = 'y'", "DELETE FROM t WHERE id = 105"});
    check_each(
        "CREATE TABLE t (n int, large text); ALTER TABLE t ALTER COLUMN large SET STORAGE EXTERNAL;"
        "ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t SELECT i / 2, " +
            large('a') + " FROM generate_series(1, 6) i",
        {"UPDATE t SET n = n + 1", "UPDATE t SET large = " + large('b') + " WHERE n = 2", "DELETE FROM t WHERE n = 1"});
}

BOOST_AUTO_TEST_CASE(keys_of_several_columns_tell_rows_apart)
{
    check_each("CREATE TABLE t (n int, b text, a int, PRIMARY KEY (a, b));"
               "INSERT INTO t VALUES (1, '', 1), (2, 'a', 1), (3, 'a', -1), (4, 'ab', 1), (5, E'a\\tb', 1)",
               {"UPDATE t SET n = 20 WHERE a = 1 AND b = 'a'", "UPDATE t SET b = 'z' WHERE a = 1 AND b = ''",
                "UPDATE t SET a = a * 10", "DELETE FROM t WHERE b = 'ab'"});
}

BOOST_AUTO_TEST_CASE(keys_can_change_places_inside_a_transaction)
{
    check_each(
        "CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 6) i",
        {"BEGIN; UPDATE t SET id = 0 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2;"
         "UPDATE t SET id = 2 WHERE id = 0; COMMIT",
         "BEGIN; UPDATE t SET id = 100 WHERE id = 3; UPDATE t SET id = 101 WHERE id = 100;"
         "UPDATE t SET id = 102 WHERE id = 101; UPDATE t SET id = 3 WHERE id = 102; COMMIT",
         "BEGIN; UPDATE t SET id = 200 WHERE id = 4; INSERT INTO t VALUES (4, 'new'); DELETE FROM t WHERE id = 200; COMMIT",
         "BEGIN; DELETE FROM t WHERE id = 5; UPDATE t SET id = 5 WHERE id = 6; INSERT INTO t VALUES (6, 'again');"
         "UPDATE t SET id = 7 WHERE id = 6; COMMIT"});
}

BOOST_AUTO_TEST_CASE(equal_rows_of_a_table_without_a_key_are_counted)
{
    check_each(
        "CREATE TABLE t (a int, b text); ALTER TABLE t REPLICA IDENTITY FULL;"
        "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, NULL), (2, '')",
        {"DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE a = 1)", "INSERT INTO t SELECT * FROM t",
         "UPDATE t SET b = 'y' WHERE ctid = (SELECT min(ctid) FROM t WHERE a = 1)", "UPDATE t SET a = 1, b = 'x'",
         "BEGIN; INSERT INTO t VALUES (3, 'z'); DELETE FROM t WHERE a = 3; INSERT INTO t VALUES (3, 'z'), (3, 'z'); COMMIT",
         "DELETE FROM t"});
}

BOOST_AUTO_TEST_CASE(a_primary_key_tells_rows_apart_under_replica_identity_full)
{
    check_each("CREATE TABLE t (id int PRIMARY KEY, a text); ALTER TABLE t REPLICA IDENTITY FULL;"
               "INSERT INTO t SELECT i, 'same' FROM generate_series(1, 5) i",
               {"UPDATE t SET a = 'new' WHERE id = 2", "UPDATE t SET id = 20, a = 'moved' WHERE id = 3",
                "UPDATE t SET id = -id", "DELETE FROM t WHERE a = 'same'"});
}

BOOST_AUTO_TEST_CASE(a_replica_identity_index_tells_rows_apart)
{
    check_each(
        "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, a text);"
        "CREATE UNIQUE INDEX by_code ON t (code) INCLUDE (a); ALTER TABLE t REPLICA IDENTITY USING INDEX by_code;"
        "INSERT INTO t SELECT i, 'code ' || i, 'x' FROM generate_series(1, 5) i",
        {"UPDATE t SET id = 10 WHERE id = 1", "UPDATE t SET code = 'other' WHERE id = 2", "UPDATE t SET a = 'y'",
         "DELETE FROM t WHERE id = 3", "UPDATE t SET code = code || '!', id = id + 1000"});
}

BOOST_AUTO_TEST_CASE(a_deferrable_key_allows_rows_to_meet_inside_a_transaction)
{
    check_each(
        "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, a text);"
        "ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 4) i",
        {"UPDATE t SET id = id + 1",
         "BEGIN; UPDATE t SET id = 3 WHERE id = 2; UPDATE t SET id = 2 WHERE a = 'row 2'; COMMIT",
         "BEGIN; INSERT INTO t VALUES (4, 'row 3'); DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE id = 4); COMMIT"});
}

BOOST_AUTO_TEST_CASE(truncate_empties_each_of_its_tables)
{
    check_each(
        "CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);"
        "CREATE TABLE c (id int PRIMARY KEY); CREATE TABLE d (v int); ALTER TABLE d REPLICA IDENTITY FULL;"
        "INSERT INTO a DEFAULT VALUES; INSERT INTO b VALUES (1, 1), (2, 1); INSERT INTO c VALUES (1); INSERT INTO d VALUES (1), (1)",
        {"TRUNCATE c, d", "INSERT INTO c VALUES (2); INSERT INTO d VALUES (2), (2)", "TRUNCATE a CASCADE",
         "INSERT INTO a VALUES (5); INSERT INTO b VALUES (1, 5)",
         "BEGIN; TRUNCATE a RESTART IDENTITY CASCADE; INSERT INTO a DEFAULT VALUES; INSERT INTO b VALUES (3, 1); COMMIT",
         "BEGIN; INSERT INTO c VALUES (9); TRUNCATE c; INSERT INTO c VALUES (10); TRUNCATE d; INSERT INTO d VALUES (7); COMMIT",
         "BEGIN; TRUNCATE a, b, c, d; ROLLBACK"});
}

BOOST_AUTO_TEST_CASE(nothing_that_was_rolled_back_arrives)
{
    check_each(
        "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')",
        {"BEGIN; INSERT INTO t VALUES (2, 'no'); DELETE FROM t WHERE id = 1; ROLLBACK",
         "BEGIN; SAVEPOINT s; INSERT INTO t VALUES (2, 'no'); ROLLBACK TO s; INSERT INTO t VALUES (3, 'yes'); COMMIT",
         "BEGIN; SAVEPOINT s; UPDATE t SET a = 'yes'; SAVEPOINT u; DELETE FROM t; ROLLBACK TO u; RELEASE s; COMMIT",
         "BEGIN; SAVEPOINT s; INSERT INTO t VALUES (4, 'yes'); RELEASE s; COMMIT", "BEGIN; TRUNCATE t; ROLLBACK",
         "BEGIN; COMMIT",
         "DO $$ BEGIN FOR i IN 10..200 LOOP BEGIN INSERT INTO t VALUES (i, 'sub'); IF i % 2 = 0 THEN"
         " RAISE EXCEPTION 'no'; END IF; EXCEPTION WHEN raise_exception THEN NULL; END; END LOOP; END $$"});
}

BOOST_AUTO_TEST_CASE(a_prepared_transaction_arrives_when_it_is_committed)
{
    mirror source;
    source.exec("CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')");
    source.start();
    auto prepare = [&](const std::string& name, const std::string& work) {
        source.exec("BEGIN; " + work + "; PREPARE TRANSACTION '" + name + "'");
    };
    prepare("kept", "INSERT INTO t VALUES (2, 'prepared'); UPDATE t SET a = 'prepared' WHERE id = 1");
    prepare("undone", "INSERT INTO t VALUES (3, 'never')");
    BOOST_TEST(source.differences() == "");
    source.exec("COMMIT PREPARED 'kept'");
    BOOST_TEST(source.differences() == "");
    source.exec("ROLLBACK PREPARED 'undone'");
    BOOST_TEST(source.differences() == "");

    prepare("over a restart", "DELETE FROM t WHERE id = 1");
    source.kill();
    source.launch();
    BOOST_TEST(source.differences() == "");
    source.exec("COMMIT PREPARED 'over a restart'");
    BOOST_TEST(source.differences() == "");
}

BOOST_AUTO_TEST_CASE(large_keys_and_keys_of_odd_bytes_tell_rows_apart)
{
    // LMDB takes keys up to 511 bytes.
    check_each(
        "CREATE TABLE t (k text PRIMARY KEY, n int); CREATE TABLE b (k bytea PRIMARY KEY, n int);"
        "INSERT INTO t SELECT repeat('k', 500 + i), i FROM generate_series(0, 30) i;"
        "INSERT INTO t VALUES (repeat('k', 600) || 'a', 1), (repeat('k', 600) || 'b', 2), (repeat('ü', 600), 3),"
        " ('', 4), (E'\\x01', 5), (E'\\x01\\x01', 6), (E'a\\nb', 7), ('\"\\', 8), (E'\\U0001F600', 9);"
        "INSERT INTO b VALUES ('\\x', 0), ('\\x00', 1), ('\\x0000', 2), ('\\x00ff', 3), ('\\xff', 4), ('\\xffff', 5),"
        " (decode(repeat('00', 700), 'hex'), 6), (decode(repeat('00', 701), 'hex'), 7)",
        {"UPDATE t SET n = n + 100", "UPDATE b SET n = n + 100", "UPDATE t SET k = k || 'x' WHERE length(k) > 520",
         "DELETE FROM t WHERE k = repeat('k', 600) || 'ax'", "DELETE FROM b WHERE length(k) > 700",
         "UPDATE b SET k = k || k WHERE k = '\\xffff'", "DELETE FROM t WHERE length(k) < 3"});
}

BOOST_AUTO_TEST_CASE(numbers_that_are_equal_are_one_key)
{
    check_each(
        "CREATE TABLE n (k numeric PRIMARY KEY, v text); CREATE TABLE f (k float8 PRIMARY KEY, v text);"
        "INSERT INTO n VALUES (1.0, 'one'), (-1.50, 'x'), ('NaN', 'nan'), (1e30, 'big'), (0, 'zero');"
        "INSERT INTO f VALUES ('-0', 'zero'), ('NaN', 'nan'), ('Infinity', 'inf'), (1e-300, 'small')",
        {"UPDATE n SET k = 1.00 WHERE k = 1", "UPDATE n SET v = 'eins' WHERE k = 1.000",
         "BEGIN; DELETE FROM n WHERE k = 1; INSERT INTO n VALUES (1.0000, 'again'); COMMIT",
         "UPDATE n SET k = -0.0 WHERE k = 0", "DELETE FROM n WHERE k = -1.5", "UPDATE f SET v = 'null' WHERE k = 0",
         "UPDATE f SET k = 0 WHERE k = 0", "DELETE FROM f WHERE k = 'NaN'"});
}

BOOST_AUTO_TEST_CASE(rows_move_between_partitions)
{
    check_each(
        "CREATE TABLE p (id int, region text, n int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);"
        "CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu') PARTITION BY RANGE (id);"
        "CREATE TABLE p_eu_1 PARTITION OF p_eu FOR VALUES FROM (0) TO (100);"
        "CREATE TABLE p_eu_2 (n int, gone int, id int NOT NULL, region text NOT NULL); ALTER TABLE p_eu_2 DROP COLUMN gone;"
        "ALTER TABLE p_eu ATTACH PARTITION p_eu_2 FOR VALUES FROM (100) TO (1000);"
        "CREATE TABLE p_us PARTITION OF p FOR VALUES IN ('us'); CREATE TABLE p_rest PARTITION OF p DEFAULT;"
        "INSERT INTO p SELECT i * 30, (ARRAY['eu', 'us', 'asia'])[i % 3 + 1], i FROM generate_series(1, 20) i",
        {"UPDATE p SET n = n + 1", "UPDATE p SET region = 'us' WHERE region = 'eu' AND id < 300",
         "UPDATE p SET id = id + 300 WHERE region = 'eu' AND id < 600", "INSERT INTO p_eu_2 VALUES (77, 555, 'eu')",
         "DELETE FROM p WHERE region = 'asia'", "TRUNCATE p_us", "INSERT INTO p VALUES (5, 'us', 1), (6, 'mars', 2)",
         "TRUNCATE p_eu", "INSERT INTO p VALUES (50, 'eu', 1), (150, 'eu', 2)", "TRUNCATE p"},
        {.tables = {"public.p"}});
}

BOOST_AUTO_TEST_CASE(partitions_without_a_key_are_counted_under_replica_identity_full)
{
    check_each(
        "CREATE TABLE p (id int, n int) PARTITION BY RANGE (id);"
        "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20);"
        "ALTER TABLE p_1 REPLICA IDENTITY FULL; ALTER TABLE p_2 REPLICA IDENTITY FULL;"
        "INSERT INTO p VALUES (1, 1), (1, 1), (11, 1)",
        {"UPDATE p SET id = 12 WHERE id = 1", "INSERT INTO p VALUES (12, 1)", "DELETE FROM p WHERE id = 11"},
        {.tables = {"public.p"}});
}

// The server marks the old rows of partitions by the identity of their root.
BOOST_AUTO_TEST_CASE(a_large_value_stays_whatever_the_replica_identities_of_root_and_partitions)
{
    const std::string tables =
        "CREATE TABLE p (id int PRIMARY KEY, n int, large text) PARTITION BY RANGE (id);"
        "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p_2 PARTITION OF p DEFAULT;"
        "ALTER TABLE p_1 ALTER large SET STORAGE EXTERNAL; ALTER TABLE p_2 ALTER large SET STORAGE EXTERNAL;"
        "INSERT INTO p SELECT i * 20, i, " +
        large('a') + " FROM generate_series(1, 8) i;";
    for (const char* identities : {"ALTER TABLE p REPLICA IDENTITY FULL", "ALTER TABLE p_1 REPLICA IDENTITY FULL",
                                   "ALTER TABLE p REPLICA IDENTITY FULL; ALTER TABLE p_2 REPLICA IDENTITY FULL",
                                   "ALTER TABLE p REPLICA IDENTITY NOTHING"})
        BOOST_TEST_CONTEXT(identities)
            check_each(tables + identities,
                       {"UPDATE p SET id = id + 1", "UPDATE p SET n = 0 WHERE id < 150",
                        "UPDATE p SET id = id + 50 WHERE id < 100", "DELETE FROM p WHERE id IN (71, 161)"},
                       {.tables = {"public.p"}});
}

BOOST_AUTO_TEST_CASE(generated_columns_are_there_where_the_server_sends_them)
{
    const std::string table =
        "CREATE TABLE t (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, b text);"
        "INSERT INTO t (id, a, b) SELECT i, i, 'x' FROM generate_series(1, 5) i";
    for (int version : {15, 18})
        check_each(table,
                   {"UPDATE t SET a = 100 WHERE id = 1", "INSERT INTO t (id, a) VALUES (9, 9)",
                    "UPDATE t SET id = 10 WHERE id = 9"},
                   {.version = version});
}

BOOST_AUTO_TEST_SUITE_END()
