#pragma once

#include "core/error.hpp"
#include "core/table.hpp"
#include "render/type_catalog.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// What a column that can be null, and has no default that is known of, holds in rows that were there before it.
enum class earlier_rows : std::uint8_t { null, likely_null, unknown };

struct described_column {
    column shape;           ///< Of type zero when the schema in a message does not tell which one it is.
    std::string type_name;  ///< As format_type prints it, for people.
    bool nullable = true;
    bool has_default = false;  ///< Rows that were there before the column may hold something else than null.

    // Only of one that messages told.
    earlier_rows earlier = earlier_rows::null;
    std::optional<std::string> loss = {};  ///< What its values lose as its schema says they come; empty: nothing.
    friend bool operator==(const described_column&, const described_column&) = default;
};

/// Where a table's columns are known from.
enum class column_origin : std::uint8_t {
    description,  ///< `understudy describe`.
    messages,     ///< The schemas in its newest messages.
    store,        ///< What the store holds: there is no message that tells.
};

struct described_table {
    table_name name;
    oid relation = 0;                       ///< Made up, unless it is described.
    std::vector<described_column> columns;  ///< In table order; those that no source sends are `left_out`.
    std::vector<std::string> key;           ///< What tells rows apart, in key order; empty: nothing does.
    std::vector<std::string> left_out;      ///< Generated columns: streamed events do not hold their values.
    column_origin origin = column_origin::description;
    std::string fingerprint = {};  ///< Of the copy that it is known from, if that is the store's.
    friend bool operator==(const described_table&, const described_table&) = default;
};

/// What the catalog says of tables, for a source that cannot ask it: `understudy describe` writes it.
struct description {
    std::string database;
    std::string server_version;
    std::vector<described_table> tables;
    std::vector<type_facts> types;  ///< Those of the columns that are not built in, and what they lead to.
};

std::string to_json(const description& from);

/// Errors: bad_config naming the member that is missing or damaged, or a format newer than ours.
outcome<description> description_from_json(std::string_view text);

}  // namespace understudy
