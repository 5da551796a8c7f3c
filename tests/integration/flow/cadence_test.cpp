#include "flow/flow_kit.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <signal.h>
#include <sstream>

// When a generation is published, and what operators can ask for.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

const std::string seldom = "cadence:\n  every: 1h\ncommit:\n  max_delay: 50ms\nstatus:\n  heartbeat: 100ms\n";

void replace_in_config(const mirror& sidecar, const std::string& from, const std::string& to)
{
    auto text = read_file(sidecar.config_file());
    auto at = text.find(from);
    BOOST_REQUIRE(at != text.npos);
    write_file(sidecar.config_file(), text.replace(at, from.size(), to));
}

void change_a_row(const filled_server& server)
{
    server.exec("UPDATE public.items SET note = coalesce(note, '') || '.' WHERE id = 1");
}

/// Until it is durable in the store, and confirmed.
void change_a_row_and_wait(const filled_server& server)
{
    auto before = server.flushed();
    change_a_row(server);
    BOOST_REQUIRE(wait_for([&] { return server.confirmed() > before; }));
}

/// Of each thread of the program (proc(5): the 19th field of stat, which follows the name in parentheses).
std::vector<int> niceness_of_threads(const mirror& sidecar)
{
    std::vector<int> all;
    for (const auto& thread : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", sidecar.pid())}) {
        auto line = read_file(thread.path() / "stat");
        std::istringstream fields{line.substr(line.rfind(')') + 2)};
        std::string field;
        for (int number = 3; number <= 19; ++number) fields >> field;
        all.push_back(std::stoi(field));
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cadence_and_control)

BOOST_AUTO_TEST_CASE(a_stop_publishes_what_is_due_but_for_min_interval)
{
    filled_server server;
    mirror sidecar{server, "cadence:\n  min_interval: 1h\ncommit:\n  max_delay: 50ms\nstatus:\n  heartbeat: 100ms\n"};
    sidecar.start_following();
    change_a_row_and_wait(server);
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    BOOST_TEST(sidecar.logged("reason=shutdown") == 1u, sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar, 0s) == "");
}

BOOST_AUTO_TEST_CASE(a_stop_does_not_publish_what_no_rule_asks_for_yet)
{
    filled_server server;
    mirror sidecar{server, seldom};
    sidecar.start_following();
    auto generation = sidecar.generation();
    change_a_row_and_wait(server);
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    BOOST_TEST(sidecar.generation() == generation, sidecar.log());
    sidecar.start();
    BOOST_TEST(wait_for([&] { return sidecar.is_streaming(); }));
    sidecar.publish();
    BOOST_TEST(lasting_difference(server, sidecar, 0s) == "");
}

BOOST_AUTO_TEST_CASE(the_thread_that_writes_generations_lets_others_go_first)
{
    filled_server server;
    mirror sidecar{server, seldom};
    sidecar.start_following();
    auto threads = niceness_of_threads(sidecar);
    std::ranges::sort(threads);
    BOOST_TEST_REQUIRE(threads.size() >= 3u);
    BOOST_TEST(threads.back() == std::min(19, threads.front() + 10));
    BOOST_TEST(std::ranges::count(threads, threads.front()) >= 2);
}

BOOST_AUTO_TEST_CASE(a_signal_publishes_now)
{
    filled_server server;
    mirror sidecar{server, seldom};
    sidecar.start_following();
    change_a_row(server);
    auto end = server.flushed();
    auto has_it = [&] { return sidecar.publish() >= end; };
    BOOST_TEST(wait_for(has_it), sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar, 0s) == "");
}

BOOST_AUTO_TEST_CASE(the_publish_command_publishes_now)
{
    filled_server server;
    mirror sidecar{server, seldom};
    sidecar.start_following();
    auto generation = sidecar.generation();
    BOOST_TEST(sidecar.run_beside("publish") == 0, sidecar.log());
    BOOST_TEST(sidecar.generation() == generation + 1);
}

BOOST_AUTO_TEST_CASE(a_new_cadence_and_level_are_taken_live_and_a_new_slot_is_refused_by_name)
{
    filled_server server;
    mirror sidecar{server, seldom + "log:\n  level: info\n"};
    sidecar.start_following();
    replace_in_config(sidecar, "every: 1h", "min_interval: 50ms");
    replace_in_config(sidecar, "level: info", "level: debug");
    replace_in_config(sidecar, "source:\n  postgres:\n", "source:\n  postgres:\n    slot: another\n");
    sidecar.signal(SIGHUP);
    BOOST_TEST(wait_for([&] { return sidecar.logged("key=source.postgres.slot") > 0; }), sidecar.log());
    BOOST_TEST(sidecar.logged("reload_refused") == 1u, sidecar.log());
    change_a_row(server);
    BOOST_TEST(lasting_difference(server, sidecar) == "", "the new cadence is in effect\n" << sidecar.log());
    BOOST_TEST(server.scalar("SELECT slot_name FROM pg_replication_slots") == "understudy");
}

BOOST_AUTO_TEST_CASE(a_broken_config_is_refused_and_the_old_one_goes_on)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    append_to_file(sidecar.config_file(), "nonsense: 1\n");
    sidecar.signal(SIGHUP);
    BOOST_TEST(wait_for([&] { return sidecar.logged("reload_refused") > 0; }), sidecar.log());
    change_a_row(server);
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

BOOST_AUTO_TEST_CASE(under_load_generations_are_no_closer_than_min_interval)
{
    filled_server server;
    mirror sidecar{server, "cadence:\n  min_interval: 1s\ncommit:\n  max_delay: 50ms\nstatus:\n  heartbeat: 100ms\n"};
    sidecar.start_following();
    workload load{{.connection = server.connection_string(), .seed = 71}};
    auto first = sidecar.generation();
    auto begin = std::chrono::steady_clock::now();
    BOOST_REQUIRE(wait_for([&] { return sidecar.generation() >= first + 3; }));
    BOOST_TEST((std::chrono::steady_clock::now() - begin > 2s));
    load.stop();
}

BOOST_AUTO_TEST_CASE(nothing_is_published_when_nothing_that_is_mirrored_changed)
{
    filled_server server;
    server.exec("CREATE TABLE public.other (id int)");
    mirror sidecar{server};
    sidecar.start_following();
    auto generation = sidecar.generation();
    server.exec("INSERT INTO public.other VALUES (1)");
    auto end = server.flushed();
    // The generation is known to be current past these writes, though it was not written again.
    BOOST_TEST(wait_for([&] {
        return server.scalar("SELECT coalesce(max(write_lsn), '0/0') >= '" + to_string(end) +
                             "' FROM pg_stat_replication") == "t";
    }));
    BOOST_TEST(sidecar.generation() == generation);
    BOOST_TEST(sidecar.logged("published: ") == 1u, sidecar.log());
}

BOOST_AUTO_TEST_CASE(once_publishes_what_was_committed_before_it_began)
{
    filled_server server;
    mirror sidecar{server};
    for (int round = 0; round < 3; ++round) {
        change_a_row(server);
        auto before = server.flushed();
        BOOST_TEST(sidecar.run("once") == 0, sidecar.log());
        BOOST_TEST(sidecar.position() >= before);
        BOOST_TEST(lasting_difference(server, sidecar, 0s) == "");
        BOOST_TEST(sidecar.logged("published: ") == static_cast<std::size_t>(round + 1), sidecar.log());
    }
    BOOST_TEST(sidecar.copies() == 1u, sidecar.log());
}

BOOST_AUTO_TEST_CASE(with_everything_dead_the_commands_answer_from_the_files)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    BOOST_REQUIRE(server.stop());
    BOOST_TEST(sidecar.run("status") == 0, sidecar.log());
    BOOST_TEST(sidecar.run("verify") == 0, sidecar.log());
    BOOST_TEST(sidecar.run("publish") == 3, sidecar.log());
    BOOST_TEST(sidecar.run("once") == 3, sidecar.log());
    BOOST_TEST(sidecar.run("check") != 0, sidecar.log());
    BOOST_TEST(sidecar.run("config") == 0, sidecar.log());
}

BOOST_AUTO_TEST_CASE(without_a_generation_the_commands_say_no)
{
    filled_server server;
    mirror sidecar{server};
    BOOST_TEST(sidecar.run("status") == 1, sidecar.log());
    BOOST_TEST(sidecar.run("verify") != 0, sidecar.log());
    BOOST_TEST(sidecar.run("publish") == 3, sidecar.log());
}

BOOST_AUTO_TEST_SUITE_END()
