#pragma once

#include "support/child_process.hpp"
#include "support/files.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

struct sidecar_options {
    std::string connection = {};           ///< source.postgres.connection
    std::string source = {};               ///< All of `source` in its place, as YAML lines indented by two.
    std::vector<std::string> tables = {};  ///< `public.materials`, or any other entry as YAML.
    std::string more = {};                 ///< YAML to follow the smallest config, e.g. a `cadence` section.
};

struct memory_use {
    std::uint64_t resident_bytes = 0;
    std::uint64_t anonymous_bytes = 0;
};

/// The built program with a config file and directories of its own, which are removed at the end.
///
/// At most one process at a time. Keep it on the thread that made it (see child_process).
class sidecar_process {
public:
    explicit sidecar_process(const sidecar_options& options);

    /// Starts `understudy COMMAND --config FILE ARGUMENTS`. What it prints goes to log().
    void start(const std::string& command = "run", const std::vector<std::string>& arguments = {});

    /// The same, waited for. Returns the exit status; throws std::runtime_error when it takes too long.
    int run(const std::string& command, const std::vector<std::string>& arguments = {},
            std::chrono::milliseconds deadline = std::chrono::minutes{1});

    /// Runs another command with the same config while this process runs; what it says goes to the log. Returns its exit
    /// status; throws std::runtime_error when it takes too long.
    int run_beside(const std::string& command, const std::vector<std::string>& arguments = {}) const;

    void signal(int number) { process_->signal(number); }
    std::optional<int> wait(std::chrono::milliseconds deadline) { return process_->wait(deadline); }
    bool running() { return process_ && process_->running(); }
    pid_t pid() const { return process_->pid(); }

    memory_use memory() const;

    /// User and system time that the process has used so far.
    std::chrono::milliseconds cpu_time() const;

    /// Everything printed since the config was written.
    std::string log() const { return read_file(home_ / "log"); }

    /// For the processes started from now on. The same name again replaces the value.
    void set_environment(const std::string& name, const std::string& value);

    std::filesystem::path config_file() const { return home_ / "understudy.yaml"; }
    std::filesystem::path state_directory() const { return home_ / "state"; }
    std::filesystem::path snapshot_directory() const { return home_ / "snapshot"; }

    /// A file of the announced generation. Empty text in a path that does not exist yet.
    std::filesystem::path current(const std::string& file) const { return snapshot_directory() / "current" / file; }

private:
    temp_directory home_;
    std::vector<std::pair<std::string, std::string>> environment_;
    std::unique_ptr<child_process> process_;
};

}  // namespace understudy::testing
