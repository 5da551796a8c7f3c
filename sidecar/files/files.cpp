#include "files/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

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
    case EXDEV: return "; it must be one filesystem";
    default: return "";
    }
}

struct close_stream {
    void operator()(DIR* stream) const noexcept { closedir(stream); }
};
using directory_stream = std::unique_ptr<DIR, close_stream>;

int reserve_retrying(int fd, std::uint64_t bytes) noexcept
{
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
    return error;
}

}  // namespace

descriptor::~descriptor()
{
    if (fd_ >= 0) ::close(fd_);
}

failure system_failure(int error, std::string_view doing, const std::filesystem::path& where)
{
    auto full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return {full ? errc::disk_full : errc::storage_failed,
            fmt::format("{}: cannot {}: {}{}", where.native(), doing, std::strerror(error), remedy_text(error))};
}

outcome<descriptor> open_file(const std::filesystem::path& file, int flags)
{
    descriptor opened{::open(file.c_str(), flags | O_CLOEXEC, 0600)};
    if (opened.get() < 0) return system_failure(errno, "open", file);
    return opened;
}

outcome<descriptor> open_directory(int parent, const std::filesystem::path& name, symlinks links)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (links == symlinks::refuse ? O_NOFOLLOW : 0);
    descriptor opened{::openat(parent, name.c_str(), flags)};
    if (opened.get() < 0) return system_failure(errno, "open the directory", name);
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

outcome<std::uint64_t> size_of(int fd, const std::filesystem::path& where)
{
    struct stat found{};
    if (::fstat(fd, &found) != 0) return system_failure(errno, "ask for the size", where);
    return static_cast<std::uint64_t>(found.st_size);
}

outcome<void> reserve(int fd, const std::filesystem::path& where, std::uint64_t bytes)
{
    auto before = size_of(fd, where);
    if (!before) return before.error();
    auto error = reserve_retrying(fd, bytes);
    if (error == 0) return {};
    // What was reserved of a growth that failed is given back; else the file would have a sparse end.
    if (*before < bytes && ::ftruncate(fd, static_cast<off_t>(*before)) != 0)
        return system_failure(errno, "give back space", where);
    return system_failure(error, fmt::format("reserve {} bytes", bytes), where);
}

outcome<void> sync_directory(const std::filesystem::path& directory)
{
    auto opened = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!opened) return opened.error();
    return sync(opened->get(), directory);
}

outcome<void> replace_file(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (std::rename(from.c_str(), to.c_str()) != 0) return system_failure(errno, "rename", from);
    return sync_directory(to.parent_path());
}

std::optional<std::string> read_up_to(int fd, std::size_t bytes_max)
{
    std::string bytes(bytes_max, '\0');
    std::size_t used = 0;
    while (used < bytes.size()) {
        auto got = ::read(fd, bytes.data() + used, bytes.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
    }
    bytes.resize(used);
    return bytes;
}

outcome<std::string> read_file(int parent, const std::filesystem::path& name, std::size_t bytes_max, symlinks links)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (links == symlinks::refuse ? O_NOFOLLOW : 0);
    descriptor file{::openat(parent, name.c_str(), flags)};
    struct stat facts{};
    if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return system_failure(errno, "open", name);
    if (!S_ISREG(facts.st_mode)) return failure{errc::storage_failed, name.string() + " is not a regular file"};
    if (static_cast<std::uint64_t>(facts.st_size) > bytes_max)
        return failure{errc::over_limit, fmt::format("{} is larger than {} bytes", name.string(), bytes_max)};
    auto bytes = read_up_to(file.get(), static_cast<std::size_t>(facts.st_size));
    if (!bytes) return system_failure(errno, "read", name);
    return std::move(*bytes);
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

}  // namespace understudy
