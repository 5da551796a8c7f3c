#include "flow/flow_kit.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <signal.h>

// An operator holds publishing while everything else goes on; and what status.json tells of the cadence.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

void change_a_row(const filled_server& server)
{
    server.exec("UPDATE public.items SET note = coalesce(note, '') || '.' WHERE id = 1");
}

/// Until the change is durable in the store, and confirmed.
void change_a_row_and_wait(const filled_server& server)
{
    auto before = server.flushed();
    change_a_row(server);
    BOOST_REQUIRE(wait_for([&] { return server.confirmed() > before; }));
}

json::value in_status(const mirror& sidecar, std::string_view pointer)
{
    auto now = json::value(sidecar.status());
    json::error_code missing;
    const auto* found = now.find_pointer(pointer, missing);
    return found != nullptr ? *found : json::value{};
}

std::string text_in_status(const mirror& sidecar, std::string_view pointer)
{
    auto found = in_status(sidecar, pointer);
    return found.is_string() ? std::string{found.as_string()} : json::serialize(found);
}

/// What the last slot of the day says of a kind of event, once the daemon has stopped: how often, and the last reason.
std::pair<int, std::string> last_of_day(const mirror& sidecar, std::string_view kind)
{
    auto slots = json::parse(read_file(sidecar.state_directory() / "day.json")).at("slots").as_array();
    std::pair<int, std::string> sum;
    for (const auto& slot : slots) {  // the test may have run into a second slot
        const auto* count = slot.as_object().if_contains(kind);
        if (count == nullptr) continue;
        sum.first += count->to_number<int>();
        sum.second = slot.at("reasons").at(kind).as_string();
    }
    return sum;
}

struct paused_mirror {
    filled_server server;
    mirror sidecar{server};
    std::uint64_t generation = 0;

    paused_mirror()
    {
        sidecar.start_following();
        BOOST_TEST_REQUIRE(sidecar.run_beside("pause", {"--reason", "the import is wrong"}) == 0, sidecar.log());
        generation = sidecar.generation();
    }

    /// Two heartbeats that were written after a change was confirmed: long enough for a publish that comes at once.
    void check_that_nothing_is_published()
    {
        change_a_row_and_wait(server);
        for (int beat = 0; beat < 2; ++beat) {
            auto last = text_in_status(sidecar, "/heartbeat");
            BOOST_REQUIRE(wait_for([&] { return text_in_status(sidecar, "/heartbeat") != last; }));
        }
        BOOST_TEST(sidecar.generation() == generation, sidecar.log());
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pausing)

BOOST_FIXTURE_TEST_CASE(while_paused_changes_are_confirmed_and_nothing_is_announced, paused_mirror)
{
    check_that_nothing_is_published();
    BOOST_TEST(text_in_status(sidecar, "/cadence/rule") == "paused");
    BOOST_TEST(text_in_status(sidecar, "/cadence/will_fire") == "resumed");
    BOOST_TEST(text_in_status(sidecar, "/cadence/pending/changes") == "1");
    BOOST_TEST(text_in_status(sidecar, "/paused/reason") == "the import is wrong");
    BOOST_TEST(text_in_status(sidecar, "/state") == "streaming");
}

BOOST_FIXTURE_TEST_CASE(while_paused_freshness_stands_still_once_something_changed, paused_mirror)
{
    check_that_nothing_is_published();
    auto stands = text_in_status(sidecar, "/current_as_of");
    check_that_nothing_is_published();
    BOOST_TEST(text_in_status(sidecar, "/current_as_of") == stands);
}

BOOST_FIXTURE_TEST_CASE(a_resume_publishes_at_once_what_changed, paused_mirror)
{
    check_that_nothing_is_published();
    BOOST_TEST(sidecar.run_beside("resume") == 0, sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
    BOOST_TEST(wait_for([&] { return sidecar.logged("reason=resumed") == 1; }), sidecar.log());
    BOOST_TEST(wait_for([&] { return in_status(sidecar, "/paused").is_null(); }));
    change_a_row(server);
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

BOOST_FIXTURE_TEST_CASE(a_pause_survives_a_stop_and_a_kill, paused_mirror)
{
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    sidecar.start_following();
    check_that_nothing_is_published();
    sidecar.kill();
    sidecar.start_following();
    check_that_nothing_is_published();
    BOOST_TEST(sidecar.run_beside("resume") == 0, sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

BOOST_FIXTURE_TEST_CASE(who_asks_for_a_generation_while_paused_is_refused_with_the_reason, paused_mirror)
{
    BOOST_TEST(sidecar.run_beside("publish") == 4, sidecar.log());
    BOOST_TEST(sidecar.logged("understudy: paused: publishing is paused since ") == 1u, sidecar.log());
    BOOST_TEST(sidecar.logged("(the import is wrong); `understudy resume` ends that") > 0u, sidecar.log());
    sidecar.signal(SIGUSR1);
    BOOST_TEST(wait_for([&] { return sidecar.logged("publish_refused") == 1; }), sidecar.log());
    check_that_nothing_is_published();
}

BOOST_FIXTURE_TEST_CASE(a_second_pause_leaves_the_first_ones_reason, paused_mirror)
{
    BOOST_TEST(sidecar.run_beside("pause", {"--reason", "me too"}) == 0, sidecar.log());
    BOOST_TEST(sidecar.logged("already so: publishing is paused since ") == 1u, sidecar.log());
    check_that_nothing_is_published();
    BOOST_TEST(text_in_status(sidecar, "/paused/reason") == "the import is wrong");
}

BOOST_FIXTURE_TEST_CASE(a_generation_that_somebody_removes_is_repaired_all_the_same, paused_mirror)
{
    std::filesystem::remove(sidecar.snapshot_directory() / "current");
    BOOST_TEST(wait_for([&] {
                   return std::filesystem::exists(sidecar.current("manifest.json")) &&
                          sidecar.generation() > generation;
               }),
               sidecar.log());
    generation = sidecar.generation();
    check_that_nothing_is_published();
}

BOOST_FIXTURE_TEST_CASE(once_and_the_end_of_the_daemon_do_not_publish_either, paused_mirror)
{
    check_that_nothing_is_published();
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    BOOST_TEST(sidecar.generation() == generation);
    BOOST_TEST(last_of_day(sidecar, "blocked").second == "paused");
    BOOST_TEST(sidecar.run("once") == 4, sidecar.log());
    BOOST_TEST(sidecar.generation() == generation);
    BOOST_TEST(sidecar.run("resume") == 0, sidecar.log());
    BOOST_TEST(sidecar.run("once") == 0, sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar, 0s) == "");
}

BOOST_AUTO_TEST_CASE(publishing_can_be_paused_before_the_daemon_starts)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_TEST_REQUIRE(sidecar.stop() == 0);
    auto generation = sidecar.generation();
    BOOST_TEST(sidecar.run("pause") == 0, sidecar.log());
    sidecar.start_following();
    change_a_row_and_wait(server);
    BOOST_TEST(wait_for([&] { return text_in_status(sidecar, "/cadence/rule") == "paused"; }), sidecar.log());
    BOOST_TEST(sidecar.generation() == generation);
    BOOST_TEST(sidecar.run_beside("resume") == 0, sidecar.log());
    BOOST_TEST(lasting_difference(server, sidecar) == "", sidecar.log());
}

BOOST_AUTO_TEST_CASE(a_resume_without_a_pause_changes_nothing)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_TEST(sidecar.run_beside("resume") == 0, sidecar.log());
    BOOST_TEST(sidecar.logged("publishing was not paused") == 1u, sidecar.log());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(what_status_tells_of_the_cadence)

BOOST_AUTO_TEST_CASE(a_reload_shows_the_old_and_the_new_value_in_log_and_status)
{
    filled_server server;
    mirror sidecar{server, "cadence:\n  every: 1h\nstatus:\n  heartbeat: 100ms\n"};
    sidecar.start_following();
    BOOST_TEST(text_in_status(sidecar, "/cadence/rules/every_ms") == "3600000");
    auto text = read_file(sidecar.config_file());
    write_file(sidecar.config_file(), text.replace(text.find("every: 1h"), 9, "every: 2h"));
    sidecar.signal(SIGHUP);
    BOOST_TEST(wait_for([&] { return text_in_status(sidecar, "/reload/result") == "applied"; }), sidecar.log());
    BOOST_TEST(sidecar.logged("(key=cadence.every old=1h new=2h)") == 1u, sidecar.log());
    BOOST_TEST(text_in_status(sidecar, "/reload/changes") ==
               R"([{"key":"cadence.every","old":"1h","new":"2h","effect":"live"}])");
    BOOST_TEST(text_in_status(sidecar, "/cadence/rules/every_ms") == "7200000");
    append_to_file(sidecar.config_file(), "nonsense: 1\n");
    sidecar.signal(SIGHUP);
    BOOST_TEST(wait_for([&] { return text_in_status(sidecar, "/reload/result") == "refused"; }), sidecar.log());
}

BOOST_AUTO_TEST_CASE(the_record_tells_what_was_published_and_why_it_was_not)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(server.stop());
    BOOST_TEST(wait_for([&] { return text_in_status(sidecar, "/source/last_error/count") != "null"; }), sidecar.log());
    sidecar.signal(SIGUSR1);
    BOOST_TEST(wait_for([&] { return text_in_status(sidecar, "/cadence/rule") == "not_following"; }), sidecar.log());
    auto record = in_status(sidecar, "/cadence/record").as_array();
    BOOST_TEST_REQUIRE(record.size() >= 2u);
    auto first = std::find_if(record.begin(), record.end(),
                              [](const json::value& one) { return one.at("outcome") == "published"; });
    BOOST_TEST_REQUIRE((first != record.end()));
    BOOST_TEST(first->at("reason").as_string() == "first");
    BOOST_TEST(first->at("generation") == sidecar.generation());
    BOOST_TEST(record.back().at("outcome").as_string() == "skipped");
    BOOST_TEST(record.back().at("reason").as_string() == "not_following");
    BOOST_TEST(sidecar.stop() == 0, sidecar.log());
    BOOST_TEST(last_of_day(sidecar, "database_down").first >= 1);
    BOOST_TEST(last_of_day(sidecar, "published").first >= 1);
}

BOOST_AUTO_TEST_CASE(the_last_day_is_remembered_over_a_restart)
{
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    auto day = json::parse(read_file(sidecar.state_directory() / "day.json"));
    BOOST_TEST(day.at("slots").as_array().front().at("published").to_number<int>() >= 1);
    write_file(sidecar.state_directory() / "day.json", "{\"format\":1");
    sidecar.start_following();
    BOOST_TEST(sidecar.logged("day_forgotten") == 1u, sidecar.log());
    BOOST_REQUIRE(sidecar.stop() == 0);
    sidecar.start_following();
    BOOST_REQUIRE(sidecar.stop() == 0);
    day = json::parse(read_file(sidecar.state_directory() / "day.json"));
    BOOST_TEST(day.at("slots").as_array().front().at("not_running").to_number<int>() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
