#include "core/change_batch.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

change_batch one_of_each()
{
    change_batch batch;
    batch.put(1, "k1", "r1", row_before::absent);
    batch.move(2, "old", "new", "r2", row_before::present);
    batch.remove(3, "k3");
    batch.clear_table(4);
    batch.add(5, "k5", "r5");
    batch.subtract(6, "k6");
    return batch;
}

bool same(const change_batch::change& a, const change_batch::change& b)
{
    return a.what == b.what && a.table == b.table && a.key == b.key && a.old_key == b.old_key && a.row == b.row &&
           a.before == b.before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(change_batches)

BOOST_AUTO_TEST_CASE(changes_come_back_as_they_went_in)
{
    auto batch = one_of_each();
    BOOST_TEST(batch.size() == 6u);
    BOOST_TEST(same(batch[0], {operation::put, 1, "k1", "", "r1", row_before::absent}));
    BOOST_TEST(same(batch[1], {operation::move, 2, "new", "old", "r2", row_before::present}));
    BOOST_TEST(same(batch[2], {operation::remove, 3, "k3", "", ""}));
    BOOST_TEST(same(batch[3], {operation::clear, 4, "", "", ""}));
    BOOST_TEST(same(batch[4], {operation::add, 5, "k5", "", "r5"}));
    BOOST_TEST(same(batch[5], {operation::subtract, 6, "k6", "", ""}));
}

BOOST_AUTO_TEST_CASE(an_appended_batch_keeps_its_bytes_and_order)
{
    auto batch = one_of_each();
    auto other = one_of_each();
    batch.append(other);
    BOOST_TEST(batch.size() == 12u);
    for (std::size_t i = 0; i < other.size(); ++i)
        BOOST_TEST_CONTEXT("change " << i) BOOST_TEST(same(batch[6 + i], other[i]));
}

BOOST_AUTO_TEST_CASE(a_truncated_batch_is_the_one_before)
{
    auto whole = one_of_each();
    for (std::size_t size = 0; size <= whole.size() + 1; ++size) {
        auto cut = one_of_each();
        cut.truncate(size);
        cut.put(9, "k9", "r9");
        auto kept = std::min(size, whole.size());
        BOOST_TEST_CONTEXT("size " << size) {
            BOOST_TEST(cut.size() == kept + 1);
            for (std::size_t i = 0; i < kept; ++i) BOOST_TEST(same(cut[i], whole[i]));
            BOOST_TEST(same(cut[kept], {operation::put, 9, "k9", "", "r9"}));
        }
    }
}

BOOST_AUTO_TEST_CASE(memory_counts_every_byte_and_nothing_after_a_reset)
{
    change_batch batch;
    BOOST_TEST(batch.memory_bytes() == 0u);
    batch.put(1, std::string(100, 'k'), std::string(1000, 'r'));
    BOOST_TEST(batch.memory_bytes() >= 1100u);
    BOOST_TEST(batch.memory_bytes() < 1200u);
    batch.reset();
    BOOST_TEST(batch.empty());
    BOOST_TEST(batch.memory_bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
