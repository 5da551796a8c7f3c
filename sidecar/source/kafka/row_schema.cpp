#include "source/kafka/row_schema.hpp"

#include "core/limits.hpp"
#include "render/type_table.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

// schema := {"type": "struct", "fields": [field, ...], ...}
// field  := {"type": ..., ["name": ...,] ["parameters": {...},] "optional": ..., ["default": ...,] "field": column}
// array  := field with "type": "array" and "items": field without a column
//
// A parameter is text. Those of column.propagate.source.type have names that begin as `propagated` does.

namespace understudy::debezium {

namespace {

constexpr std::string_view propagated = "__debezium.source.column.";

struct column_type {
    oid type = 0;
    std::int32_t typmod = -1;
};

std::string_view text_in(json_node object, std::string_view name) noexcept
{
    auto member = object.find(name);
    return member.is(json_kind::string) ? member.text() : std::string_view{};
}

std::optional<std::int32_t> integer_in(json_node parameters, std::string_view name) noexcept
{
    auto text = text_in(parameters, name);
    std::int32_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

oid type_named(std::string_view name) noexcept
{
    const auto* found = find_builtin(name);
    return found != nullptr ? found->id : 0;
}

constexpr std::int32_t precision_max = 1000;
constexpr std::int32_t scale_bits = 0x7FF;

/// numeric's typmod (numeric.c, make_numeric_typmod). Of a numeric without one, the connector says a length of 131089.
std::int32_t numeric_typmod(std::optional<std::int32_t> precision, std::optional<std::int32_t> scale) noexcept
{
    if (!precision || !scale || *precision < 1 || *precision > precision_max) return -1;
    return (*precision << 16 | (*scale & scale_bits)) + 4;
}

constexpr std::int32_t second_digits_max = 6;

std::int32_t time_typmod(std::optional<std::int32_t> digits) noexcept
{
    return digits && *digits >= 0 && *digits < second_digits_max ? *digits : -1;
}

// By the column's own type.

constexpr std::pair<std::string_view, std::string_view> other_names[] = {
    {"serial", "int4"}, {"bigserial", "int8"}, {"smallserial", "int2"}};

std::int32_t propagated_typmod(std::string_view type, std::optional<std::int32_t> length,
                               std::optional<std::int32_t> scale) noexcept
{
    if (type == "numeric") return numeric_typmod(length, scale);
    if (type == "timestamp" || type == "timestamptz" || type == "time" || type == "timetz") return time_typmod(scale);
    if (type == "bit" || type == "varbit") return length.value_or(-1);
    return -1;
}

std::string lower_case(std::string_view text)
{
    std::string lower{text};
    for (char& byte : lower)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte | 0x20);
    return lower;
}

/// Names come in upper case, arrays with a line in front: `_INT4`. Nothing for a type that is not built in.
std::optional<column_type> propagated_type(json_node field)
{
    auto parameters = field.find("parameters");
    auto parameter = [&](std::string_view name) { return std::string{propagated}.append(name); };
    auto name = lower_case(text_in(parameters, parameter("type")));
    bool is_array = name.starts_with('_');
    if (is_array) name.erase(0, 1);
    for (const auto& [other, builtin] : other_names)
        if (name == other) name = builtin;
    const auto* found = find_builtin(name);
    if (found == nullptr || (is_array && found->array == 0)) return std::nullopt;
    auto typmod = propagated_typmod(name, integer_in(parameters, parameter("length")),
                                    integer_in(parameters, parameter("scale")));
    return column_type{is_array ? found->array : found->id, typmod};
}

// By the schema's name.

constexpr std::int32_t milliseconds_typmod = 3;

struct named_type {
    std::string_view name;
    std::string_view type;
    std::int32_t typmod = -1;
};

constexpr named_type named_types[] = {
    {"io.debezium.data.Enum", "text"},
    {"io.debezium.data.Json", "jsonb"},
    {"io.debezium.data.Ltree", "text"},
    {"io.debezium.data.Tsvector", "tsvector"},
    {"io.debezium.data.Uuid", "uuid"},
    {"io.debezium.data.VariableScaleDecimal", "numeric"},
    {"io.debezium.data.Xml", "xml"},
    {"io.debezium.data.geometry.Circle", "circle"},
    {"io.debezium.data.geometry.Line", "line"},
    {"io.debezium.data.geometry.Point", "point"},
    {"io.debezium.time.Date", "date"},
    {"io.debezium.time.Interval", "interval"},
    {"io.debezium.time.IsoDate", "date"},
    {"io.debezium.time.IsoTime", "time"},
    {"io.debezium.time.IsoTimestamp", "timestamp"},
    {"io.debezium.time.MicroDuration", "interval"},
    {"io.debezium.time.MicroTime", "time"},
    {"io.debezium.time.MicroTimestamp", "timestamp"},
    {"io.debezium.time.NanoTime", "time"},
    {"io.debezium.time.NanoTimestamp", "timestamp"},
    {"io.debezium.time.Time", "time", milliseconds_typmod},
    {"io.debezium.time.Timestamp", "timestamp", milliseconds_typmod},
    {"io.debezium.time.ZonedTime", "timetz"},
    {"io.debezium.time.ZonedTimestamp", "timestamptz"},
    {"org.apache.kafka.connect.data.Date", "date"},
    {"org.apache.kafka.connect.data.Time", "time", milliseconds_typmod},
    {"org.apache.kafka.connect.data.Timestamp", "timestamp", milliseconds_typmod},
};

/// Connect's own types, of a schema without a name.
constexpr named_type plain_types[] = {
    {"boolean", "bool"}, {"int8", "int2"},     {"int16", "int2"},  {"int32", "int4"},  {"int64", "int8"},
    {"float", "float4"}, {"double", "float8"}, {"string", "text"}, {"bytes", "bytea"},
};

template <std::size_t N>
std::optional<column_type> find_type(const named_type (&types)[N], std::string_view name) noexcept
{
    const auto* found = std::ranges::find(types, name, &named_type::name);
    if (found == std::end(types)) return std::nullopt;
    return column_type{type_named(found->type), found->typmod};
}

std::optional<column_type> named_type_of(json_node field, std::string_view name)
{
    auto parameters = field.find("parameters");
    if (name == "org.apache.kafka.connect.data.Decimal") {
        auto precision = integer_in(parameters, "connect.decimal.precision");
        return column_type{type_named("numeric"), numeric_typmod(precision, integer_in(parameters, "scale"))};
    }
    if (name == "io.debezium.data.Bits") {
        auto length = integer_in(parameters, "length");
        return length && *length > 1 ? std::optional{column_type{type_named("bit"), *length}} : std::nullopt;
    }
    return find_type(named_types, name);
}

std::optional<column_type> type_of(json_node field, std::size_t depth);

std::optional<column_type> array_type(json_node items, std::size_t depth)
{
    auto element = type_of(items, depth + 1);
    const auto* found = element ? find_builtin(element->type) : nullptr;
    if (found == nullptr || found->array == 0) return std::nullopt;
    return column_type{found->array, element->typmod};
}

std::optional<column_type> type_of(json_node field, std::size_t depth)
{
    if (depth >= limits::nesting_max || !field.is(json_kind::object)) return std::nullopt;
    if (auto type = propagated_type(field)) return type;
    if (text_in(field, "type") == "array") return array_type(field.find("items"), depth);
    auto name = text_in(field, "name");
    return name.empty() ? find_type(plain_types, text_in(field, "type")) : named_type_of(field, name);
}

failure untold(std::string_view column, json_node field)
{
    std::string text = "column ";
    text.append(column).append(": the type cannot be told from its schema, which is ");
    text.append(text_in(field, "type"));
    if (auto name = text_in(field, "name"); !name.empty()) text.append(" (").append(name).append(")");
    text.append(": set the connector's column.propagate.source.type, or put the column under `exclude`");
    return {errc::unsupported_type, text};
}

outcome<described_column> describe(json_node field)
{
    auto name = text_in(field, "field");
    if (name.empty()) return failure{errc::bad_text, "a schema has a field without a name"};
    auto type = type_of(field, 0);
    if (!type || type->type == 0) return untold(name, field);
    auto optional = field.find("optional");
    return described_column{.name = std::string{name},
                            .type = type->type,
                            .typmod = type->typmod,
                            .is_optional = optional && optional.text() == "true",
                            .has_default = field.find("default").is_present()};
}

}  // namespace

outcome<std::vector<described_column>> columns_of(json_node row_schema)
{
    auto fields = row_schema.find("fields");
    if (!fields.is(json_kind::array)) return failure{errc::bad_text, "a schema has no fields"};
    if (fields.size() > limits::columns_max)
        return failure{errc::over_limit, "a schema has more fields than a table can"};
    std::vector<described_column> columns;
    for (auto field : fields) {
        auto described = describe(field);
        if (!described) return described.error();
        columns.push_back(*std::move(described));
    }
    return columns;
}

json_node field_of(json_node row_schema, std::string_view name) noexcept
{
    auto fields = row_schema.find("fields");
    if (!fields.is(json_kind::array)) return {};
    for (auto field : fields)
        if (auto member = field.find("field"); member.is(json_kind::string) && member.text() == name) return field;
    return {};
}

}  // namespace understudy::debezium
