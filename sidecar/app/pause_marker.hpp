#pragma once

#include "core/error.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace understudy {

/// An operator holds publishing.
struct pause_facts {
    std::chrono::system_clock::time_point since;
    std::string by;      ///< Who says so; proves nothing.
    std::string reason;  ///< In his words; may be empty.
};

/// One sentence for people: since when, by whom, why, and how it ends.
std::string describe(const pause_facts& pause);

// A pause outlives the daemon: whoever paused in an incident does not want a restart to publish. `paused.json` in the
// state directory says so; that it is there is what counts, so one that is damaged pauses too. All of these block.

/// Nothing if publishing is not paused.
std::optional<pause_facts> read_pause(const std::filesystem::path& state_directory);

/// Durable when it returns. Errors: disk_full, storage_failed.
outcome<void> write_pause(const std::filesystem::path& state_directory, const pause_facts& pause);

/// Durable when it returns; there may be none. Errors: storage_failed.
outcome<void> remove_pause(const std::filesystem::path& state_directory);

}  // namespace understudy
