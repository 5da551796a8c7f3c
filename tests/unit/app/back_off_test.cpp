#include "app/back_off.hpp"

#include "core/limits.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace understudy;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(back_offs)

BOOST_AUTO_TEST_CASE(each_wait_is_between_half_and_all_of_a_doubling_time)
{
    auto seed = std::random_device{}();
    std::mt19937 dice{seed};
    for (int round = 0; round < 100; ++round) {
        back_off waits;
        std::chrono::milliseconds full = limits::backoff_min;
        for (int tries = 0; tries < 40; ++tries) {
            auto wait = waits.next(static_cast<std::uint32_t>(dice()));
            BOOST_TEST_CONTEXT("seed " << seed << " try " << tries << " wait " << wait.count()) {
                BOOST_TEST((wait >= full / 2));
                BOOST_TEST((wait <= full));
            }
            full = std::min<std::chrono::milliseconds>(2 * full, limits::backoff_max);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_wait_within_its_bounds_can_come)
{
    auto least = std::chrono::milliseconds::max();
    auto most = 0ms;
    for (std::uint32_t dice = 0; dice < 1000; ++dice) {
        auto wait = back_off{}.next(dice);
        least = std::min(least, wait);
        most = std::max(most, wait);
    }
    BOOST_TEST((least == std::chrono::milliseconds{limits::backoff_min} / 2));
    BOOST_TEST((most == limits::backoff_min));
    BOOST_TEST((back_off{}.next(~std::uint32_t{0}) <= limits::backoff_min));
}

BOOST_AUTO_TEST_CASE(a_try_that_went_well_begins_anew)
{
    back_off waits;
    for (int i = 0; i < 10; ++i) waits.next(0);
    BOOST_TEST(waits.tries() == 10);
    BOOST_TEST((waits.next(0) > limits::backoff_min));
    waits.reset();
    BOOST_TEST(waits.tries() == 0);
    BOOST_TEST((waits.next(0) <= limits::backoff_min));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_away_for_years_is_still_asked)
{
    back_off waits;
    for (int i = 0; i < 100'000; ++i) waits.next(7);
    BOOST_TEST((waits.next(7) >= limits::backoff_max / 2));
    BOOST_TEST((waits.next(7) <= limits::backoff_max));
}

BOOST_AUTO_TEST_SUITE_END()
