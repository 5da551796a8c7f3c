#include "settings/config_schema.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace understudy {

namespace json = boost::json;

namespace {

const json::object* member(const json::object& schema, std::string_view name)
{
    const auto* found = schema.if_contains(name);
    return found != nullptr ? found->if_object() : nullptr;
}

/// What a schema stands for that refers to another part of the same file.
const json::object* resolved(const json::object* schema)
{
    const auto* reference = schema != nullptr ? schema->if_contains("$ref") : nullptr;
    if (reference == nullptr) return schema;
    boost::system::error_code unknown;
    auto pointer = std::string_view{reference->as_string()}.substr(1);
    const auto* found = config_schema().find_pointer(pointer, unknown);
    return found != nullptr ? found->if_object() : nullptr;
}

/// One step down: a declared member, a member of any name, or an element of a list.
const json::object* step(const json::object& schema, std::string_view name)
{
    if (const auto* properties = member(schema, "properties"))
        if (const auto* declared = resolved(member(*properties, name))) return declared;
    if (const auto* any_name = member(schema, "additionalProperties")) return any_name;
    return member(schema, "items");
}

void collect_keys(const json::object& schema, const std::string& prefix, std::vector<std::string>& keys)
{
    const auto* properties = member(schema, "properties");
    if (properties == nullptr || *schema.if_contains("type") != "object") {
        keys.push_back(prefix);
        return;
    }
    for (const auto& [name, inner] : *properties)
        collect_keys(inner.as_object(), prefix.empty() ? std::string{name} : prefix + "." + std::string{name}, keys);
}

std::vector<std::string> split(std::string_view dotted)
{
    std::vector<std::string> path;
    for (auto dot = dotted.find('.'); dot != dotted.npos; dot = dotted.find('.')) {
        path.emplace_back(dotted.substr(0, dot));
        dotted.remove_prefix(dot + 1);
    }
    path.emplace_back(dotted);
    return path;
}

}  // namespace

const json::value& config_schema()
{
    static const auto parsed = json::parse(config_schema_text());
    return parsed;
}

const json::object* schema_of(const std::vector<std::string>& path)
{
    const auto* schema = &config_schema().as_object();
    for (const auto& name : path) {
        schema = step(*schema, name);
        if (schema == nullptr) return nullptr;
    }
    return schema;
}

const std::vector<std::string>& schema_keys()
{
    static const auto keys = [] {
        std::vector<std::string> found;
        collect_keys(config_schema().as_object(), "", found);
        return found;
    }();
    return keys;
}

bool allows_type(const json::object& schema, std::string_view type)
{
    const auto& types = schema.at("type");
    if (const auto* several = types.if_array())
        return std::any_of(several->begin(), several->end(), [&](const auto& one) { return one.as_string() == type; });
    return types.as_string() == type;
}

const json::object* schema_of_key(std::string_view dotted)
{
    return schema_of(split(dotted));
}

}  // namespace understudy
