#pragma once

#include "core/error.hpp"
#include "publish/manifest.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

enum class check_depth {
    quick,  ///< The manifest, and that each document is there with its size: milliseconds.
    full,   ///< Every byte: hashes of blocks and whole, and that each document is JSON.
};

struct generation_report {
    std::optional<manifest> found;         ///< Nothing if the manifest cannot be used.
    std::vector<std::string> differences;  ///< One sentence each, without row data.
    bool good() const noexcept { return differences.empty(); }
};

/// Compares a generation's directory with its manifest. Any process, any thread. What cannot be read is a
/// difference too; full reads in blocks, whatever the size.
generation_report verify_generation(const std::filesystem::path& generation, check_depth depth);

/// Whether what `expected` describes is announced in this directory, and each of its documents there with its size:
/// some system calls, however large it is.
bool is_announced_whole(const std::filesystem::path& snapshot_directory, const manifest& expected);

/// The manifest of the announced generation, checked quickly: for a start.
/// Errors: no_generation; generation_damaged with the first difference.
outcome<manifest> load_current(const std::filesystem::path& snapshot_directory);

}  // namespace understudy
