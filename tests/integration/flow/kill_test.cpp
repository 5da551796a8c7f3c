#include "flow/flow_kit.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <atomic>
#include <random>
#include <thread>

// kill -9 at any time: nothing is lost, nothing false is published, and a reader never notices.
using namespace understudy;
using namespace understudy::testing;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// Reads as an application does, again and again in a thread: resolves `current` once, and opens the rest in there.
class reader {
public:
    explicit reader(std::filesystem::path directory) : directory_{std::move(directory)}, thread_{[this] { run(); }} {}
    ~reader() { stop(); }

    /// Ends it. Returns what went wrong first; empty when every read found one whole generation.
    std::string stop()
    {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
        return problem_;
    }

    std::uint64_t reads() const noexcept { return reads_; }

private:
    void run()
    {
        while (!stopping_ && problem_.empty()) {
            try {
                read_generation(directory_ / std::filesystem::read_symlink(directory_ / "current"));
                ++reads_;
            } catch (const std::exception& error) {
                problem_ = error.what();
            }
        }
    }

    void read_generation(const std::filesystem::path& generation)
    {
        auto manifest = json::parse(read_file(generation / "manifest.json")).as_object();
        for (const auto& entry : manifest.at("documents").as_array()) {
            auto text = read_file(generation / entry.at("file").as_string().c_str());
            if (text.size() != entry.at("bytes").to_number<std::uint64_t>())
                throw std::runtime_error{generation.string() + " does not have the size in its manifest"};
            json::parse(text);
        }
        go_forward(manifest);
    }

    void go_forward(const json::object& manifest)
    {
        auto number = manifest.at("generation").to_number<std::uint64_t>();
        auto position = parse_lsn(manifest.at("position").as_string()).value();
        if (number < generation_ || position < position_)
            throw std::runtime_error{"generation " + std::to_string(number) + " came after " +
                                     std::to_string(generation_)};
        generation_ = number;
        position_ = position;
    }

    std::filesystem::path directory_;
    std::uint64_t generation_ = 0;
    lsn position_{};
    std::string problem_;
    std::atomic<std::uint64_t> reads_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kills)

BOOST_AUTO_TEST_CASE(killed_at_random_moments_it_never_goes_back_and_ends_equal)
{
    auto seed = std::random_device{}();
    std::mt19937_64 random{seed};
    filled_server server;
    mirror sidecar{server};
    sidecar.start_following();
    workload load{{.connection = server.connection_string(), .seed = seed}};
    workload more_load{{.connection = server.connection_string(), .seed = seed + 1}};
    reader application{sidecar.snapshot_directory()};
    BOOST_TEST_CONTEXT("seed " << seed) {
        for (int cycle = 0; cycle < 16; ++cycle) {
            // The only moment that matters is a random one, so this waits for time and for nothing else.
            sidecar.wait(std::chrono::milliseconds{random() % 1200});
            BOOST_REQUIRE_MESSAGE(sidecar.running(), sidecar.log());
            sidecar.kill();
            sidecar.start();
        }
        load.stop();
        more_load.stop();
        BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
        BOOST_TEST(application.reads() > 16u);
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(sidecar.copies() == 1u, "a kill is no gap\n" << sidecar.log());
        BOOST_TEST(sidecar.run("verify") == 0, sidecar.log());
    }
}

BOOST_AUTO_TEST_CASE(killed_during_the_first_copy_it_announces_nothing_until_a_copy_is_whole)
{
    auto seed = std::random_device{}();
    std::mt19937_64 random{seed};
    filled_server server;
    server.exec("INSERT INTO public.events SELECT now(), 'row ' || n FROM generate_series(1, 100000) n");
    auto expected = read_now(server.connection_string(), mirrored_tables());
    mirror sidecar{server};
    BOOST_TEST_CONTEXT("seed " << seed) {
        for (int cycle = 0; cycle < 6; ++cycle) {
            sidecar.start();
            sidecar.wait(std::chrono::milliseconds{random() % 500});
            sidecar.kill();
            auto document = sidecar.current("snapshot.json");
            if (std::filesystem::exists(document)) BOOST_TEST(difference(expected, read_document(document).rows) == "");
        }
        sidecar.start();
        BOOST_TEST(lasting_difference(server, sidecar, 60s) == "", sidecar.log());
        BOOST_TEST(wait_for([&] { return server.scalar("SELECT count(*) FROM pg_replication_slots") == "1"; }),
                   "one lasting slot\n"
                       << sidecar.log());
    }
}

BOOST_AUTO_TEST_SUITE_END()
