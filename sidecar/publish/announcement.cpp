#include "publish/announcement.hpp"

#include "publish/manifest.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr std::string_view target_prefix = "generations/";

std::string target_of(std::uint64_t number)
{
    return std::string{target_prefix} + generation_name(number);
}

bool is_there(int directory, std::uint64_t number) noexcept
{
    auto manifest_path = target_of(number) + "/" + manifest_file;
    return ::faccessat(directory, manifest_path.c_str(), F_OK, 0) == 0;
}

/// Zero unless `current` is our symlink and leads to a generation: one that somebody bent must not stop us.
std::uint64_t current_of(int directory)
{
    std::array<char, 64> buffer{};
    auto size = ::readlinkat(directory, current_link, buffer.data(), buffer.size());
    std::string_view target{buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
    if (!target.starts_with(target_prefix)) return 0;
    auto number = generation_number(target.substr(target_prefix.size()));
    return number != 0 && is_there(directory, number) ? number : 0;
}

}  // namespace

outcome<void> announce(const snapshot_directory& directory, std::uint64_t number)
{
    auto where = directory.path() / current_link;
    if (!is_there(directory.fd(), number))
        return failure{errc::no_generation,
                       fmt::format("generation {} is not in {}", number, directory.path().string())};
    if (auto former = current_of(directory.fd()); former > number)
        return failure{errc::internal, fmt::format("refused to announce generation {} after {}", number, former)};
    auto link = temporary_name();
    if (::symlinkat(target_of(number).c_str(), directory.fd(), link.c_str()) != 0)
        return system_failure(errno, "make the symlink", where);
    if (::renameat(directory.fd(), link.c_str(), directory.fd(), current_link) != 0) {
        auto why = system_failure(errno, "replace", where);
        remove_tree(directory.fd(), link);
        return why;
    }
    return sync(directory.fd(), directory.path());
}

outcome<std::uint64_t> read_current(const std::filesystem::path& directory)
{
    auto opened = open_directory(AT_FDCWD, directory, symlinks::follow);
    if (!opened) return failure{errc::no_generation, opened.error().text};
    if (auto number = current_of(opened->get()); number != 0) return number;
    if (auto link = directory / current_link; ::access(link.c_str(), R_OK) != 0 && errno == EACCES)
        return failure{errc::storage_failed, fmt::format("{}: may not be read by this user", link.string())};
    return failure{errc::no_generation, fmt::format("no generation is announced in {}", directory.string())};
}

}  // namespace understudy
