#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "source/kafka/client.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace understudy::kafka {

/// How long brokers may take to let us in: `socket.connection.setup.timeout.ms` of the properties, as in librdkafka; ours when they
/// name none.
std::chrono::milliseconds sign_in_timeout_of(const kafka_settings& wanted);

/// Asks a cluster again while a broker is there and has not let us in, for `patience`. A question waits for limits::kafka_timeout, and TLS and SASL
/// may take longer: the client goes on with them in between, where a new one would begin them anew.
///
/// Blocks for that long, and for one question more. Belongs to the thread that asks; borrows everything. Errors: those of client.
class patient_client {
public:
    /// Once `given_up`, which any thread may set, nothing is asked again.
    patient_client(client& asked, std::chrono::milliseconds patience, const std::atomic<bool>& given_up)
        : asked_{asked}, patience_{patience}, given_up_{given_up}
    {
    }

    outcome<cluster_facts> describe_cluster();
    outcome<topic_config> describe_topic(const std::string& topic);
    outcome<partition_ranges> ranges_of(std::span<const partition_id> partitions);

private:
    template <class Question>
    auto ask(Question question);

    client& asked_;
    std::chrono::milliseconds patience_;
    const std::atomic<bool>& given_up_;
};

}  // namespace understudy::kafka
