#include "settings/config_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace understudy {

namespace {

std::string place_text(const config_error& error)
{
    if (!error.variable.empty()) return error.variable;
    if (error.line == 0) return error.file;
    return fmt::format("{}:{}:{}", error.file, error.line, error.column);
}

/// True when `inner` is `outer` or a part of it.
bool is_within(std::string_view inner, std::string_view outer)
{
    if (!inner.starts_with(outer)) return false;
    return outer.empty() || inner.size() == outer.size() || inner[outer.size()] == '.' || inner[outer.size()] == '[';
}

}  // namespace

bool is_sound(const config_errors& errors, std::string_view key)
{
    return std::none_of(errors.begin(), errors.end(), [&](const auto& error) {
        if (error.key.empty() && !error.variable.empty()) return false;  // a variable that means no key
        return is_within(error.key, key) || is_within(key, error.key);
    });
}

std::string to_string(const config_error& error)
{
    if (error.key.empty()) return fmt::format("{}: {}", place_text(error), error.message);
    return fmt::format("{}: {}: {}", place_text(error), error.key, error.message);
}

void throw_exception_from_error(const config_failure& what, const boost::source_location&)
{
    throw std::runtime_error{to_string(what.errors.front())};
}

}  // namespace understudy
