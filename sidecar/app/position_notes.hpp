#pragma once

#include "core/position.hpp"
#include "publish/generation.hpp"

namespace understudy {

/// Has the manifest say what a position of several logs holds beside the number: the offsets, and what is in doubt. Pure.
void add_position_notes(const stored_position& at, generation_request& to);

}  // namespace understudy
