#include "unit/source/log_model.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using namespace understudy;
using namespace understudy::log_kit;

namespace {

/// Rows in which a value that is not known counts as any.
bool is_same(const std::string& rows, const std::string& expected)
{
    std::size_t there = 0;
    for (std::size_t here = 0; here < rows.size(); ++here, ++there) {
        if (rows[here] != '~' && (there >= expected.size() || rows[here] != expected[there])) return false;
        if (rows[here] == '~') there = std::min(expected.find('"', expected.find('"', there) + 1), expected.size());
    }
    return there == expected.size();
}

/// Reads a model's topic in pieces, from time to time as a new process.
class follower {
public:
    follower(model& of, std::int32_t partitions, kafka::reading_policy policy)
        : of_{of}, partitions_{partitions}, got_{{items()}, static_cast<std::size_t>(partitions), policy}
    {
    }

    void read(std::size_t most)
    {
        for (std::size_t left = most; left > 0; --left)
            read_one(static_cast<std::int32_t>(of_.below(static_cast<std::size_t>(partitions_))));
    }

    void read_whole()
    {
        for (std::int32_t partition = 0; partition < partitions_; ++partition)
            while (read_one(partition)) {
            }
        for (std::int32_t partition = 0; partition < partitions_; ++partition) got_.see_end(partition);
        if (got_.reader->places().run_is_ending) got_.reader->end_run();
    }

    /// The last record of each partition is read once more then, if it is still there.
    void restart()
    {
        got_.restart();
        for (const auto& one : of_.log())
            if (one.offset == place(one.partition).last) take(one);
    }

    std::vector<std::int64_t> seen() const
    {
        std::vector<std::int64_t> offsets;
        for (const auto& partition : got_.place().partitions) offsets.push_back(partition.next);
        return offsets;
    }

    const reading& got() const { return got_; }

private:
    const kafka::partition_place& place(std::int32_t partition) const
    {
        return got_.place().partitions[static_cast<std::size_t>(partition)];
    }

    bool read_one(std::int32_t partition)
    {
        auto next = std::find_if(of_.log().begin(), of_.log().end(), [&](const message& one) {
            return one.partition == partition && one.offset >= place(partition).next;
        });
        if (next == of_.log().end()) return false;
        take(*next);
        if (got_.is_settled() && partitions_ == 1 && !of_.was_compacted())
            BOOST_TEST_CONTEXT("offset " << next->offset)
                BOOST_REQUIRE_MESSAGE(of_.states().contains(got_.rows()), "settled at what never was: " + got_.rows());
        return true;
    }

    void take(const message& what) { BOOST_REQUIRE_MESSAGE(got_.take(what) == "ok", got_.text()); }

    model& of_;
    std::int32_t partitions_;
    reading got_;
};

struct circumstances {
    model::shape shape;
    bool compacts = false;
    bool restarts = false;
};

void follow(std::uint64_t seed, circumstances where)
{
    model source{seed, where.shape};
    kafka::reading_policy policy;
    if (where.shape.interrupts_snapshots) policy.resnapshot = resnapshot_policy::sweep;
    follower reader{source, where.shape.partitions, policy};
    for (int left = 60; left > 0; --left) {
        source.step();
        auto what = source.below(8);
        if (what < 3) reader.read(source.below(8));
        if (what == 3) reader.read_whole();
        if (what == 4 && where.restarts) reader.restart();
        if (what == 5 && where.compacts) source.compact(reader.seen());
    }
    source.finish();
    reader.read_whole();
    BOOST_TEST(reader.got().is_settled());
    if (where.compacts)
        BOOST_TEST(is_same(reader.got().rows(), source.rows()), reader.got().rows() + " is not " + source.rows());
    else
        BOOST_TEST(reader.got().rows() == source.rows());
}

void follow_many(circumstances where)
{
    for (std::uint64_t seed = 1; seed <= 300; ++seed)
        BOOST_TEST_CONTEXT("seed " << seed) follow(seed, where);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_models)

BOOST_AUTO_TEST_CASE(a_topic_ends_at_the_rows_of_the_database)
{
    follow_many({.shape = {}, .compacts = false, .restarts = false});
}

BOOST_AUTO_TEST_CASE(a_topic_that_is_read_by_one_process_after_the_other_ends_at_the_rows_of_the_database)
{
    follow_many({.shape = {}, .compacts = false, .restarts = true});
}

BOOST_AUTO_TEST_CASE(a_compacted_topic_ends_at_the_rows_of_the_database)
{
    follow_many({.shape = {}, .compacts = true, .restarts = false});
}

BOOST_AUTO_TEST_CASE(a_compacted_topic_that_is_read_by_one_process_after_the_other_ends_at_the_rows_of_the_database)
{
    follow_many({.shape = {}, .compacts = true, .restarts = true});
}

BOOST_AUTO_TEST_CASE(a_compacted_topic_of_two_partitions_ends_at_the_rows_of_the_database)
{
    follow_many({.shape = {.partitions = 2}, .compacts = true, .restarts = true});
}

BOOST_AUTO_TEST_CASE(a_topic_with_interrupted_snapshots_ends_at_the_rows_of_the_database_if_it_is_swept)
{
    follow_many({.shape = {.partitions = 1, .interrupts_snapshots = true}, .compacts = false, .restarts = true});
}

BOOST_AUTO_TEST_SUITE_END()
