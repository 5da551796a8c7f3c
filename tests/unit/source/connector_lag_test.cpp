#include "source/kafka/connector_lag.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using kafka::connector_lag;
using namespace std::chrono_literals;

namespace {

db_time at(std::chrono::seconds time)
{
    return db_time{time};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connector_lags)

BOOST_AUTO_TEST_CASE(it_is_none_before_anything_was_sent)
{
    BOOST_TEST((connector_lag{}.before(at(1000s)) == 0s));
}

BOOST_AUTO_TEST_CASE(it_is_the_longest_of_late_whatever_order_they_come_in)
{
    connector_lag lag;
    lag.note(at(1002s), at(942s));
    lag.note(at(1012s), at(1007s));
    lag.note(at(1003s), at(913s));
    lag.note(at(1013s), at(1013s));
    BOOST_TEST((lag.before(at(1014s)) == 90s));
    BOOST_TEST((lag.before(at(1019s)) == 90s));
    BOOST_TEST((lag.before(at(1020s)) == 5s));
    BOOST_TEST((lag.before(at(1031s)) == 0s));
}

BOOST_AUTO_TEST_CASE(what_was_sent_long_before_the_latest_does_not_count)
{
    connector_lag lag;
    lag.note(at(1032s), at(1031s));
    lag.note(at(1002s), at(2s));
    BOOST_TEST((lag.before(at(1033s)) == 1s));
}

BOOST_AUTO_TEST_CASE(a_commit_that_is_later_than_its_event_is_no_lag)
{
    connector_lag lag;
    lag.note(at(1000s), at(1007s));
    BOOST_TEST((lag.before(at(1001s)) == 0s));
}

BOOST_AUTO_TEST_SUITE_END()
