#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace understudy {

/// Owns one descriptor. -1 is none.
class file_descriptor {
public:
    file_descriptor() = default;
    explicit file_descriptor(int fd) noexcept : fd_{fd} {}
    file_descriptor(file_descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    file_descriptor& operator=(file_descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~file_descriptor();

    int get() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

/// Makes a failure of a system call: `<path>: cannot <doing>: <the system's text>`. ENOSPC and EDQUOT are
/// disk_full, everything else storage_failed.
failure system_failure(int error, const std::filesystem::path& path, std::string_view doing);

/// Makes the directory (0700, parents too) where it is missing, and refuses one that others can write to, that
/// belongs to somebody else, or, unless `any_filesystem`, whose filesystem breaks the store's promises.
/// Errors: bad_directory, disk_full, storage_failed.
outcome<void> prepare_directory(const std::filesystem::path& directory, bool any_filesystem);

/// Why a filesystem, by its statfs type, cannot hold a store; empty if it can.
std::string_view unfit_filesystem(std::uint64_t type) noexcept;

/// Opens with O_CLOEXEC; a new file gets mode 0600. Errors: disk_full, storage_failed.
outcome<file_descriptor> open_file(const std::filesystem::path& file, int flags);

/// Errors: storage_failed.
outcome<std::uint64_t> size_of(int file, const std::filesystem::path& path);

/// Gives every byte up to `bytes` its own place on the disk. A file that cannot grow so far keeps its size.
/// Errors: disk_full, storage_failed.
outcome<void> reserve(int file, const std::filesystem::path& path, std::uint64_t bytes);

/// Errors: disk_full, storage_failed.
outcome<void> sync_file(int file, const std::filesystem::path& path);
outcome<void> sync_directory(const std::filesystem::path& directory);

/// Renames within one directory, durably. Errors: disk_full, storage_failed.
outcome<void> replace_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace understudy
