#pragma once

#include "decode/debezium.hpp"
#include "source/kafka/places.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace understudy::kafka {

/// All of a streamed event that is the same when the connector sends it again: not when it did.
std::uint64_t fingerprint_of(const debezium::event& event) noexcept;

/// The latest streamed events of a partition, to know them by when they come again.
///
/// They follow each other without one left out that could come again: so when one is known, all that have come since
/// are, too, and to leave it out changes nothing.
class event_memory {
public:
    /// Remembers `most`. Of what came before nothing is known, up to the mark `forgotten`.
    event_memory(std::size_t most, const std::optional<event_mark>& forgotten) : most_{most}, forgotten_{forgotten} {}

    bool knows(const event_mark& mark, std::uint64_t fingerprint) const
    {
        return known_.contains(mixed(mark, fingerprint));
    }

    /// Whether everything that came with such a mark is known: what is not is then no repeat.
    bool reaches_back_to(const event_mark& mark) const noexcept { return !forgotten_ || mark > *forgotten_; }

    void add(const event_mark& mark, std::uint64_t fingerprint);

    /// Something up to this may have come that is not here.
    void forget(const event_mark& mark) noexcept { forgotten_ = std::max(forgotten_.value_or(mark), mark); }

    void clear();

private:
    static std::uint64_t mixed(const event_mark& mark, std::uint64_t fingerprint) noexcept
    {
        return fingerprint ^ (mark.last_commit * 0x9E3779B97F4A7C15ULL) ^ (mark.lsn * 0xC2B2AE3D27D4EB4FULL);
    }

    std::size_t most_;
    std::optional<event_mark> forgotten_;
    boost::unordered_flat_set<std::uint64_t> known_;
    std::deque<std::pair<event_mark, std::uint64_t>> order_;
};

}  // namespace understudy::kafka
