#pragma once

#include "core/error.hpp"
#include "core/table.hpp"
#include "decode/json_tape.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::debezium {

/// What a schema in a message says of one column.
struct described_column {
    std::string name;
    oid type = 0;  ///< A built-in one whose values have the JSON that the column's have.
    std::int32_t typmod = -1;
    bool is_optional = false;
    bool has_default = false;  ///< Then a null may come as the default.
};

/// The columns of a row or key, in their order, from event::row_schema or key_schema: by the type of the column itself,
/// where the connector sends it (column.propagate.source.type), else by Connect's type and the schema's name.
///
/// Errors: unsupported_type for a column that this does not tell; bad_text for what is no schema; over_limit.
outcome<std::vector<described_column>> columns_of(json_node row_schema);

/// The schema of one member of a row; none if there is no schema, or no such member in it.
json_node field_of(json_node row_schema, std::string_view name) noexcept;

}  // namespace understudy::debezium
