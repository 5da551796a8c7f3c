#pragma once

#include "publish/snapshot_directory.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace understudy {

/// What decides which generations may go.
struct history_facts {
    using steady_time = std::chrono::steady_clock::time_point;

    std::vector<std::uint64_t> numbers;  ///< All that are there, ascending.
    std::optional<std::uint64_t> current;
    std::set<std::uint64_t> pinned;
    /// When each stopped being current. After a start, whoever does not know gives the time of the start.
    std::map<std::uint64_t, steady_time> ended;
    std::uint32_t keep = 3;                   ///< The current one included; pinned ones do not count.
    std::chrono::milliseconds grace{60'000};  ///< Readers may still resolve names inside.
    steady_time now{};
};

/// The generations to remove, oldest first. Never the current one, a pinned one, one that stopped being current
/// less than `grace` ago, or one above the current (written and not yet announced). Without a current: none.
std::vector<std::uint64_t> removable(const history_facts& facts);

/// Removes generations, each first renamed away so that nobody finds half of one. Returns those that could not be
/// removed: no error, the next try finds them again. A file that somebody holds open stays whole for him.
std::vector<std::uint64_t> remove_generations(const snapshot_directory& directory,
                                              std::span<const std::uint64_t> numbers);

}  // namespace understudy
