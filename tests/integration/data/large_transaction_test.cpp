#include "integration/data/mirror.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

using namespace understudy::testing;

namespace {

constexpr int rows = 500'000;
constexpr std::uint64_t anonymous_bytes_max = 96U << 20;
constexpr auto patience = std::chrono::minutes{4};
const std::string update_all = "UPDATE big SET n = n + 1, name = name || '.'";

/// A mirror of `big`, to be changed as a whole in one transaction, and of `small`.
struct big_mirror {
    big_mirror()
    {
        source.exec(
            "CREATE TABLE big (id int PRIMARY KEY, n int, name text, more text); CREATE TABLE small (id int PRIMARY KEY, n int);"
            "INSERT INTO big SELECT i, i, 'name ' || i, repeat('x', 100) FROM generate_series(1, " +
            std::to_string(rows) + ") i; INSERT INTO small SELECT i, 0 FROM generate_series(1, 100) i");
        source.start();
    }

    void check()
    {
        source.settle(patience);
        BOOST_TEST(source.differences() == "");
    }

    /// Watches the sidecar's memory until everything committed is announced.
    void check_bounded()
    {
        std::uint64_t highest = 0;
        source.settle(patience, [&] { highest = std::max(highest, source.sidecar().memory().anonymous_bytes); });
        BOOST_TEST(highest < anonymous_bytes_max);
        BOOST_TEST_MESSAGE("anonymous memory at most " << (highest >> 20) << " MiB");
    }

    mirror source;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(large_transactions)

BOOST_AUTO_TEST_CASE(a_large_transaction_arrives_whole_in_bounded_memory)
{
    big_mirror big;
    big.source.exec(update_all);
    big.check_bounded();
    big.check();
}

BOOST_AUTO_TEST_CASE(nothing_of_a_large_transaction_that_was_rolled_back_arrives)
{
    big_mirror big;
    big.source.exec("BEGIN; " + update_all + "; ROLLBACK");
    big.check();
    big.source.exec(
        "BEGIN; UPDATE small SET n = 1; SAVEPOINT s; DELETE FROM big; ROLLBACK TO s; UPDATE big SET n = -1 WHERE id % 50 = 0; COMMIT");
    big.check();
}

BOOST_AUTO_TEST_CASE(a_large_transaction_that_was_cut_off_by_a_kill_arrives_once)
{
    big_mirror big;
    big.source.settle();
    big.source.exec(update_all);
    auto before = big.source.sidecar().cpu_time();
    // Some CPU time after its commit, the daemon is in the middle of it.
    for (int kill = 1; kill <= 3; ++kill) {
        BOOST_TEST(
            wait_for([&] { return big.source.sidecar().cpu_time() > before + std::chrono::milliseconds{150 * kill}; }));
        big.source.kill();
        big.source.launch();
        before = std::chrono::milliseconds{0};
    }
    big.check();
}

BOOST_AUTO_TEST_CASE(small_transactions_around_a_large_one_keep_their_order)
{
    big_mirror big;
    std::atomic<bool> done = false;
    std::thread others{[&] {
        sql_session session{big.source.connection()};
        for (int n = 0; !done; ++n)
            session.exec(
                "UPDATE small SET n = " + std::to_string(n) + " WHERE id = " + std::to_string(n % 100 + 1) +
                "; UPDATE big SET more = 'small' WHERE id = (SELECT id FROM big WHERE more <> 'small' LIMIT 1 FOR UPDATE SKIP LOCKED)");
    }};
    big.source.exec(update_all + " WHERE id > 1000");
    big.source.exec("DELETE FROM big WHERE id > " + std::to_string(rows / 2));
    done = true;
    others.join();
    big.check();
}

BOOST_AUTO_TEST_CASE(a_large_transaction_may_truncate_and_fill_a_table_again)
{
    big_mirror big;
    big.source.exec("BEGIN; UPDATE big SET n = 0 WHERE id < 100000; TRUNCATE big;"
                    "INSERT INTO big SELECT i, -i, 'again', NULL FROM generate_series(1, 200000) i;"
                    "UPDATE big SET id = id + 1000000 WHERE id % 3 = 0; COMMIT");
    big.check();
}

BOOST_AUTO_TEST_SUITE_END()
