#include "store/filesystem.hpp"

#include "files/files.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace understudy {

namespace {

struct unfit {
    std::uint64_t type;
    std::string_view why;
};

constexpr std::string_view copies_on_write = "a copy-on-write filesystem, where a write to reserved space can fail";
constexpr std::string_view is_remote = "a network filesystem, where locks and shared maps cannot be trusted";
constexpr std::string_view is_fuse = "a FUSE filesystem, where shared maps cannot be trusted";

// statfs(2). Types that <linux/magic.h> has no name for are in the sources of their filesystems.
constexpr std::array unfit_types{
    unfit{BTRFS_SUPER_MAGIC, copies_on_write},
    unfit{0x2FC12FC1, copies_on_write},  // ZFS
    unfit{0xCA451A4E, copies_on_write},  // bcachefs
    unfit{NFS_SUPER_MAGIC, is_remote},
    unfit{SMB_SUPER_MAGIC, is_remote},
    unfit{0xFF534D42, is_remote},  // CIFS
    unfit{0xFE534D42, is_remote},  // SMB2
    unfit{0x00C36400, is_remote},  // Ceph
    unfit{AFS_SUPER_MAGIC, is_remote},
    unfit{V9FS_MAGIC, is_remote},
    unfit{0x65735546, is_fuse},
};

failure unusable(const std::filesystem::path& directory, std::string_view why)
{
    return {errc::bad_directory, fmt::format("{}: {}", directory.native(), why)};
}

/// Like mkdir -p, but everything that is made is for us alone.
outcome<void> make_directories(const std::filesystem::path& directory)
{
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
    auto parent = directory.parent_path();
    if (errno != ENOENT || parent.empty() || parent == directory)
        return system_failure(errno, "make the directory", directory);
    if (auto made = make_directories(parent); !made) return made;
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return system_failure(errno, "make the directory", directory);
}

outcome<void> check_access(const std::filesystem::path& directory)
{
    struct stat found{};
    if (::stat(directory.c_str(), &found) != 0) return system_failure(errno, "look at the directory", directory);
    if (!S_ISDIR(found.st_mode)) return unusable(directory, "is not a directory");
    if (found.st_uid != ::geteuid())
        return unusable(directory,
                        fmt::format("belongs to user {}, we are user {}; chown it", found.st_uid, ::geteuid()));
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return unusable(directory,
                        fmt::format("others may write here (mode {:04o}); chmod go-w", found.st_mode & 07777));
    return {};
}

outcome<void> check_filesystem(const std::filesystem::path& directory)
{
    struct statfs found{};
    if (::statfs(directory.c_str(), &found) != 0) return system_failure(errno, "look at the filesystem", directory);
    auto why = unfit_filesystem(static_cast<std::uint32_t>(found.f_type));
    if (why.empty()) return {};
    return unusable(directory, fmt::format("is on {}; use ext4 or XFS, or set state.any_filesystem", why));
}

}  // namespace

std::string_view unfit_filesystem(std::uint64_t type) noexcept
{
    for (const auto& unfit : unfit_types)
        if (unfit.type == type) return unfit.why;
    return {};
}

outcome<void> prepare_directory(const std::filesystem::path& directory, bool any_filesystem)
{
    if (auto made = make_directories(directory); !made) return made;
    if (auto ours = check_access(directory); !ours) return ours;
    return any_filesystem ? outcome<void>{} : check_filesystem(directory);
}

}  // namespace understudy
