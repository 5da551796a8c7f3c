#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace understudy {

/// Owns a file descriptor.
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

/// Turns an errno into a failure: what we were doing, where, the system's words and a remedy.
/// disk_full for ENOSPC, EDQUOT and EFBIG, else storage_failed.
failure system_failure(int error, std::string_view doing, const std::filesystem::path& where);

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

outcome<void> close(descriptor file, const std::filesystem::path& where);

/// Reads a regular file that is not larger than `bytes_max`. Errors: storage_failed; over_limit.
outcome<std::string> read_file(int parent, const std::filesystem::path& name, std::size_t bytes_max);

/// The names in a directory except `.` and `..`, in no order.
outcome<std::vector<std::string>> names_in(int directory, const std::filesystem::path& where);

/// A name that nobody can guess, for what is not finished yet: `.tmp-` and 16 hexadecimal digits.
std::string temporary_name();
bool is_temporary(std::string_view name) noexcept;

/// Removes a file, or a directory with the files in it. False if anything is left.
bool remove_tree(int parent, const std::string& name) noexcept;

/// Who may read what we publish.
struct file_rights {
    mode_t mode = 0440;
    uid_t owner = static_cast<uid_t>(-1);  ///< All ones: ours.
    gid_t group = static_cast<gid_t>(-1);

    /// Of directories: whoever may read may search, and we may write.
    mode_t directory_mode() const noexcept { return mode | ((mode & 0444) >> 2) | 0700; }
};

/// Gives an open file exactly this mode and owner, whatever the umask is.
outcome<void> give_rights(int fd, mode_t mode, const file_rights& rights, const std::filesystem::path& where);

}  // namespace understudy
