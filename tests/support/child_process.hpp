#pragma once

#include "support/files.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::testing {

struct child_options {
    std::vector<std::string> command;                                   ///< The program's path and its arguments.
    std::filesystem::path output = {};                                  ///< stdout and stderr are appended here.
    std::optional<os_user> run_as = {};                                 ///< Only root can.
    std::vector<std::pair<std::string, std::string>> environment = {};  ///< Added to ours, or instead of ours.
};

/// A program that a test started.
///
/// Never outlives its owner: it is killed in the destructor, and by the kernel when the thread that started it
/// ends. So the thread that starts one keeps it. Throws std::system_error when it cannot be started at all; a
/// program that cannot be executed exits with 127.
class child_process {
public:
    explicit child_process(const child_options& options);
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process();

    pid_t pid() const noexcept { return pid_; }

    /// Does nothing when the program has ended.
    void signal(int number) noexcept;

    /// Waits until the program ends. Returns its exit status, or 128 + the signal that ended it, and the same
    /// again later; nothing when it still runs after `deadline`.
    std::optional<int> wait(std::chrono::milliseconds deadline);

    bool running() { return !wait(std::chrono::milliseconds{0}); }

private:
    pid_t pid_ = -1;
    int pidfd_ = -1;
    std::optional<int> status_;
};

/// Runs a program to its end. Throws std::runtime_error with what it printed unless it exits with 0 in time.
void run_program(child_options options, std::chrono::milliseconds deadline = std::chrono::minutes{2});

}  // namespace understudy::testing
