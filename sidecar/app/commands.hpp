#pragma once

#include <string>

namespace understudy {

/// What the command line says, for every command. A command looks at what it knows.
struct command_options {
    std::string config = "/etc/understudy/understudy.yaml";
    bool json = false;  ///< Answer for programs instead of people.
};

// One file each: <name>_command.cpp. All return the exit status (design.md, section 7) and have written their
// answer to stdout and their complaints to stderr. command_line.cpp holds the table of what can be typed.

/// Prints the effective configuration with where each value came from. Exit: 0, or 2 with every error.
int config_command(const command_options& options);

/// Prints our version and those of the libraries that decide how we behave.
int version_command(const command_options& options);

}  // namespace understudy
