#include "source/kafka/client.hpp"

#include "support/printing.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

using namespace understudy;
using namespace understudy::kafka;
using std::chrono::steady_clock;

namespace {

using library_handle = c_handle<rd_kafka_t, &rd_kafka_destroy>;

const std::vector<partition_id> first_of_t{{"t", 0}};

/// librdkafka's own mock of a broker, and a producer to it.
class mock_broker {
public:
    explicit mock_broker(const char* brokers = "1")
    {
        auto* conf = rd_kafka_conf_new();
        set(conf, "test.mock.num.brokers", brokers);
        set(conf, "linger.ms", "0");
        rd_kafka_conf_set_log_cb(conf, nullptr);
        std::string why(256, '\0');
        producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size()));
        BOOST_TEST_REQUIRE((producer_ != nullptr), why);
        brokers_ = metadata_broker();
    }

    const std::string& brokers() const { return brokers_; }

    void produce(const char* topic, const std::string& key, const char* value)
    {
        send(topic, key, value);
        flush();
    }

    void send(const char* topic, const std::string& key, const char* value)
    {
        auto size = value == nullptr ? std::size_t{0} : std::string_view{value}.size();
        auto error = rd_kafka_producev(
            producer_.get(), RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_KEY(key.data(), key.size()),
            RD_KAFKA_V_VALUE(const_cast<char*>(value), size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        BOOST_TEST_REQUIRE(error == RD_KAFKA_RESP_ERR_NO_ERROR);
    }

    void flush() { BOOST_TEST_REQUIRE(rd_kafka_flush(producer_.get(), 5000) == RD_KAFKA_RESP_ERR_NO_ERROR); }

    void stop() { BOOST_TEST_REQUIRE(rd_kafka_mock_broker_set_down(cluster(), 1) == RD_KAFKA_RESP_ERR_NO_ERROR); }
    void start_again() { BOOST_TEST_REQUIRE(rd_kafka_mock_broker_set_up(cluster(), 1) == RD_KAFKA_RESP_ERR_NO_ERROR); }

private:
    rd_kafka_mock_cluster_t* cluster() const { return rd_kafka_handle_mock_cluster(producer_.get()); }

    static void set(rd_kafka_conf_t* conf, const char* name, const char* value)
    {
        BOOST_TEST_REQUIRE(rd_kafka_conf_set(conf, name, value, nullptr, 0) == RD_KAFKA_CONF_OK);
    }

    std::string metadata_broker() const
    {
        const rd_kafka_metadata_t* found = nullptr;
        BOOST_TEST_REQUIRE(rd_kafka_metadata(producer_.get(), 0, nullptr, &found, 5000) == RD_KAFKA_RESP_ERR_NO_ERROR);
        auto address = std::string{found->brokers[0].host} + ":" + std::to_string(found->brokers[0].port);
        rd_kafka_metadata_destroy(found);
        return address;
    }

    library_handle producer_;
    std::string brokers_;
};

kafka_settings settings_for(const std::string& brokers)
{
    kafka_settings made;
    made.brokers = brokers;
    return made;
}

std::unique_ptr<client> client_of(const std::string& brokers)
{
    auto made = client::make(settings_for(brokers));
    BOOST_TEST_REQUIRE(made.has_value());
    return std::move(*made);
}

/// `key=value`, `key` for a tombstone, `end 2` for the end of the partition before offset 2.
std::string shown(const record& what)
{
    if (what.at_end) return "end " + std::to_string(what.offset);
    auto text = std::string{what.key.value_or("-")};
    return what.value ? text + "=" + std::string{*what.value} : text;
}

/// What comes until a partition ends, an error does, or 5 seconds are over.
std::string taken(client& from)
{
    std::string all;
    for (auto until = steady_clock::now() + std::chrono::seconds{5}; steady_clock::now() < until;) {
        auto records = from.take(10);
        if (!records) return all + name_of(records.error().code);
        for (const auto& what : *records) {
            all += shown(what);
            if (what.at_end) return all;
            all += "; ";
        }
        pollfd ready{.fd = from.wake_fd(), .events = POLLIN, .revents = 0};
        std::uint64_t count = 0;
        if (::poll(&ready, 1, 100) == 1) BOOST_TEST_REQUIRE(::read(from.wake_fd(), &count, sizeof count) > 0);
    }
    return all + "nothing more";
}

std::string taken_from(const std::string& brokers, const partition_start& start)
{
    auto reader = client_of(brokers);
    BOOST_TEST_REQUIRE(reader->assign(std::vector{start}).has_value());
    return taken(*reader);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_clients)

BOOST_AUTO_TEST_CASE(records_come_in_order_and_then_the_end)
{
    mock_broker broker;
    broker.produce("t", "a", "1");
    broker.produce("t", "b", nullptr);
    broker.produce("t", "a", "");
    BOOST_TEST(taken_from(broker.brokers(), {"t", 0, 0}) == "a=1; b; a=; end 3");
    BOOST_TEST(taken_from(broker.brokers(), {"t", 0, 1}) == "b; a=; end 3");
    BOOST_TEST(taken_from(broker.brokers(), {"t", 0, 3}) == "end 3");
}

BOOST_AUTO_TEST_CASE(an_offset_that_the_log_does_not_have_is_lost_and_never_jumped_over)
{
    mock_broker broker;
    broker.produce("t", "a", "1");
    BOOST_TEST(taken_from(broker.brokers(), {"t", 0, 9'999'999}) == "offsets_lost");
}

BOOST_AUTO_TEST_CASE(a_queue_that_was_full_is_filled_again_at_once)
{
    constexpr int records = 4000;  // 4 MB, through a queue of 64 KiB
    mock_broker broker;
    std::string kilobyte(1000, 'x');
    for (int number = 0; number < records; ++number) broker.send("t", "a", kilobyte.c_str());
    broker.flush();
    auto wanted = settings_for(broker.brokers());
    wanted.properties = {{"queued.max.messages.kbytes", "64"}, {"fetch.message.max.bytes", "16384"}};
    auto reader = client::make(wanted);
    BOOST_TEST_REQUIRE(reader.has_value());
    BOOST_TEST_REQUIRE((*reader)->assign(std::vector{partition_start{"t", 0, 0}}).has_value());
    // It would sleep for a second each time: for a minute in all.
    auto until = steady_clock::now() + std::chrono::seconds{20};
    int count = 0;
    while (count < records && steady_clock::now() < until) {
        auto some = (*reader)->take(10);
        BOOST_TEST_REQUIRE(some.has_value());
        count += static_cast<int>(std::ranges::count_if(*some, [](const auto& what) { return !what.at_end; }));
        pollfd ready{.fd = (*reader)->wake_fd(), .events = POLLIN, .revents = 0};
        if (some->empty()) ::poll(&ready, 1, 10);
    }
    BOOST_TEST(count == records);
}

BOOST_AUTO_TEST_CASE(ranges_and_topics_are_told)
{
    mock_broker broker;
    broker.produce("t", "a", "1");
    broker.produce("t", "a", "2");
    auto asking = client_of(broker.brokers());
    auto ranges = asking->ranges_of(first_of_t);
    BOOST_TEST_REQUIRE(ranges.has_value());
    BOOST_TEST(ranges->size() == 1u);
    BOOST_TEST((ranges->at({"t", 0}) == offset_range{0, 2}));
    auto cluster = asking->describe_cluster();
    BOOST_TEST_REQUIRE(cluster.has_value());
    BOOST_TEST(cluster->topics.contains("t"));
    BOOST_TEST(!cluster->id.empty());
}

BOOST_AUTO_TEST_CASE(ranges_of_partitions_that_several_brokers_lead_are_asked_for_together)
{
    mock_broker brokers{"3"};
    brokers.produce("t", "a", "1");
    brokers.produce("t", "a", "2");
    brokers.produce("u", "a", "3");
    auto asking = client_of(brokers.brokers());
    BOOST_TEST_REQUIRE(asking->ranges_of({}).has_value());
    auto ranges = asking->ranges_of(std::vector<partition_id>{{"u", 0}, {"t", 3}, {"t", 2}, {"t", 1}, {"t", 0}});
    BOOST_TEST_REQUIRE(ranges.has_value());
    partition_ranges expected{
        {{"t", 0}, {0, 2}}, {{"t", 1}, {0, 0}}, {{"t", 2}, {0, 0}}, {{"t", 3}, {0, 0}}, {{"u", 0}, {0, 1}}};
    BOOST_TEST((*ranges == expected));
    auto unknown = asking->ranges_of(std::vector<partition_id>{{"t", 0}, {"t", 99}});
    BOOST_TEST_REQUIRE(unknown.has_error());
    BOOST_TEST(unknown.error().text.find("t [") != std::string::npos, unknown.error().text);
}

BOOST_AUTO_TEST_CASE(a_broker_that_does_not_answer_is_unreachable_in_bounded_time)
{
    auto asking = client_of("127.0.0.1:1");
    auto start = steady_clock::now();
    auto cluster = asking->describe_cluster();
    BOOST_TEST_REQUIRE(cluster.has_error());
    BOOST_TEST(name_of(cluster.error().code) == "unreachable");
    BOOST_TEST((steady_clock::now() - start < std::chrono::seconds{8}));
}

BOOST_AUTO_TEST_CASE(a_question_about_a_partition_whose_broker_has_gone_ends_in_bounded_time)
{
    mock_broker broker;
    broker.produce("t", "a", "1");
    auto asking = client_of(broker.brokers());
    BOOST_TEST_REQUIRE(asking->ranges_of(first_of_t).has_value());  // who leads the partition is known from here on
    broker.stop();
    auto range = std::async(std::launch::async, [&] { return asking->ranges_of(first_of_t); });
    bool ended = range.wait_for(std::chrono::seconds{15}) == std::future_status::ready;
    broker.start_again();
    BOOST_TEST(ended);
    BOOST_TEST(range.get().has_error());
}

BOOST_AUTO_TEST_CASE(brokers_that_are_away_are_told_from_one_that_takes_its_time)
{
    auto refused = client_of("127.0.0.1:1");
    BOOST_TEST(refused->describe_cluster().has_error());
    BOOST_TEST(refused->found_nobody());
    boost::asio::io_context loop;
    boost::asio::ip::tcp::acceptor silent{loop, {boost::asio::ip::address_v4::loopback(), 0}};
    auto waiting = client_of("127.0.0.1:" + std::to_string(silent.local_endpoint().port()));
    BOOST_TEST(waiting->describe_cluster().has_error());
    BOOST_TEST(!waiting->found_nobody());
}

BOOST_AUTO_TEST_CASE(a_refused_property_is_named_and_its_value_is_not_shown)
{
    auto wanted = settings_for("k:1");
    wanted.properties = {{"security.protocol", "c4n4ry"}};
    auto made = client::make(wanted);
    BOOST_TEST_REQUIRE(made.has_error());
    BOOST_TEST(name_of(made.error().code) == "bad_config");
    BOOST_TEST(made.error().text == "source.kafka.properties.security.protocol: librdkafka does not take this value");
    wanted.properties = {{"sasl.pasword", "c4n4ry"}};
    made = client::make(wanted);
    BOOST_TEST_REQUIRE(made.has_error());
    BOOST_TEST(made.error().text == "source.kafka.properties.sasl.pasword: librdkafka has no such setting");
}

BOOST_AUTO_TEST_CASE(settings_that_fit_but_not_together_are_refused_without_a_secret)
{
    auto wanted = settings_for("k:1");
    wanted.properties = {{"security.protocol", "ssl"}, {"ssl.key.pem", "c4n4ry"}, {"ssl.certificate.pem", "c4n4ry"}};
    auto made = client::make(wanted);
    BOOST_TEST_REQUIRE(made.has_error());
    BOOST_TEST(made.error().text.find("c4n4ry") == std::string::npos, made.error().text);
}

BOOST_AUTO_TEST_SUITE_END()
