#include "contract/stream_contract.hpp"

#include "contract/recording_sink.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

namespace understudy::testing::stream_contract {

namespace {

constexpr std::size_t whole = std::size_t{1} << 30;   // no transaction here is as large
constexpr std::size_t parted = 10'000;
constexpr std::size_t many = 2'000;                   // rows: several times `parted`

void check_promises(const recording_sink& sink)
{
    BOOST_TEST(sink.broken_promises == std::vector<std::string>{}, boost::test_tools::per_element());
}

}  // namespace

void transactions_come_whole_and_in_order(source_under_test& source)
{
    recording_sink sink;
    source.follow(source.start(), whole, sink);
    for (auto rows : {3u, 1u, 2u}) source.write(rows);
    BOOST_TEST(source.until([&] { return sink.changes() == 6; }));
    std::vector<std::size_t> sizes;
    for (const auto& transaction : sink.transactions)
        if (transaction.changes != 0) sizes.push_back(transaction.changes);
    BOOST_TEST(sizes == (std::vector<std::size_t>{3, 1, 2}), boost::test_tools::per_element());
    source.stop();
    check_promises(sink);
}

void nothing_of_a_transaction_comes_after_the_sink_refused_its_begin(source_under_test& source)
{
    recording_sink sink;
    sink.refuse_at_begin = true;
    source.follow(source.start(), whole, sink);
    source.write(3);
    source.write(4);
    BOOST_TEST(source.until([&] { return sink.begun == 1 && source.has_arrived(); }));
    BOOST_TEST(sink.transactions.empty());
    sink.accept();
    source.resume();
    BOOST_TEST(source.until([&] { return sink.changes() == 7; }));
    source.stop();
    check_promises(sink);
}

void a_source_that_starts_again_hands_out_nothing_twice_and_leaves_nothing_out(source_under_test& source)
{
    recording_sink sink;
    auto from = source.start();
    for (std::size_t round = 1; round <= 3; ++round) {
        source.follow(from, whole, sink);
        source.write(round);
        source.write(round);
        BOOST_TEST(source.until([&] { return sink.changes() == round * (round + 1); }));
        source.stop();
        from = sink.transactions.back().position;
    }
    BOOST_TEST(sink.changes() == 12u);
    check_promises(sink);
}

void a_large_transaction_comes_in_parts_that_end(source_under_test& source)
{
    recording_sink sink;
    source.follow(source.start(), parted, sink);
    source.write(1);
    source.write(many);
    source.write(1);
    BOOST_TEST(source.until([&] { return sink.changes() == many + 2; }));
    source.stop();
    std::size_t large = 0;
    for (const auto& transaction : sink.transactions) {
        if (transaction.parts == 0) continue;
        ++large;
        BOOST_TEST(transaction.parts > 1u);
        BOOST_TEST(transaction.changes == many);
    }
    BOOST_TEST(large == 1u);
    BOOST_TEST(sink.abandoned == 0u);
    check_promises(sink);
}

void nothing_more_of_a_large_transaction_comes_while_the_sink_does_not_accept(source_under_test& source)
{
    recording_sink sink;
    sink.refuse_at_part = true;
    source.follow(source.start(), parted, sink);
    source.write(many);
    BOOST_TEST(source.until([&] { return sink.open_parts == 1 && source.has_arrived(); }));
    BOOST_TEST(sink.transactions.empty());
    sink.accept();
    source.resume();
    BOOST_TEST(source.until([&] { return sink.changes() == many; }));
    source.stop();
    check_promises(sink);
}

void a_large_transaction_that_cannot_end_is_abandoned_and_comes_again(source_under_test& source)
{
    recording_sink sink;
    sink.refuse_at_part = true;
    source.follow(source.start(), parted, sink);
    source.write(many);
    BOOST_TEST(source.until([&] { return sink.open_parts == 1; }));
    source.stop();
    BOOST_TEST(sink.abandoned == 1u);
    BOOST_TEST(sink.transactions.empty());
    sink.accept();
    source.follow(source.start(), parted, sink);
    BOOST_TEST(source.until([&] { return sink.changes() == many; }));
    source.stop();
    BOOST_TEST(sink.abandoned == 1u);
    check_promises(sink);
}

void what_was_reached_is_not_before_what_was_handed_out(source_under_test& source)
{
    recording_sink sink;
    source.follow(source.start(), whole, sink);
    source.write(2);
    BOOST_TEST(source.until([&] { return sink.changes() == 2; }));
    auto end = sink.transactions.back().position.position;
    source.ask();
    BOOST_TEST(source.until([&] { return sink.reached >= end; }));
    source.stop();
    check_promises(sink);
}

}  // namespace understudy::testing::stream_contract
