#pragma once

#include "core/table.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace understudy {

/// How a value's text becomes JSON.
enum class json_form : std::uint8_t {
    quoted,       ///< A JSON string of the text. What to_json does with every type that it does not know.
    boolean,      ///< `t` and `f` as true and false.
    integer,      ///< The text as it is.
    number,       ///< The text as it is; NaN and the infinities quoted.
    timestamp,    ///< Quoted, ISO 8601 with a T.
    timestamptz,  ///< The same with +00:00.
    json,         ///< The text as it is, on one line.
    hstore,       ///< An object of strings, as hstore's own cast to json prints it.
    array,        ///< A JSON array of elements, nested by dimension.
    vector,       ///< The same from `1 2 3`: int2vector and oidvector print no braces.
    record,       ///< An object of a composite's attributes.
};

/// How a value's text becomes key bytes (render/key_bytes.hpp).
enum class key_form : std::uint8_t {
    text,         ///< As under COLLATE "C".
    padded_text,  ///< The same without trailing spaces, which bpchar's comparison ignores.
    boolean,
    integer,  ///< Signed or unsigned, 64 bits at most.
    floating,
    numeric,
    date,
    timestamp,
    timestamptz,
    uuid,
    bytes,  ///< bytea in hex.
    lsn,
};

/// A type of core Postgres whose JSON and key follow from its oid.
struct builtin_type {
    oid id = 0;
    oid array = 0;  ///< Its array type; zero if it has none.
    std::string_view name;
    json_form json = json_form::quoted;
    key_form key = key_form::text;
    char delimiter = ',';  ///< Between its values in an array.
    oid element = 0;       ///< Of a vector.
};

/// All of them, in the order of their oids.
std::span<const builtin_type> builtin_types() noexcept;

/// Null if the type is not built in.
const builtin_type* find_builtin(oid type) noexcept;

/// By its name; null likewise.
const builtin_type* find_builtin(std::string_view name) noexcept;

/// The element of a built-in array type. Null if `type` is no such array.
const builtin_type* find_builtin_element(oid type) noexcept;

}  // namespace understudy
