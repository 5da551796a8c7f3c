#pragma once

#include "render/column_format.hpp"

namespace understudy {

// Built-in oids that the tests name.
inline constexpr oid bool_type = 16;
inline constexpr oid bytea_type = 17;
inline constexpr oid int8_type = 20;
inline constexpr oid int2vector_type = 22;
inline constexpr oid int4_type = 23;
inline constexpr oid text_type = 25;
inline constexpr oid oidvector_type = 30;
inline constexpr oid json_type = 114;
inline constexpr oid float8_type = 701;
inline constexpr oid box_array_type = 1020;
inline constexpr oid int4_array_type = 1007;
inline constexpr oid text_array_type = 1009;
inline constexpr oid bpchar_type = 1042;
inline constexpr oid date_type = 1082;
inline constexpr oid timestamp_type = 1114;
inline constexpr oid timestamptz_type = 1184;
inline constexpr oid numeric_type = 1700;
inline constexpr oid uuid_type = 2950;
inline constexpr oid pg_lsn_type = 3220;

/// The JSON of a value, or the name of the error.
inline std::string json_of(const column_format& format, std::string_view text)
{
    std::string json;
    auto ec = format.append_json(text, json);
    return ec ? ec.message() : json;
}

inline std::string json_of(oid type, std::string_view text, const type_catalog& types = {})
{
    return json_of(column_format::compile(types, type).value(), text);
}

/// The key of a value, or the name of the error.
inline std::string key_of(oid type, std::string_view text)
{
    std::string key;
    auto ec = column_format::compile({}, type).value().append_key(text, key);
    return ec ? ec.message() : key;
}

}  // namespace understudy
