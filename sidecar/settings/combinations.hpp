#pragma once

#include "core/settings.hpp"
#include "settings/config_tree.hpp"

namespace understudy {

/// Adds an error for each pair of values that cannot both be meant: cadence rules that never take effect.
void check_cadence(const cadence_settings& cadence, const config_tree& tree, config_errors& errors);

/// Adds an error when one of the two directories is, or lies in, the other. Compares the names only; `check`
/// looks at the real directories.
void check_directories(const settings& values, const config_tree& tree, config_errors& errors);

}  // namespace understudy
