#include "publish/own_files.hpp"

#include "files/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr std::string_view temporary_prefix = ".tmp-";

}  // namespace

std::string temporary_name()
{
    std::uint64_t random = 0;
    // 8 bytes are never cut short; before the kernel's pool is ready this waits, which is right.
    while (::getrandom(&random, sizeof random, 0) != sizeof random) {
    }
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
    if (!keep && ::fchown(fd, rights.owner, rights.group) != 0) return system_failure(errno, "change the owner", where);
    if (::fchmod(fd, mode) != 0) return system_failure(errno, "change the mode", where);
    return boost::system::in_place_value;
}

}  // namespace understudy
