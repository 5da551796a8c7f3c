#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace understudy {

/// Makes the directory (0700, parents too) where it is missing, and refuses one that others can write to, that
/// belongs to somebody else, or, unless `any_filesystem`, whose filesystem breaks the store's promises.
/// Errors: bad_directory, disk_full, storage_failed. Before the store is opened; blocks.
outcome<void> prepare_directory(const std::filesystem::path& directory, bool any_filesystem);

/// Why a filesystem, by its statfs type, cannot hold a store; empty if it can.
std::string_view unfit_filesystem(std::uint64_t type) noexcept;

}  // namespace understudy
