#pragma once

#include "publish/manifest.hpp"
#include "serve/value_kind.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// A column as reads know it.
struct served_column {
    std::string name;
    std::string prefix;  ///< In front of its value in a row: `{"name":` or `,"name":`.
    std::string kind;    ///< manifest_column::kind
    oid type = 0;
    std::optional<value_kind> comparison;
    bool is_json() const noexcept { return kind == "json" || kind == "jsonb"; }
};

/// The values of one row, in the order of its table's columns. Borrowed from the row's bytes.
using row_values = std::vector<std::string_view>;

/// A table as reads know it. Immutable; any thread.
class served_table {
public:
    explicit served_table(const manifest_table& from);

    const table_name& name() const noexcept { return name_; }
    const std::vector<served_column>& columns() const noexcept { return columns_; }

    /// Positions of the key's columns, in key order. Empty for a multiset.
    const std::vector<std::size_t>& key() const noexcept { return key_; }

    /// Nothing if there is no such column.
    std::optional<std::size_t> find_column(std::string_view name) const noexcept;

    /// Splits a row of the document, `{"id":1,...}`, into its first `count` values. False if it is no row of this table.
    bool split(std::string_view row, std::size_t count, row_values& into) const;

private:
    table_name name_;
    std::vector<served_column> columns_;
    std::vector<std::size_t> key_;
};

}  // namespace understudy
