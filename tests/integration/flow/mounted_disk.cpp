#include "flow/mounted_disk.hpp"

#include "support/child_process.hpp"

#include <fcntl.h>
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

/// Only root may mount; everybody else needs sudo that asks nothing, as `./dev` does.
void as_root(std::vector<std::string> command)
{
    if (geteuid() != 0) command.insert(command.begin(), {"/usr/bin/sudo", "-n"});
    run_program({.command = std::move(command)});
}

}  // namespace

mounted_disk::mounted_disk(kind what, std::filesystem::path mount_point, std::uint64_t bytes)
    : kind_{what}, mount_point_{std::move(mount_point)}
{
    auto owner = std::to_string(geteuid());
    auto group = std::to_string(getegid());
    if (kind_ == kind::tmpfs) {
        auto options = "mode=0755,size=" + std::to_string(bytes) + ",uid=" + owner + ",gid=" + group;
        as_root({"/bin/mount", "-t", "tmpfs", "-o", options, "understudy-test", mount_point_});
        return;
    }
    write_file(image_ / "disk", "");
    std::filesystem::resize_file(image_ / "disk", bytes);
    run_program({.command = {"/sbin/mke2fs", "-q", "-F", "-m", "0", "-t", "ext4", "-E",
                             "root_owner=" + owner + ":" + group, image_ / "disk"}});
    as_root({"/bin/mount", "-o", "loop", image_ / "disk", mount_point_});
}

mounted_disk::~mounted_disk()
{
    try {
        as_root({"/bin/umount", "--lazy", mount_point_});
    } catch (const std::runtime_error&) {
        // It stays mounted; the test has its answer.
    }
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
