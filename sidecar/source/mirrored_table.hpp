#pragma once

#include "core/table.hpp"
#include "render/column_format.hpp"

#include <string>
#include <vector>

namespace understudy {

/// A mirrored table with what turns its values into stored rows. Immutable while a stream or a copy uses it.
struct mirrored_table {
    table_record record;
    std::vector<column_format> formats;  ///< One for each column of record.shape.
    std::vector<std::string> losses;     ///< What each column's values may lose on their way; none, or for each one.
    std::vector<std::string> left_out;   ///< Columns that are not mirrored: excluded, or generated and not sent.
    std::vector<oid> partitions;         ///< Of a partitioned table: itself and everything below it; else empty.
    char replica_identity = 'd';         ///< relreplident, as the server will describe the table.
    /// Partitions under REPLICA IDENTITY FULL send whole old rows, marked as keys when their root is not under FULL.
    bool old_rows_are_whole = false;
};

}  // namespace understudy
