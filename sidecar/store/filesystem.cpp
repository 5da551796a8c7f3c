#include "store/filesystem.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <system_error>
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
        return system_failure(errno, directory, "make the directory");
    if (auto made = make_directories(parent); !made) return made;
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return system_failure(errno, directory, "make the directory");
}

outcome<void> check_access(const std::filesystem::path& directory)
{
    struct stat found{};
    if (::stat(directory.c_str(), &found) != 0) return system_failure(errno, directory, "look at the directory");
    if (!S_ISDIR(found.st_mode)) return unusable(directory, "is not a directory");
    if (found.st_uid != ::geteuid())
        return unusable(directory, fmt::format("belongs to user {}, we are user {}; chown it", found.st_uid,
                                               ::geteuid()));
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return unusable(directory, fmt::format("others may write here (mode {:04o}); chmod go-w", found.st_mode & 07777));
    return {};
}

outcome<void> check_filesystem(const std::filesystem::path& directory)
{
    struct statfs found{};
    if (::statfs(directory.c_str(), &found) != 0) return system_failure(errno, directory, "look at the filesystem");
    auto why = unfit_filesystem(static_cast<std::uint32_t>(found.f_type));
    if (why.empty()) return {};
    return unusable(directory, fmt::format("is on {}; use ext4 or XFS, or set state.any_filesystem", why));
}

int reserve_retrying(int file, std::uint64_t bytes) noexcept
{
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
    return error;
}

}  // namespace

file_descriptor::~file_descriptor()
{
    if (fd_ >= 0) ::close(fd_);
}

failure system_failure(int error, const std::filesystem::path& path, std::string_view doing)
{
    bool full = error == ENOSPC || error == EDQUOT;
    return {full ? errc::disk_full : errc::storage_failed,
            fmt::format("{}: cannot {}: {}", path.native(), doing, std::generic_category().message(error))};
}

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

outcome<file_descriptor> open_file(const std::filesystem::path& file, int flags)
{
    file_descriptor opened{::open(file.c_str(), flags | O_CLOEXEC, 0600)};
    if (opened.get() < 0) return system_failure(errno, file, "open");
    return opened;
}

outcome<std::uint64_t> size_of(int file, const std::filesystem::path& path)
{
    struct stat found{};
    if (::fstat(file, &found) != 0) return system_failure(errno, path, "ask for the size");
    return static_cast<std::uint64_t>(found.st_size);
}

outcome<void> reserve(int file, const std::filesystem::path& path, std::uint64_t bytes)
{
    auto before = size_of(file, path);
    if (!before) return before.error();
    auto error = reserve_retrying(file, bytes);
    if (error == 0) return {};
    // What was reserved of a growth that failed is given back; else the file would have a sparse end.
    if (*before < bytes && ::ftruncate(file, static_cast<off_t>(*before)) != 0)
        return system_failure(errno, path, "give back space");
    return system_failure(error, path, fmt::format("reserve {} bytes", bytes));
}

outcome<void> sync_file(int file, const std::filesystem::path& path)
{
    if (::fsync(file) != 0) return system_failure(errno, path, "sync");
    return {};
}

outcome<void> sync_directory(const std::filesystem::path& directory)
{
    auto opened = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!opened) return opened.error();
    return sync_file(opened->get(), directory);
}

outcome<void> replace_file(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (std::rename(from.c_str(), to.c_str()) != 0) return system_failure(errno, from, "rename");
    return sync_directory(to.parent_path());
}

}  // namespace understudy
