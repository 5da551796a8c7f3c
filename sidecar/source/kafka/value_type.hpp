#pragma once

#include "core/table.hpp"
#include "render/type_catalog.hpp"

#include <cstdint>
#include <string_view>

namespace understudy::debezium {

/// Types that Debezium writes in the same way.
enum class type_family : std::uint8_t {
    boolean,
    int2,
    int4,
    int8,
    object_id,
    float4,
    float8,
    numeric,
    money,
    text,  ///< Those that come as Postgres prints them: also uuid, json, enums, inet and ranges.
    name,
    timestamp,
    timestamptz,
    date,
    time,
    timetz,
    interval,
    bytea,
    bit,
    varbit,
    hstore,
    point,
    line,
    circle,
    segment,
    box,
    path,
    polygon,
    array,
    unknown,     ///< To Debezium: it sends their text as bytes, and only with include.unknown.datatypes.
    unreadable,  ///< Extensions' types that it sends in a form of their own.
};

/// A column's type, through its domains.
struct value_type {
    type_family family = type_family::unknown;
    std::int32_t typmod = -1;
    oid element = 0;        ///< Of an array.
    char delimiter = ',';   ///< Of an array.
    std::string_view name;  ///< For people; borrowed from the catalog.
};

/// Errors: unsupported_type for a type that the catalog does not have; over_limit for too many domains on one another.
result<value_type> resolve(const type_catalog& types, oid type, std::int32_t typmod);

/// The digits behind the point of a second that a time or timestamp has.
inline int second_digits(std::int32_t typmod) noexcept
{
    return typmod < 0 ? 6 : typmod;
}

}  // namespace understudy::debezium
