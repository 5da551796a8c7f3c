#include "contract/postgres_source.hpp"
#include "contract/recording_sink.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <tuple>

using namespace understudy;
using namespace understudy::testing;

// The promises of source/stream_sink.hpp, for every source. What recording_sink.cpp sees is checked in each case.

namespace {

using sources = std::tuple<postgres_source>;

constexpr std::size_t whole = std::size_t{1} << 30;  // no transaction here is as large
constexpr std::size_t parted = 10'000;
constexpr std::size_t many = 2'000;  // rows: several times `parted`

std::vector<std::size_t> sizes_of(const recording_sink& sink)
{
    std::vector<std::size_t> sizes;
    for (const auto& transaction : sink.transactions)
        if (!transaction.changes.empty()) sizes.push_back(transaction.changes.size());
    return sizes;
}

/// A source with a sink, which outlives it.
template <source_under_test Source>
struct followed {
    recording_sink sink;
    Source source;

    bool until_changes(std::size_t count)
    {
        return source.until([&] { return sink.changes().size() >= count; });
    }

    /// The source has had time to hand out what it must not, when the upstream has heard of us again.
    bool until_heard_again()
    {
        auto before = source.last_heard();
        return source.until([&] { return source.last_heard() != before; });
    }

    ~followed() { BOOST_TEST(sink.broken_promises == std::vector<std::string>{}, boost::test_tools::per_element()); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(every_source)

BOOST_AUTO_TEST_CASE_TEMPLATE(transactions_come_whole_and_in_order, Source, sources)
{
    followed<Source> talk;
    talk.source.follow(talk.source.start(), whole, talk.sink);
    for (std::size_t rows : {3u, 1u, 2u}) talk.source.write(rows);
    BOOST_TEST(talk.until_changes(6));
    BOOST_TEST(sizes_of(talk.sink) == (std::vector<std::size_t>{3, 1, 2}), boost::test_tools::per_element());
    talk.source.stop();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_but_signs_of_life_leaves_a_source_whose_sink_refused_a_begin, Source, sources)
{
    followed<Source> talk;
    talk.sink.refuse_at_begin = true;
    talk.source.follow(talk.source.start(), whole, talk.sink);
    talk.source.write(3);
    BOOST_TEST(talk.source.until([&] { return talk.sink.begun == 1; }));
    talk.source.write(4);
    for (int times = 0; times < 3; ++times) BOOST_TEST(talk.until_heard_again());
    BOOST_TEST(talk.sink.transactions.empty());
    talk.sink.accept();
    talk.source.resume();
    BOOST_TEST(talk.until_changes(7));
    BOOST_TEST(sizes_of(talk.sink) == (std::vector<std::size_t>{3, 4}), boost::test_tools::per_element());
    talk.source.stop();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_source_that_starts_again_hands_out_nothing_twice_and_leaves_nothing_out, Source,
                              sources)
{
    followed<Source> talk;
    auto from = talk.source.start();
    for (std::size_t round = 1; round <= 3; ++round) {
        talk.source.follow(from, whole, talk.sink);
        talk.source.write(round);
        talk.source.write(round);
        BOOST_TEST_REQUIRE(talk.until_changes(round * (round + 1)));
        talk.source.stop();
        from = talk.sink.transactions.back().position;
    }
    BOOST_TEST(sizes_of(talk.sink) == (std::vector<std::size_t>{1, 1, 2, 2, 3, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_large_transaction_comes_in_parts_that_end, Source, sources)
{
    followed<Source> talk;
    talk.source.follow(talk.source.start(), parted, talk.sink);
    for (auto rows : {std::size_t{1}, many, std::size_t{1}}) talk.source.write(rows);
    BOOST_TEST(talk.until_changes(many + 2));
    talk.source.stop();
    BOOST_TEST(sizes_of(talk.sink) == (std::vector<std::size_t>{1, many, 1}), boost::test_tools::per_element());
    for (const auto& transaction : talk.sink.transactions)
        BOOST_TEST((transaction.parts > 1) == (transaction.changes.size() == many));
    BOOST_TEST(talk.sink.abandoned == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_more_of_a_large_transaction_comes_while_the_sink_does_not_accept, Source, sources)
{
    followed<Source> talk;
    talk.sink.refuse_at_part = true;
    talk.source.follow(talk.source.start(), parted, talk.sink);
    talk.source.write(many);
    BOOST_TEST(talk.source.until([&] { return talk.sink.open_parts == 1; }));
    for (int times = 0; times < 3; ++times) BOOST_TEST(talk.until_heard_again());
    BOOST_TEST(talk.sink.open_parts == 1u);
    BOOST_TEST(talk.sink.transactions.empty());
    talk.sink.accept();
    talk.source.resume();
    BOOST_TEST(talk.until_changes(many));
    BOOST_TEST(talk.sink.changes().size() == many);
    talk.source.stop();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_large_transaction_that_cannot_end_is_abandoned_and_comes_again, Source, sources)
{
    followed<Source> talk;
    talk.sink.refuse_at_part = true;
    talk.source.follow(talk.source.start(), parted, talk.sink);
    talk.source.write(many);
    BOOST_TEST(talk.source.until([&] { return talk.sink.open_parts == 1; }));
    talk.source.stop();
    BOOST_TEST(talk.sink.abandoned == 1u);
    BOOST_TEST(talk.sink.transactions.empty());

    talk.sink.accept();
    talk.source.follow(talk.source.start(), parted, talk.sink);
    BOOST_TEST(talk.until_changes(many));
    BOOST_TEST(talk.sink.changes().size() == many);
    talk.source.stop();
    BOOST_TEST(talk.sink.abandoned == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_handed_out_is_reached, Source, sources)
{
    followed<Source> talk;
    talk.source.follow(talk.source.start(), whole, talk.sink);
    for (std::size_t rows : {1u, 2u, 3u}) {
        auto before = talk.sink.changes().size();
        talk.source.write(rows);
        BOOST_TEST_REQUIRE(talk.until_changes(before + rows));
        talk.source.ask();
        auto end = talk.sink.transactions.back().position.position;
        BOOST_TEST(talk.source.until([&] { return talk.sink.reached >= end; }));
    }
    talk.source.stop();
}

BOOST_AUTO_TEST_SUITE_END()
