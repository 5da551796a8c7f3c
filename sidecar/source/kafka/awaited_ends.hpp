#pragma once

#include "core/limits.hpp"
#include "source/kafka/places.hpp"

#include <deque>
#include <optional>
#include <utility>

namespace understudy::kafka {

/// Where partitions ended when they were asked for it, each time with what else was known then, until all has come that they held.
/// Pure.
template <class Known>
class awaited_ends {
public:
    /// Of more than limits::asked_ends_max, this replaces the latest.
    void note(partition_ends ends, Known known)
    {
        if (asked_.size() == limits::asked_ends_max) asked_.pop_back();
        asked_.emplace_back(std::move(ends), std::move(known));
    }

    /// What was known at the earliest time, if `has_come` says so of the ends of then. They are waited for no longer.
    template <class HasCome>
    std::optional<Known> take(HasCome has_come)
    {
        if (asked_.empty() || !has_come(asked_.front().first)) return std::nullopt;
        auto known = std::move(asked_.front().second);
        asked_.pop_front();
        return known;
    }

private:
    std::deque<std::pair<partition_ends, Known>> asked_;
};

}  // namespace understudy::kafka
