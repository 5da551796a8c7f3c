#pragma once

#include "files/files.hpp"

namespace understudy {

/// Keeps every other process out of a directory while it lives, by an open file description lock on its file
/// `lock`. The system gives the lock back when the process ends, however it ends.
class directory_lock {
public:
    /// Errors: store_busy, naming the holder; disk_full, storage_failed.
    static outcome<directory_lock> take(const std::filesystem::path& directory);

private:
    explicit directory_lock(descriptor file) noexcept : file_{std::move(file)} {}

    descriptor file_;
};

}  // namespace understudy
