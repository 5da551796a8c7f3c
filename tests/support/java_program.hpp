#pragma once

#include "support/child_process.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace understudy::testing {

using java_properties = std::map<std::string, std::string>;

/// One line of text for each; Java's escapes included.
std::string properties_text(const java_properties& properties);

/// Takes `name=value` lines, comments and empty lines, no escapes and no continuation lines.
java_properties read_properties(const std::filesystem::path& file);

/// A program of the Kafka kit that ./dev setup fetched, run again and again in one directory: its log and its temporary files are
/// there. Small heap, and compiled for a quick start. Throws std::runtime_error when the kit or Java is not there.
class java_program {
public:
    struct launch {
        std::string main_class;
        std::vector<std::string> arguments;
        int heap_mb = 128;
    };

    java_program(std::filesystem::path directory, launch how);

    /// Appends to the same log.
    void start();

    /// SIGTERM. Throws std::runtime_error, with the end of the log, when it still runs a minute later.
    void stop();

    /// SIGKILL; its process is gone when this returns.
    void kill();

    bool running();

    /// What it has logged so far, and since the last start.
    std::string log() const;
    std::string log_since_start() const;

    /// Enough of it for the message of an exception.
    std::string log_end() const;

    /// Runs it to its end. Throws std::runtime_error, with the end of the log, unless that is 0.
    void run();

private:
    child_options command() const;

    std::filesystem::path directory_;
    launch how_;
    std::size_t log_size_at_start_ = 0;
    std::unique_ptr<child_process> process_;
};

}  // namespace understudy::testing
