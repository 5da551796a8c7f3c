#pragma once

#include "settings/config_tree.hpp"

namespace understudy {

/// Adds an error for each duration and size outside the range that the schema names. What is not a duration or
/// size at all is left to the schema check.
void check_units(const config_tree& tree, config_errors& errors);

}  // namespace understudy
