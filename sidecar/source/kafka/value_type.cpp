#include "source/kafka/value_type.hpp"

#include "core/limits.hpp"
#include "render/type_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace understudy::debezium {

namespace {

using family = type_family;

constexpr std::pair<std::string_view, type_family> builtin_families[] = {
    {"bool", family::boolean},      {"int2", family::int2},           {"int4", family::int4},
    {"int8", family::int8},         {"oid", family::object_id},       {"float4", family::float4},
    {"float8", family::float8},     {"numeric", family::numeric},     {"money", family::money},
    {"name", family::name},         {"timestamp", family::timestamp}, {"timestamptz", family::timestamptz},
    {"date", family::date},         {"time", family::time},           {"timetz", family::timetz},
    {"interval", family::interval}, {"bytea", family::bytea},         {"bit", family::bit},
    {"varbit", family::varbit},     {"point", family::point},         {"line", family::line},
    {"circle", family::circle},     {"lseg", family::segment},        {"box", family::box},
    {"path", family::path},         {"polygon", family::polygon},
};

constexpr std::string_view text_types[] = {
    "char",    "text",     "varchar",  "bpchar",    "json",      "jsonb",    "xml",     "uuid",      "inet",     "cidr",
    "macaddr", "macaddr8", "tsvector", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"};

// Extensions' types.
constexpr std::string_view extension_text_types[] = {"citext", "ltree"};
constexpr std::string_view unreadable_types[] = {"geometry", "geography", "vector", "halfvec", "sparsevec"};

template <std::size_t N>
bool is_in(const std::string_view (&names)[N], std::string_view name) noexcept
{
    return std::ranges::find(names, name) != std::end(names);
}

type_family family_of(const builtin_type& found) noexcept
{
    for (const auto& [name, family] : builtin_families)
        if (found.name == name) return family;
    return is_in(text_types, found.name) ? family::text : family::unknown;
}

type_family family_of(const type_facts& facts) noexcept
{
    if (facts.kind == 'e') return family::text;
    if (facts.kind != 'b') return family::unknown;
    if (facts.casts_to_json && facts.name == "hstore") return family::hstore;
    if (is_in(extension_text_types, facts.name)) return family::text;
    return is_in(unreadable_types, facts.name) ? family::unreadable : family::unknown;
}

value_type array_of(oid element, char delimiter, std::int32_t typmod, std::string_view name)
{
    return {.family = family::array, .typmod = typmod, .element = element, .delimiter = delimiter, .name = name};
}

value_type scalar(type_family family, std::int32_t typmod, std::string_view name)
{
    return {.family = family, .typmod = typmod, .element = 0, .delimiter = ',', .name = name};
}

}  // namespace

result<value_type> resolve(const type_catalog& types, oid type, std::int32_t typmod)
{
    for (std::size_t depth = 0; depth < limits::nesting_max; ++depth) {
        if (const auto* found = find_builtin(type)) return scalar(family_of(*found), typmod, found->name);
        if (const auto* element = find_builtin_element(type))
            return array_of(element->id, element->delimiter, typmod, element->name);
        const auto* facts = types.find(type);
        if (facts == nullptr) return make_error_code(errc::unsupported_type);
        if (facts->element != 0) return array_of(facts->element, facts->delimiter, typmod, facts->name);
        if (facts->kind != 'd') return scalar(family_of(*facts), typmod, facts->name);
        type = facts->base;
        if (typmod < 0) typmod = facts->base_typmod;
    }
    return make_error_code(errc::over_limit);
}

}  // namespace understudy::debezium
