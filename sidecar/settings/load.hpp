#pragma once

#include "core/settings.hpp"
#include "settings/config_error.hpp"
#include "settings/config_tree.hpp"
#include "settings/environment.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace understudy {

/// Where the value of a key comes from.
struct setting_origin {
    enum class kind { default_value, file, environment };
    kind from = kind::default_value;
    config_place place;       ///< In the configuration file, or which variable.
    std::string secret_file;  ///< The file that was named there and holds the value, for secrets.
    friend bool operator==(const setting_origin&, const setting_origin&) = default;
};

/// A configuration that can be used, and how it came about.
struct loaded_settings {
    settings values;
    std::string file;
    std::map<std::string, setting_origin, std::less<>> origins;  ///< One for each of setting_keys().
    config_errors warnings;                                      ///< What works but should be done otherwise.
};

/// Either a configuration without a fault, or every fault that was found.
using load_result = boost::system::result<loaded_settings, config_failure>;

/// Whether the files that hold secrets are read. Who does not need them may not be allowed to.
enum class secrets { needed, unneeded };

/// Reads the file, puts the variables over it and checks the result. Reads no other file but those of secrets. Safe on any
/// thread; nothing is kept between calls.
load_result load(const std::filesystem::path& file, const environment& variables, secrets wanted = secrets::needed);

/// The same for text that is already here; `name` stands in messages.
load_result load_text(std::string_view text, std::string_view name, const environment& variables,
                      secrets wanted = secrets::needed);

/// The failure as operators see it: one line for each error.
std::string to_string(const config_failure& failed);

}  // namespace understudy
