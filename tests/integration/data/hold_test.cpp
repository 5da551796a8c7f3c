#include "integration/data/control_socket.hpp"
#include "integration/data/mirror.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <memory>
#include <stdexcept>

// What `verify --against-db` asks of the daemon, and what becomes of the mirror when the client does not go on.
using namespace understudy::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(holding)

BOOST_AUTO_TEST_CASE(a_client_that_holds_for_too_long_is_left_behind)
{
    mirror source;
    source.exec("CREATE TABLE t (id int PRIMARY KEY)");
    source.start();
    source.settle();
    control_socket client{source.sidecar().state_directory()};
    client.hold(3s);
    auto is_held = [&] { return source.status()["hold"].is_object(); };
    BOOST_TEST(wait_for(is_held, 3s));
    source.exec("INSERT INTO t VALUES (1)");
    BOOST_TEST(source.differences() == "");
    BOOST_TEST(wait_for([&] { return !is_held(); }));
    BOOST_CHECK_THROW(client.cut("FFFF/0"), std::runtime_error);
    client.hold();
    client.release();
}

BOOST_AUTO_TEST_CASE(one_client_holds_at_a_time)
{
    mirror source;
    source.exec("CREATE TABLE t (id int PRIMARY KEY)");
    source.start();
    source.settle();
    auto first = std::make_unique<control_socket>(source.sidecar().state_directory());
    control_socket second{source.sidecar().state_directory()};
    first->hold();
    BOOST_CHECK_THROW(second.hold(), std::runtime_error);
    second.release();
    BOOST_CHECK_THROW(second.cut("0/0"), std::runtime_error);
    first.reset();
    BOOST_TEST(wait_for([&] {
        try {
            return second.hold(), true;
        } catch (const std::runtime_error&) {
            return false;
        }
    }));
}

BOOST_AUTO_TEST_CASE(the_stream_goes_on_as_soon_as_the_cut_is_written)
{
    mirror source;
    source.exec("CREATE TABLE t (id int PRIMARY KEY)");
    source.start();
    source.settle();
    control_socket client{source.sidecar().state_directory()};
    client.hold();
    auto point = read_at_consistent_point(source.connection(), source.all_tables());
    auto cut = client.cut(point.position);
    for (int publish = 0; publish < 6; ++publish) {
        source.exec("INSERT INTO t VALUES (" + std::to_string(publish) + ")");
        source.settle();
    }
    BOOST_TEST(difference(point.rows, read_document(cut / "snapshot.json").rows) == "");
    client.release();
    BOOST_TEST(wait_for([&] { return !std::filesystem::exists(cut); }));
}

BOOST_AUTO_TEST_CASE(verify_takes_no_column_for_the_row)
{
    mirror source;
    source.exec(
        "CREATE TABLE t (id int PRIMARY KEY, r text, t text); INSERT INTO t VALUES (1, 'a', 'b'), (2, NULL, 'c')");
    source.start();
    source.settle();
    auto [status, output] = source.run_beside("verify", {"--against-db"});
    BOOST_TEST(status == 0, output);
}

BOOST_AUTO_TEST_SUITE_END()
