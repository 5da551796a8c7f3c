#include "settings/unit_check.hpp"

#include "settings/config_schema.hpp"
#include "settings/units.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr auto beyond_any_range = std::numeric_limits<std::uint64_t>::max();

result<std::uint64_t> number_in(std::string_view text, bool is_duration)
{
    if (!is_duration) return parse_size(text);
    auto duration = parse_duration(text);
    if (!duration) return duration.error();
    return static_cast<std::uint64_t>(duration->count());
}

/// The value in milliseconds or bytes; nothing when it has no such form.
std::optional<std::uint64_t> number_in(const json::value& value, bool is_duration)
{
    if (const auto* number = value.if_int64())
        return *number < 0 ? beyond_any_range : static_cast<std::uint64_t>(*number);
    if (const auto* number = value.if_uint64()) return *number;
    if (!value.is_string()) return std::nullopt;
    auto parsed = number_in(std::string_view{value.as_string()}, is_duration);
    if (parsed) return *parsed;
    return parsed.error() == errc::over_limit ? std::optional{beyond_any_range} : std::nullopt;
}

void check_unit(const config_tree& tree, const std::string& key, const json::object& schema, config_errors& errors)
{
    const auto* value = tree.find(key);
    if (value == nullptr) return;
    auto is_duration = schema.at("x-unit") == "duration";
    if (is_duration && !value->is_string()) return;
    std::string_view least = schema.at("x-minimum").as_string();
    std::string_view most = schema.at("x-maximum").as_string();
    auto number = number_in(*value, is_duration);
    if (!number || (*number >= *number_in(least, is_duration) && *number <= *number_in(most, is_duration))) return;
    errors.push_back(tree.error_at(key, fmt::format("out of range: from {} to {}", least, most)));
}

}  // namespace

void check_units(const config_tree& tree, config_errors& errors)
{
    for (const auto& key : schema_keys()) {
        const auto* schema = schema_of_key(key);
        if (schema->contains("x-unit")) check_unit(tree, key, *schema, errors);
    }
}

}  // namespace understudy
