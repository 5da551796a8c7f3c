#include "publish/snapshot_directory.hpp"

#include "publish/directory_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr const char* lock_file = ".lock";
constexpr const char* generations_directory = "generations";

/// At start a directory that cannot be used is a matter for an operator, not one to try again.
failure as_bad_directory(failure from)
{
    if (from.code == errc::storage_failed) from.code = errc::bad_directory;
    return from;
}

std::optional<unsigned> as_number(const std::string& text)
{
    unsigned number = 0;
    auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return number;
}

// getpwnam and getgrnam keep their answer in static memory. The publish thread alone asks, and copies at once.
outcome<uid_t> find_user(const std::string& name)
{
    if (name.empty()) return static_cast<uid_t>(-1);
    if (auto number = as_number(name)) return *number;
    const auto* found = ::getpwnam(name.c_str());
    if (found == nullptr) return failure{errc::bad_config, "snapshot.owner: there is no user " + name};
    return found->pw_uid;
}

outcome<gid_t> find_group(const std::string& name)
{
    if (name.empty()) return static_cast<gid_t>(-1);
    if (auto number = as_number(name)) return *number;
    const auto* found = ::getgrnam(name.c_str());
    if (found == nullptr) return failure{errc::bad_config, "snapshot.group: there is no group " + name};
    return found->gr_gid;
}

bool same_file(int held, int parent, const std::filesystem::path& name)
{
    struct stat ours{};
    struct stat there{};
    return ::fstat(held, &ours) == 0 && ::fstatat(parent, name.c_str(), &there, 0) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace

outcome<file_rights> find_rights(const snapshot_settings& settings)
{
    auto owner = find_user(settings.owner);
    if (!owner) return owner.error();
    auto group = find_group(settings.group);
    if (!group) return group.error();
    return file_rights{.mode = static_cast<mode_t>(settings.mode), .owner = *owner, .group = *group};
}

std::string generation_name(std::uint64_t number)
{
    return fmt::format("{:010}", number);
}

std::uint64_t generation_number(std::string_view name) noexcept
{
    std::uint64_t number = 0;
    auto [stop, ec] = std::from_chars(name.data(), name.data() + name.size(), number);
    auto whole = ec == std::errc{} && stop == name.data() + name.size() && name.size() >= 10;
    return whole && (name.size() == 10 || name.front() != '0') ? number : 0;
}

std::vector<std::uint64_t> generation_numbers(const std::filesystem::path& directory)
{
    std::vector<std::uint64_t> numbers;
    std::error_code failed;
    for (std::filesystem::directory_iterator at{directory / "generations", failed}, end; !failed && at != end;
         at.increment(failed))
        if (auto number = generation_number(at->path().filename().string())) numbers.push_back(number);
    std::sort(numbers.rbegin(), numbers.rend());
    return numbers;
}

outcome<snapshot_directory> snapshot_directory::open(const snapshot_settings& settings)
{
    snapshot_directory made{settings};
    auto rights = find_rights(settings);
    if (!rights) return rights.error();
    made.rights_ = *rights;
    if (auto done = made.hold(); !done) return as_bad_directory(done.error());
    return made;
}

outcome<void> snapshot_directory::hold()
{
    std::error_code ec;
    auto created = std::filesystem::create_directories(path(), ec);
    if (ec) return system_failure(ec.value(), "make the directory", path());
    auto root = open_directory(AT_FDCWD, path(), symlinks::follow);
    if (!root) return root.error();
    root_ = std::move(*root);
    if (created)
        if (auto done = give_rights(root_.get(), rights_.directory_mode(), rights_, path()); !done) return done;
    if (auto done = lock(); !done) return done;
    if (auto done = open_generations(); !done) return done;
    if (auto done = remove_leftovers(); !done) return done;
    return try_directory(*this);
}

outcome<void> snapshot_directory::lock()
{
    if (same_file(lock_.get(), root_.get(), lock_file)) return boost::system::in_place_value;
    descriptor file{::openat(root_.get(), lock_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
    if (file.get() < 0) return system_failure(errno, "open", path() / lock_file);
    // Of the open file, not of the process: another descriptor of ours that is closed does not end it.
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES) return system_failure(errno, "lock", path() / lock_file);
        return failure{errc::store_busy, fmt::format("another understudy publishes into {}; stop it or configure "
                                                     "another snapshot.directory",
                                                     path().string())};
    }
    lock_ = std::move(file);
    return boost::system::in_place_value;
}

outcome<void> snapshot_directory::open_generations()
{
    auto where = path() / generations_directory;
    auto created = ::mkdirat(root_.get(), generations_directory, 0700) == 0;
    if (!created && errno != EEXIST) return system_failure(errno, "make the directory", where);
    auto opened = open_directory(root_.get(), generations_directory, symlinks::refuse);
    if (!opened) return opened.error();
    generations_ = std::move(*opened);
    if (!created) return boost::system::in_place_value;
    if (auto done = give_rights(generations_.get(), rights_.directory_mode(), rights_, where); !done) return done;
    return sync(root_.get(), path());
}

outcome<void> snapshot_directory::remove_leftovers()
{
    for (int directory : {root_.get(), generations_.get()}) {
        auto names = names_in(directory, path());
        if (!names) return names.error();
        for (const auto& name : *names)
            if (is_temporary(name)) remove_tree(directory, name);
    }
    return boost::system::in_place_value;
}

outcome<snapshot_directory::presence> snapshot_directory::ensure()
{
    if (same_file(root_.get(), AT_FDCWD, path()) && same_file(generations_.get(), root_.get(), generations_directory) &&
        same_file(lock_.get(), root_.get(), lock_file))
        return presence::same;
    snapshot_directory fresh{settings_};
    fresh.rights_ = rights_;
    // Where only a part of it is gone, the lock that we hold ourselves must not stand in our way.
    if (same_file(lock_.get(), AT_FDCWD, path() / lock_file)) fresh.lock_ = std::move(lock_);
    auto held = fresh.hold();
    if (!held) {
        if (lock_.get() < 0) lock_ = std::move(fresh.lock_);
        return as_bad_directory(held.error());
    }
    *this = std::move(fresh);
    return presence::made_again;
}

outcome<std::vector<std::uint64_t>> snapshot_directory::generations() const
{
    auto names = names_in(generations_.get(), path() / generations_directory);
    if (!names) return names.error();
    std::vector<std::uint64_t> numbers;
    for (const auto& name : *names)
        if (auto number = generation_number(name); number != 0) numbers.push_back(number);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace understudy
