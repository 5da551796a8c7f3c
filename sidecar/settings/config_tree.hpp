#pragma once

#include "settings/config_error.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>

namespace understudy {

/// Where a value or a name was written.
struct config_place {
    int line = 0;
    int column = 0;
    std::string variable;  ///< Not empty: an environment variable instead of the file.
    friend bool operator==(const config_place&, const config_place&) = default;
};

/// What the operator wrote, as plain JSON, with where each part of it stands.
///
/// Keys are written as messages show them: `tables[1].columns`. Owns everything; plain data.
struct config_tree {
    std::string file;
    boost::json::value root = boost::json::object{};
    std::map<std::string, config_place, std::less<>> values;
    std::map<std::string, config_place, std::less<>> names;  ///< Where a member's name stands.

    /// The value of a dotted key without list indexes, or null.
    const boost::json::value* find(std::string_view key) const;

    /// The place of the value, or of the nearest section or list around it.
    config_place place_of(std::string_view key) const;

    config_error error_at(std::string_view key, std::string message) const;

    /// As error_at, but points at the name of the member instead of its value.
    config_error error_at_name(std::string_view key, std::string message) const;
};

std::string child_key(std::string_view parent, std::string_view name);
std::string child_key(std::string_view parent, std::size_t index);

/// The key around this one; empty at the top.
std::string_view parent_key(std::string_view key) noexcept;

}  // namespace understudy
