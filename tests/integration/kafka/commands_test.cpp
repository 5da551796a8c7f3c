#include "made_messages.hpp"
#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

// The other commands, and what a start finds.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

void make_topic(topic_mirror& through, message_maker& make)
{
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact"}}});
    shared_topics().produce(topic, {make.row({.id = 1, .n = 1}), make.row({.id = 2, .n = 1})});
}

bool has_both(const topic_mirror& through)
{
    return wait_for([&] { return through.rows("item") == strings{item(1, 1), item(2, 1)}; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(check_says_what_is_missing_and_then_that_nothing_is)
{
    topic_mirror through{made_table("checked")};
    BOOST_TEST(through.sidecar().run("check") != 0);
    BOOST_TEST(through.logged("no topic checked.public.item") == 1u, through.explain());
    message_maker make{through.name()};
    make_topic(through, make);
    shared_topics().create("__debezium-heartbeat.checked");
    BOOST_TEST(through.sidecar().run("check") == 0, through.explain());
    BOOST_TEST(through.logged("topic checked.public.item  1 partition(s), cleanup.policy compact") == 1u,
               through.explain());
    BOOST_TEST(through.logged("there is no topic checked.transaction: each row becomes visible by itself") == 1u,
               through.explain());
    shared_topics().create("checked.transaction", {.partitions = 2});
    shared_topics().set_config(through.topic("item"), {{"cleanup.policy", "delete"}});
    through.sidecar().run("check");
    BOOST_TEST(through.logged("topic checked.transaction has 2 partitions") == 1u, through.explain());
    BOOST_TEST(through.logged("set cleanup.policy=compact") == 1u, through.explain());
}

BOOST_AUTO_TEST_CASE(once_announces_what_the_topics_hold_and_ends)
{
    topic_mirror through{made_table("once")};
    message_maker make{through.name()};
    make_topic(through, make);
    BOOST_TEST(through.sidecar().run("once") == 0, through.explain());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
}

// As Kubernetes mounts a ConfigMap.
BOOST_AUTO_TEST_CASE(a_description_that_is_a_link_is_read)
{
    topic_mirror through{made_table("linked")};
    auto elsewhere = through.description().parent_path() / "elsewhere.json";
    std::filesystem::rename(through.description(), elsewhere);
    std::filesystem::create_symlink(elsewhere, through.description());
    message_maker make{through.name()};
    make_topic(through, make);
    BOOST_TEST(through.sidecar().run("once") == 0, through.explain());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
}

BOOST_AUTO_TEST_CASE(a_description_is_written_into_a_file_whole_or_not_at_all)
{
    topic_mirror through{made_table("into_file")};
    auto file = through.description().parent_path() / "written.json";
    auto describe = [&](const std::string& connection) {
        return through.sidecar().run("describe", {"--connection", connection, "-o", file});
    };
    BOOST_TEST(describe(through.connection()) == 0, through.explain());
    BOOST_TEST(read_file(file) == read_file(through.description()));
    BOOST_TEST(describe("host=127.0.0.1 port=1 dbname=none") == 3, through.explain());
    BOOST_TEST(read_file(file) == read_file(through.description()));
    through.exec("ALTER TABLE item ADD more int");
    BOOST_TEST(describe(through.connection()) == 0, through.explain());
    BOOST_TEST(read_file(file).find("\"more\"") != std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator{file.parent_path()})
        BOOST_TEST(!entry.path().filename().native().starts_with("written.json."), entry.path());
}

BOOST_AUTO_TEST_CASE(a_group_shows_how_far_it_has_come)
{
    auto options = made_table("reported");
    options.source = "    report_group: understudy-reported\n";
    topic_mirror through{options};
    message_maker make{through.name()};
    make_topic(through, make);
    through.start();
    BOOST_TEST(has_both(through), through.explain());
    auto topic = through.topic("item");
    shared_topics().produce(topic, {make.row({.id = 3, .n = 1})});
    BOOST_TEST(wait_for([&] { return shared_topics().committed("understudy-reported", topic) == 3; }),
               through.explain());
}

BOOST_AUTO_TEST_CASE(without_brokers_the_last_generation_is_kept_and_none_is_invented)
{
    topic_mirror through{made_table("brokerless")};
    message_maker make{through.name()};
    make_topic(through, make);
    topic_mirror never{made_table("never")};
    through.start_following();
    BOOST_TEST(has_both(through), through.explain());
    through.kill();
    shared_broker().stop();
    through.start();
    never.start();
    BOOST_TEST(through.comes_to("unreachable"), through.explain());
    BOOST_TEST(never.comes_to("unreachable"), never.explain());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
    BOOST_TEST(never.generation() == 0u);
    shared_broker().start();
    shared_topics().produce(through.topic("item"), {make.row({.id = 2, .n = 2})});
    auto goes_on = [&] { return through.rows("item") == strings{item(1, 1), item(2, 2)}; };
    BOOST_TEST(wait_for(goes_on, 60s), through.explain());
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
}

BOOST_AUTO_TEST_CASE(another_cluster_is_refused_and_the_last_generation_stays)
{
    topic_mirror through{made_table("elsewhere")};
    message_maker make{through.name()};
    make_topic(through, make);
    through.start_following();
    BOOST_TEST(has_both(through), through.explain());
    through.kill();
    broker_options options{.cluster_id = "b3RoZXItY2x1c3Rlci0wMQ"};
    kafka_broker other{options};
    kafka_topics topics{other.bootstrap()};
    topics.create(through.topic("item"), {.config = {{"cleanup.policy", "compact"}}});
    topics.produce(through.topic("item"), {make.row({.id = 7, .n = 7})});
    through.sidecar().set_environment("UNDERSTUDY_SOURCE__KAFKA__BROKERS", other.bootstrap());
    through.start();
    BOOST_TEST(through.comes_to("wrong_system"), through.explain());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
