#pragma once

#include "core/settings.hpp"

#include <boost/json/value.hpp>

#include <span>
#include <string_view>

namespace understudy {

/// What a changed value means for a daemon that is told to read its configuration again.
enum class reload_effect {
    live,     ///< Takes effect at once.
    refused,  ///< Needs a restart.
};

/// One key of the configuration. A new setting is one row of the table in keys.cpp and its part of the schema.
struct setting_key {
    std::string_view name;  ///< Dotted.
    reload_effect on_reload;
    /// Takes the value from JSON that fits the schema. Null for what load.cpp reads by hand.
    void (*read)(settings& into, const boost::json::value& from);
    /// The value as the file would write it; null when unset. Never holds a secret.
    boost::json::value (*show)(const settings& from);
};

/// All keys in the order of the schema; `source.postgres.connection_file` is part of `connection`.
std::span<const setting_key> setting_keys() noexcept;

}  // namespace understudy
