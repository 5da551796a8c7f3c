#pragma once

#include "core/settings.hpp"
#include "source/check_item.hpp"

#include <vector>

namespace understudy {

/// Every prerequisite of a Kafka source: that it can be reached, each topic, and which columns the connector's settings
/// do not bring whole. Asks the cluster; changes nothing. Blocks.
std::vector<check_item> check_kafka(const settings& wanted);

}  // namespace understudy
