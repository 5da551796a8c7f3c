#pragma once

#include "app/back_off.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace understudy {

/// Decides whether a store that failed is mended once more: kept aside and copied anew, or opened again. A disk that
/// damages each new store must not have the source copied without end. Pure: reads no clock.
class mending_limit {
public:
    /// The store failed after it had served for `served`. Returns how long to wait before it is mended; nothing when
    /// that was done often enough in a row. `dice` is any random number.
    std::optional<std::chrono::milliseconds> next(std::chrono::steady_clock::duration served,
                                                  std::uint32_t dice) noexcept;

private:
    back_off back_off_;
};

}  // namespace understudy
