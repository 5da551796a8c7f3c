#pragma once

#include "support/kafka_handles.hpp"
#include "support/kafka_topics.hpp"

#include <string>
#include <vector>

namespace understudy::testing {

/// A producer whose messages stay in order, and whose keys choose the partition that Java's producers choose. Throws
/// std::runtime_error.
kafka_client_handle new_kafka_producer(const std::string& bootstrap, const kafka_settings& more = {});

/// Returns when the broker has all of them. Takes a producer of new_kafka_producer. Throws std::runtime_error.
void produce_all(rd_kafka_t* producer, const std::string& topic, const std::vector<kafka_message>& messages);

}  // namespace understudy::testing
