#include "flow/mounted_disk.hpp"

#include "support/child_process.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace understudy::testing {

namespace {

[[noreturn]] void fail(const std::string& doing)
{
    throw std::system_error{errno, std::generic_category(), doing};
}

}  // namespace

mounted_disk::mounted_disk(kind what, std::filesystem::path mount_point, std::uint64_t bytes)
    : kind_{what}, mount_point_{std::move(mount_point)}
{
    if (geteuid() != 0) throw std::runtime_error{"a full or read-only disk can be tested by root only"};
    auto size = std::to_string(bytes);
    if (kind_ == kind::tmpfs) {
        auto options = "mode=0755,size=" + size;
        if (mount("understudy-test", mount_point_.c_str(), "tmpfs", 0, options.c_str()) != 0) fail("mount tmpfs");
        return;
    }
    write_file(image_ / "disk", "");
    std::filesystem::resize_file(image_ / "disk", bytes);
    run_program({.command = {"/sbin/mke2fs", "-q", "-F", "-m", "0", "-t", "ext4", image_ / "disk"}});
    run_program({.command = {"/bin/mount", "-o", "loop", image_ / "disk", mount_point_}});
}

mounted_disk::~mounted_disk()
{
    umount2(mount_point_.c_str(), MNT_DETACH);
}

void mounted_disk::fill() const
{
    int file = open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) fail("open filler");
    // Large pieces first, then what they left over.
    for (std::size_t piece : {std::size_t{1} << 20, std::size_t{4096}, std::size_t{1}}) {
        std::vector<char> zeros(piece);
        while (write(file, zeros.data(), zeros.size()) > 0) {
        }
    }
    fsync(file);
    close(file);
}

void mounted_disk::make_room() const
{
    std::filesystem::remove(filler());
}

}  // namespace understudy::testing
