#pragma once

#include "core/db_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace understudy::kafka {

/// How far behind the database the connector was lately, as its events tell: from a commit until it sent the change. While it
/// catches up, it shows signs of life like one that is not behind (seen with Debezium 3.7). Plain data; the connector's clock.
class connector_lag {
public:
    void note(db_time sent, db_time committed) noexcept
    {
        auto begin = std::chrono::floor<window>(sent);
        if (begin > latest_[0].begin) latest_ = {part{begin, {}}, latest_[0]};
        for (auto& each : latest_)
            if (each.begin == begin) each.longest = std::max(each.longest, sent - committed);
    }

    /// The longest of what was sent in the 10 to 20 s before; zero if nothing was.
    std::chrono::microseconds before(db_time at) const noexcept
    {
        std::chrono::microseconds longest{0};
        for (const auto& each : latest_)
            if (each.begin + 2 * window{1} > at) longest = std::max(longest, each.longest);
        return longest;
    }

private:
    using window = std::chrono::duration<std::int64_t, std::ratio<10>>;
    struct part {
        db_time begin{};
        std::chrono::microseconds longest{0};
    };
    std::array<part, 2> latest_;  // the newest first
};

}  // namespace understudy::kafka
