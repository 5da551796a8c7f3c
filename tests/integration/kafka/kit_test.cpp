#include "kafka_kit.hpp"

#include "support/sql.hpp"
#include "support/waiting.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

using namespace understudy::testing;
namespace json = boost::json;

namespace {

std::vector<std::string> keys_of(const std::vector<kafka_message>& messages)
{
    std::vector<std::string> keys;
    for (const auto& message : messages) keys.push_back(message.key.value_or("none"));
    return keys;
}

json::object parsed(const kafka_message& message)
{
    return json::parse(message.value.value()).as_object();
}

std::string operation_of(const kafka_message& message)
{
    return message.value ? std::string{parsed(message).at("op").as_string()} : "tombstone";
}

std::vector<std::string> operations_of(const std::vector<kafka_message>& messages)
{
    std::vector<std::string> operations;
    for (const auto& message : messages) operations.push_back(operation_of(message));
    return operations;
}

/// What a topic says that its table holds: the value of `n` by key.
std::map<std::string, std::int64_t> folded(const std::vector<kafka_message>& messages)
{
    std::map<std::string, std::int64_t> rows;
    for (const auto& message : messages) {
        if (!message.value || operation_of(message) == "d")
            rows.erase(message.key.value());
        else
            rows.insert_or_assign(message.key.value(), parsed(message).at("after").as_object().at("n").as_int64());
    }
    return rows;
}

auto at_least(std::size_t count)
{
    return [count](const auto& messages) { return messages.size() >= count; };
}

sql_session session()
{
    return sql_session{shared_postgres().connection_string()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(brokers)

BOOST_AUTO_TEST_CASE(a_topic_has_the_settings_that_it_was_made_with)
{
    shared_topics().create("made", {.partitions = 2, .config = {{"cleanup.policy", "compact"}}});
    BOOST_TEST(shared_topics().partitions("made") == 2);
    BOOST_TEST(shared_topics().config("made").at("cleanup.policy") == "compact");
    shared_topics().set_config("made", {{"cleanup.policy", "delete"}, {"retention.ms", "60000"}});
    BOOST_TEST(shared_topics().config("made").at("cleanup.policy") == "delete");
    BOOST_TEST(shared_topics().config("made").at("retention.ms") == "60000");
    shared_topics().set_partitions("made", 3);
    BOOST_TEST(shared_topics().partitions("made") == 3);
}

BOOST_AUTO_TEST_CASE(a_topic_that_is_deleted_is_gone)
{
    shared_topics().create("removed");
    BOOST_CHECK_THROW(shared_topics().create("removed"), std::runtime_error);
    shared_topics().remove("removed");
    BOOST_TEST(shared_topics().partitions("removed") == 0);
    BOOST_CHECK_THROW(shared_topics().remove("removed"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(messages_are_read_as_they_were_written)
{
    shared_topics().create("written");
    std::string bytes{"\0\xff{}", 4};
    shared_topics().produce("written", {{.key = "k", .value = bytes, .headers = {{"h", "1"}, {"h", ""}}},
                                        {.key = "k", .value = std::nullopt},
                                        {.key = std::nullopt, .value = ""}});
    auto messages = shared_topics().read_to_end("written");
    BOOST_REQUIRE(messages.size() == 3u);
    BOOST_TEST(messages[0].key.value() == "k");
    BOOST_TEST((messages[0].value.value() == bytes));
    BOOST_TEST((messages[0].headers == std::vector<std::pair<std::string, std::string>>{{"h", "1"}, {"h", ""}}));
    BOOST_TEST(messages[0].offset == 0);
    BOOST_TEST(messages[0].timestamp.count() > 0);
    BOOST_TEST(!messages[1].value.has_value());
    BOOST_TEST(!messages[2].key.has_value());
    BOOST_TEST(messages[2].value.value().empty());
    BOOST_TEST(shared_topics().end_offsets("written").front() == 3);
}

// Where Debezium put these keys.
BOOST_AUTO_TEST_CASE(a_key_chooses_the_partition_that_a_java_producer_chooses)
{
    const std::map<std::string, std::int32_t> places{
        {R"({"id":1})", 0}, {R"({"id":2})", 1}, {R"({"id":12})", 2}, {R"({"id":50})", 2}};
    shared_topics().create("spread", {.partitions = 3});
    for (const auto& [key, partition] : places) shared_topics().produce("spread", {{.key = key, .value = ""}});
    auto messages = shared_topics().read_to_end("spread");
    BOOST_TEST(messages.size() == places.size());
    for (const auto& message : messages) BOOST_TEST(message.partition.value() == places.at(message.key.value()));
}

BOOST_AUTO_TEST_CASE(what_is_deleted_before_an_offset_is_not_read)
{
    shared_topics().create("shortened");
    shared_topics().produce("shortened",
                            {{.key = "a", .value = ""}, {.key = "b", .value = ""}, {.key = "c", .value = ""}});
    shared_topics().delete_before("shortened", 0, 2);
    BOOST_TEST(keys_of(shared_topics().read_to_end("shortened")) == std::vector<std::string>{"c"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_a_committed_transaction_is_read_and_an_open_one_holds_back_what_follows)
{
    shared_topics().create("transactions");
    kafka_transaction committed{shared_broker().bootstrap(), "committed"};
    committed.produce("transactions", {{.key = "1", .value = ""}});
    committed.commit();
    kafka_transaction aborted{shared_broker().bootstrap(), "aborted"};
    aborted.produce("transactions", {{.key = "2", .value = ""}});
    aborted.abort();
    {
        kafka_transaction open{shared_broker().bootstrap(), "open"};
        open.produce("transactions", {{.key = "3", .value = ""}});
        shared_topics().produce("transactions", {{.key = "4", .value = ""}});
        BOOST_TEST(keys_of(shared_topics().read_to_end("transactions")) == (std::vector<std::string>{"1"}),
                   boost::test_tools::per_element());
        BOOST_TEST(keys_of(shared_topics().read_to_end("transactions", isolation::read_uncommitted)) ==
                       (std::vector<std::string>{"1", "2", "3", "4"}),
                   boost::test_tools::per_element());
    }
    auto released = read_until("transactions", at_least(2));
    BOOST_TEST(keys_of(released) == (std::vector<std::string>{"1", "4"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_killed_keeps_what_it_had_taken)
{
    shared_topics().create("kept", {.partitions = 2, .config = {{"cleanup.policy", "compact"}}});
    shared_topics().produce("kept",
                            {{.key = "a", .value = "1", .partition = 0}, {.key = "b", .value = "2", .partition = 1}});
    shared_broker().kill();
    BOOST_TEST(!shared_broker().running());
    shared_broker().start();
    BOOST_TEST(keys_of(shared_topics().read_to_end("kept")) == (std::vector<std::string>{"a", "b"}),
               boost::test_tools::per_element());
    BOOST_TEST(shared_topics().config("kept").at("cleanup.policy") == "compact");
    shared_topics().produce("kept", {{.key = "c", .value = "3", .partition = 1}});
    BOOST_TEST((shared_topics().end_offsets("kept") == std::vector<std::int64_t>{1, 2}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connectors)

BOOST_AUTO_TEST_CASE(the_rows_of_a_table_arrive_and_its_changes_follow)
{
    session().exec("CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 10), (2, 20)");
    shared_connect().put_connector("first", published("first", {"public.item"}));
    read_until("first.public.item", at_least(2));
    session().exec("UPDATE item SET n = 11 WHERE id = 1");
    session().exec("DELETE FROM item WHERE id = 2");
    auto messages = read_until("first.public.item", at_least(5));
    BOOST_TEST(operations_of(messages) == (std::vector<std::string>{"r", "r", "u", "d", "tombstone"}),
               boost::test_tools::per_element());
    BOOST_TEST((folded(messages) == std::map<std::string, std::int64_t>{{R"({"id":1})", 11}}));
    shared_connect().delete_connector("first");
}

BOOST_AUTO_TEST_CASE(topics_are_made_as_the_recommended_settings_say)
{
    session().exec("CREATE TABLE thing (id int PRIMARY KEY, n int)");
    auto properties = published("second", {"public.thing"});
    properties.insert_or_assign("topic.creation.default.partitions", "3");
    shared_connect().put_connector("second", properties);
    session().exec("INSERT INTO thing VALUES (1, 10)");
    read_until("second.transaction", at_least(2));
    read_until("second.public.thing", at_least(1));
    BOOST_TEST(shared_topics().partitions("second.public.thing") == 3);
    BOOST_TEST(shared_topics().config("second.public.thing").at("cleanup.policy") == "compact");
    BOOST_TEST(shared_topics().partitions("second.transaction") == 1);
    BOOST_TEST(shared_topics().config("second.transaction").at("cleanup.policy") == "delete");
    shared_connect().delete_connector("second");
}

BOOST_AUTO_TEST_CASE(a_killed_connect_sends_every_later_change_after_its_restart)
{
    session().exec("CREATE TABLE counter (id int PRIMARY KEY, n int); INSERT INTO counter VALUES (1, 0)");
    shared_connect().put_connector("third", published("third", {"public.counter"}));
    read_until("third.public.counter", at_least(1));
    session().exec("UPDATE counter SET n = 1");
    read_until("third.public.counter", at_least(2));
    shared_connect().kill();
    BOOST_TEST(!shared_connect().running());
    session().exec("UPDATE counter SET n = 2");
    session().exec("INSERT INTO counter VALUES (2, 7)");
    shared_connect().start();
    BOOST_TEST(shared_connect().status("third").state == "RUNNING");
    std::map<std::string, std::int64_t> rows{{R"({"id":1})", 2}, {R"({"id":2})", 7}};
    // Whether as changes or as a second snapshot depends on whether its offset was written in time.
    read_until("third.public.counter", [&](const auto& all) { return folded(all) == rows; });
    shared_connect().delete_connector("third");
}

BOOST_AUTO_TEST_CASE(a_connector_whose_offsets_are_forgotten_begins_with_a_snapshot)
{
    session().exec("CREATE TABLE again (id int PRIMARY KEY, n int); INSERT INTO again VALUES (1, 10)");
    auto properties = published("fourth", {"public.again"});
    shared_connect().put_connector("fourth", properties);
    read_until("fourth.public.again", at_least(1));
    shared_connect().forget_offsets("fourth");
    shared_connect().put_connector("fourth", properties);
    auto messages = read_until("fourth.public.again", at_least(2));
    BOOST_TEST(operations_of(messages) == (std::vector<std::string>{"r", "r"}), boost::test_tools::per_element());
    shared_connect().delete_connector("fourth");
}

// Debezium's answer to TRUNCATE is a message without a key, which a compacted topic does not take.
BOOST_AUTO_TEST_CASE(a_failed_task_says_why)
{
    session().exec("CREATE TABLE truncated (id int PRIMARY KEY, n int); INSERT INTO truncated VALUES (1, 10)");
    auto properties = published("fifth", {"public.truncated"});
    properties.insert_or_assign("skipped.operations", "none");
    session().exec("ALTER PUBLICATION fifth SET (publish = 'insert, update, delete, truncate')");
    shared_connect().put_connector("fifth", properties);
    read_until("fifth.public.truncated", at_least(1));
    session().exec("TRUNCATE truncated");
    auto failed = [] { return shared_connect().status("fifth").state == "FAILED"; };
    BOOST_TEST_REQUIRE(wait_for(failed));
    BOOST_TEST(shared_connect().status("fifth").trace.find("without key") != std::string::npos);
    shared_connect().delete_connector("fifth");
}

BOOST_AUTO_TEST_CASE(as_recommended_a_truncate_is_passed_over)
{
    session().exec("CREATE TABLE emptied (id int PRIMARY KEY, n int); INSERT INTO emptied VALUES (1, 10)");
    shared_connect().put_connector("sixth", published("sixth", {"public.emptied"}));
    read_until("sixth.public.emptied", at_least(1));
    session().exec("TRUNCATE emptied");
    session().exec("INSERT INTO emptied VALUES (2, 20)");
    auto messages = read_until("sixth.public.emptied", at_least(2));
    BOOST_TEST(operations_of(messages) == (std::vector<std::string>{"r", "c"}), boost::test_tools::per_element());
    BOOST_TEST(shared_connect().status("sixth").state == "RUNNING");
    shared_connect().delete_connector("sixth");
}

// Without it the row would arrive with the default in place of the null.
BOOST_AUTO_TEST_CASE(as_recommended_a_null_stays_a_null_and_a_large_row_arrives)
{
    session().exec("CREATE TABLE wide (id int PRIMARY KEY, n int DEFAULT 42, t text)");
    shared_connect().put_connector("seventh", published("seventh", {"public.wide"}));
    session().exec("INSERT INTO wide VALUES (1, NULL, repeat('x', 5000000))");
    auto after = parsed(read_until("seventh.public.wide", at_least(1)).front()).at("after").as_object();
    BOOST_TEST(after.at("n").is_null());
    BOOST_TEST(after.at("t").as_string().size() == 5'000'000u);
    shared_connect().delete_connector("seventh");
}

BOOST_AUTO_TEST_SUITE_END()
