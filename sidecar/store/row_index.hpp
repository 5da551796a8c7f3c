#pragma once

#include "core/table.hpp"
#include "render/fragment_key.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// One column of an index.
struct index_column {
    std::uint16_t place = 0;  ///< Among the stored columns of the table.
    oid type = 0;
    bool descending = false;
    friend auto operator<=>(const index_column&, const index_column&) = default;
};

/// A second order of a table's rows: by these columns, then by key. It says all that its entries follow from, so that
/// two of one definition are the same.
struct row_index {
    epoch rows = 0;
    std::vector<index_column> columns;
    std::size_t matched = 0;  ///< So many of the first columns are looked up by. A row with a null there is left out.
    friend auto operator<=>(const row_index&, const row_index&) = default;
};

/// What its database is called, without record_names::index_prefix.
std::string to_string(const row_index& index);

/// Nothing if the text is not one.
std::optional<row_index> parse_row_index(std::string_view text);

/// Makes the bytes by which an index sorts its rows.
class index_key_maker {
public:
    explicit index_key_maker(const row_index& index);

    enum class place : std::uint8_t { inside, left_out };

    /// Writes the bytes of a stored row's columns to `key`; nothing useful for a row that is left out.
    /// Errors: store_damaged.
    result<place> make(std::string_view tuple, std::string& key);

private:
    row_index index_;
    std::vector<fragment_key> formats_;
    std::vector<std::string_view> fragments_;  // of the row at hand; empty for null
};

}  // namespace understudy
