#pragma once

#include "support/connect_worker.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_topics.hpp"
#include "support/postgres_server.hpp"

#include <functional>
#include <string>
#include <vector>

namespace understudy::testing {

/// What all cases of this program share, started at first use and ended after the last case. A case uses names of its own: topics,
/// tables, a prefix. Who ends one of them starts it again.
kafka_broker& shared_broker();
connect_worker& shared_connect();
postgres_server& shared_postgres();
kafka_topics& shared_topics();

/// The recommended settings for these tables of the shared server, of which it makes a publication.
connector_properties published(const std::string& prefix, const std::vector<std::string>& tables);

/// Reads a topic again and again until what it holds fulfils a condition. Throws std::runtime_error, with the number of messages,
/// after half a minute.
std::vector<kafka_message> read_until(const std::string& topic,
                                      const std::function<bool(const std::vector<kafka_message>&)>& condition);

}  // namespace understudy::testing
