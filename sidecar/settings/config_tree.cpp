#include "settings/config_tree.hpp"

#include <fmt/format.h>

namespace understudy {

namespace json = boost::json;

namespace {

config_error error_from(const config_tree& tree, const config_place& where, std::string_view key, std::string message)
{
    return {.file = where.variable.empty() ? tree.file : "",
            .line = where.line,
            .column = where.column,
            .variable = where.variable,
            .key = std::string{key},
            .message = std::move(message)};
}

}  // namespace

std::string child_key(std::string_view parent, std::string_view name)
{
    return parent.empty() ? std::string{name} : fmt::format("{}.{}", parent, name);
}

std::string child_key(std::string_view parent, std::size_t index)
{
    return fmt::format("{}[{}]", parent, index);
}

std::string_view parent_key(std::string_view key) noexcept
{
    auto end = key.find_last_of(".[");
    return end == key.npos ? std::string_view{} : key.substr(0, end);
}

const json::value* config_tree::find(std::string_view key) const
{
    const auto* value = &root;
    while (!key.empty()) {
        auto dot = key.find('.');
        const auto* section = value->if_object();
        value = section != nullptr ? section->if_contains(key.substr(0, dot)) : nullptr;
        if (value == nullptr) return nullptr;
        key = dot == key.npos ? std::string_view{} : key.substr(dot + 1);
    }
    return value;
}

config_place config_tree::place_of(std::string_view key) const
{
    for (;; key = parent_key(key)) {
        auto found = values.find(key);
        if (found != values.end()) return found->second;
        if (key.empty()) return {};
    }
}

config_error config_tree::error_at(std::string_view key, std::string message) const
{
    return error_from(*this, place_of(key), key, std::move(message));
}

config_error config_tree::error_at_name(std::string_view key, std::string message) const
{
    auto found = names.find(key);
    auto where = found != names.end() ? found->second : place_of(key);
    return error_from(*this, where, key, std::move(message));
}

}  // namespace understudy
