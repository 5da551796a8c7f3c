#pragma once

#include "app/commands.hpp"
#include "settings/load.hpp"

namespace understudy {

/// Loads the configuration of a command and starts logging as it says. On a mistake every error has been written to
/// stderr, the exit status is 2, and the mistakes are returned.
load_result load_for_command(const command_options& options, secrets wanted);

/// Writes a failure to stderr, as one line that names the reason, and returns its exit status.
int report_failure(const failure& why);

}  // namespace understudy
