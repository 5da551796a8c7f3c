#include "serve/read_gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <string>
#include <vector>

using namespace understudy;
using namespace std::chrono_literals;

namespace {

struct gate_fixture {
    /// Notes when somebody comes in, and keeps the pass.
    asio::awaitable<void> come(char name, std::chrono::milliseconds patience)
    {
        auto deadline = std::chrono::steady_clock::now() + patience;
        auto got = co_await gate.enter(deadline);
        seen += got ? name : '-';
        if (got) passes.push_back(std::move(*got));
    }
    void spawn(char name, std::chrono::milliseconds patience = 10s)
    {
        auto ended = [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        };
        asio::co_spawn(loop, come(name, patience), ended);
        loop.poll();
        loop.restart();
    }
    void leave()
    {
        passes.erase(passes.begin());
        loop.poll();
        loop.restart();
    }

    asio::io_context loop{1};
    read_gate gate{2};
    std::list<read_gate::pass> passes;
    std::string seen;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(read_gate_test, gate_fixture)

BOOST_AUTO_TEST_CASE(a_place_goes_to_who_has_waited_longest)
{
    for (char name : {'a', 'b', 'c', 'd'}) spawn(name);
    BOOST_TEST(seen == "ab");
    leave();
    BOOST_TEST(seen == "abc");
    spawn('e');
    leave();
    BOOST_TEST(seen == "abcd");
    leave();
    leave();
    BOOST_TEST(seen == "abcde");
    leave();
    spawn('f');
    BOOST_TEST(seen == "abcdef");
    passes.clear();
}

BOOST_AUTO_TEST_CASE(who_waits_too_long_is_sent_away_and_takes_no_place)
{
    spawn('a');
    spawn('b');
    spawn('c', 1ms);
    loop.run_for(50ms);
    loop.restart();
    BOOST_TEST(seen == "ab-");
    leave();
    spawn('d');
    BOOST_TEST(seen == "ab-d");
    passes.clear();
}

BOOST_AUTO_TEST_CASE(a_closed_gate_sends_all_away)
{
    for (char name : {'a', 'b', 'c'}) spawn(name);
    gate.close();
    loop.poll();
    loop.restart();
    spawn('d');
    BOOST_TEST(seen == "ab--");
    passes.clear();
}

BOOST_AUTO_TEST_SUITE_END()
