#include "source/kafka/value_text.hpp"

#include "render/json_text.hpp"
#include "source/kafka/value_containers.hpp"
#include "source/kafka/value_geometry.hpp"
#include "source/kafka/value_intervals.hpp"
#include "source/kafka/value_numbers.hpp"
#include "source/kafka/value_plan.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace understudy::debezium {

namespace {

std::optional<std::int64_t> integer_of(json_node value) noexcept
{
    if (!value.is(json_kind::number)) return std::nullopt;
    auto text = value.text();
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// The text of a string; a null view for anything else.
std::optional<std::string_view> string_of(json_node value) noexcept
{
    return value.is(json_kind::string) ? std::optional{value.text()} : std::nullopt;
}

// What is borrowed from the message.

error_code print_boolean(json_node value, std::string_view& text) noexcept
{
    if (!value.is(json_kind::boolean)) return errc::bad_text;
    text = value.text().substr(0, 1);
    return {};
}

error_code print_integer(const value_plan& plan, json_node value, std::string_view& text) noexcept
{
    auto number = integer_of(value);
    if (!number || *number < plan.least || *number > plan.most || value.text() == "-0") return errc::bad_text;
    text = value.text();
    return {};
}

error_code print_text(json_node value, std::string_view& text) noexcept
{
    if (!value.is(json_kind::string)) return errc::bad_text;
    text = value.text();
    return {};
}

error_code print_one_bit(json_node value, std::string_view& text) noexcept
{
    if (!value.is(json_kind::boolean)) return errc::bad_text;
    text = value.text() == "true" ? "1" : "0";
    return {};
}

// What is made of it.

error_code append_decimal_number(const value_plan& plan, json_node value, std::string& out)
{
    if (auto ec = append_plain(value.text(), out)) return ec;
    return plan.scale ? fit_to_scale(0, *plan.scale, out) : error_code{};
}

error_code append_unscaled_value(const value_plan& plan, std::string_view encoded_value, std::int32_t scale,
                                 std::string& out)
{
    std::string bytes;
    if (auto ec = append_bytes(encoded_value, byte_encoding::base64, bytes)) return ec;
    if (auto ec = append_unscaled(bytes, scale, out)) return ec;
    return plan.scale ? fit_to_scale(0, *plan.scale, out) : error_code{};
}

error_code append_decimal_unscaled(const value_plan& plan, json_node value, std::string& out)
{
    if (value.is(json_kind::number)) return append_decimal_number(plan, value, out);
    if (!value.is(json_kind::string) || !plan.sent_scale) return errc::bad_text;
    return append_unscaled_value(plan, value.text(), *plan.sent_scale, out);
}

error_code append_decimal_variable(const value_plan& plan, json_node value, std::string& out)
{
    auto scale = integer_of(value.find("scale"));
    auto unscaled = string_of(value.find("value"));
    if (!scale || !unscaled) return errc::bad_text;
    if (*scale < INT32_MIN || *scale > INT32_MAX) return errc::bad_text;
    return append_unscaled_value(plan, *unscaled, static_cast<std::int32_t>(*scale), out);
}

/// What Java calls the values that are no numbers; the infinities and NaN of a double are spelt as Postgres does.
std::string_view special_decimal(std::string_view text) noexcept
{
    if (text == "NAN" || text == "NaN") return "NaN";
    if (text == "POSITIVE_INFINITY" || text == "Infinity") return "Infinity";
    if (text == "NEGATIVE_INFINITY" || text == "-Infinity") return "-Infinity";
    return {};
}

error_code append_decimal_text(const value_plan& plan, json_node value, std::string& out)
{
    if (!value.is(json_kind::string)) return errc::bad_text;
    auto special = special_decimal(value.text());
    out.append(special);
    return special.empty() ? append_decimal_number(plan, value, out) : error_code{};
}

error_code append_decimal_double(const value_plan& plan, json_node value, std::string& out)
{
    if (value.is(json_kind::string)) {
        auto special = special_decimal(value.text());
        out.append(special);
        return special.empty() ? errc::bad_text : error_code{};
    }
    if (!value.is(json_kind::number)) return errc::bad_text;
    auto ec = append_decimal_number(plan, value, out);
    if (!ec && !plan.scale) strip_zeros(0, out);
    return ec;
}

template <class Append>
error_code with_integer(json_node value, Append append)
{
    auto number = integer_of(value);
    return number ? append(*number) : errc::bad_text;
}

template <class Append>
error_code with_string(json_node value, Append append)
{
    auto text = string_of(value);
    return text ? append(*text) : errc::bad_text;
}

error_code append_bytea_value(const value_plan& plan, json_node value, std::string& out)
{
    std::string bytes;
    auto ec = with_string(value, [&](auto text) { return append_bytes(text, plan.bytes, bytes); });
    if (!ec) append_bytea(bytes, out);
    return ec;
}

error_code append_bits_value(const value_plan& plan, json_node value, std::string& out)
{
    std::string bytes;
    if (auto ec = with_string(value, [&](auto text) { return append_bytes(text, byte_encoding::base64, bytes); }))
        return ec;
    if (plan.form == value_form::bits) return append_bits(bytes, plan.length, out);
    append_significant_bits(bytes, out);
    return {};
}

/// Postgres' text of a type that Debezium does not know. A zero in it could not have been printed.
error_code append_unknown(const value_plan& plan, json_node value, std::string& out)
{
    if (auto ec = with_string(value, [&](auto text) { return append_bytes(text, plan.bytes, out); })) return ec;
    return is_utf8(out) && out.find('\0') == out.npos ? error_code{} : errc::bad_text;
}

error_code append_hstore_text(json_node value, std::string& out)
{
    json_tape inside;
    if (!value.is(json_kind::string) || inside.read(value.text())) return errc::bad_text;
    return inside.root().is(json_kind::object) ? append_hstore(inside.root(), out) : errc::bad_text;
}

/// Java's name for an array inside an array, which Debezium sends instead of what is in it.
bool is_lost_array(json_node element) noexcept
{
    return element.is(json_kind::string) && element.text().starts_with("[L") &&
           element.text().find(";@") != element.text().npos;
}

error_code append_array(const value_plan& plan, json_node value, std::string& out)
{
    if (!value.is(json_kind::array)) return errc::bad_text;
    std::string scratch;
    out.push_back('{');
    for (auto element : value) {
        if (out.size() != 1) out.push_back(plan.delimiter);
        if (element.is(json_kind::null)) {
            out.append("NULL");
            continue;
        }
        std::string_view text;
        if (is_lost_array(element)) return errc::bad_text;
        if (auto ec = print(*plan.element, element, scratch, text)) return ec;
        append_element(text, plan.delimiter, out);
    }
    out.push_back('}');
    return {};
}

error_code append_value(const value_plan& plan, json_node value, std::string& out)
{
    auto text = [&](auto append) { return with_string(value, append); };
    auto integer = [&](auto append) { return with_integer(value, append); };
    switch (plan.form) {
    case value_form::boolean:
    case value_form::integer:
    case value_form::text:
    case value_form::one_bit: break;
    case value_form::float4: return append_float4(value.text(), out);
    case value_form::float8: return append_float8(value.text(), out);
    case value_form::decimal_unscaled: return append_decimal_unscaled(plan, value, out);
    case value_form::decimal_variable: return append_decimal_variable(plan, value, out);
    case value_form::decimal_text: return append_decimal_text(plan, value, out);
    case value_form::decimal_double: return append_decimal_double(plan, value, out);
    case value_form::timestamp: return integer([&](auto number) { return append_timestamp(number, plan.unit, out); });
    case value_form::timestamp_iso:
        return text([&](auto iso) { return append_iso_timestamp(iso, zone_suffix::none, out); });
    case value_form::timestamptz:
        return text([&](auto iso) { return append_iso_timestamp(iso, zone_suffix::utc, out); });
    case value_form::date: return integer([&](auto days) { return append_date(days, out); });
    case value_form::date_iso: return text([&](auto iso) { return append_iso_date(iso, out); });
    case value_form::time: return integer([&](auto number) { return append_time(number, plan.unit, out); });
    case value_form::time_iso: return text([&](auto iso) { return append_iso_time(iso, zone_suffix::none, out); });
    case value_form::timetz: return text([&](auto iso) { return append_iso_time(iso, zone_suffix::utc, out); });
    case value_form::interval_number:
        return integer([&](auto microseconds) {
            append_duration(microseconds, out);
            return error_code{};
        });
    case value_form::interval_iso: return text([&](auto iso) { return append_iso_interval(iso, out); });
    case value_form::bytea: return append_bytea_value(plan, value, out);
    case value_form::unknown: return append_unknown(plan, value, out);
    case value_form::bits:
    case value_form::varbits: return append_bits_value(plan, value, out);
    case value_form::hstore_text: return append_hstore_text(value, out);
    case value_form::hstore_map: return value.is(json_kind::object) ? append_hstore(value, out) : errc::bad_text;
    case value_form::point: return append_point(value, out);
    case value_form::line: return append_line(value, out);
    case value_form::circle: return append_circle(value, out);
    case value_form::segment: return append_segment(value, out);
    case value_form::box: return append_box(value, out);
    case value_form::path: return append_path(value, out);
    case value_form::polygon: return append_polygon(value, out);
    case value_form::array: return append_array(plan, value, out);
    }
    return errc::internal;
}

// The placeholder.

bool is_code_of(json_node value, char byte) noexcept
{
    auto number = integer_of(value);
    return number && *number == static_cast<unsigned char>(byte);
}

/// An array of numbers has the placeholder's bytes.
bool are_codes_of(json_node array, std::string_view plain) noexcept
{
    if (array.size() != plain.size() || plain.empty()) return false;
    std::size_t at = 0;
    for (auto value : array)
        if (!is_code_of(value, plain[at++])) return false;
    return true;
}

bool is_unavailable_text(const value_plan& plan, std::string_view text) noexcept
{
    const auto& known = *plan.placeholder;
    if (text == known.plain) return true;
    if (plan.form == value_form::hstore_text) return text == known.hstore;
    if (plan.form != value_form::bytea && plan.form != value_form::unknown) return false;
    switch (plan.bytes) {
    case byte_encoding::base64: return text == known.base64;
    case byte_encoding::base64_url: return text == known.base64_url;
    case byte_encoding::hex: return text == known.hex;
    }
    return false;
}

bool is_unavailable_array(const value_plan& plan, json_node array) noexcept
{
    const auto& element = *plan.element;
    if (element.form == value_form::integer || element.form == value_form::date)
        return are_codes_of(array, plan.placeholder->plain);
    if (array.size() != 1 || !(*array.begin()).is(json_kind::string)) return false;
    auto text = (*array.begin()).text();
    return is_unavailable_text(element, text) || (!plan.placeholder->uuid.empty() && text == plan.placeholder->uuid);
}

bool is_unavailable_map(const value_plan& plan, json_node map) noexcept
{
    auto value = map.find(plan.placeholder->plain);
    return map.size() == 1 && value.is(json_kind::string) && value.text() == plan.placeholder->plain;
}

error_code print_as_sent(const value_plan& plan, json_node value, std::string& scratch, std::string_view& text)
{
    switch (plan.form) {
    case value_form::boolean: return print_boolean(value, text);
    case value_form::integer: return print_integer(plan, value, text);
    case value_form::text: return print_text(value, text);
    case value_form::one_bit: return print_one_bit(value, text);
    default: break;
    }
    scratch.clear();
    if (auto ec = append_value(plan, value, scratch)) return ec;
    text = scratch;
    return {};
}

}  // namespace

bool is_unavailable(const value_plan& plan, json_node value) noexcept
{
    switch (value.kind()) {
    case json_kind::string: return is_unavailable_text(plan, value.text());
    case json_kind::array: return plan.form == value_form::array && is_unavailable_array(plan, value);
    case json_kind::object: return plan.form == value_form::hstore_map && is_unavailable_map(plan, value);
    default: return false;
    }
}

error_code print(const value_plan& plan, json_node value, std::string& scratch, std::string_view& text)
{
    if (auto ec = print_as_sent(plan, value, scratch, text)) return ec;
    if (!plan.is_zoned) return {};
    std::string in_utc;
    if (auto ec = append_zoned_ranges(text, in_utc)) return ec;
    scratch = std::move(in_utc);
    text = scratch;
    return {};
}

outcome<value_text> value_text::compile(const type_catalog& types, oid type, std::int32_t typmod,
                                        const encodings& settings, json_node field_schema)
{
    auto plan = compile_plan(types, type, typmod, settings, field_schema);
    if (!plan) return plan.error();
    return value_text{*plan};
}

error_code value_text::convert(json_node value, std::string& scratch, tuple_column& into) const
{
    into = {};
    if (!value) return errc::internal;
    if (value.kind() == json_kind::null) return {};
    if (is_unavailable(*plan_, value)) {
        into.what = tuple_column::kind::unchanged;
        return {};
    }
    if (auto ec = print(*plan_, value, scratch, into.text)) return ec;
    into.what = tuple_column::kind::text;
    return {};
}

}  // namespace understudy::debezium
