#include "store/directory_lock.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace understudy {

namespace {

// The file's text is for people, and for the message below; the lock alone decides.
long holder(int file) noexcept
{
    std::array<char, 24> text{};
    auto size = ::pread(file, text.data(), text.size(), 0);
    long pid = 0;
    if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
    return pid;
}

outcome<void> write_holder(int file, const std::filesystem::path& path)
{
    auto text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file, 0) != 0) return system_failure(errno, "write", path);
    if (::pwrite(file, text.data(), text.size(), 0) < 0) return system_failure(errno, "write", path);
    return {};
}

}  // namespace

outcome<directory_lock> directory_lock::take(const std::filesystem::path& directory)
{
    auto path = directory / "lock";
    auto file = open_file(path, O_RDWR | O_CREAT);
    if (!file) return file.error();
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(file->get(), F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES) return system_failure(errno, "lock", path);
        return failure{errc::store_busy,
                       fmt::format("{}: process {} holds this store", directory.native(), holder(file->get()))};
    }
    // Without room for the text, the lock still holds.
    if (auto written = write_holder(file->get(), path); !written && written.error().code != errc::disk_full)
        return written.error();
    return directory_lock{std::move(*file)};
}

}  // namespace understudy
