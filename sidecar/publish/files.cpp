#include "publish/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr std::string_view temporary_prefix = ".tmp-";

const char* remedy_text(int error) noexcept
{
    switch (error) {
    case ENOSPC: return "; free space on this filesystem";
    case EDQUOT: return "; raise the quota or free space";
    case EFBIG: return "; raise the file size limit of this process";
    case EROFS: return "; the filesystem is mounted read-only: mount it read-write";
    case EACCES:
    case EPERM: return "; give the user that understudy runs as write and search permission";
    case EBUSY: return "; it is a mount point: mount the directory around it instead";
    case ENOTDIR:
    case ELOOP:
    case EISDIR: return "; move what stands there away";
    case EXDEV: return "; the snapshot directory must be one filesystem";
    default: return "";
    }
}

struct close_stream {
    void operator()(DIR* stream) const noexcept { closedir(stream); }
};
using directory_stream = std::unique_ptr<DIR, close_stream>;

}  // namespace

descriptor::~descriptor()
{
    if (fd_ >= 0) ::close(fd_);
}

failure system_failure(int error, std::string_view doing, const std::filesystem::path& where)
{
    auto full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return {full ? errc::disk_full : errc::storage_failed,
            fmt::format("{} {}: {}{}", doing, where.string(), std::strerror(error), remedy_text(error))};
}

outcome<descriptor> open_directory(int parent, const std::filesystem::path& name, symlinks links)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (links == symlinks::refuse ? O_NOFOLLOW : 0);
    descriptor opened{::openat(parent, name.c_str(), flags)};
    if (opened.get() < 0) return system_failure(errno, "open directory", name);
    return opened;
}

outcome<descriptor> create_file(int parent, const std::string& name)
{
    descriptor opened{::openat(parent, name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (opened.get() < 0) return system_failure(errno, "create", name);
    return opened;
}

outcome<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& where)
{
    while (!bytes.empty()) {
        auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure(errno, "write", where);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return boost::system::in_place_value;
}

outcome<void> sync(int fd, const std::filesystem::path& where)
{
    if (::fsync(fd) != 0) return system_failure(errno, "fsync", where);
    return boost::system::in_place_value;
}

outcome<void> close(descriptor file, const std::filesystem::path& where)
{
    // Linux has let go of the descriptor whatever close answers, so EINTR is no reason to call it again.
    if (::close(file.release()) != 0 && errno != EINTR) return system_failure(errno, "close", where);
    return boost::system::in_place_value;
}

outcome<std::string> read_file(int parent, const std::filesystem::path& name, std::size_t bytes_max)
{
    descriptor file{::openat(parent, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat facts {};
    if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return system_failure(errno, "open", name);
    if (!S_ISREG(facts.st_mode)) return failure{errc::storage_failed, name.string() + " is not a regular file"};
    if (static_cast<std::uint64_t>(facts.st_size) > bytes_max)
        return failure{errc::over_limit, fmt::format("{} is larger than {} bytes", name.string(), bytes_max)};
    std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t used = 0;
    while (used < bytes.size()) {
        auto got = ::read(file.get(), bytes.data() + used, bytes.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(errno, "read", name);
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
    }
    bytes.resize(used);
    return bytes;
}

outcome<std::vector<std::string>> names_in(int directory, const std::filesystem::path& where)
{
    // A stream of its own: a duplicated descriptor would share its place with every other listing.
    descriptor own{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    directory_stream stream{own.get() < 0 ? nullptr : ::fdopendir(own.get())};
    if (!stream) return system_failure(errno, "list", where);
    static_cast<void>(own.release());
    std::vector<std::string> names;
    for (errno = 0; auto* entry = ::readdir(stream.get()); errno = 0) {
        std::string_view name{entry->d_name};
        if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return system_failure(errno, "list", where);
    return names;
}

std::string temporary_name()
{
    std::uint64_t random = 0;
    // 8 bytes are never cut short; before the kernel's pool is ready this waits, which is right.
    while (::getrandom(&random, sizeof random, 0) != sizeof random) {}
    return fmt::format("{}{:016x}", temporary_prefix, random);
}

bool is_temporary(std::string_view name) noexcept
{
    return name.starts_with(temporary_prefix);
}

bool remove_tree(int parent, const std::string& name) noexcept
{
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return true;
    auto directory = open_directory(parent, name, symlinks::refuse);
    if (!directory) return false;
    auto names = names_in(directory->get(), name);
    if (!names) return false;
    for (const auto& inner : *names) ::unlinkat(directory->get(), inner.c_str(), 0);
    return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

outcome<void> give_rights(int fd, mode_t mode, const file_rights& rights, const std::filesystem::path& where)
{
    auto keep = rights.owner == static_cast<uid_t>(-1) && rights.group == static_cast<gid_t>(-1);
    if (!keep && ::fchown(fd, rights.owner, rights.group) != 0)
        return system_failure(errno, "change the owner of", where);
    if (::fchmod(fd, mode) != 0) return system_failure(errno, "change the mode of", where);
    return boost::system::in_place_value;
}

}  // namespace understudy
