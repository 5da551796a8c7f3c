#pragma once

#include "settings/config_tree.hpp"

namespace understudy {

/// Compares the tree with schemas/config.schema.json and adds one error for each place that does not fit:
/// what was expected, what kind of thing was found, and the nearest known key for an unknown one.
/// May throw std::bad_alloc, and std::exception when the schema itself is broken, which is our mistake.
void check_schema(const config_tree& tree, config_errors& errors);

}  // namespace understudy
