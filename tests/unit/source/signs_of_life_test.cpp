#include "source/kafka/signs_of_life.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using kafka::signs_of_life;
using namespace std::chrono_literals;

namespace {

db_time sent_at(std::chrono::seconds time)
{
    return db_time{time};
}

signs_of_life::time_point at(std::chrono::seconds time)
{
    return signs_of_life::time_point{time};
}

/// Heartbeats that came as they were sent.
signs_of_life heard(std::initializer_list<std::chrono::seconds> times)
{
    signs_of_life life;
    for (auto time : times) life.note(sent_at(time), at(time));
    return life;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signs_of_lives)

BOOST_AUTO_TEST_CASE(who_never_showed_a_sign_is_not_called_silent)
{
    BOOST_TEST(!signs_of_life{}.is_silent(at(1000000s)));
    BOOST_TEST(!signs_of_life{}.last().has_value());
}

BOOST_AUTO_TEST_CASE(half_a_minute_without_one_is_silence)
{
    auto life = heard({100s, 101s, 102s});
    BOOST_TEST(!life.is_silent(at(132s)));
    BOOST_TEST(life.is_silent(at(133s)));
    life.note(sent_at(140s), at(140s));
    BOOST_TEST(!life.is_silent(at(141s)));
}

BOOST_AUTO_TEST_CASE(it_takes_four_times_as_long_as_usual_where_that_is_more)
{
    auto life = heard({100s, 160s, 220s});
    BOOST_TEST(!life.is_silent(at(460s)));
    BOOST_TEST(life.is_silent(at(461s)));
}

BOOST_AUTO_TEST_CASE(an_absence_does_not_pass_for_what_is_usual)
{
    BOOST_TEST(heard({100s, 101s, 102s, 7000s}).is_silent(at(7031s)));
}

BOOST_AUTO_TEST_CASE(what_is_usual_is_taken_to_be_a_minute_before_it_is_known)
{
    auto life = heard({100s});
    BOOST_TEST(!life.is_silent(at(340s)));
    BOOST_TEST(life.is_silent(at(341s)));
}

BOOST_AUTO_TEST_CASE(the_first_one_may_be_of_long_ago_and_tells_nothing_of_now)
{
    signs_of_life life;
    life.note(sent_at(100s), at(7000s));
    BOOST_TEST((life.alive_at() == signs_of_life::time_point{}));
    life.note(sent_at(99s), at(7001s));
    BOOST_TEST((life.alive_at() == signs_of_life::time_point{}));
    life.note(sent_at(101s), at(7002s));
    BOOST_TEST((life.alive_at() == at(7002s)));
    BOOST_TEST((life.last() == sent_at(101s)));
}

BOOST_AUTO_TEST_CASE(one_that_is_read_once_more_is_no_sign)
{
    auto life = heard({100s, 101s, 102s});
    life.note(sent_at(102s), at(140s));
    BOOST_TEST(life.is_silent(at(141s)));
    BOOST_TEST((life.alive_at() == at(102s)));
}

BOOST_AUTO_TEST_SUITE_END()
