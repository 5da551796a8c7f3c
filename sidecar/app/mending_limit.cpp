#include "app/mending_limit.hpp"

#include "core/limits.hpp"

namespace understudy {

std::optional<std::chrono::milliseconds> mending_limit::next(std::chrono::steady_clock::duration served,
                                                             std::uint32_t dice) noexcept
{
    if (served >= limits::store_proven) back_off_.reset();
    if (back_off_.tries() >= limits::store_mendings_max) return std::nullopt;
    return back_off_.next(dice);
}

}  // namespace understudy
