#include "source/postgres/streamed_transactions.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using understudy::lsn;
using understudy::streamed_transactions;

namespace {

constexpr std::size_t many = 1000;

std::uint32_t unsettled(streamed_transactions& streamed, std::vector<std::uint32_t> running, std::uint32_t next_xid)
{
    return streamed.settle(std::move(running), next_xid, lsn{1'000'000}).value_or(0);
}

/// Each commits ten bytes behind the one before.
void add(streamed_transactions& streamed, std::initializer_list<std::uint32_t> xids)
{
    std::uint64_t at = 0;
    for (auto xid : xids) streamed.add(lsn{at += 10}, xid);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transactions_that_the_catalog_may_not_show)

BOOST_AUTO_TEST_CASE(what_a_snapshot_shows_is_settled)
{
    streamed_transactions streamed{many};
    BOOST_TEST(unsettled(streamed, {5}, 100) == 0u);
    add(streamed, {7, 9, 8});
    BOOST_TEST(unsettled(streamed, {5, 6, 10}, 11) == 0u);
}

BOOST_AUTO_TEST_CASE(one_that_runs_for_others_is_not_settled_until_it_ends)
{
    streamed_transactions streamed{many};
    add(streamed, {7, 9, 8});
    BOOST_TEST(unsettled(streamed, {12, 9, 3}, 13) == 9u);
    BOOST_TEST(unsettled(streamed, {9}, 20) == 9u);
    BOOST_TEST(unsettled(streamed, {}, 20) == 0u);
}

BOOST_AUTO_TEST_CASE(one_that_is_newer_than_the_snapshot_is_not_settled)
{
    streamed_transactions streamed{many};
    add(streamed, {30});
    BOOST_TEST(unsettled(streamed, {}, 30) == 30u);
    BOOST_TEST(unsettled(streamed, {}, 31) == 0u);
}

BOOST_AUTO_TEST_CASE(what_comes_behind_the_position_may_be_hidden)
{
    streamed_transactions streamed{many};
    add(streamed, {7, 9});
    BOOST_TEST(!streamed.settle({9}, 20, lsn{20}));
    BOOST_TEST(streamed.settle({9}, 20, lsn{21}).value_or(0) == 9u);
}

BOOST_AUTO_TEST_CASE(transaction_ids_wrap_around)
{
    streamed_transactions streamed{many};
    add(streamed, {0xFFFFFFF0u});
    add(streamed, {4});
    BOOST_TEST(unsettled(streamed, {}, 4) == 4u);
    BOOST_TEST(unsettled(streamed, {}, 5) == 0u);
    add(streamed, {0xFFFFFFF0u});
    BOOST_TEST(unsettled(streamed, {}, 5) == 0u);
}

BOOST_AUTO_TEST_CASE(of_too_many_whatever_is_older_may_be_one)
{
    streamed_transactions streamed{4};
    add(streamed, {100, 101, 102, 103, 104, 105, 106, 107, 108, 109});
    BOOST_TEST(unsettled(streamed, {50}, 200) == 50u);
    BOOST_TEST(unsettled(streamed, {150}, 105) == 107u);
    BOOST_TEST(unsettled(streamed, {150}, 200) == 0u);
    BOOST_TEST(unsettled(streamed, {50}, 200) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
