#include "source/kafka/value_numbers.hpp"
#include "source/kafka/value_text.hpp"
#include "source/kafka/value_type.hpp"

// What each encoding loses was seen with Debezium 3.7 (tests/data/kafka).

namespace understudy::debezium {

namespace {

using loss = std::optional<std::string>;

constexpr std::int32_t double_digits = 15;  // decimal digits that a double keeps for sure
constexpr int milliseconds_digits = 3;

loss numeric_loss(const value_type& type, const encodings& settings)
{
    switch (settings.decimal_handling) {
    case decimal_mode::string: return std::nullopt;
    case decimal_mode::double_:
        if (type.typmod >= 0 && numeric_precision(type.typmod) <= double_digits) return std::nullopt;
        return "digits past the 15th and zeros at the end are lost: set the connector's decimal.handling.mode=string";
    case decimal_mode::precise: break;
    }
    if (type.typmod >= 0) return "NaN comes as null: set the connector's decimal.handling.mode=string";
    return "zeros at the end of the fraction are lost, and NaN, the infinities and unchanged values of thousands of "
           "digits come as null: set the connector's decimal.handling.mode=string";
}

loss timestamp_loss(const value_type& type, const encodings& settings)
{
    if (settings.time_precision == time_mode::connect && second_digits(type.typmod) > milliseconds_digits)
        return "microseconds are lost: set the connector's time.precision.mode=adaptive";
    if (settings.time_precision == time_mode::nanoseconds)
        return "times before 1677 and after 2262 come as null or cannot be read: set the connector's "
               "time.precision.mode=adaptive";
    return std::nullopt;
}

loss time_loss(const value_type& type, const encodings& settings)
{
    if (settings.time_precision == time_mode::connect && second_digits(type.typmod) > milliseconds_digits)
        return "microseconds are lost: set the connector's time.precision.mode=adaptive";
    if (settings.time_precision == time_mode::isostring)
        return "24:00:00 comes as 00:00:00: set the connector's time.precision.mode=adaptive";
    return std::nullopt;
}

loss interval_loss(const encodings& settings)
{
    if (settings.interval_handling == interval_mode::string) return std::nullopt;
    return "years, months and days come as hours, a month as 30.4375 days: set the connector's "
           "interval.handling.mode=string";
}

loss money_loss(const encodings& settings)
{
    switch (settings.decimal_handling) {
    case decimal_mode::string: break;
    case decimal_mode::double_:
        return "the currency's sign, the grouping of digits, digits past the 15th and zeros at the end are lost: set the connector's "
               "decimal.handling.mode=string for the digits";
    case decimal_mode::precise:
        return "the currency's sign and the grouping of digits are lost; without schemas in messages it is another amount if the "
               "connector's money.fraction.digits is not 2: set its decimal.handling.mode=string";
    }
    return "the currency's sign and the grouping of digits are lost";
}

loss scalar_loss(const value_type& type, const encodings& settings)
{
    switch (type.family) {
    case type_family::numeric: return numeric_loss(type, settings);
    case type_family::money: return money_loss(settings);
    case type_family::timestamp: return timestamp_loss(type, settings);
    case type_family::time: return time_loss(type, settings);
    case type_family::timetz: return "the offset is lost: times come in UTC, and some of 24:00 as null";
    case type_family::date: return "dates before the year 1 come as others in rows of a snapshot";
    case type_family::interval: return interval_loss(settings);
    case type_family::bytea:
        if (settings.binary_handling != binary_mode::base64_url_safe) return std::nullopt;
        return "a large value that did not change comes as null, unless the table has REPLICA IDENTITY FULL: set the connector's "
               "binary.handling.mode=hex";
    case type_family::varbit: return "zeros in front are lost, for the number of bits is not sent";
    case type_family::name:
        return "changed rows come with null unless the connector has include.unknown.datatypes=true";
    case type_family::unknown: return "values come only if the connector has include.unknown.datatypes=true";
    case type_family::unreadable: return "values come in a form that we do not read";
    default: return std::nullopt;
    }
}

/// Elements of an array whose placeholder comes as null.
bool is_null_when_unchanged(const value_type& element, const encodings& settings) noexcept
{
    switch (element.family) {
    case type_family::int2:
    case type_family::float4:
    case type_family::float8:
    case type_family::boolean:
    case type_family::numeric:
    case type_family::timestamp:
    case type_family::timestamptz: return true;
    case type_family::bytea: return settings.binary_handling != binary_mode::bytes;
    default: return false;
    }
}

/// Elements of which one that is NULL makes the whole array null.
bool is_null_with_a_null(const type_catalog& types, oid type, const value_type& element)
{
    const auto* facts = types.find(type);
    if (facts != nullptr && (facts->kind == 'd' || facts->kind == 'e')) return true;
    return element.family == type_family::unknown || element.family == type_family::bit ||
           element.family == type_family::varbit || element.name == "tsvector";
}

std::string array_loss(const value_type& element, const encodings& settings)
{
    std::string text =
        "only arrays of one dimension that begins at 1 can be told: others come as nulls or cannot be read";
    if (is_null_when_unchanged(element, settings))
        text += "; a long array that did not change comes as null, unless the table has REPLICA IDENTITY FULL";
    if (element.family == type_family::numeric) text += "; one with NaN in it comes as null";
    if (element.family == type_family::time)
        text += "; microseconds are lost";
    else if (auto inside = scalar_loss(element, settings))
        text += "; of its elements, " + *inside;
    return text;
}

}  // namespace

std::optional<std::string> loses(const type_catalog& types, oid type, std::int32_t typmod, const encodings& settings)
{
    auto resolved = resolve(types, type, typmod);
    if (!resolved) return std::nullopt;
    if (resolved->family != type_family::array) return scalar_loss(*resolved, settings);
    auto element = resolve(types, resolved->element, resolved->typmod);
    if (!element) return std::nullopt;
    auto text = array_loss(*element, settings);
    if (is_null_with_a_null(types, resolved->element, *element)) text += "; one with NULL in it comes as null";
    return text;
}

}  // namespace understudy::debezium
