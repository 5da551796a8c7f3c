#include "publish/directory_trial.hpp"

#include "publish/announcement.hpp"
#include "publish/snapshot_directory.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

outcome<void> check(int answer, std::string_view doing, const std::filesystem::path& where)
{
    if (answer != 0) return system_failure(errno, doing, where);
    return boost::system::in_place_value;
}

outcome<void> try_files(int directory, const std::filesystem::path& where, const file_rights& rights,
                        const std::string& first, const std::string& second)
{
    auto file = create_file(directory, first);
    if (!file) return file.error();
    if (auto done = write_all(file->get(), "try\n", where); !done) return done;
    if (auto done = give_rights(file->get(), rights.mode, rights, where); !done) return done;
    if (auto done = sync(file->get(), where); !done) return done;
    if (auto done = check(::linkat(directory, first.c_str(), directory, second.c_str(), 0), "link files", where); !done)
        return done;
    if (auto done = check(::unlinkat(directory, first.c_str(), 0), "remove files", where); !done) return done;
    auto renamed = ::renameat(directory, second.c_str(), directory, first.c_str());
    if (auto done = check(renamed, "rename files", where); !done) return done;
    return sync(directory, where);
}

/// A rename can replace a file or symlink, but no directory, and nothing that is a mount point.
outcome<void> try_current(const snapshot_directory& directory, const std::string& name)
{
    struct stat there{};
    if (::fstatat(directory.fd(), current_link, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(there.st_mode))
        return failure{errc::bad_directory,
                       (directory.path() / current_link).string() + " is a directory, not our symlink; move it away"};
    return check(::symlinkat("nothing", directory.fd(), name.c_str()), "make symlinks", directory.path());
}

}  // namespace

outcome<void> try_directory(const snapshot_directory& directory)
{
    auto first = temporary_name();
    auto second = temporary_name();
    auto tried =
        try_files(directory.generations_fd(), directory.path() / "generations", directory.rights(), first, second);
    remove_tree(directory.generations_fd(), first);
    remove_tree(directory.generations_fd(), second);
    if (!tried) return tried;
    auto linked = try_current(directory, first);
    remove_tree(directory.fd(), first);
    return linked;
}

}  // namespace understudy
