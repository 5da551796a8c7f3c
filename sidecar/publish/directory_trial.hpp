#pragma once

#include "core/error.hpp"

namespace understudy {

class snapshot_directory;

/// Tries, under temporary names, each kind of step that a publish takes in this directory: create, rename,
/// symlink, link, fsync, remove. So a read-only mount, a missing permission or a mount point in the way shows at
/// start and not at the first publish. Leaves nothing behind.
/// Errors: storage_failed, disk_full, bad_directory if `current` is something that a rename cannot replace.
outcome<void> try_directory(const snapshot_directory& directory);

}  // namespace understudy
