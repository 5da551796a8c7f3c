#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Whoever holds a descriptor may use it from one thread at a time; the functions keep nothing. They block: not for the
// event loop.

namespace understudy {

/// Owns a file descriptor. -1 is none.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int fd) noexcept : fd_{fd} {}
    descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor();

    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

/// Turns an errno into a failure: `<where>: cannot <doing>: <the system's text>`, and a remedy if there is one.
/// disk_full for ENOSPC, EDQUOT and EFBIG, else storage_failed; so do all functions below.
failure system_failure(int error, std::string_view doing, const std::filesystem::path& where);

/// Opens by path with O_CLOEXEC; a new file gets mode 0600.
outcome<descriptor> open_file(const std::filesystem::path& file, int flags);

/// Opens a directory by name inside another (or AT_FDCWD). Never follows a symlink in the last component unless
/// `follow` says so.
enum class symlinks { refuse, follow };
outcome<descriptor> open_directory(int parent, const std::filesystem::path& name, symlinks links);

/// Creates a new file of mode 0600 for writing. Never opens what is there already, not through a symlink either.
outcome<descriptor> create_file(int parent, const std::string& name);

/// Writes everything, short writes handled.
outcome<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& where);

/// Makes a file or directory durable. After an error the same file must never be synced again: Linux has marked
/// its pages clean and would say yes.
outcome<void> sync(int fd, const std::filesystem::path& where);
outcome<void> sync_directory(const std::filesystem::path& directory);

/// Renames within one directory, durably.
outcome<void> replace_file(const std::filesystem::path& from, const std::filesystem::path& to);

outcome<std::uint64_t> size_of(int fd, const std::filesystem::path& where);

/// Gives every byte up to `bytes` its own place on the disk. A file that cannot grow so far keeps its size.
outcome<void> reserve(int fd, const std::filesystem::path& where, std::uint64_t bytes);

outcome<void> close(descriptor file, const std::filesystem::path& where);

/// Reads on to the end, or `bytes_max` bytes. Nothing when that fails; errno says why.
std::optional<std::string> read_up_to(int fd, std::size_t bytes_max);

/// Reads a regular file that is not larger than `bytes_max`; a symlink in the last component only if `links` says so. Errors:
/// storage_failed; over_limit.
outcome<std::string> read_file(int parent, const std::filesystem::path& name, std::size_t bytes_max,
                               symlinks links = symlinks::refuse);

/// The names in a directory except `.` and `..`, in no order.
outcome<std::vector<std::string>> names_in(int directory, const std::filesystem::path& where);

}  // namespace understudy
