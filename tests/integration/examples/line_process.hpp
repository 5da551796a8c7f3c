#pragma once

#include "support/child_process.hpp"
#include "support/files.hpp"

#include <memory>
#include <string>
#include <vector>

namespace understudy::testing {

/// A program that answers each line of its standard input with one line. Ended with its owner.
class line_process {
public:
    explicit line_process(const std::vector<std::string>& command);
    line_process(const line_process&) = delete;
    line_process& operator=(const line_process&) = delete;
    ~line_process();

    /// Waits for the answer. Throws std::runtime_error, with what was printed, when none comes.
    std::string ask(const std::string& line = "");

private:
    std::string output() const { return read_file(home_ / "output"); }

    temp_directory home_;
    int input_ = -1;
    std::unique_ptr<child_process> process_;
    std::size_t read_bytes_ = 0;
};

}  // namespace understudy::testing
