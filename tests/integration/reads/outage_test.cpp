#include "integration/reads/reads_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

namespace understudy::testing {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const std::string numbers = "CREATE TABLE numbers (id int PRIMARY KEY, text text);"
                            "INSERT INTO numbers SELECT i, repeat('x', 100) || i FROM generate_series(1, 5000) i";

/// Reads one row after the other until it is destroyed, on a thread and a connection of its own.
class reader {
public:
    explicit reader(const fs::path& socket) : thread_{[this, socket] { read_until_stopped(socket); }} {}
    ~reader() { stop(); }

    void stop()
    {
        stopped_ = true;
        if (thread_.joinable()) thread_.join();
    }
    std::uint64_t reads() const { return reads_; }

    /// What was no right answer, once each.
    std::set<std::string> wrong()
    {
        std::lock_guard locked{mutex_};
        return wrong_;
    }

private:
    void read_until_stopped(const fs::path& socket)
    {
        http_client client{socket};
        for (int id = 1; !stopped_; id = id % 5000 + 1) {
            std::string problem;
            try {
                auto reply = client.get("/numbers/" + std::to_string(id) + "?select=id");
                if (reply.body != "{\"id\":" + std::to_string(id) + "}")
                    problem = std::to_string(reply.status) + reply.body;
            } catch (const std::exception& failed) {
                problem = failed.what();
            }
            ++reads_;
            if (problem.empty()) continue;
            std::lock_guard locked{mutex_};
            wrong_.insert(problem);
            if (wrong_.size() > 10) return;
        }
    }

    std::atomic<bool> stopped_{false};
    std::atomic<std::uint64_t> reads_{0};
    std::mutex mutex_;
    std::set<std::string> wrong_;
    std::thread thread_;
};

fs::path current_of(served_mirror& mirror)
{
    auto snapshot = mirror.sidecar().snapshot_directory();
    return snapshot / fs::read_symlink(snapshot / "current");
}

void change_a_byte(const fs::path& file, std::streamoff place)
{
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekg(place);
    auto byte = static_cast<char>(bytes.get() ^ 1);
    bytes.seekp(place);
    bytes.put(byte);
    BOOST_TEST_REQUIRE(bytes.good());
}

std::string served_generation(served_mirror& mirror)
{
    return mirror.get("/numbers/1").header("understudy-generation");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outages)

BOOST_AUTO_TEST_CASE(no_read_fails_while_the_database_is_down_and_its_age_is_right)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    mirror.settle();
    BOOST_TEST_REQUIRE(wait_for([&] { return mirror.get("/fresh?max_age=2").status == 200; }));
    reader busy{mirror.socket()};
    auto stopping = std::chrono::steady_clock::now();
    mirror.server().stop();
    auto stopped = std::chrono::steady_clock::now();
    auto seconds_since = [](auto then) {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
    };
    while (seconds_since(stopped) < 4) {
        auto at_least = seconds_since(stopped) - 1;
        auto age = std::stod(mirror.get("/numbers/1").header("age"));
        auto at_most = seconds_since(stopping) + 1.2;  // a heartbeat, and the rest of a second
        BOOST_TEST(age >= at_least - 1);
        BOOST_TEST(age <= at_most);
        BOOST_TEST(mirror.get("/readyz").status == 200);
    }
    mirror.server().start();
    BOOST_TEST(wait_for([&] { return mirror.get("/fresh?max_age=1").status == 200; }, 60s));
    busy.stop();
    BOOST_TEST(busy.reads() > 100u);
    for (const auto& problem : busy.wrong()) BOOST_ERROR("a read was answered with " << problem);
}

BOOST_AUTO_TEST_CASE(reads_go_on_while_generations_are_announced)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    mirror.settle();
    auto before = std::stoi(served_generation(mirror));
    reader busy{mirror.socket()};
    for (int round = 0; round < 20; ++round) {
        mirror.sql().exec("UPDATE numbers SET text = text || 'y' WHERE id % 7 = " + std::to_string(round % 7));
        mirror.settle();
    }
    busy.stop();
    BOOST_TEST(std::stoi(served_generation(mirror)) >= before + 10);
    for (const auto& problem : busy.wrong()) BOOST_ERROR("a read was answered with " << problem);
}

BOOST_AUTO_TEST_CASE(a_cold_start_with_the_database_down_serves_the_last_generation)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    mirror.settle();
    auto before = served_generation(mirror);
    auto age_is_written = [&] {
        auto file = served_mirror::object(read_file(mirror.sidecar().snapshot_directory() / "status.json"));
        return std::to_string(file["generation"].to_number<int>()) == before && file["current_as_of"].is_string();
    };
    BOOST_TEST_REQUIRE(wait_for(age_is_written));
    mirror.sidecar().signal(SIGKILL);
    BOOST_TEST_REQUIRE(mirror.sidecar().wait(10s).has_value());
    mirror.server().stop();
    auto began = std::chrono::steady_clock::now();
    mirror.start();
    auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    BOOST_TEST_MESSAGE("served " << took << " s after the start");
    auto reply = mirror.get("/numbers/4711?select=id");
    BOOST_TEST(reply.body == R"({"id":4711})");
    BOOST_TEST(reply.header("understudy-generation") == before);
    // How old it is, the daemon remembers once it has opened its store.
    BOOST_TEST(wait_for([&] { return !mirror.get("/numbers/1").header("age").empty(); }, 10s));
}

BOOST_AUTO_TEST_CASE(the_last_good_generation_takes_over_from_one_that_is_damaged)
{
    served_mirror mirror{numbers, {"public.numbers"}};
    mirror.start();
    mirror.settle();
    mirror.sql().exec("UPDATE numbers SET text = 'newer'");
    mirror.settle();
    auto announced = std::stoi(served_generation(mirror));
    mirror.sidecar().signal(SIGKILL);
    BOOST_TEST_REQUIRE(mirror.sidecar().wait(10s).has_value());
    mirror.server().stop();
    auto damaged = current_of(mirror) / "snapshot.json";
    change_a_byte(damaged, static_cast<std::streamoff>(fs::file_size(damaged) / 2));
    mirror.start();

    auto taken_over = [&] {
        auto reply = mirror.get("/numbers/2500");
        BOOST_TEST((reply.status == 200 || reply.status == 503));
        return reply.status == 200 && reply.header("understudy-degraded") == "generation";
    };
    BOOST_TEST_REQUIRE(wait_for(taken_over));
    BOOST_TEST(std::stoi(served_generation(mirror)) < announced);
    BOOST_TEST(mirror.get("/readyz").status == 200);
    BOOST_TEST(mirror.get("/metrics").body.find("understudy_snapshot_degraded 1") != std::string::npos);
    BOOST_TEST(mirror.get("/status.json").body.find("is damaged") != std::string::npos);
    BOOST_TEST(mirror.sidecar().log().find("generation_damaged") != std::string::npos);

    mirror.server().start();
    auto mended = [&] {
        auto reply = mirror.get("/numbers/2500?select=text");
        return reply.status == 200 && reply.body == R"({"text":"newer"})" &&
               reply.header("understudy-degraded").empty();
    };
    BOOST_TEST(wait_for(mended, 60s));
    BOOST_TEST(mirror.get("/metrics").body.find("understudy_snapshot_degraded 0") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy::testing
