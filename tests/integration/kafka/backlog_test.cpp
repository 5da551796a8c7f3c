#include "made_messages.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

// Far behind, many groups become durable together: whenever it is killed then, it goes on from rows and offsets that agree.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

constexpr int rows = 20'000;
constexpr int changes = 60'000;

/// What the messages of one topic leave of its table.
class written_rows {
public:
    written_rows(std::string topic, std::string prefix, std::uint64_t seed)
        : topic_{std::move(topic)}, make_{std::move(prefix)}, random_{seed}
    {
    }

    void write_snapshot()
    {
        std::vector<int> ids(rows);
        std::iota(ids.begin(), ids.end(), 1);
        shared_topics().produce(topic_, make_.snapshot(ids, 0));
        for (auto id : ids) now_[id] = 0;
    }

    void write_changes()
    {
        std::vector<kafka_message> messages;
        for (int n = 1; n <= changes; ++n) {
            int id = 1 + static_cast<int>(random_() % rows);
            bool removes = n % 10 == 0 && now_.erase(id) != 0;
            if (!removes) now_[id] = n;
            messages.push_back(removes ? make_.removal(id) : make_.row({.id = id, .n = n, .op = "u"}));
        }
        shared_topics().produce(topic_, messages);
    }

    strings texts() const
    {
        strings all;
        for (auto [id, n] : now_) all.push_back(item(id, n));
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    std::string topic_;
    message_maker make_;
    std::mt19937_64 random_;
    std::map<int, int> now_;
};

/// Small beside the backlog.
void make_groups_small(topic_mirror& through)
{
    through.sidecar().set_environment("UNDERSTUDY_COMMIT__MAX_CHANGES", "400");
}

/// Starts and kills it, again and again.
void kill_at_random_moments(topic_mirror& through, std::uint64_t seed)
{
    std::mt19937_64 random{seed};
    for (int cycle = 0; cycle < 8; ++cycle) {
        through.start();
        // The only moment that matters is a random one, so this waits for time and for nothing else.
        through.sidecar().wait(std::chrono::milliseconds{100 + random() % 500});
        BOOST_REQUIRE_MESSAGE(through.sidecar().running(), through.explain());
        through.kill();
    }
}

bool comes_to_hold(const topic_mirror& through, const strings& expected)
{
    return wait_for([&] { return through.rows("item") == expected; }, 60s);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backlogs)

BOOST_AUTO_TEST_CASE(one_that_is_killed_amid_a_first_load_and_amid_a_backlog_ends_with_what_was_written)
{
    std::uint64_t seed = std::random_device{}();
    topic_mirror through{made_table("backlog")};
    make_groups_small(through);
    written_rows written{through.topic("item"), through.name(), seed};
    shared_topics().create(through.topic("item"), {.config = {{"cleanup.policy", "compact"}}});
    BOOST_TEST_CONTEXT("seed " << seed) {
        written.write_snapshot();
        written.write_changes();
        kill_at_random_moments(through, seed);
        through.start();
        BOOST_TEST(comes_to_hold(through, written.texts()), through.explain());
        auto begun = through.logged("copy_started");
        through.kill();
        written.write_changes();
        kill_at_random_moments(through, seed + 1);
        through.start();
        BOOST_TEST(comes_to_hold(through, written.texts()), through.explain());
        BOOST_TEST(through.logged("copy_started") == begun, through.explain());
        BOOST_TEST(through.logged("store_damaged") == 0u);
        BOOST_TEST(!through.manifest().at("tables").at(0).as_object().contains("doubts"), through.explain());
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_stopped_amid_a_backlog_goes_on_with_it)
{
    std::uint64_t seed = std::random_device{}();
    topic_mirror through{made_table("stopped_backlog")};
    make_groups_small(through);
    written_rows written{through.topic("item"), through.name(), seed};
    shared_topics().create(through.topic("item"), {.config = {{"cleanup.policy", "compact"}}});
    BOOST_TEST_CONTEXT("seed " << seed) {
        written.write_snapshot();
        written.write_changes();
        through.start();
        BOOST_TEST(wait_for([&] { return !through.status().empty(); }), through.explain());
        through.stop();
        through.start();
        BOOST_TEST(comes_to_hold(through, written.texts()), through.explain());
    }
}

BOOST_AUTO_TEST_SUITE_END()
