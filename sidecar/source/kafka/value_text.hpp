#pragma once

#include "core/error.hpp"
#include "decode/json_tape.hpp"
#include "decode/tuple_column.hpp"
#include "render/type_catalog.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::debezium {

// The connector's settings that change how a value is written, with its names and defaults.
// https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-connector-properties

enum class decimal_mode { precise, double_, string };
enum class time_mode { adaptive, adaptive_time_microseconds, connect, isostring, microseconds, nanoseconds };
enum class interval_mode { numeric, string };
enum class binary_mode { bytes, base64, base64_url_safe, hex };
enum class hstore_mode { json, map };

struct encodings {
    decimal_mode decimal_handling = decimal_mode::precise;
    time_mode time_precision = time_mode::adaptive;
    interval_mode interval_handling = interval_mode::numeric;
    binary_mode binary_handling = binary_mode::bytes;
    hstore_mode hstore_handling = hstore_mode::json;
    std::string unavailable_value_placeholder = "__debezium_unavailable_value";  ///< May be `hex:` and bytes in hex.
};

struct value_plan;

/// How the values of one column become the text that Postgres prints for them: what column_format takes.
/// Compiled once per column; immutable; cheap to copy; any thread.
class value_text {
public:
    /// `field_schema` is what a message says of the column, if it does: it decides between the encodings of a type
    /// instead of the settings. It is not kept.
    ///
    /// Errors: unsupported_type for a type of which Debezium sends no values, or none that we can read;
    /// column_mismatch for a schema that does not belong to the type. The text says what to do.
    static outcome<value_text> compile(const type_catalog& types, oid type, std::int32_t typmod,
                                       const encodings& settings, json_node field_schema = {});

    /// What the value is: a null, a text, or unchanged for the placeholder of a value that Debezium does not have.
    /// A text is borrowed from `value` or from `scratch`, which is overwritten.
    ///
    /// Errors: bad_text for what the column's encoding does not write; over_limit.
    error_code convert(json_node value, std::string& scratch, tuple_column& into) const;

private:
    explicit value_text(std::shared_ptr<const value_plan> plan) : plan_{std::move(plan)} {}
    std::shared_ptr<const value_plan> plan_;
};

/// What a column's values lose on their way through these settings, in one sentence for people; nothing if they
/// come as Postgres prints them. Also for what convert() makes an error of, where only some values are concerned.
std::optional<std::string> loses(const type_catalog& types, oid type, std::int32_t typmod, const encodings& settings);

}  // namespace understudy::debezium
