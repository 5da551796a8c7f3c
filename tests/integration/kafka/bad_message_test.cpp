#include "made_messages.hpp"
#include "topic_mirror.hpp"

#include "support/kafka_producer.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

// Messages that are not what they should be: each has a reason and a place, and the last good generation stays.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

struct bad_case {
    const char* name;
    std::function<kafka_message(message_maker&)> make;
    const char* reason = "bad_message";
};

/// A good message with a part of it replaced.
kafka_message with(message_maker& make, const std::string& part, const std::string& instead)
{
    auto message = make.row({.id = 9, .n = 9});
    auto& value = message.value.value();
    auto at = value.find(part);
    if (at == value.npos) throw std::runtime_error{"no " + part};
    value.replace(at, part.size(), instead);
    return message;
}

std::string nested(int depth)
{
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

const std::vector<bad_case>& bad_cases()
{
    static const std::vector<bad_case> cases{
        {"broken JSON", [](auto& make) { return with(make, "\"op\":\"c\"", "\"op\":"); }},
        {"no JSON at all", [](auto&) { return kafka_message{.key = message_maker::key(9), .value = "hello"}; },
         "unsupported_format"},
        {"Avro's framing",
         [](auto&) {
             return kafka_message{.key = std::string("\0\0\0\0\7\2", 6), .value = std::string("\0\0\0\0\7\2\2", 7)};
         },
         "unsupported_format"},
        {"a text in place of a number", [](auto& make) { return with(make, "\"n\":9", "\"n\":\"nine\""); }},
        {"a number that is too large", [](auto& make) { return with(make, "\"n\":9", "\"n\":4294967296"); }},
        {"a number in place of a text", [](auto& make) { return with(make, "\"note\":\"x\"", "\"note\":{\"a\":1}"); }},
        {"a null in the key", [](auto& make) { return with(make, "\"after\":{\"id\":9", "\"after\":{\"id\":null"); }},
        {"another key than its row has",
         [](auto& make) { return with(make, "\"after\":{\"id\":9", "\"after\":{\"id\":8"); }},
        {"no key",
         [](auto& make) {
             auto message = make.row({.id = 9, .n = 9});
             message.key.reset();
             return message;
         }},
        {"a key without the column",
         [](auto& make) {
             auto message = make.row({.id = 9, .n = 9});
             message.key = R"({"other":9})";
             return message;
         }},
        {"a row of another table", [](auto& make) { return with(make, "\"table\":\"item\"", "\"table\":\"other\""); }},
        {"an unknown operation", [](auto& make) { return with(make, "\"op\":\"c\"", "\"op\":\"z\""); }},
        {"a member twice", [](auto& make) { return with(make, "\"n\":9", "\"n\":9,\"n\":10"); }},
        {"no row",
         [](auto& make) { return with(make, "\"after\":{\"id\":9,\"n\":9,\"note\":\"x\"}", "\"after\":null"); }},
    };
    return cases;
}

void follow_two_rows(topic_mirror& through, message_maker& make, int partitions = 1)
{
    auto topic = through.topic("item");
    shared_topics().create(topic, {.partitions = partitions, .config = {{"cleanup.policy", "compact"}}});
    // Once a broker was seen with one of the two, though both had been acknowledged, and once with the second before the
    // first.
    auto arrived = [&] {
        std::vector<kafka_message> rows{make.row({.id = 1, .n = 1}), make.row({.id = 2, .n = 1})};
        shared_topics().produce(topic, rows);
        auto seen = shared_topics().read_to_end(topic);
        if (seen.size() < 2 || partitions > 1) return seen.size() >= 2;
        return seen.end()[-2].value == rows.front().value && seen.back().value == rows.back().value;
    };
    BOOST_REQUIRE(wait_for(arrived));
    through.start_following();
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
}

bool comes_to_hold(const topic_mirror& through, const strings& rows, std::chrono::milliseconds patience = 20s)
{
    return wait_for([&] { return through.rows("item") == rows; }, patience);
}

void allow_no_key(const topic_mirror& through)
{
    shared_topics().set_config(through.topic("item"), {{"cleanup.policy", "delete"}});
}

/// Stopped with the reason, its place in the text, and the rows of before.
void check_refused(topic_mirror& through, const char* reason)
{
    auto offset = shared_topics().end_offsets(through.topic("item")).front() - 1;
    BOOST_TEST(through.comes_to(reason), through.explain());
    BOOST_TEST(through.reason_text().find(through.topic("item") + " [0] at offset " + std::to_string(offset)) !=
                   std::string::npos,
               through.reason_text());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_messages)

BOOST_AUTO_TEST_CASE(each_stops_it_with_its_place_and_the_last_generation_stays)
{
    int count = 0;
    for (const auto& one : bad_cases())
        BOOST_TEST_CONTEXT(one.name) {
            topic_mirror through{made_table("bad_" + std::to_string(++count))};
            message_maker make{through.name()};
            follow_two_rows(through, make);
            auto message = one.make(make);
            if (!message.key) allow_no_key(through);
            shared_topics().produce(through.topic("item"), {message});
            check_refused(through, one.reason);
        }
}

BOOST_AUTO_TEST_CASE(as_told_it_leaves_them_out_and_marks_the_table)
{
    auto options = made_table("skipped");
    options.source = "    on_bad_message: skip_and_mark\n";
    topic_mirror through{options};
    message_maker make{through.name()};
    follow_two_rows(through, make);
    allow_no_key(through);
    std::vector<kafka_message> bad;
    for (const auto& one : bad_cases())
        if (std::string{one.reason} == "bad_message") bad.push_back(one.make(make));
    shared_topics().produce(through.topic("item"), bad);
    shared_topics().produce(through.topic("item"), {make.row({.id = 3, .n = 3})});
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1), item(3, 3)}), through.explain());
    BOOST_TEST(through.manifest().at("tables").at(0).at("doubts").at(0) == "skipped_records");
    BOOST_TEST(through.logged("records_skipped") > 0u);
    through.sidecar().run("status");
    BOOST_TEST(through.logged("doubts         public.item: skipped_records") == 1u, through.explain());
}

// None of them is a row that Postgres could hold, and none harms the program.
BOOST_AUTO_TEST_CASE(deep_large_and_damaged_texts_do_no_harm)
{
    topic_mirror through{made_table("hostile")};
    message_maker make{through.name()};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact"}, {"max.message.bytes", "20000000"}}});
    auto large = make.row({.id = 1, .n = 1});
    auto& value = large.value.value();
    value.replace(value.find("\"x\""), 3, "\"" + std::string(10'000'000, 'x') + "\"");
    auto bare = make.row({.id = 2, .n = 1});
    kafka_client_handle producer = new_kafka_producer(shared_broker().bootstrap(), {{"message.max.bytes", "20000000"}});
    produce_all(producer.get(), topic, {large, bare});
    through.start_following();
    BOOST_TEST(through.rows("item").size() == 2u);
    BOOST_TEST(read_file(through.sidecar().current("snapshot.json")).size() > 10'000'000u);
    shared_topics().produce(topic, {with(make, "\"transaction\":null", "\"transaction\":" + nested(100'000))});
    BOOST_TEST(wait_for([&] { return !through.reason().empty(); }), through.explain());
    BOOST_TEST(through.sidecar().running());
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_utf_8_is_refused)
{
    topic_mirror through{made_table("damaged")};
    message_maker make{through.name()};
    follow_two_rows(through, make);
    shared_topics().produce(through.topic("item"), {with(make, "\"note\":\"x\"", "\"note\":\"\xc3(\"")});
    BOOST_TEST(wait_for([&] { return !through.reason().empty(); }), through.explain());
    BOOST_TEST((through.rows("item") == strings{item(1, 1), item(2, 1)}), through.explain());
}

BOOST_AUTO_TEST_CASE(plain_rows_keyed_by_objects_are_followed)
{
    topic_mirror through{made_table("plain")};
    auto topic = through.topic("item");
    shared_topics().create(topic, {.config = {{"cleanup.policy", "compact"}}});
    shared_topics().produce(topic, {{.key = message_maker::key(1), .value = item(1, 1)},
                                    {.key = message_maker::key(2), .value = item(2, 1)},
                                    {.key = message_maker::key(3), .value = item(3, 1)},
                                    {.key = message_maker::key(2), .value = std::nullopt},
                                    {.key = message_maker::key(3), .value = item(3, 2)}});
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(3, 2)}), through.explain());
}

BOOST_AUTO_TEST_CASE(what_a_producer_took_back_is_never_seen)
{
    topic_mirror through{made_table("aborted")};
    message_maker make{through.name()};
    follow_two_rows(through, make);
    auto topic = through.topic("item");
    kafka_transaction aborted{shared_broker().bootstrap(), "e2e-aborted"};
    aborted.produce(topic, {make.row({.id = 3, .n = 3})});
    aborted.abort();
    kafka_transaction committed{shared_broker().bootstrap(), "e2e-committed"};
    committed.produce(topic, {make.row({.id = 4, .n = 4})});
    BOOST_TEST(through.announces_nothing_after(through.generation(), 300ms), "an open transaction is seen");
    committed.commit();
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1), item(4, 4)}), through.explain());
    through.kill();
    through.start();  // behind a control record
    shared_topics().produce(topic, {make.row({.id = 5, .n = 5})});
    BOOST_TEST(comes_to_hold(through, {item(1, 1), item(2, 1), item(4, 4), item(5, 5)}), through.explain());
    BOOST_TEST(through.logged("copy_started") == 1u);
}

BOOST_AUTO_TEST_CASE(added_partitions_are_read_from_their_beginnings)
{
    topic_mirror through{made_table("grown")};
    message_maker make{through.name()};
    follow_two_rows(through, make);
    auto topic = through.topic("item");
    shared_topics().set_partitions(topic, 3);
    auto moved = make.row({.id = 1, .n = 7, .op = "u"});
    moved.partition = 2;
    shared_topics().produce(topic, {moved});
    through.kill();  // else it looks every half minute
    through.start();
    BOOST_TEST(comes_to_hold(through, {item(1, 7), item(2, 1)}), through.explain());
    BOOST_TEST(through.logged("copy_started") == 1u, through.explain());
}

BOOST_AUTO_TEST_SUITE_END()
