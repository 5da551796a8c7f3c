#pragma once

#include "core/error.hpp"
#include "decode/tuple_column.hpp"
#include "source/mirrored_table.hpp"

#include <span>
#include <string>

namespace understudy {

/// Turns the values of one row into its stored tuple and its key. Keeps its buffers between rows.
///
/// `values` holds one value per stored column. Errors: bad_text for a value that is not what its type prints;
/// column_mismatch for an unchanged value where the key or a counted row needs it.
class row_builder {
public:
    error_code build_tuple(const mirrored_table& table, std::span<const tuple_column> values);
    error_code build_key(const mirrored_table& table, std::span<const tuple_column> values);

    /// The tuple and the key built last. Borrowed until the next build.
    const std::string& tuple() const noexcept { return tuple_; }
    const std::string& key() const noexcept { return key_; }

    /// After an error: the name of the column whose value it is about.
    std::string failed_column(const mirrored_table& table) const { return table.record.shape.columns[at_].name; }

private:
    std::string tuple_;
    std::string key_;
    std::size_t at_ = 0;  ///< The column that is or was built last.
};

}  // namespace understudy
