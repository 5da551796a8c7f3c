#include "app/cluster_asker.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

outcome<void> compare(const kafka::cluster_facts& now, const kafka_sources& surveyed, const kafka_settings& wanted)
{
    for (const auto& [topic, ranges] : surveyed.ranges) {
        auto found = now.topics.find(topic);
        if (found == now.topics.end())
            return failure{errc::topic_missing, fmt::format("topic {} is no longer there", topic)};
        if (static_cast<std::size_t>(found->second) != ranges.size())
            return failure{errc::topic_changed, fmt::format("topic {} has {} partitions now", topic, found->second)};
    }
    if (!surveyed.heartbeat && now.topics.contains(heartbeat_topic_of(wanted)))
        return failure{errc::topic_changed, "the connector's heartbeats have begun"};
    auto transactions = now.topics.find(transaction_topic_of(wanted));
    if (!surveyed.transactions && transactions != now.topics.end() && transactions->second == 1)
        return failure{errc::topic_changed, "the connector's transactions have begun"};
    return {};
}

}  // namespace

kafka::partition_ends ends_of(const kafka::partition_ranges& ranges)
{
    kafka::partition_ends ends;
    for (const auto& [partition, range] : ranges) ends[partition] = range.high;
    return ends;
}

asio::awaitable<outcome<kafka_sources>> cluster_asker::survey(kafka::client& client, std::vector<table_record> stored)
{
    auto ask = [this, &client, stored = std::move(stored)] {
        kafka::patient_client patient{client, kafka::sign_in_timeout_of(settings_.kafka), given_up_};
        return survey_topics(patient, settings_, stored);
    };
    co_return co_await thread_.run(std::move(ask));
}

asio::awaitable<outcome<kafka::partition_ranges>> cluster_asker::ask_ranges(kafka::client& client,
                                                                            std::vector<kafka::partition_id> partitions)
{
    auto ask = [&client, partitions = std::move(partitions)] { return client.ranges_of(partitions); };
    co_return co_await thread_.run(std::move(ask));
}

asio::awaitable<outcome<void>> cluster_asker::compare_topics(kafka::client& client, const kafka_sources& surveyed)
{
    auto ask = [&client] { return client.describe_cluster(); };
    auto cluster = co_await thread_.run(std::move(ask));
    if (!cluster) co_return cluster.error();
    co_return compare(*cluster, surveyed, settings_.kafka);
}

asio::awaitable<void> cluster_asker::end(std::unique_ptr<kafka::client> client)
{
    auto end = [client = std::move(client)]() mutable {
        client.reset();
        return true;
    };
    co_await thread_.run(std::move(end));
}

}  // namespace understudy
