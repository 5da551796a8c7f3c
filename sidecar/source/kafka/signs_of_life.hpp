#pragma once

#include "core/db_time.hpp"
#include "core/limits.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace understudy::kafka {

/// What the connector's heartbeats tell: that it lived, and by their absence that it is away, or amid a snapshot. Plain data;
/// two clocks: the connector's for when they were sent, ours for when they came.
class signs_of_life {
public:
    using time_point = std::chrono::steady_clock::time_point;

    void note(db_time sent, time_point now) noexcept
    {
        if (sent == last_) return;  // read once more
        heard_at_ = now;
        if (last_ && sent > *last_) {
            gaps_ = {sent - *last_, gaps_[0]};
            alive_at_ = now;  // the first may be of long ago
        }
        last_ = std::max(last_.value_or(sent), sent);
    }

    /// When the last one was sent.
    std::optional<db_time> last() const noexcept { return last_; }

    /// When the last one came that tells of now; the beginning of the clock before that.
    time_point alive_at() const noexcept { return alive_at_; }

    /// One is overdue by far. Never where none has come yet.
    bool is_silent(time_point now) const noexcept
    {
        auto usual = std::min(gaps_[0], gaps_[1]);  // not what an absence left, nor what a start did
        auto patience = std::max<std::chrono::microseconds>(limits::silence_min, usual * limits::silence_heartbeats);
        return heard_at_ && now - *heard_at_ > patience;
    }

private:
    std::optional<db_time> last_;
    std::optional<time_point> heard_at_;
    time_point alive_at_{};
    std::array<std::chrono::microseconds, 2> gaps_{std::chrono::minutes{1},
                                                   std::chrono::minutes{1}};  // the newest first
};

}  // namespace understudy::kafka
