#include "files/whole_file.hpp"

#include "files/files.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

mode_t rights_of_new_files() noexcept
{
    auto mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

// Who owns it stays as well where we may say so.
outcome<void> give_rights(int fd, const std::filesystem::path& file)
{
    struct stat there{};
    bool exists = ::stat(file.c_str(), &there) == 0;
    if (exists && !S_ISREG(there.st_mode))
        return failure{errc::storage_failed, file.native() + " is not a regular file"};
    if (exists) [[maybe_unused]]
        auto given = ::fchown(fd, there.st_uid, there.st_gid);
    if (::fchmod(fd, exists ? there.st_mode & 07777 : rights_of_new_files()) != 0)
        return system_failure(errno, "set the mode", file);
    return {};
}

outcome<void> fill(descriptor fresh, const std::filesystem::path& file, std::string_view text)
{
    if (auto given = give_rights(fresh.get(), file); !given) return given;
    if (auto written = write_all(fresh.get(), text, file); !written) return written;
    if (auto synced = sync(fresh.get(), file); !synced) return synced;
    return close(std::move(fresh), file);
}

}  // namespace

outcome<void> write_whole_file(const std::filesystem::path& file, std::string_view text)
{
    std::error_code unknown;
    auto place = std::filesystem::weakly_canonical(file, unknown);
    if (unknown) return system_failure(unknown.value(), "find", file);
    auto beside = place.native() + ".XXXXXX";
    descriptor fresh{::mkostemp(beside.data(), O_CLOEXEC)};
    if (fresh.get() < 0) return system_failure(errno, "create", place);
    auto done = fill(std::move(fresh), place, text);
    if (done) done = replace_file(beside, place);
    if (!done) ::unlink(beside.c_str());
    return done;
}

}  // namespace understudy
