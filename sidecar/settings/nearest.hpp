#pragma once

#include <span>
#include <string>
#include <string_view>

namespace understudy {

/// The candidate that `word` was probably meant to be, or empty if none is near: at most a third of its letters
/// (and one at least) inserted, removed or replaced.
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace understudy
