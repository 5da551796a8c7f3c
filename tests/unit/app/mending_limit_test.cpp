#include "app/mending_limit.hpp"

#include "core/limits.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(mending_limits)

BOOST_AUTO_TEST_CASE(a_store_that_fails_again_and_again_is_mended_a_few_times_later_and_later)
{
    mending_limit limit;
    auto before = 0ms;
    for (int mending = 0; mending < limits::store_mendings_max; ++mending) {
        auto wait = limit.next(1s, 0);
        BOOST_TEST_REQUIRE(wait.has_value());
        BOOST_TEST((*wait > before));
        before = *wait;
    }
    BOOST_TEST(!limit.next(1s, 0).has_value());
    BOOST_TEST(!limit.next(1s, 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_store_that_served_well_ends_the_row)
{
    mending_limit limit;
    for (int year = 0; year < 100; ++year) BOOST_TEST(limit.next(limits::store_proven, 0).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
