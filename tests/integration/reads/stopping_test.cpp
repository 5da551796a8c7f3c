#include "integration/reads/loopback_mirror.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>

namespace understudy::testing {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(stopping)

BOOST_AUTO_TEST_CASE(a_long_read_does_not_hold_up_the_end_of_the_daemon)
{
    loopback_mirror own{"CREATE TABLE big (id int PRIMARY KEY, t text);"
                        "INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 400000) i",
                        {"public.big"},
                        "  timeout: 60s\n"};
    own.start();
    std::vector<raw_socket> readers;
    for (int at = 0; at < 30; ++at) {
        readers.push_back(own.connect());
        readers.back().send("GET /big?select=id&t=ilike.%25y%25x%25y%25y HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    BOOST_TEST(own.get("/big?id=eq.7&select=id").body == "[{\"id\":7}]");
    own.sidecar().signal(SIGTERM);
    BOOST_TEST(own.sidecar().wait(3s).value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
