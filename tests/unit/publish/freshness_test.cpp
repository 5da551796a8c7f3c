#include "publish/freshness.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

db_time second(int count)
{
    return db_time{std::chrono::seconds{count}};
}

/// Seconds of current_as_of; -1 for nothing.
long earned(const freshness& told)
{
    auto time = told.current_as_of();
    return time ? static_cast<long>(time->time_since_epoch() / std::chrono::seconds{1}) : -1;
}

struct announced_at_100 {
    announced_at_100() { told.announced(1, lsn{100}); }
    freshness told;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(freshness_test, announced_at_100)

BOOST_AUTO_TEST_CASE(nothing_is_earned_without_a_generation)
{
    freshness fresh;
    fresh.probed(lsn{10}, second(1));
    fresh.reached(lsn{20});
    BOOST_TEST(earned(fresh) == -1);
}

BOOST_AUTO_TEST_CASE(a_probe_counts_only_when_the_stream_has_reached_it)
{
    told.probed(lsn{200}, second(5));
    told.reached(lsn{199});
    BOOST_TEST(earned(told) == -1);
    told.reached(lsn{200});
    BOOST_TEST(earned(told) == 5);
}

BOOST_AUTO_TEST_CASE(a_probe_inside_the_generation_counts_at_once)
{
    told.probed(lsn{100}, second(5));
    BOOST_TEST(earned(told) == 5);
}

BOOST_AUTO_TEST_CASE(an_unpublished_change_before_the_probe_stops_it)
{
    told.touched(lsn{150});
    told.probed(lsn{200}, second(5));
    told.reached(lsn{300});
    BOOST_TEST(earned(told) == -1);
}

BOOST_AUTO_TEST_CASE(a_change_behind_the_probe_does_not_stop_it)
{
    told.probed(lsn{200}, second(5));
    told.touched(lsn{200});
    told.reached(lsn{300});
    BOOST_TEST(earned(told) == 5);
    told.probed(lsn{300}, second(6));
    BOOST_TEST(earned(told) == 5);
}

BOOST_AUTO_TEST_CASE(a_change_that_starts_at_the_generations_position_is_not_inside)
{
    told.touched(lsn{100});
    told.probed(lsn{101}, second(5));
    told.reached(lsn{200});
    BOOST_TEST(earned(told) == -1);
}

BOOST_AUTO_TEST_CASE(it_moves_on_while_the_source_is_idle)
{
    told.reached(lsn{200});
    for (int i = 1; i < 500; ++i) {
        told.probed(lsn{200}, second(i));
        BOOST_TEST(earned(told) == i);
    }
}

BOOST_AUTO_TEST_CASE(a_generation_with_the_probe_inside_counts_at_once)
{
    told.touched(lsn{150});
    told.probed(lsn{200}, second(5));
    told.reached(lsn{200});
    told.announced(2, lsn{199});
    BOOST_TEST(earned(told) == 5);
}

BOOST_AUTO_TEST_CASE(a_generation_stops_again_at_the_next_change)
{
    told.touched(lsn{150});
    told.touched(lsn{250});
    told.probed(lsn{200}, second(5));
    told.probed(lsn{300}, second(6));
    told.reached(lsn{300});
    told.announced(2, lsn{180});
    BOOST_TEST(earned(told) == 5);
    told.announced(3, lsn{300});
    BOOST_TEST(earned(told) == 6);
}

BOOST_AUTO_TEST_CASE(it_never_goes_back_for_the_same_or_a_later_generation)
{
    told.probed(lsn{100}, second(9));
    BOOST_TEST(earned(told) == 9);
    told.touched(lsn{150});
    told.probed(lsn{200}, second(10));
    told.reached(lsn{200});
    BOOST_TEST(earned(told) == 9);
    told.announced(2, lsn{400});
    BOOST_TEST(earned(told) == 10);
    told.announced(2, lsn{400});
    BOOST_TEST(earned(told) == 10);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_put_back_takes_what_was_earned_by_the_former)
{
    told.probed(lsn{90}, second(600));
    BOOST_TEST(earned(told) == 600);
    told.probed(lsn{110}, second(5));
    BOOST_TEST(earned(told) == -1);
    told.reached(lsn{110});
    BOOST_TEST(earned(told) == 5);
}

BOOST_AUTO_TEST_CASE(a_probe_by_a_clock_that_was_put_back_since_earns_nothing)
{
    told.probed(lsn{110}, second(600));
    told.probed(lsn{120}, second(5));
    told.reached(lsn{115});
    BOOST_TEST(earned(told) == -1);
}

BOOST_AUTO_TEST_CASE(a_rollback_has_to_earn_its_own)
{
    told.announced(2, lsn{400});
    told.probed(lsn{300}, second(9));
    told.announced(1, lsn{100});
    BOOST_TEST(earned(told) == -1);
}

BOOST_AUTO_TEST_CASE(too_many_probes_keep_the_oldest_and_the_latest)
{
    for (int i = 0; i < 10'000; ++i) told.probed(lsn{static_cast<std::uint64_t>(200 + i)}, second(i));
    told.reached(lsn{200});
    BOOST_TEST(earned(told) == 0);
    told.reached(lsn{1'000'000});
    BOOST_TEST(earned(told) == 9999);
}

BOOST_AUTO_TEST_CASE(too_many_changes_only_make_it_more_careful)
{
    for (std::uint64_t i = 0; i < 5'000; ++i) told.touched(lsn{1'000 + 10 * i});
    told.reached(lsn{100'000});
    told.announced(2, lsn{40'000});
    told.probed(lsn{40'005}, second(7));
    BOOST_TEST(earned(told) == -1);
    told.announced(3, lsn{60'000});
    BOOST_TEST(earned(told) == 7);
}

BOOST_AUTO_TEST_CASE(what_an_earlier_run_proved_holds_until_more_is_earned_or_an_older_one_is_announced)
{
    told.announced(2, lsn{400});
    told.restore(second(5));
    BOOST_TEST(earned(told) == 5);
    told.probed(lsn{500}, second(8));
    BOOST_TEST(earned(told) == 5);
    told.probed(lsn{300}, second(9));
    BOOST_TEST(earned(told) == 9);
    told.announced(1, lsn{100});
    BOOST_TEST(earned(told) == -1);
}

BOOST_AUTO_TEST_CASE(another_source_forgets_what_was_asked_of_the_former)
{
    told.probed(lsn{200}, second(5));
    told.forget_source();
    told.announced(2, lsn{500});
    told.reached(lsn{500});
    BOOST_TEST(earned(told) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
