#include "support/kafka_broker.hpp"

#include "support/free_port.hpp"
#include "support/waiting.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace understudy::testing {

namespace fs = std::filesystem;

namespace {

constexpr auto start_deadline = std::chrono::minutes{1};
constexpr int heap_mb = 320;

}  // namespace

kafka_broker::kafka_broker(broker_options options)
    : port_{free_port()},
      controller_port_{free_port()},
      secure_port_{options.secure ? free_port() : 0},
      program_{directory_.path(),
               {.main_class = "kafka.Kafka", .arguments = {directory_ / "broker.properties"}, .heap_mb = heap_mb}}
{
    configure(options.properties, options.secure);
    format(options.cluster_id);
    start();
}

/// https://kafka.apache.org/documentation/#brokerconfigs
void kafka_broker::configure(const java_properties& more, const std::optional<secure_listener>& secure)
{
    auto controller = "127.0.0.1:" + std::to_string(controller_port_);
    auto properties = more;
    if (secure) properties.merge(secure_properties(*secure));
    auto plain = "PLAINTEXT://" + bootstrap();
    auto served = secure ? plain + ",SECURE://" + secure_bootstrap() : plain;
    properties.merge(java_properties{
        {"process.roles", "broker,controller"},
        {"node.id", "1"},
        {"controller.quorum.bootstrap.servers", controller},
        {"listeners", served + ",CONTROLLER://" + controller},
        {"advertised.listeners", served},
        {"controller.listener.names", "CONTROLLER"},
        {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL"},
        {"log.dirs", (directory_ / "data").string()},
        {"auto.create.topics.enable", "false"},
        // As long as a broker that was killed is kept from coming back.
        {"broker.heartbeat.interval.ms", "500"},
        {"broker.session.timeout.ms", "3000"},
        {"num.partitions", "1"},
        {"offsets.topic.num.partitions", "1"},
        {"offsets.topic.replication.factor", "1"},
        {"transaction.state.log.num.partitions", "1"},
        {"transaction.state.log.replication.factor", "1"},
        {"transaction.state.log.min.isr", "1"},
        {"share.coordinator.state.topic.num.partitions", "1"},
        {"share.coordinator.state.topic.replication.factor", "1"},
        {"share.coordinator.state.topic.min.isr", "1"},
        {"group.initial.rebalance.delay.ms", "0"},
        {"num.network.threads", "2"},
        {"num.io.threads", "2"},
        // By default 128 MB, more than the heap can spare. What goes into it bounds what one pass of compaction takes.
        {"log.cleaner.dedupe.buffer.size", "4194304"},
    });
    write_file(directory_ / "broker.properties", properties_text(properties));
}

/// https://kafka.apache.org/documentation/#security
java_properties kafka_broker::secure_properties(const secure_listener& secure) const
{
    auto both = directory_ / "secure.pem";
    write_file(both, read_file(secure.key) + read_file(secure.chain));
    std::string login = "org.apache.kafka.common.security.plain.PlainLoginModule required";
    for (const auto& [user, password] : secure.passwords) login += " user_" + user + "=\"" + password + "\"";
    return {{"ssl.keystore.type", "PEM"},
            {"ssl.keystore.location", both.string()},
            {"listener.name.secure.sasl.enabled.mechanisms", "PLAIN"},
            {"listener.name.secure.plain.sasl.jaas.config", login + ";"},
            {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
            {"super.users", "User:ANONYMOUS"}};
}

void kafka_broker::format(const std::string& cluster_id)
{
    auto scratch = directory_ / "format";
    fs::create_directory(scratch);
    java_program tool{
        scratch,
        {.main_class = "kafka.tools.StorageTool",
         .arguments = {"format", "--standalone", "-t", cluster_id, "-c", directory_ / "broker.properties"}}};
    tool.run();
}

void kafka_broker::start()
{
    program_.start();
    auto serves = [this] { return program_.log_since_start().find("Kafka Server started") != std::string::npos; };
    bool settled = wait_for([&] { return serves() || !running(); }, start_deadline);
    if (!settled || !running()) throw std::runtime_error{"the broker did not start:\n" + program_.log_end()};
}

}  // namespace understudy::testing
