#pragma once

#include "flow/flow_kit.hpp"

#include <string>

namespace understudy::testing {

/// Runs a command of the same program with the same config while the mirror runs. Returns its exit status.
int run_beside(const mirror& sidecar, const std::string& command);

}  // namespace understudy::testing
