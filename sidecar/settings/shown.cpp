#include "settings/shown.hpp"

#include "settings/keys.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

namespace understudy {

namespace json = boost::json;

namespace {

std::string place_text(const setting_origin& origin, const std::string& file)
{
    switch (origin.from) {
    case setting_origin::kind::default_value: return "default";
    case setting_origin::kind::environment: return origin.place.variable;
    case setting_origin::kind::file: return fmt::format("{}:{}:{}", file, origin.place.line, origin.place.column);
    }
    return {};
}

}  // namespace

std::string shown_origin(const setting_origin& origin, const std::string& file)
{
    if (origin.secret_file.empty()) return place_text(origin, file);
    return fmt::format("{}, named by {}", origin.secret_file, place_text(origin, file));
}

std::string shown_text(const json::value& value)
{
    if (value.is_null()) return "(unset)";
    return value.is_string() ? json::value_to<std::string>(value) : json::serialize(value);
}

std::vector<shown_setting> shown_settings(const loaded_settings& loaded)
{
    std::vector<shown_setting> all;
    for (const auto& key : setting_keys()) {
        auto origin = loaded.origins.find(key.name);
        auto from = origin == loaded.origins.end() ? "" : shown_origin(origin->second, loaded.file);
        all.push_back({std::string{key.name}, shown_text(key.show(loaded.values)), std::move(from)});
    }
    return all;
}

}  // namespace understudy
