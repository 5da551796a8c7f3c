#pragma once

#include "support/oracle.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace understudy::testing {

/// What a reader saw until it was stopped.
struct reader_report {
    std::uint64_t generations = 0;
    std::string failures;  ///< The first ones; empty when every generation was right.
};

/// An application that reads every announced generation in a thread of its own, and looks for a wrong one: one that
/// is not whole, that goes back, or of which `check` says what is wrong with it.
class generation_reader {
public:
    using check = std::function<std::string(const published_document&)>;

    generation_reader(std::filesystem::path snapshot_directory, check of_each);
    generation_reader(const generation_reader&) = delete;
    generation_reader& operator=(const generation_reader&) = delete;
    ~generation_reader() { stop(); }

    /// Also reads what is current at the end.
    reader_report stop();

    std::uint64_t generations() const noexcept { return generations_; }

private:
    void run();
    void look();
    void note(const std::string& what);

    std::filesystem::path directory_;
    check check_;
    std::filesystem::path seen_;
    std::string failures_;
    std::atomic<std::uint64_t> generations_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace understudy::testing
