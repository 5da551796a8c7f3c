#include "core/change_counts.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

BOOST_AUTO_TEST_SUITE(change_counting)

BOOST_AUTO_TEST_CASE(each_kind_of_change_counts_for_its_table)
{
    change_batch batch;
    batch.put(1, "k", "r", row_before::absent);
    batch.put(1, "k", "r", row_before::present);
    batch.put(2, "k", "r", row_before::absent);
    batch.move(1, "k", "l", "r", row_before::present);
    batch.remove(1, "l", row_before::present);
    batch.clear_table(2);
    batch.add(3, "k", "r");
    batch.subtract(3, "k");
    change_counts counted;
    counted.add(batch);
    BOOST_TEST(counted.by_table().size() == 3U);
    BOOST_TEST((counted.by_table().at(1) == row_counts{{1, 2, 1, 0}}));
    BOOST_TEST((counted.by_table().at(2) == row_counts{{1, 0, 0, 1}}));
    BOOST_TEST((counted.by_table().at(3) == row_counts{{1, 0, 1, 0}}));
}

BOOST_AUTO_TEST_CASE(counts_add_up)
{
    change_batch batch;
    batch.put(1, "k", "r", row_before::absent);
    change_counts counted;
    counted.add(batch);
    change_counts more;
    batch.remove(2, "k");
    more.add(batch);
    counted.add(more);
    BOOST_TEST((counted.by_table().at(1) == row_counts{{2, 0, 0, 0}}));
    BOOST_TEST((counted.by_table().at(2) == row_counts{{0, 0, 1, 0}}));
}

BOOST_AUTO_TEST_SUITE_END()
