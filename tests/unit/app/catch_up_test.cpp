#include "app/publisher.hpp"

#include "core/limits.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(catching_up)

BOOST_AUTO_TEST_CASE(far_behind_a_rule_waits_until_the_stream_is_near_or_it_is_overdue)
{
    constexpr auto far = limits::publish_behind_bytes + 1;
    for (auto why : {publish_reason::changed, publish_reason::every, publish_reason::after_changes,
                     publish_reason::after_bytes, publish_reason::after_quiet})
        BOOST_TEST_CONTEXT(name_of(why)) {
            BOOST_TEST(waits_to_catch_up(why, far, 0s));
            BOOST_TEST(!waits_to_catch_up(why, limits::publish_behind_bytes, 0s));
            BOOST_TEST(!waits_to_catch_up(why, far, limits::publish_behind_max));
        }
}

BOOST_AUTO_TEST_CASE(what_somebody_waits_for_does_not_wait)
{
    for (auto why :
         {publish_reason::first, publish_reason::outdated, publish_reason::requested, publish_reason::shutdown})
        BOOST_TEST(!waits_to_catch_up(why, ~std::uint64_t{0}, 0s), name_of(why));
}

BOOST_AUTO_TEST_SUITE_END()
