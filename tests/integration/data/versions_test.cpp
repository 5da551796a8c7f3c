#include "integration/data/bank.hpp"
#include "integration/data/generation_reader.hpp"
#include "integration/data/mirror.hpp"
#include "integration/data/seed.hpp"
#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

using namespace understudy::testing;

// The core of it on the versions that are not Debian's.

namespace {

const std::array<int, 4> versions{14, 16, 17, 18};

}  // namespace

BOOST_AUTO_TEST_SUITE(each_version)

BOOST_DATA_TEST_CASE(row_changes_of_every_kind_arrive, boost::unit_test::data::make(versions), version)
{
    mirror source{{.version = version}};
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY, n int, large text); ALTER TABLE t ALTER COLUMN large SET STORAGE EXTERNAL;"
        "INSERT INTO t SELECT i, i, repeat('x', 9000) FROM generate_series(1, 10) i;"
        "CREATE TABLE f (a int, b text); ALTER TABLE f REPLICA IDENTITY FULL; INSERT INTO f VALUES (1, 'x'), (1, 'x');"
        "CREATE TABLE p (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);"
        "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);"
        "CREATE TABLE p_11 PARTITION OF p_1 FOR VALUES FROM (0) TO (50); CREATE TABLE p_12 PARTITION OF p_1 DEFAULT;"
        "CREATE TABLE p_2 PARTITION OF p DEFAULT; INSERT INTO p SELECT i * 10, 'p' FROM generate_series(1, 20) i");
    source.start();
    for (
        const char* change :
        {"UPDATE t SET n = n + 1", "UPDATE t SET id = -id, n = 0 WHERE id > 5", "DELETE FROM t WHERE id = 1",
         "BEGIN; UPDATE t SET id = 0 WHERE id = 2; UPDATE t SET id = 2 WHERE id = 3; UPDATE t SET id = 3 WHERE id = 0; COMMIT",
         "INSERT INTO f SELECT * FROM f; DELETE FROM f WHERE ctid = (SELECT min(ctid) FROM f)", "UPDATE f SET b = 'y'",
         "UPDATE p SET id = id + 45 WHERE id < 60", "UPDATE p SET a = 'q'", "DELETE FROM p WHERE id > 150",
         "TRUNCATE p_11",
         "BEGIN; TRUNCATE t, f; INSERT INTO t VALUES (1, 1, repeat('y', 9000)); SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; COMMIT",
         "BEGIN; UPDATE t SET n = 77; PREPARE TRANSACTION 'core'", "COMMIT PREPARED 'core'"}) {
        source.exec(change);
        BOOST_TEST_CONTEXT("after " << change) BOOST_TEST(source.differences() == "");
    }
}

BOOST_DATA_TEST_CASE(columns_are_added_dropped_and_renamed, boost::unit_test::data::make(versions), version)
{
    mirror source{{.version = version}};
    source.exec("CREATE TABLE t (id serial PRIMARY KEY, a int); INSERT INTO t (a) SELECT generate_series(1, 100)");
    source.start();
    for (const char* change : {"ALTER TABLE t ADD b text DEFAULT 'new'", "UPDATE t SET b = 'old' WHERE id < 10",
                               "ALTER TABLE t RENAME a TO c", "INSERT INTO t (c) VALUES (1)",
                               "ALTER TABLE t DROP COLUMN b", "DELETE FROM t WHERE id < 20",
                               "ALTER TABLE t ALTER c TYPE text USING 'n' || c", "UPDATE t SET c = 'x' WHERE id = 30",
                               "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (5)"}) {
        source.exec(change);
        BOOST_TEST_CONTEXT("after " << change) BOOST_TEST(source.differences() == "");
    }
}

BOOST_DATA_TEST_CASE(a_large_transaction_arrives, boost::unit_test::data::make(versions), version)
{
    mirror source{{.version = version}};
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t SELECT i, 'name ' || i FROM generate_series(1, 150000) i");
    source.start();
    source.exec("UPDATE t SET a = a || '!'; BEGIN; DELETE FROM t; ROLLBACK");
    BOOST_TEST(source.differences() == "");
}

BOOST_DATA_TEST_CASE(everything_is_right_under_load_and_over_kills, boost::unit_test::data::make(versions), version)
{
    auto seed = test_seed();
    mirror source{{.version = version}};
    create_bank(source.session());
    workload::create_tables(source.session());
    source.start();
    generation_reader reader{source.sidecar().snapshot_directory(), broken_promises_of_the_bank};
    bank_teller first{source.connection(), seed};
    bank_teller second{source.connection(), seed + 1};
    workload mixed{{.connection = source.connection(), .seed = seed + 2}};
    for (int round = 0; round < 3; ++round) {
        auto wanted = reader.generations() + 3;
        BOOST_TEST(wait_for([&] { return reader.generations() >= wanted; }), source.sidecar().log());
        BOOST_TEST_CONTEXT("round " << round) BOOST_TEST(source.differences_at_a_cut() == "");
        source.kill();
        source.launch();
    }
    first.stop();
    second.stop();
    mixed.stop();
    BOOST_TEST(source.differences() == "");
    BOOST_TEST(reader.stop().failures == "");
}

BOOST_AUTO_TEST_SUITE_END()
