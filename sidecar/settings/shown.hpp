#pragma once

#include "settings/load.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace understudy {

/// One line of the configuration in force, for people. Holds no secret.
struct shown_setting {
    std::string key;
    std::string value;
    std::string origin;  ///< `default`, `FILE:LINE:COLUMN`, a variable, or the file that it names.
};

/// All keys in the order of the schema.
std::vector<shown_setting> shown_settings(const loaded_settings& loaded);

/// A value as people read it: text without quotes, `(unset)` for null, else JSON.
std::string shown_text(const boost::json::value& value);

/// As in shown_setting. `file` is the configuration file.
std::string shown_origin(const setting_origin& origin, const std::string& file);

}  // namespace understudy
