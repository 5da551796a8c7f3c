#pragma once

#include "flow/flow_kit.hpp"

#include <string>
#include <vector>

namespace understudy::testing {

/// Runs a command of the same program with the same config while the mirror runs; what it says goes to the log. Returns
/// its exit status.
int run_beside(const mirror& sidecar, const std::string& command, const std::vector<std::string>& options = {});

}  // namespace understudy::testing
