#include "core/position.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

stored_position stored(lsn last_commit, lsn keepalive)
{
    stored_position position;
    position.last.commit = last_commit;
    position.keepalive = keepalive;
    return position;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(positions)

BOOST_AUTO_TEST_CASE(acknowledged_is_the_later_of_commit_start_and_keepalive)
{
    BOOST_TEST(stored({}, {}).acknowledged() == lsn{});
    BOOST_TEST(stored(lsn{10}, lsn{5}).acknowledged() == lsn{10});
    BOOST_TEST(stored(lsn{5}, lsn{10}).acknowledged() == lsn{10});
    BOOST_TEST(stored(lsn{10}, lsn{10}).acknowledged() == lsn{10});
}

BOOST_AUTO_TEST_SUITE_END()
