#include "serve/read_service.hpp"

#include "../publish/publish_fixture.hpp"
#include "support/raw_socket.hpp"
#include "support/waiting.hpp"

#include <boost/json.hpp>

#include <atomic>
#include <thread>
#include <vector>

// The service as the daemon has it: one thread tells it what is new while others read.

using namespace understudy;
using namespace std::chrono_literals;
using testing::raw_socket;

namespace {

constexpr auto own_group = static_cast<gid_t>(-1);

struct service_fixture : publish_fixture {
    service_fixture() : directory{open()}
    {
        wanted.snapshot = settings;
        wanted.serve.listen.push_back({.socket = parent.path() / "http", .host = {}, .port = 0});
        wanted.serve.timeout = 2s;
    }

    manifest publish(std::uint64_t number, const manifest* previous = nullptr)
    {
        auto made = plan_documents(documents, rows.state().tables, row_files::wanted);
        require(made);
        auto written = write_generation(directory, {.rows = rows,
                                                    .documents = *made,
                                                    .number = number,
                                                    .created_at = {},
                                                    .previous = previous,
                                                    .unchanged = {}});
        require(written);
        require(announce(directory, number));
        return *written;
    }

    testing::http_reply get(const std::string& target) const
    {
        raw_socket client{wanted.serve.listen.front().socket};
        client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        return client.read_reply().value_or(testing::http_reply{});
    }

    read_service make()
    {
        return {wanted, [this](serve_event event, const std::string&) {
                    if (event == serve_event::generation_damaged) ++damaged;
                }};
    }

    snapshot_directory directory;
    understudy::settings wanted;
    std::atomic<int> damaged{0};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(read_service_test, service_fixture)

BOOST_AUTO_TEST_CASE(readers_go_on_while_generations_and_reports_come)
{
    auto previous = publish(1);
    auto service = make();
    require(service.start(own_group));
    std::atomic<bool> done{false};
    std::atomic<int> good{0};
    std::atomic<int> bad{0};
    std::vector<std::thread> readers;
    for (const std::string target : {"/materials?select=name", "/materials?limit=2", "/status.json", "/readyz"})
        readers.emplace_back([&, target] {
            while (!done) ++(get(target).status == 200 ? good : bad);
        });
    for (std::uint64_t number = 2; number <= 40; ++number) {
        rows.add_row(materials, {std::to_string(number + 10), "\"more\""});
        previous = publish(number, &previous);
        service.look_for_announced();
        daemon_word word;
        auto& now = word.status;
        word.heartbeat = 1s;
        now.state = "streaming";
        now.generation = number;
        now.current_as_of = db_time{std::chrono::seconds{1'700'000'000}};
        service.report(std::move(word));
        BOOST_TEST(!service.take_damaged().has_value());
    }
    BOOST_TEST(testing::wait_for([&] { return get("/materials").header("understudy-generation") == "40"; }));
    done = true;
    for (auto& reader : readers) reader.join();
    BOOST_TEST(good > 0);
    BOOST_TEST(bad == 0);
    service.stop();
    service.stop();
    service.look_for_announced();  // says nothing to nobody
}

BOOST_AUTO_TEST_CASE(it_stops_under_readers_and_starts_anew)
{
    publish(1);
    for (int round = 0; round < 5; ++round) {
        auto service = make();
        require(service.start(own_group));
        require(service.start(own_group));
        std::vector<raw_socket> idle;
        for (int at = 0; at < 5; ++at) idle.emplace_back(wanted.serve.listen.front().socket);
        idle[1].send("GET /mat");
        idle[2].send("GET /materials HTTP/1.1\r\nHost: localhost\r\n\r\n");
        idle[3].send("POST /materials HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n");
        BOOST_TEST(get("/materials").status == 200);
        service.stop();
        for (auto& client : idle) BOOST_TEST(client.is_closed_within(5s));
        BOOST_TEST(!fs::exists(wanted.serve.listen.front().socket));
    }
}

BOOST_AUTO_TEST_CASE(a_damaged_generation_gives_way_to_the_last_good_one_and_is_told)
{
    auto first = publish(1);
    rows.add_row(materials, {"3", "\"three\""});
    publish(2, &first);
    auto bytes = slurp(generation(2) / "snapshot.json");
    bytes[bytes.find("three")] = 'T';
    spill(generation(2) / "snapshot.json", bytes);
    auto service = make();
    require(service.start(own_group));
    auto found = get("/materials");
    BOOST_TEST(found.status == 503);
    BOOST_TEST(found.body.find("UNDERSTUDY_GENERATION_DAMAGED") != std::string::npos);
    auto older = get("/materials");
    BOOST_TEST(older.status == 200);
    BOOST_TEST(older.header("understudy-generation") == "1");
    BOOST_TEST(older.header("understudy-degraded") == "generation");
    BOOST_TEST((service.take_damaged() == std::optional<std::uint64_t>{2}));
    BOOST_TEST(!service.take_damaged().has_value());
    BOOST_TEST(damaged == 1);
    BOOST_TEST(get("/readyz").status == 200);
    publish(3);
    service.look_for_announced();
    BOOST_TEST(testing::wait_for([&] { return get("/materials").header("understudy-generation") == "3"; }));
    BOOST_TEST(get("/materials").header("understudy-degraded").empty());
}

BOOST_AUTO_TEST_CASE(without_a_generation_it_is_alive_and_not_ready)
{
    auto service = make();
    require(service.start(own_group));
    BOOST_TEST(get("/livez").status == 200);
    BOOST_TEST(get("/readyz").status == 503);
    auto read = get("/materials");
    BOOST_TEST(read.status == 503);
    BOOST_TEST(read.header("retry-after") == "5");
    publish(1);
    service.look_for_announced();
    BOOST_TEST(testing::wait_for([&] { return get("/readyz").status == 200; }));
}

BOOST_AUTO_TEST_CASE(what_stands_at_the_socket_and_is_none_stays)
{
    auto path = wanted.serve.listen.front().socket;
    spill(path, "mine");
    auto service = make();
    require_failure(service.start(own_group), errc::bad_config);
    BOOST_TEST(slurp(path) == "mine");
}

BOOST_AUTO_TEST_CASE(who_asks_for_the_status_over_http_gets_the_day_too)
{
    auto made = publish(1);
    auto service = make();
    require(service.start(own_group));
    daemon_word word;
    word.status.state = "streaming";
    word.day.note(day_event::published, "every", db_time{std::chrono::seconds{1'700'000'000}});
    auto expected = to_object(word.day);
    service.report(word);
    auto told = [&] { return boost::json::parse(get("/status.json").body).at("state") == "streaming"; };
    BOOST_TEST_REQUIRE(testing::wait_for(told));
    auto seen = boost::json::parse(get("/status.json").body).as_object();
    BOOST_TEST((seen.at("day") == expected));
    BOOST_TEST(seen.at("served").at("generation") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
