#pragma once

#include <chrono>
#include <cstdint>

namespace understudy {

/// How long to wait before the next try: doubling from limits::backoff_min to limits::backoff_max, each with a
/// random part so that many sidecars do not come back at once. Pure: the randomness is given.
class back_off {
public:
    /// `dice` is any random number.
    std::chrono::milliseconds next(std::uint32_t dice) noexcept;

    /// The last try went well.
    void reset() noexcept { tries_ = 0; }

    int tries() const noexcept { return tries_; }

private:
    int tries_ = 0;
};

}  // namespace understudy
