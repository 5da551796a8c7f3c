#include "app/back_off.hpp"

#include "core/limits.hpp"

#include <algorithm>

namespace understudy {

std::chrono::milliseconds back_off::next(std::uint32_t dice) noexcept
{
    constexpr int doublings_max = 16;
    auto steps = std::min(tries_++, doublings_max);
    auto full =
        std::min<std::chrono::milliseconds>(limits::backoff_min * (std::int64_t{1} << steps), limits::backoff_max);
    // Between half and all of it.
    auto half = full.count() / 2;
    return std::chrono::milliseconds{half + static_cast<std::int64_t>(dice) % (full.count() - half + 1)};
}

}  // namespace understudy
