#pragma once

#include "core/limits.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy {

/// Text that can be shown on a terminal or put in one log line, whoever sent it: valid UTF-8, without control
/// characters (each becomes a space, bytes that are no UTF-8 become U+FFFD), cut with an ellipsis where longer
/// than `bytes_max`.
std::string clean_text(std::string_view text, std::size_t bytes_max = limits::peer_text_bytes_max);

}  // namespace understudy
