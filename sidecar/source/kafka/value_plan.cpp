#include "source/kafka/value_plan.hpp"

#include "core/limits.hpp"
#include "source/kafka/value_numbers.hpp"

#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

namespace understudy::debezium {

namespace {

using plan_ptr = std::shared_ptr<const value_plan>;
using placeholder_ptr = std::shared_ptr<const placeholder_texts>;

constexpr std::string_view default_placeholder = "__debezium_unavailable_value";

/// The name-based uuid (version 3) of the default one. Of another one it would take an MD5.
constexpr std::string_view default_placeholder_uuid = "b68a35a7-17ad-35b3-af2a-ae46edb4545a";

/// The setting's bytes: written as text, or as `hex:` and their hex digits.
std::string placeholder_bytes(std::string_view setting)
{
    constexpr std::string_view mark = "hex:";
    std::string bytes;
    if (setting.starts_with(mark) && !append_bytes(setting.substr(mark.size()), byte_encoding::hex, bytes))
        return bytes;
    return std::string{setting};
}

placeholder_ptr placeholder_of(const encodings& settings)
{
    auto bytes = placeholder_bytes(settings.unavailable_value_placeholder);
    placeholder_texts texts;
    texts.plain = bytes;
    texts.base64 = encoded(bytes, byte_encoding::base64);
    texts.base64_url = encoded(bytes, byte_encoding::base64_url);
    texts.hex = encoded(bytes, byte_encoding::hex);
    texts.hstore = "{\"" + bytes + "\":\"" + bytes + "\"}";
    if (bytes == default_placeholder) texts.uuid = default_placeholder_uuid;
    return std::make_shared<const placeholder_texts>(std::move(texts));
}

// By the settings.

value_form decimal_form(std::int32_t typmod, type_family family, const encodings& settings) noexcept
{
    switch (settings.decimal_handling) {
    case decimal_mode::double_: return value_form::decimal_double;
    case decimal_mode::string: return value_form::decimal_text;
    case decimal_mode::precise: break;
    }
    bool has_scale = typmod >= 0 || family == type_family::money;
    return has_scale ? value_form::decimal_unscaled : value_form::decimal_variable;
}

constexpr std::int32_t money_scale = 2;  // the connector's money.fraction.digits, unless set

void plan_decimal(const value_type& type, const encodings& settings, value_plan& plan)
{
    plan.form = decimal_form(type.typmod, type.family, settings);
    if (type.family == type_family::money) {
        plan.sent_scale = money_scale;
    } else if (type.typmod >= 0) {
        plan.sent_scale = sent_numeric_scale(type.typmod);
        plan.scale = numeric_scale(type.typmod);
    }
}

void plan_timestamp(const value_type& type, const encodings& settings, value_plan& plan)
{
    constexpr int milliseconds_digits = 3;
    plan.form = value_form::timestamp;
    switch (settings.time_precision) {
    case time_mode::adaptive:
    case time_mode::adaptive_time_microseconds:
        plan.unit =
            second_digits(type.typmod) <= milliseconds_digits ? time_unit::milliseconds : time_unit::microseconds;
        return;
    case time_mode::connect: plan.unit = time_unit::milliseconds; return;
    case time_mode::microseconds: plan.unit = time_unit::microseconds; return;
    case time_mode::nanoseconds: plan.unit = time_unit::nanoseconds; return;
    case time_mode::isostring: plan.form = value_form::timestamp_iso; return;
    }
}

void plan_time(const value_type& type, const encodings& settings, value_plan& plan)
{
    plan_timestamp(type, settings, plan);
    plan.form = plan.form == value_form::timestamp_iso ? value_form::time_iso : value_form::time;
    if (settings.time_precision == time_mode::adaptive_time_microseconds) plan.unit = time_unit::microseconds;
}

byte_encoding encoding_of(binary_mode mode) noexcept
{
    switch (mode) {
    case binary_mode::bytes:
    case binary_mode::base64: return byte_encoding::base64;
    case binary_mode::base64_url_safe: return byte_encoding::base64_url;
    case binary_mode::hex: return byte_encoding::hex;
    }
    return byte_encoding::base64;
}

template <class Integer>
void plan_integer(value_plan& plan)
{
    plan.form = value_form::integer;
    plan.least = std::numeric_limits<Integer>::min();
    plan.most = std::numeric_limits<Integer>::max();
}

void plan_bits(const value_type& type, value_plan& plan)
{
    plan.length = type.typmod < 0 ? 1 : static_cast<std::size_t>(type.typmod);
    plan.form = plan.length == 1 ? value_form::one_bit : value_form::bits;
}

/// Families with one encoding, whatever the settings are.
constexpr std::pair<type_family, value_form> plain_forms[] = {
    {type_family::boolean, value_form::boolean}, {type_family::float4, value_form::float4},
    {type_family::float8, value_form::float8},   {type_family::text, value_form::text},
    {type_family::name, value_form::text},       {type_family::timestamptz, value_form::timestamptz},
    {type_family::timetz, value_form::timetz},   {type_family::varbit, value_form::varbits},
    {type_family::point, value_form::point},     {type_family::line, value_form::line},
    {type_family::circle, value_form::circle},   {type_family::segment, value_form::segment},
    {type_family::box, value_form::box},         {type_family::path, value_form::path},
    {type_family::polygon, value_form::polygon},
};

value_plan plan_by_settings(const value_type& type, const encodings& settings)
{
    value_plan plan;
    plan.bytes = encoding_of(settings.binary_handling);
    plan.delimiter = type.delimiter;
    plan.is_zoned = type.family != type_family::array && (type.name == "tstzrange" || type.name == "tstzmultirange");
    for (const auto& [family, form] : plain_forms)
        if (type.family == family) plan.form = form;
    switch (type.family) {
    case type_family::int2: plan_integer<std::int16_t>(plan); break;
    case type_family::int4: plan_integer<std::int32_t>(plan); break;
    case type_family::int8: plan_integer<std::int64_t>(plan); break;
    case type_family::object_id: plan_integer<std::uint32_t>(plan); break;
    case type_family::numeric:
    case type_family::money: plan_decimal(type, settings, plan); break;
    case type_family::timestamp: plan_timestamp(type, settings, plan); break;
    case type_family::time: plan_time(type, settings, plan); break;
    case type_family::bit: plan_bits(type, plan); break;
    case type_family::bytea: plan.form = value_form::bytea; break;
    case type_family::unknown: plan.form = value_form::unknown; break;
    case type_family::date:
        plan.form = settings.time_precision == time_mode::isostring ? value_form::date_iso : value_form::date;
        break;
    case type_family::interval:
        plan.form = settings.interval_handling == interval_mode::string ? value_form::interval_iso
                                                                        : value_form::interval_number;
        break;
    case type_family::hstore:
        plan.form = settings.hstore_handling == hstore_mode::map ? value_form::hstore_map : value_form::hstore_text;
        break;
    default: break;
    }
    return plan;
}

// By the schema in the message.

std::string_view text_in(json_node object, std::string_view name) noexcept
{
    auto member = object.find(name);
    return member.is(json_kind::string) ? member.text() : std::string_view{};
}

/// A form and unit that a schema of this name means.
struct named_form {
    std::string_view name;
    type_family family;
    value_form form;
    time_unit unit = time_unit::microseconds;
};

constexpr named_form named_forms[] = {
    {"org.apache.kafka.connect.data.Decimal", type_family::numeric, value_form::decimal_unscaled},
    {"org.apache.kafka.connect.data.Decimal", type_family::money, value_form::decimal_unscaled},
    {"io.debezium.data.VariableScaleDecimal", type_family::numeric, value_form::decimal_variable},
    {"io.debezium.data.VariableScaleDecimal", type_family::money, value_form::decimal_variable},
    {"io.debezium.time.Timestamp", type_family::timestamp, value_form::timestamp, time_unit::milliseconds},
    {"org.apache.kafka.connect.data.Timestamp", type_family::timestamp, value_form::timestamp, time_unit::milliseconds},
    {"io.debezium.time.MicroTimestamp", type_family::timestamp, value_form::timestamp, time_unit::microseconds},
    {"io.debezium.time.NanoTimestamp", type_family::timestamp, value_form::timestamp, time_unit::nanoseconds},
    {"io.debezium.time.IsoTimestamp", type_family::timestamp, value_form::timestamp_iso},
    {"io.debezium.time.Time", type_family::time, value_form::time, time_unit::milliseconds},
    {"org.apache.kafka.connect.data.Time", type_family::time, value_form::time, time_unit::milliseconds},
    {"io.debezium.time.MicroTime", type_family::time, value_form::time, time_unit::microseconds},
    {"io.debezium.time.NanoTime", type_family::time, value_form::time, time_unit::nanoseconds},
    {"io.debezium.time.IsoTime", type_family::time, value_form::time_iso},
    {"io.debezium.time.Date", type_family::date, value_form::date},
    {"org.apache.kafka.connect.data.Date", type_family::date, value_form::date},
    {"io.debezium.time.IsoDate", type_family::date, value_form::date_iso},
    {"io.debezium.time.MicroDuration", type_family::interval, value_form::interval_number},
    {"io.debezium.time.Interval", type_family::interval, value_form::interval_iso},
    {"io.debezium.data.Bits", type_family::bit, value_form::bits},
    {"io.debezium.data.Bits", type_family::varbit, value_form::varbits},
    {"io.debezium.data.Json", type_family::hstore, value_form::hstore_text},
};

/// The same where the schema has no name, by Connect's own type.
constexpr named_form unnamed_forms[] = {
    {"double", type_family::numeric, value_form::decimal_double},
    {"double", type_family::money, value_form::decimal_double},
    {"string", type_family::numeric, value_form::decimal_text},
    {"string", type_family::money, value_form::decimal_text},
    {"boolean", type_family::bit, value_form::one_bit},
    {"boolean", type_family::varbit, value_form::one_bit},
    {"map", type_family::hstore, value_form::hstore_map},
    {"bytes", type_family::bytea, value_form::bytea},
    {"bytes", type_family::unknown, value_form::unknown},
    {"bytes", type_family::text, value_form::unknown},  // a type of a newer Postgres, say
    {"bytes", type_family::name, value_form::unknown},
    {"string", type_family::unknown, value_form::text},
};

/// Whether there is more than one way in which values of the family can be written.
bool has_choice(type_family family) noexcept
{
    for (const auto& known : named_forms)
        if (known.family == family) return true;
    return family == type_family::bytea || family == type_family::unknown;
}

const named_form* find_form(json_node schema, type_family family) noexcept
{
    auto name = text_in(schema, "name");
    for (const auto& known : named_forms)
        if (known.family == family && known.name == name) return &known;
    if (!name.empty()) return nullptr;
    for (const auto& known : unnamed_forms)
        if (known.family == family && known.name == text_in(schema, "type")) return &known;
    return nullptr;
}

std::optional<std::int32_t> parameter(json_node schema, std::string_view name)
{
    std::int32_t value = 0;
    auto text = text_in(schema.find("parameters"), name);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

failure mismatch(const value_type& type, json_node schema)
{
    std::string text = "messages describe it as ";
    text.append(text_in(schema, "type"));
    if (auto name = text_in(schema, "name"); !name.empty()) text.append(" (").append(name).append(")");
    text.append(", which is no encoding of ").append(type.name).append(" that we know");
    return {errc::column_mismatch, text};
}

/// A string is base64, url-safe or hex: only the settings say which.
outcome<void> check_text_bytes(const value_type& type, const encodings& settings)
{
    if (settings.binary_handling != binary_mode::bytes) return outcome<void>{};
    return failure{errc::column_mismatch, std::string{type.name} +
                                              " comes as a string: say in the configuration what the connector's "
                                              "binary.handling.mode is"};
}

outcome<void> refine_bytes(const value_type& type, const encodings& settings, json_node schema, value_plan& plan)
{
    if (text_in(schema, "type") == "string") return check_text_bytes(type, settings);
    if (text_in(schema, "type") != "bytes" || !text_in(schema, "name").empty()) return mismatch(type, schema);
    plan.bytes = byte_encoding::base64;
    return outcome<void>{};
}

outcome<void> refine_by_schema(const value_type& type, const encodings& settings, json_node schema, value_plan& plan)
{
    if (type.family == type_family::bytea) return refine_bytes(type, settings, schema, plan);
    // A string is the type's text, unless bytes come as strings: then it is their encoding, as the settings say.
    bool is_encoded = type.family == type_family::unknown && settings.binary_handling != binary_mode::bytes &&
                      text_in(schema, "type") == "string" && text_in(schema, "name").empty();
    if (is_encoded) return outcome<void>{};
    const auto* found = find_form(schema, type.family);
    if (found == nullptr) return has_choice(type.family) ? outcome<void>{mismatch(type, schema)} : outcome<void>{};
    plan.form = found->form;
    plan.unit = found->unit;
    if (plan.form == value_form::unknown) plan.bytes = byte_encoding::base64;
    if (plan.form == value_form::decimal_unscaled) plan.sent_scale = parameter(schema, "scale");
    if (plan.form == value_form::bits && plan.length == 0) return mismatch(type, schema);
    return outcome<void>{};
}

// Both.

class plan_compiler {
public:
    plan_compiler(const type_catalog& types, const encodings& settings)
        : types_{types}, settings_{settings}, placeholder_{placeholder_of(settings)}
    {
    }

    outcome<plan_ptr> compile(oid id, std::int32_t typmod, json_node schema, std::size_t depth)
    {
        auto type = resolve(types_, id, typmod);
        if (!type) return explain(type.error(), "its type is not in the catalog");
        if (depth >= limits::nesting_max) return failure{errc::over_limit, "arrays nest too deeply"};
        if (type->family == type_family::unreadable) return unreadable(*type);
        auto plan = plan_by_settings(*type, settings_);
        plan.placeholder = placeholder_;
        if (type->family == type_family::array) return compile_array(*type, schema, std::move(plan), depth);
        if (schema) {
            auto refined = refine_by_schema(*type, settings_, schema, plan);
            if (!refined) return refined.error();
        }
        return std::make_shared<const value_plan>(std::move(plan));
    }

private:
    static failure unreadable(const value_type& type)
    {
        return {errc::unsupported_type, "values of " + std::string{type.name} +
                                            " come in a form of their own that we do not read: put the column under "
                                            "`exclude`"};
    }

    outcome<plan_ptr> compile_array(const value_type& type, json_node schema, value_plan plan, std::size_t depth)
    {
        if (schema && text_in(schema, "type") != "array") return mismatch(type, schema);
        auto inside = resolve(types_, type.element, type.typmod);
        if (inside && is_never_sent(*inside)) return never_sent(*inside);
        if (inside && inside->name == "uuid" && placeholder_->uuid.empty()) return unknown_placeholder();
        auto element = compile(type.element, type.typmod, schema.find("items"), depth + 1);
        if (!element) return element.error();
        plan.form = value_form::array;
        plan.element = *element;
        return std::make_shared<const value_plan>(std::move(plan));
    }

    static bool is_never_sent(const value_type& element) noexcept
    {
        auto family = element.family;
        return element.name == "xml" || family == type_family::interval || family == type_family::money ||
               (family >= type_family::point && family <= type_family::polygon);
    }

    static failure never_sent(const value_type& element)
    {
        return {errc::unsupported_type, "Debezium sends no columns of type " + std::string{element.name} +
                                            "[]: put the column under `exclude`"};
    }

    static failure unknown_placeholder()
    {
        return {errc::unsupported_type,
                "in uuid[], only the default unavailable.value.placeholder can be told from values: put the column "
                "under `exclude`, or leave the connector's setting alone"};
    }

    const type_catalog& types_;
    const encodings& settings_;
    placeholder_ptr placeholder_;
};

}  // namespace

outcome<plan_ptr> compile_plan(const type_catalog& types, oid type, std::int32_t typmod, const encodings& settings,
                               json_node field_schema)
{
    return plan_compiler{types, settings}.compile(type, typmod, field_schema, 0);
}

}  // namespace understudy::debezium
