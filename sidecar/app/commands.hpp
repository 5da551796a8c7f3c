#pragma once

#include <string>

namespace understudy {

/// What the command line says, for every command. A command looks at what it knows.
struct command_options {
    std::string config = "/etc/understudy/understudy.yaml";
    bool json = false;        ///< Answer for programs instead of people.
    bool against_db = false;  ///< verify: compare with the database.
    std::string max_age;      ///< ready: a duration; empty for no bound.
    std::string reason;       ///< pause: why, for those who wonder.
    std::string connection;   ///< describe: a libpq string or URI, where the configuration names no database.
    std::string output;       ///< describe: a file; empty for standard output.
};

// One file each: <name>_command.cpp. All return the exit status and have written their
// answer to stdout and their complaints to stderr. command_line.cpp holds the table of what can be typed.

/// The daemon: follows the source and publishes until a signal.
int run_command(const command_options& options);

/// Catches up to the database's position at the start of the call, publishes, exits.
int once_command(const command_options& options);

/// Says of every prerequisite whether it is met, and what to do about it. Changes nothing. Exit: 0, 1 if one failed.
int check_command(const command_options& options);

/// Says what state things are in, from files alone. Exit: 0, 1 if there is no usable generation.
int status_command(const command_options& options);

/// Whether a usable generation is announced, and is young enough where a bound is given, from files alone: for probes of
/// images without a shell. Exit: 0, or 1.
int ready_command(const command_options& options);

/// Whether the running daemon's event loop answers, whatever state the database is in: for liveness probes. Exit: 0, or 1.
int live_command(const command_options& options);

/// Checks the announced generation against its manifest, or with against_db the live state against the database.
int verify_command(const command_options& options);

/// Asks the running daemon to publish now.
int publish_command(const command_options& options);

/// Holds publishing, with the daemon running or not, until resume.
int pause_command(const command_options& options);

/// Ends a pause; what changed meanwhile is published at once.
int resume_command(const command_options& options);

/// Drops our replication slot if nobody streams from it; it is no error if there is none.
int drop_slot_command(const command_options& options);

/// Prints what the database's catalog says of the configured tables, for source.kafka.description; or writes it into a file, which
/// stays as it was when that fails.
int describe_command(const command_options& options);

/// Prints the effective configuration with where each value came from. Exit: 0, or 2 with every error.
int config_command(const command_options& options);

/// Prints our version and those of the libraries that decide how we behave.
int version_command(const command_options& options);

}  // namespace understudy
