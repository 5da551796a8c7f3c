#include "kafka_kit.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>

namespace understudy::testing {

namespace {

struct kit {
    std::unique_ptr<kafka_broker> broker;
    std::unique_ptr<postgres_server> postgres;
    std::unique_ptr<connect_worker> connect;
    std::unique_ptr<kafka_topics> topics;
};

kit& parts()
{
    static kit all;
    return all;
}

/// The processes belong to the thread that runs the cases, and end before the program's own end.
struct kit_end {
    ~kit_end() { parts() = kit{}; }
};

BOOST_TEST_GLOBAL_FIXTURE(kit_end);

}  // namespace

kafka_broker& shared_broker()
{
    auto& broker = parts().broker;
    // Compaction looks at a topic every 15 seconds by default.
    broker_options options{.properties = {{"log.cleaner.backoff.ms", "100"}}};
    if (!broker) broker = std::make_unique<kafka_broker>(options);
    return *broker;
}

connect_worker& shared_connect()
{
    auto& connect = parts().connect;
    if (!connect) connect = std::make_unique<connect_worker>(shared_broker().bootstrap());
    return *connect;
}

// Debezium's driver takes no unix socket.
postgres_server& shared_postgres()
{
    auto& postgres = parts().postgres;
    if (!postgres) {
        server_options options{.tcp = true};
        postgres = std::make_unique<postgres_server>(options);
    }
    return *postgres;
}

kafka_topics& shared_topics()
{
    auto& topics = parts().topics;
    if (!topics) topics = std::make_unique<kafka_topics>(shared_broker().bootstrap());
    return *topics;
}

connector_properties published(const std::string& prefix, const std::vector<std::string>& tables)
{
    capture what{.prefix = prefix, .tables = tables};
    create_publication(shared_postgres(), what);
    return recommended_connector(shared_postgres(), what);
}

std::vector<kafka_message> read_until(const std::string& topic,
                                      const std::function<bool(const std::vector<kafka_message>&)>& condition)
{
    std::vector<kafka_message> messages;
    auto holds = [&] {
        if (shared_topics().partitions(topic) > 0) messages = shared_topics().read_to_end(topic);
        return condition(messages);
    };
    if (!wait_for(holds))
        throw std::runtime_error{topic + " has only " + std::to_string(messages.size()) + " messages"};
    return messages;
}

}  // namespace understudy::testing
