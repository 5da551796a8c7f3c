#pragma once

#include "core/error.hpp"
#include "decode/json_tape.hpp"
#include "source/kafka/value_bytes.hpp"
#include "source/kafka/value_text.hpp"
#include "source/kafka/value_times.hpp"
#include "source/kafka/value_type.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::debezium {

/// How a value is written.
enum class value_form : std::uint8_t {
    boolean,
    integer,
    float4,
    float8,
    text,
    decimal_unscaled,  ///< Connect's Decimal: bytes, or a number with the converter's decimal.format=NUMERIC.
    decimal_variable,  ///< {"scale": ..., "value": bytes}
    decimal_text,
    decimal_double,
    timestamp,
    timestamp_iso,
    timestamptz,
    date,
    date_iso,
    time,
    time_iso,
    timetz,
    interval_number,
    interval_iso,
    bytea,
    unknown,  ///< Postgres' text in bytes.
    one_bit,
    bits,
    varbits,
    hstore_text,
    hstore_map,
    point,
    line,
    circle,
    segment,
    box,
    path,
    polygon,
    array,
};

/// The encodings of the placeholder for a value that Debezium does not have.
struct placeholder_texts {
    std::string plain;
    std::string base64;
    std::string base64_url;
    std::string hex;
    std::string uuid;    ///< Of an array's element; empty if we cannot tell.
    std::string hstore;  ///< As JSON.
};

/// A column's compiled type and encoding.
struct value_plan {
    value_form form = value_form::text;
    std::int64_t least = 0;  ///< Of an integer.
    std::int64_t most = 0;
    std::optional<std::int32_t> sent_scale;  ///< Of an unscaled decimal.
    std::optional<std::int32_t> scale;       ///< Digits behind the point that Postgres prints; none: as they come.
    time_unit unit = time_unit::microseconds;
    byte_encoding bytes = byte_encoding::base64;
    std::size_t length = 0;  ///< Of bits.
    char delimiter = ',';    ///< Of an array.
    bool is_zoned = false;   ///< The text has times in the session's zone.
    std::shared_ptr<const value_plan> element;
    std::shared_ptr<const placeholder_texts> placeholder;
};

/// Makes the plan. Errors: as value_text::compile.
outcome<std::shared_ptr<const value_plan>> compile_plan(const type_catalog& types, oid type, std::int32_t typmod,
                                                        const encodings& settings, json_node field_schema);

/// Whether a value that is not null is the placeholder.
bool is_unavailable(const value_plan& plan, json_node value) noexcept;

/// The text of a value that is neither null nor the placeholder, borrowed from it or from `scratch`.
/// Errors: as value_text::convert.
error_code print(const value_plan& plan, json_node value, std::string& scratch, std::string_view& text);

}  // namespace understudy::debezium
