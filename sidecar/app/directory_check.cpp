#include "app/directory_check.hpp"

#include "core/limits.hpp"
#include "publish/snapshot_directory.hpp"
#include "store/data_file.hpp"
#include "store/filesystem.hpp"
#include "store/map_size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <linux/magic.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace understudy {

namespace {

check_item failed(std::string name, std::string text, std::string remedy)
{
    return {std::move(name), verdict::failed, std::move(text), std::move(remedy), errc::bad_directory};
}

std::filesystem::path nearest_existing(std::filesystem::path path)
{
    std::error_code ignored;
    while (path.has_relative_path() && !std::filesystem::exists(path, ignored)) path = path.parent_path();
    return path;
}

// Mount points inside the directory: a file of ours that is one can never be replaced by rename.
std::string mounted_inside(const std::filesystem::path& directory)
{
    std::ifstream mounts{"/proc/self/mountinfo"};
    auto inside = directory.string() + "/";
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields{line};
        std::string id, parent, device, root, point;
        fields >> id >> parent >> device >> root >> point;
        if (point.starts_with(inside)) return point;
    }
    return {};
}

check_item look_at(std::string name, const std::filesystem::path& directory, bool may_be_any_filesystem,
                   bool keeps_state)
{
    auto existing = nearest_existing(directory);
    struct stat facts{};
    if (::stat(existing.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode))
        return failed(name, existing.string() + " is not a directory", "name a directory, not a file");
    if (::access(existing.c_str(), W_OK | X_OK) != 0) {
        if (existing != directory)
            return failed(name, directory.string() + " does not exist, and we may not make it",
                          fmt::format("install -d -o {} -m 0{} {}", ::geteuid(), keeps_state ? "700" : "755",
                                      directory.string()));
        return failed(name, fmt::format("{}: {}", existing.string(), std::strerror(errno)),
                      fmt::format("let user id {} write there, or run as the user that it belongs to", ::geteuid()));
    }
    if (keeps_state && existing == directory && (facts.st_uid != ::geteuid() || (facts.st_mode & 022) != 0))
        return failed(
            name, directory.string() + " belongs to somebody else or is writable by others",
            fmt::format("run as its owner, or: chown {0} {1} && chmod 700 {1}", ::geteuid(), directory.string()));
    if (auto point = mounted_inside(directory); !point.empty())
        return failed(name, point + " is a mount point: it can never be replaced", "mount the whole directory instead");

    struct statfs disk{};
    if (::statfs(existing.c_str(), &disk) != 0)
        return failed(name, fmt::format("{}: {}", existing.string(), std::strerror(errno)), {});
    auto type = static_cast<std::uint64_t>(disk.f_type);
    auto unfit = unfit_filesystem(type);
    if (!unfit.empty() && !may_be_any_filesystem)
        return failed(name, std::string{unfit}, "use ext4 or XFS, or set state.any_filesystem");
    auto free = static_cast<std::uint64_t>(disk.f_bavail) * static_cast<std::uint64_t>(disk.f_bsize);
    auto text = fmt::format("{}, {} MiB free", directory.string(), free >> 20);
    if (type == TMPFS_MAGIC)
        return {std::move(name),
                verdict::warning,
                text + ", in memory",
                "a restart of the machine starts with a new copy",
                {}};
    if (keeps_state && free < map_bytes_min && !std::filesystem::exists(data_file_in(directory)))
        return failed(name, text, fmt::format("the store takes {} MiB from the start", map_bytes_min >> 20));
    if (free < limits::free_bytes_advised)
        return {std::move(name), verdict::warning, std::move(text), "plan two to three times the live data", {}};
    return {std::move(name), verdict::passed, std::move(text), {}, {}};
}

bool is_our_group(gid_t group)
{
    std::vector<gid_t> ours(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    auto count = ::getgroups(static_cast<int>(ours.size()), ours.data());
    ours.resize(static_cast<std::size_t>(std::max(0, count)));
    return group == ::getegid() || std::find(ours.begin(), ours.end(), group) != ours.end();
}

// Only root may give a file to another user, or to a group that it is not in itself.
check_item look_at_owner(const snapshot_settings& wanted)
{
    constexpr auto name = "snapshot owner";
    auto rights = find_rights(wanted);
    if (!rights) return {name, verdict::failed, rights.error().text, {}, rights.error().code};
    bool is_root = ::geteuid() == 0;
    if (!wanted.owner.empty() && rights->owner != ::geteuid() && !is_root)
        return failed(name, "only root may give files to user " + wanted.owner,
                      "leave out snapshot.owner and set snapshot.group");
    if (!wanted.group.empty() && !is_our_group(rights->group) && !is_root)
        return failed(name, fmt::format("we are not in group {}", wanted.group),
                      fmt::format("make user id {} a member of it (usermod -a -G {} NAME), and start again",
                                  ::geteuid(), wanted.group));
    return {name, verdict::passed, "files can be given to whom the settings name", {}, {}};
}

}  // namespace

std::vector<check_item> check_directories(const settings& wanted)
{
    std::vector<check_item> items{look_at("state directory", wanted.state_directory, wanted.any_filesystem, true),
                                  look_at("snapshot directory", wanted.snapshot.directory, true, false)};
    if (!wanted.snapshot.owner.empty() || !wanted.snapshot.group.empty())
        items.push_back(look_at_owner(wanted.snapshot));
    return items;
}

}  // namespace understudy
