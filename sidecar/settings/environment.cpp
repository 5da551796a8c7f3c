#include "settings/environment.hpp"

#include "settings/config_schema.hpp"
#include "settings/credentials.hpp"
#include "settings/nearest.hpp"
#include "settings/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include <unistd.h>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::string_view prefix = "UNDERSTUDY_";
constexpr std::string_view connection_key = "source.postgres.connection";
constexpr std::string_view connection_file_key = "source.postgres.connection_file";

/// `X_SERVICE_HOST`, `X_SERVICE_PORT...`, `X_PORT=tcp://...`, `X_PORT_5432_TCP...`.
/// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
bool is_service_link(std::string_view name, std::string_view value)
{
    if (name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != name.npos) return true;
    if (name.ends_with("_PORT")) return value.find("://") != value.npos;
    return name.find("_PORT_") != name.npos && name.find_first_of("0123456789") != name.npos;
}

json::value parse_list(const std::string& variable, const std::string& key, std::string_view text,
                       config_errors& errors)
{
    config_errors found;
    auto value = read_yaml_text(text, variable, found).root;
    for (const auto& problem : found) errors.push_back({{}, 0, 0, variable, key, problem.message});
    return value;
}

json::value value_from(const std::string& variable, const std::string& key, const std::string& text,
                       config_errors& errors)
{
    const auto& schema = *schema_of_key(key);
    if (allows_type(schema, "array") || allows_type(schema, "object")) return parse_list(variable, key, text, errors);
    if (!is_printable_text(text)) errors.push_back({{}, 0, 0, variable, key, "holds a control character"});
    return schema.at("type") == "string" ? json::value(text) : plain_scalar(text);
}

/// The section that holds `key`, made if missing; null where the file has something else in that place.
json::object* section_of(json::value& root, std::string_view key)
{
    auto* section = root.if_object();
    for (auto dot = key.find('.'); section != nullptr && dot != key.npos; dot = key.find('.')) {
        auto& inner = (*section)[key.substr(0, dot)];
        if (inner.is_null()) inner.emplace_object();
        section = inner.if_object();
        key.remove_prefix(dot + 1);
    }
    return section;
}

std::string_view last_name(std::string_view key)
{
    return key.substr(key.rfind('.') + 1);
}

/// Forgets where a value and its parts stand in the file.
void forget_places(config_tree& tree, std::string_view key)
{
    auto belongs = [&](const auto& entry) {
        std::string_view other = entry.first;
        return other == key || (other.starts_with(key) && other[key.size()] == '[');
    };
    std::erase_if(tree.values, belongs);
    std::erase_if(tree.names, belongs);
}

void remove_from_file(config_tree& tree, std::string_view key)
{
    auto place = tree.values.find(key);
    if (place == tree.values.end() || !place->second.variable.empty()) return;
    section_of(tree.root, key)->erase(last_name(key));
    forget_places(tree, key);
}

/// The connection and the file that holds it are one setting: a variable for either replaces both of the file.
void replace_rival(config_tree& tree, std::string_view key)
{
    if (key == connection_key) remove_from_file(tree, connection_file_key);
    if (key == connection_file_key) remove_from_file(tree, connection_key);
}

void override_key(config_tree& tree, const std::string& key, const std::string& variable, json::value value)
{
    auto* section = section_of(tree.root, key);
    if (section == nullptr) return;  // the schema check says what is wrong with what stands there
    replace_rival(tree, key);
    section->insert_or_assign(last_name(key), std::move(value));
    forget_places(tree, key);
    tree.values[key] = {.line = 0, .column = 0, .variable = variable};
}

const std::string* key_of(std::string_view variable)
{
    const auto& keys = schema_keys();
    auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return variable_of(key) == variable; });
    return found != keys.end() ? &*found : nullptr;
}

std::string unknown_variable(std::string_view name)
{
    std::vector<std::string> known;
    for (const auto& key : schema_keys()) known.push_back(variable_of(key).substr(prefix.size()));
    auto near = nearest(name.substr(prefix.size()), known);
    if (near.empty()) return "unknown variable; `understudy config` lists the keys, dots are written __";
    return fmt::format("unknown variable; did you mean {}{}?", prefix, near);
}

}  // namespace

environment process_environment()
{
    environment found;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view text = *entry;
        auto equals = text.find('=');
        if (equals == text.npos) continue;
        if (!text.starts_with(prefix) && text.substr(0, equals) != credentials_variable) continue;
        found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

std::string variable_of(std::string_view key)
{
    std::string name{prefix};
    for (char c : key) {
        if (c == '.')
            name += "__";
        else
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

void apply_environment(config_tree& tree, const environment& variables, config_errors& errors)
{
    for (const auto& [name, text] : variables) {
        if (!name.starts_with(prefix) || name == "UNDERSTUDY_CONFIG") continue;
        if (const auto* key = key_of(name))
            override_key(tree, *key, name, value_from(name, *key, text, errors));
        else if (!is_service_link(name, text))
            errors.push_back({{}, 0, 0, name, {}, unknown_variable(name)});
    }
}

}  // namespace understudy
