#pragma once

#include "core/error.hpp"
#include "core/table.hpp"
#include "decode/json_tape.hpp"
#include "render/type_catalog.hpp"
#include "source/kafka/value_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::debezium {

/// What it says of a column's default that its schema shows none (seen with Debezium 3.7: a computed one of a number or
/// boolean is not shown, and none of an array, a domain or an extension's type; one that was dropped again is shown of no
/// column, as that of a column that Django adds).
enum class no_default_shown : std::uint8_t { likely_has_none, says_nothing };

/// What a schema in a message says of one column.
struct schema_column {
    std::string name;
    oid type = 0;  ///< One whose values have the JSON that the column's have; zero when the schema does not tell it.
    std::int32_t typmod = -1;
    std::string type_name;  ///< For people: the type, or the schema that does not tell it.
    bool is_optional = false;
    bool has_default = false;  ///< Then a null may come as the default.
    no_default_shown without_default = no_default_shown::says_nothing;
    bool is_null_with_a_null = false;  ///< An array of enums or domains: with one NULL in it, it comes as null (seen).
    std::string mistakable;            ///< Types whose values come alike and have other JSON, for people; else empty.
};

/// An hstore, whose oid no message tells. The number is none that a database gives away.
inline constexpr oid told_hstore = 0xFFFF'FF00;
type_facts told_hstore_facts();

/// The columns of a row or key, in their order, from event::row_schema or key_schema: by the type of the column itself,
/// where the connector sends it (column.propagate.source.type), else by Connect's type and the schema's name.
///
/// Errors: bad_text for what is no schema; over_limit.
outcome<std::vector<schema_column>> columns_of(json_node row_schema);

/// What became of a column's type since its schema in a message was written. ALTER TYPE changes values without an event.
enum class type_change : std::uint8_t {
    none,
    to_same_json,  ///< Every value has the JSON in the one that it has in the other, unless the change computed another.
    to_other_json,
};

/// Of a column whose present type was told by a schema, too.
type_change change_since(json_node field, oid type, std::int32_t typmod);

/// The connector's settings as the schema of one member shows them, of those that concern its values.
encodings encodings_of(json_node field, encodings otherwise);

/// The schema of one member of a row; none if there is no schema, or no such member in it.
json_node field_of(json_node row_schema, std::string_view name) noexcept;

}  // namespace understudy::debezium
