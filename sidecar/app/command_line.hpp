#pragma once

namespace understudy {

/// Reads the command line, runs the command and returns its exit status; 2 with a hint for usage errors. The
/// last line of defence too: an exception that arrives here is our own mistake, 70.
int run_command_line(int count, const char* const* arguments);

}  // namespace understudy
