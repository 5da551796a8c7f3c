#pragma once

#include "settings/config_tree.hpp"
#include "settings/environment.hpp"

namespace understudy {

inline constexpr const char* credentials_variable = "CREDENTIALS_DIRECTORY";

/// Puts the directory in which systemd lays secrets (LoadCredential=) in place of `${CREDENTIALS_DIRECTORY}` at the
/// beginning of each key that names a file with a secret. An error for each that needs it where there is none.
void expand_credentials(config_tree& tree, const environment& variables, config_errors& errors);

}  // namespace understudy
