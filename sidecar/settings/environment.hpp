#pragma once

#include "settings/config_tree.hpp"

#include <map>
#include <string>
#include <string_view>

namespace understudy {

/// Environment variables by name.
using environment = std::map<std::string, std::string, std::less<>>;

/// Those of this process that the configuration may come from: `UNDERSTUDY_...` and `CREDENTIALS_DIRECTORY`.
environment process_environment();

/// The variable that overrides a key: `UNDERSTUDY_SNAPSHOT__KEEP` for `snapshot.keep`.
std::string variable_of(std::string_view key);

/// Puts each variable's value in the place of what the file says. Lists are written as in YAML.
///
/// Variables that name no key are errors; UNDERSTUDY_CONFIG is not looked at, nor are the variables that
/// Kubernetes makes up for a Service whose name starts with `understudy`.
void apply_environment(config_tree& tree, const environment& variables, config_errors& errors);

}  // namespace understudy
