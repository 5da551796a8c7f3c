#pragma once

#include "core/error.hpp"
#include "publish/snapshot_directory.hpp"

#include <cstdint>
#include <filesystem>

namespace understudy {

inline constexpr const char* current_link = "current";

/// Makes a written generation the one that applications open: swaps the symlink `current` by rename and makes that
/// durable. Announcing the current one again is allowed. Whatever else stands at `current` is replaced.
/// Errors: internal if a higher generation is announced (P4); no_generation if this one is not there; disk_full;
/// storage_failed. After an error either the former or this generation is announced; the call can be made again.
outcome<void> announce(const snapshot_directory& directory, std::uint64_t number);

/// The announced generation of a snapshot directory, for any process.
/// Errors: no_generation if there is none, or `current` is not our symlink to one that is there.
outcome<std::uint64_t> read_current(const std::filesystem::path& directory);

}  // namespace understudy
