#include "support/postgres_server.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

std::string server_with_tables(const postgres_server& server)
{
    sql_session session{server.connection_string()};
    workload::create_tables(session);
    return server.connection_string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workloads)

BOOST_AUTO_TEST_CASE(a_workload_commits_until_it_is_stopped)
{
    postgres_server server;
    auto connection = server_with_tables(server);
    workload load{{.connection = connection, .seed = 1, .pause = 0us}};
    BOOST_TEST(wait_for([&] { return load.committed() > 200; }));
    auto counts = load.stop();
    BOOST_TEST(counts.rolled_back > 0u);
    BOOST_TEST(counts.failed == 0u);
    sql_session session{connection};
    BOOST_TEST(counts.committed == load.stop().committed);
    BOOST_TEST(session.scalar("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") == "1");
}

BOOST_AUTO_TEST_CASE(every_kind_of_change_happens)
{
    postgres_server server;
    auto connection = server_with_tables(server);
    workload load{{.connection = connection, .seed = 2, .pause = 0us}};
    BOOST_TEST(wait_for([&] { return load.committed() > 400; }));
    load.stop();
    sql_session session{connection};
    session.exec("SELECT pg_stat_clear_snapshot()");
    auto happened = [&](const std::string& table, const std::string& what) {
        return wait_for([&] {
            return session.scalar("SELECT n_tup_" + what + " > 0 FROM pg_stat_user_tables WHERE relname = '" + table +
                                  "'") == "t";
        });
    };
    BOOST_TEST(happened("items", "ins"));
    BOOST_TEST(happened("items", "upd"));
    BOOST_TEST(happened("items", "del"));
    BOOST_TEST(happened("events", "ins"));
    BOOST_TEST(happened("events", "del"));
    BOOST_TEST(session.scalar("SELECT count(*) > 0 FROM items WHERE id > 1000") == "t", "a changed key");
    BOOST_TEST(
        session.scalar("SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE relname = 'items'") == "t",
        "large values out of line");
}

BOOST_AUTO_TEST_CASE(a_workload_goes_on_after_the_server_was_restarted)
{
    postgres_server server;
    workload load{{.connection = server_with_tables(server), .seed = 3, .pause = 100us}};
    BOOST_TEST(wait_for([&] { return load.committed() > 0; }));
    server.restart(postgres_server::stop_mode::immediate);
    auto before = load.committed();
    BOOST_TEST(wait_for([&] { return load.committed() > before; }));
    BOOST_TEST(load.stop().failed > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
