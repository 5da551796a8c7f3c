#pragma once

#include "app/kafka_preparation.hpp"
#include "core/settings.hpp"
#include "core/worker_thread.hpp"
#include "source/kafka/client.hpp"
#include "source/kafka/places.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

kafka::partition_ends ends_of(const kafka::partition_ranges& ranges);

/// Asks a cluster on a thread of its own, one question after the other: answers may take long.
///
/// Belongs to the event loop. Borrows the settings; and the clients until what they are asked has been answered. Errors: those of
/// kafka::client.
class cluster_asker {
public:
    explicit cluster_asker(const settings& wanted) : settings_{wanted} {}

    /// See survey_topics. Waits until the brokers have let the client in, as long as the settings allow.
    asio::awaitable<outcome<kafka_sources>> survey(kafka::client& client, std::vector<table_record> stored);

    /// What these partitions hold.
    asio::awaitable<outcome<kafka::partition_ranges>> ask_ranges(kafka::client& client,
                                                                 std::vector<kafka::partition_id> partitions);

    /// Whether the topics are those that were surveyed. Errors also: topic_missing, topic_changed.
    asio::awaitable<outcome<void>> compare_topics(kafka::client& client, const kafka_sources& surveyed);

    /// Nobody waits for a survey any more: it ends with the question that is being asked.
    void give_up() noexcept { given_up_ = true; }

    /// Lets go of a client, which may have to wait for its threads.
    asio::awaitable<void> end(std::unique_ptr<kafka::client> client);

private:
    const settings& settings_;
    std::atomic<bool> given_up_ = false;
    worker_thread thread_;
};

}  // namespace understudy
