#pragma once

#include "core/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace understudy {

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
