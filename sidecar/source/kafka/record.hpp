#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace understudy::kafka {

using partition_id = std::pair<std::string, std::int32_t>;  ///< A topic, and the number of the partition.

/// One record of a partition, or word that nothing comes after the last one. Borrowed.
struct record {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;  ///< At the end of the partition: of the record that will come next.
    std::int64_t timestamp_ms = 0;
    bool at_end = false;
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
};

/// Of all that a record holds: to know it again.
std::uint64_t hash_of(const record& what) noexcept;

/// `topic [partition] at offset`, for messages to people.
std::string place_of(const record& what);

}  // namespace understudy::kafka
