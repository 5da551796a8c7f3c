#include "counting.hpp"
#include "made_messages.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <numeric>
#include <random>

// What a log may forget, and what a sidecar then may not say.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

constexpr int head = 2;  // records that are removed

topic_config deleting()
{
    return {{"cleanup.policy", "delete"}};
}

topic_config compacting()
{
    return {{"cleanup.policy", "compact"}};
}

void forget_everything(topic_mirror& through)
{
    for (const auto& directory : {through.sidecar().state_directory(), through.sidecar().snapshot_directory()}) {
        std::filesystem::remove_all(directory);
        std::filesystem::create_directory(directory);
    }
}

bool comes_to_hold(const topic_mirror& through, const strings& rows)
{
    return wait_for([&] { return through.rows("item") == rows; }, 20s);
}

/// Makes the topic with a row of each id, from the first on.
void make_topic(const topic_mirror& through, const std::vector<int>& ids, int n)
{
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = compacting()});
    message_maker make{through.name()};
    for (int id : ids) shared_topics().produce(topic, {make.row({.id = id, .n = n})});
}

/// As a new connector fills it, that begins with a snapshot.
void make_topic_anew(const topic_mirror& through, const std::vector<int>& ids, int n)
{
    auto topic = through.topic("item");
    shared_topics().remove(topic);
    shared_topics().create(topic, {.config = compacting()});
    message_maker make{through.name()};
    shared_topics().produce(topic, make.snapshot(ids, n));
}

void follow_three(topic_mirror& through)
{
    make_topic(through, {1, 2, 3}, 1);
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1), item(3, 1)}), through.explain());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retention)

BOOST_AUTO_TEST_CASE(a_compacted_topic_of_three_partitions_gives_the_same_rows)
{
    auto seed = std::random_device{}();
    topic_mirror through{{.name = "compacted",
                          .setup = counting_load::tables(),
                          .tables = {"public.counted"},
                          .connector = {{"topic.creation.default.partitions", "3"},
                                        {"topic.creation.default.segment.ms", "200"},
                                        {"topic.creation.default.min.cleanable.dirty.ratio", "0.01"},
                                        {"topic.creation.default.max.compaction.lag.ms", "500"}}}};
    auto topic = through.topic("counted");
    through.capture();
    through.start_following();
    generation_watcher application{through.sidecar().snapshot_directory()};
    counting_load load{through.connection(), seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
        auto has_lost_records = [&] {
            auto ends = shared_topics().end_offsets(topic);
            auto written = std::accumulate(ends.begin(), ends.end(), std::int64_t{0});
            return static_cast<std::int64_t>(shared_topics().read_to_end(topic).size()) < written * 2 / 3;
        };
        BOOST_TEST(wait_for(has_lost_records, 60s));
        load.stop();
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(application.stop() == "");
        BOOST_TEST(shared_topics().partitions(topic) == 3);
        through.kill();
        forget_everything(through);
        through.start();
        BOOST_TEST(through.lasting_difference() == "");
        BOOST_TEST(through.logged("copy_started") == 2u, through.explain());
    }
}

BOOST_AUTO_TEST_CASE(a_log_without_its_head_announces_nothing_until_it_holds_a_whole_snapshot)
{
    topic_mirror through{made_table("headless")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = deleting()});
    for (int id = 1; id <= 5; ++id) shared_topics().produce(topic, {make.row({.id = id, .n = 1})});
    shared_topics().delete_before(topic, 0, head);
    through.start();
    BOOST_TEST(through.comes_to("incomplete_log"), through.explain());
    BOOST_TEST(through.announces_nothing_after(0), through.explain());
    shared_topics().produce(topic, make.snapshot({1, 2, 3}, 2));
    shared_topics().produce(topic, {make.row({.id = 4, .n = 3})});
    BOOST_TEST(wait_for([&] { return through.generation() > 0; }), through.explain());
    BOOST_TEST(comes_to_hold(through, {item(1, 2), item(2, 2), item(3, 2), item(4, 3), item(5, 1)}), through.explain());
}

BOOST_AUTO_TEST_CASE(half_a_snapshot_makes_no_log_whole)
{
    topic_mirror through{made_table("half")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = deleting()});
    shared_topics().produce(topic, make.snapshot({1, 2, 3, 4}, 1));
    shared_topics().delete_before(topic, 0, head);
    through.start();
    BOOST_TEST(through.comes_to("incomplete_log"), through.explain());
    BOOST_TEST(through.announces_nothing_after(0), through.explain());
}

BOOST_AUTO_TEST_CASE(the_operators_word_makes_a_log_whole)
{
    auto options = made_table("said");
    options.source = "    complete: [public.item]\n";
    topic_mirror through{options};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = deleting()});
    for (int id = 1; id <= 4; ++id) shared_topics().produce(topic, {make.row({.id = id, .n = 1})});
    shared_topics().delete_before(topic, 0, head);
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(3, 1), item(4, 1)}), through.explain());
}

BOOST_AUTO_TEST_CASE(what_retention_removed_while_it_was_away_is_no_silent_gap)
{
    topic_mirror through{made_table("gap")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = deleting()});
    shared_topics().produce(topic, make.snapshot({1, 2, 3}, 1));
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1), item(3, 1)}), through.explain());
    through.stop();
    for (int n = 2; n < 6; ++n) shared_topics().produce(topic, {make.row({.id = 1, .n = n, .op = "u"})});
    shared_topics().produce(topic, {make.removal(2), make.row({.id = 3, .n = 9, .op = "u"})});
    shared_topics().delete_before(topic, 0, 8);
    auto before = through.generation();
    through.start();
    BOOST_TEST(through.comes_to("incomplete_log"), through.explain());
    BOOST_TEST(through.announces_nothing_after(before), through.explain());
    BOOST_TEST(through.logged("offsets_lost") > 0u);
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1), item(3, 1)}), "the last generation stays");
    shared_topics().produce(topic, make.snapshot({1, 3}, 10));
    BOOST_TEST(comes_to_hold(through, {item(1, 10), item(3, 10)}), through.explain());
}

BOOST_AUTO_TEST_CASE(a_topic_that_was_made_anew_while_it_was_away_is_read_from_its_beginning)
{
    topic_mirror through{made_table("anew")};
    follow_three(through);
    through.stop();
    // As many, so that no offset gives it away.
    make_topic_anew(through, {11, 12, 13, 14}, 2);
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(11, 2), item(12, 2), item(13, 2), item(14, 2)}), through.explain());
    BOOST_TEST(through.logged("topic_replaced") > 0u, through.explain());
}

BOOST_AUTO_TEST_CASE(a_topic_that_was_made_anew_under_it_is_read_from_its_beginning)
{
    topic_mirror through{made_table("anew_under")};
    follow_three(through);
    through.sidecar().signal(SIGSTOP);
    make_topic_anew(through, {11, 12, 13}, 2);
    through.sidecar().signal(SIGCONT);
    BOOST_TEST(wait_for([&] { return through.rows("item") == strings{item(11, 2), item(12, 2), item(13, 2)}; }, 60s),
               through.explain());
    BOOST_TEST(through.logged("topic_replaced") > 0u, through.explain());
}

// Of a connector that goes on where it was: it sends what changes, and not the rows that the topic held before.
BOOST_AUTO_TEST_CASE(a_topic_that_was_made_anew_with_changes_alone_announces_nothing_until_a_snapshot_comes)
{
    topic_mirror through{made_table("anew_changes")};
    follow_three(through);
    auto before = through.generation();
    shared_topics().remove(through.topic("item"));
    make_topic(through, {2}, 2);
    BOOST_TEST(through.comes_to("incomplete_log", 60s), through.explain());
    BOOST_TEST(through.announces_nothing_after(before), through.explain());
    message_maker make{through.name()};
    shared_topics().produce(through.topic("item"), make.snapshot({1, 2, 3}, 3));
    BOOST_TEST(comes_to_hold(through, {item(1, 3), item(2, 3), item(3, 3)}), through.explain());
}

BOOST_AUTO_TEST_CASE(a_record_that_retention_removed_after_it_was_read_is_not_missed)
{
    topic_mirror through{made_table("expired")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = deleting()});
    shared_topics().produce(topic, make.snapshot({1, 2}, 1));
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1)}), through.explain());
    through.stop();
    shared_topics().delete_before(topic, 0, 2);
    through.start();
    shared_topics().produce(topic, {make.row({.id = 1, .n = 2, .op = "u"})});
    BOOST_TEST(comes_to_hold(through, {item(1, 2), item(2, 1)}), through.explain());
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
    BOOST_TEST(through.logged("offsets_lost") == 0u, through.explain());
}

BOOST_AUTO_TEST_CASE(a_topic_that_is_deleted_under_it_keeps_the_last_generation_until_it_is_there_again)
{
    topic_mirror through{made_table("deleted")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = compacting()});
    shared_topics().produce(topic, {make.row({.id = 1, .n = 1}), make.row({.id = 2, .n = 1})});
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1)}), through.explain());
    shared_topics().remove(topic);
    BOOST_TEST(through.comes_to("topic_missing", 40s), through.explain());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}));
    shared_topics().create(topic, {.config = compacting()});
    shared_topics().produce(topic, make.snapshot({3, 4}, 1));
    BOOST_TEST(comes_to_hold(through, {item(3, 1), item(4, 1)}), through.explain());
}

BOOST_AUTO_TEST_CASE(who_was_away_for_longer_than_deletes_are_kept_reads_all_anew)
{
    topic_mirror through{made_table("away")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact"}, {"delete.retention.ms", "3000"}}});
    shared_topics().produce(topic, {make.row({.id = 1, .n = 1}), make.row({.id = 2, .n = 1})});
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1)}), through.explain());
    through.stop();
    shared_topics().produce(topic, {make.removal(1), make.tombstone(1)});
    auto stopped = std::chrono::steady_clock::now();
    wait_for([&] { return std::chrono::steady_clock::now() - stopped > 3s; });  // the time itself is what matters
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(2, 1)}), through.explain());
    BOOST_TEST(through.logged("copy_started") == 2u, through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
