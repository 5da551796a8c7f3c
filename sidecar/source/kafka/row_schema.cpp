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

/// Names come in upper case, arrays with a line in front: `_INT4`. Empty when the connector does not send them.
std::string propagated_name(json_node field)
{
    return lower_case(text_in(field.find("parameters"), std::string{propagated}.append("type")));
}

/// Nothing for a type that is not built in.
std::optional<column_type> propagated_type(json_node field)
{
    auto parameters = field.find("parameters");
    auto parameter = [&](std::string_view name) { return std::string{propagated}.append(name); };
    auto name = propagated_name(field);
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
constexpr std::int32_t bit_length_max = 83'886'080;  // a varbit without one has the largest number

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
    {"org.apache.kafka.connect.data.Time", "time"},
    {"org.apache.kafka.connect.data.Timestamp", "timestamp"},
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
        if (!length || *length <= 1) return std::nullopt;
        return *length > bit_length_max ? column_type{type_named("varbit"), -1}
                                        : column_type{type_named("bit"), *length};
    }
    return find_type(named_types, name);
}

std::optional<column_type> schema_type(json_node field)
{
    if (text_in(field, "type") == "map" && text_in(field, "name").empty()) return column_type{told_hstore, -1};
    auto name = text_in(field, "name");
    return name.empty() ? find_type(plain_types, text_in(field, "type")) : named_type_of(field, name);
}

std::optional<column_type> type_of(json_node field, std::size_t depth);

std::optional<column_type> array_type(json_node items, std::size_t depth)
{
    auto element = type_of(items, depth + 1);
    const auto* found = element ? find_builtin(element->type) : nullptr;
    if (found == nullptr || found->array == 0) return std::nullopt;
    return column_type{found->array, element->typmod};
}

/// A type of an extension, a domain, an enum or a composite: the schema may tell the first two, and enums have a name.
bool is_foreign(json_node field)
{
    return !propagated_name(field).empty() && !propagated_type(field);
}

/// Text may be what a domain or citext holds, but also a composite's bytes in hex.
bool may_be_bytes(json_node field, std::string_view type) noexcept
{
    return text_in(field, "name").empty() &&
           (text_in(field, "type") == "string" || text_in(field, "type") == "bytes") && type != "citext" &&
           type != "_citext";
}

std::optional<column_type> foreign_type(json_node field, std::size_t depth)
{
    auto name = propagated_name(field);
    if (name == "hstore") return column_type{told_hstore, -1};
    bool is_array = text_in(field, "type") == "array";
    auto value = is_array ? field.find("items") : field;
    if (name == "_hstore" || may_be_bytes(value, name)) return std::nullopt;
    return is_array ? array_type(value, depth) : schema_type(field);
}

std::optional<column_type> type_of(json_node field, std::size_t depth)
{
    if (depth >= limits::nesting_max || !field.is(json_kind::object)) return std::nullopt;
    if (auto type = propagated_type(field)) return type;
    if (is_foreign(field)) return foreign_type(field, depth);
    if (text_in(field, "type") == "array") return array_type(field.find("items"), depth);
    return schema_type(field);
}

// What a schema leaves open.

/// Families of types that come alike where the connector does not send the columns' own types.
constexpr std::pair<std::string_view, std::string_view> alike_unnamed[] = {
    {"boolean", "bit(1)"},
    {"int64", "oid"},
    {"double", "numeric"},
    {"string", "numeric, money, bytea and composite types as text"},
    {"bytes", "types that Debezium does not know"},
};
constexpr std::pair<std::string_view, std::string_view> alike_named[] = {
    {"org.apache.kafka.connect.data.Decimal", "money"},
    {"io.debezium.data.VariableScaleDecimal", "money"},
    {"io.debezium.data.Bits", "varbit"},
    {"io.debezium.data.Json", "hstore"},
};

std::string_view alike(json_node field)
{
    if (propagated_type(field) || propagated_name(field) == "hstore" || propagated_name(field) == "citext") return {};
    if (text_in(field, "type") == "array") {
        auto items = field.find("items");
        return items.is(json_kind::object) && propagated_name(field) != "_citext" ? alike(items) : std::string_view{};
    }
    auto name = text_in(field, "name");
    for (const auto& [schema, types] : alike_named)
        if (name == schema) return types;
    if (!name.empty()) return {};
    for (const auto& [type, types] : alike_unnamed)
        if (text_in(field, "type") == type) return types;
    return {};
}

constexpr std::string_view defaults_shown[] = {
    "text",     "varchar", "bpchar", "json", "jsonb", "uuid", "xml",    "date",   "timestamp", "timestamptz",
    "interval", "time",    "bit",    "int2", "int4",  "int8", "float4", "float8", "numeric",   "bool"};

no_default_shown meaning_of_no_default(json_node field, oid type)
{
    const auto* found = find_builtin(type);
    if (found == nullptr) return no_default_shown::says_nothing;
    if (!propagated_name(field).empty() && !is_foreign(field)) {
        bool is_shown = std::ranges::find(defaults_shown, found->name) != std::end(defaults_shown);
        return is_shown ? no_default_shown::likely_has_none : no_default_shown::says_nothing;
    }
    bool is_enum = text_in(field, "name") == "io.debezium.data.Enum";
    if (is_foreign(field) && !is_enum) return no_default_shown::says_nothing;
    auto kind = text_in(field, "type");
    return kind == "bytes" || kind == "struct" ? no_default_shown::says_nothing : no_default_shown::likely_has_none;
}

/// Without a change of any value's JSON.
bool grows_into(oid from, oid to) noexcept
{
    constexpr std::pair<std::string_view, std::string_view> pairs[] = {
        {"int2", "int4"}, {"int2", "int8"}, {"int4", "int8"}, {"varchar", "text"}, {"text", "varchar"}};
    return std::ranges::any_of(
        pairs, [&](const auto& pair) { return type_named(pair.first) == from && type_named(pair.second) == to; });
}

std::string name_of_type(json_node field, const column_type& type)
{
    if (type.type == told_hstore) return "hstore";
    if (const auto* found = find_builtin(type.type)) return std::string{found->name};
    if (const auto* element = find_builtin_element(type.type)) return std::string{element->name} + "[]";
    auto text = std::string{text_in(field, "type")};
    for (const auto& name : {std::string{text_in(field, "name")}, propagated_name(field)})
        if (!name.empty()) text.append(" (").append(name).append(")");
    return text;
}

bool is_array_of_foreign(json_node field)
{
    if (text_in(field, "type") != "array") return false;
    auto items = field.find("items");
    bool is_enum = items.is(json_kind::object) && text_in(items, "name") == "io.debezium.data.Enum";
    return is_enum || (is_foreign(field) && propagated_name(field) != "_citext");
}

outcome<schema_column> describe(json_node field)
{
    auto name = text_in(field, "field");
    if (name.empty()) return failure{errc::bad_text, "a schema has a field without a name"};
    auto type = type_of(field, 0).value_or(column_type{});
    auto optional = field.find("optional");
    return schema_column{.name = std::string{name},
                         .type = type.type,
                         .typmod = type.typmod,
                         .type_name = name_of_type(field, type),
                         .is_optional = optional && optional.text() == "true",
                         .has_default = field.find("default").is_present(),
                         .without_default = meaning_of_no_default(field, type.type),
                         .is_null_with_a_null = is_array_of_foreign(field),
                         .mistakable = std::string{alike(field)}};
}

}  // namespace

type_facts told_hstore_facts()
{
    type_facts facts;
    facts.id = told_hstore;
    facts.schema = "public";
    facts.name = "hstore";
    facts.casts_to_json = true;
    return facts;
}

type_change change_since(json_node field, oid type, std::int32_t typmod)
{
    auto told = field ? type_of(field, 0) : std::nullopt;
    if (!told || (told->type == type && told->typmod == typmod)) return type_change::none;
    bool is_wider = typmod == -1 && (told->type == type || grows_into(told->type, type));
    return is_wider ? type_change::to_same_json : type_change::to_other_json;
}

encodings encodings_of(json_node field, encodings otherwise)
{
    if (!field) return otherwise;
    if (auto items = field.find("items"); text_in(field, "type") == "array" && items) field = items;
    auto told = std::move(otherwise);
    auto name = text_in(field, "name");
    auto type = text_in(field, "type");
    told.decimal_handling = name.empty() && type == "string"   ? decimal_mode::string
                            : name.empty() && type == "double" ? decimal_mode::double_
                                                               : decimal_mode::precise;
    told.interval_handling = name == "io.debezium.time.Interval" ? interval_mode::string : interval_mode::numeric;
    told.time_precision = name.starts_with("io.debezium.time.Nano")            ? time_mode::nanoseconds
                          : name.starts_with("io.debezium.time.Iso")           ? time_mode::isostring
                          : name.starts_with("org.apache.kafka.connect.data.") ? time_mode::connect
                                                                               : time_mode::adaptive;
    if (type == "bytes") told.binary_handling = binary_mode::bytes;
    return told;
}

outcome<std::vector<schema_column>> columns_of(json_node row_schema)
{
    auto fields = row_schema.find("fields");
    if (!fields.is(json_kind::array)) return failure{errc::bad_text, "a schema has no fields"};
    if (fields.size() > limits::columns_max)
        return failure{errc::over_limit, "a schema has more fields than a table can"};
    std::vector<schema_column> columns;
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
