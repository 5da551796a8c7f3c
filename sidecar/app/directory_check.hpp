#pragma once

#include "core/settings.hpp"
#include "source/check_item.hpp"

#include <vector>

namespace understudy {

/// The state and the snapshot directory as `check` shows them: who owns them, what filesystem they are on, how much is
/// free, and whether something is mounted inside that a rename cannot replace. Looks only; creates nothing.
std::vector<check_item> check_directories(const settings& wanted);

}  // namespace understudy
