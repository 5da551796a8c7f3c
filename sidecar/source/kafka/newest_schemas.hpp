#pragma once

#include "core/error.hpp"
#include "source/kafka/client.hpp"
#include "source/kafka/schema_finder.hpp"

#include <map>
#include <string>
#include <vector>

namespace understudy::kafka {

using topic_ranges = std::map<std::string, std::vector<offset_range>>;  ///< Of each partition of each topic.

/// Reads back from the ends of topics until each finder has found a record that tells, or has seen all that the limits allow
/// (limits::schema_*). Every topic has to be in `ranges`.
///
/// Blocks, with a consumer of its own, which is gone afterwards. Errors: those of the client; timed_out.
outcome<void> find_schemas(const kafka_settings& wanted, const topic_ranges& ranges,
                           std::vector<schema_finder>& finders);

}  // namespace understudy::kafka
