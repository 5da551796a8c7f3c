#pragma once

#include "core/error.hpp"
#include "core/table.hpp"
#include "render/type_catalog.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

struct described_column {
    column shape;
    std::string type_name;     ///< As format_type prints it, for people.
    bool nullable = true;
    bool has_default = false;  ///< Rows that were there before the column may hold something else than null.
    friend bool operator==(const described_column&, const described_column&) = default;
};

struct described_table {
    table_name name;
    oid relation = 0;
    std::vector<described_column> columns;  ///< In table order; those that no source sends are `left_out`.
    std::vector<std::string> key;           ///< What tells rows apart, in key order; empty: nothing does.
    std::vector<std::string> left_out;      ///< Generated columns: streamed events do not hold their values.
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
