#pragma once

#include "core/position.hpp"
#include "core/table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

/// Whose rows a store holds. A store with another identity is never written to. A Kafka cluster has neither timeline nor
/// slot nor publication; its `database` says which topics are followed.
struct store_identity {
    std::string system_id;  ///< Of IDENTIFY_SYSTEM, or the cluster's.
    std::uint32_t timeline = 0;
    std::string database;
    std::string slot;
    std::string publication;
    std::string publication_fingerprint;  ///< Changes when the publication may have lost rows.

    bool is_kafka() const noexcept { return !system_id.empty() && slot.empty(); }
    friend bool operator==(const store_identity&, const store_identity&) = default;
};

/// Everything in a store except the rows.
struct store_state {
    store_identity identity;  ///< Empty system_id: nothing was ever copied.
    stored_position position;
    /// In config order. A table that is being copied for the first time is not here.
    std::vector<table_record> tables;
    friend bool operator==(const store_state&, const store_state&) = default;
};

}  // namespace understudy
