#include "store/store.hpp"

#include "core/limits.hpp"
#include "files/files.hpp"
#include "store/data_file.hpp"
#include "store/filesystem.hpp"
#include "store/lmdb_store.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace understudy {

namespace {

bool is_there(const std::filesystem::path& file)
{
    std::error_code ignored;
    return std::filesystem::exists(file, ignored);
}

/// A directory that was not there before. Two within one second get different names.
outcome<std::filesystem::path> make_aside(const std::filesystem::path& directory)
{
    auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto base = fmt::format("damaged-{:%Y%m%dT%H%M%SZ}", fmt::gmtime(now));
    for (int attempt = 1;; ++attempt) {
        auto aside = directory / (attempt == 1 ? base : fmt::format("{}-{}", base, attempt));
        if (::mkdir(aside.c_str(), 0700) == 0) return aside;
        if (errno != EEXIST) return system_failure(errno, "make the directory", aside);
    }
}

constexpr std::string_view aside_prefix = "damaged-";

/// By the second in its name; within one, where numbers come again, by when the store was moved there.
bool is_older(const std::filesystem::path& left, const std::filesystem::path& right)
{
    auto rank = [](const std::filesystem::path& aside) {
        std::error_code ignored;
        auto name = aside.filename().string();
        auto second = name.substr(0, name.find('-', aside_prefix.size()));
        return std::pair{second, std::filesystem::last_write_time(aside, ignored)};
    };
    return rank(left) < rank(right);
}

/// Leaves the newest ones. What cannot be removed is no reason not to go on.
void forget_old_asides(const std::filesystem::path& directory, std::size_t kept)
{
    std::error_code ignored;
    std::vector<std::filesystem::path> asides;
    for (const auto& entry : std::filesystem::directory_iterator{directory, ignored})
        if (entry.path().filename().string().starts_with(aside_prefix)) asides.push_back(entry.path());
    std::sort(asides.begin(), asides.end(), is_older);
    for (std::size_t index = 0; index + kept < asides.size(); ++index)
        std::filesystem::remove_all(asides[index], ignored);
}

outcome<void> move_into(const std::filesystem::path& aside, const std::filesystem::path& file)
{
    if (std::rename(file.c_str(), (aside / file.filename()).c_str()) == 0 || errno == ENOENT) return {};
    return system_failure(errno, "move", file);
}

}  // namespace

outcome<std::unique_ptr<store>> store::open(const store_options& options)
{
    if (auto fit = prepare_directory(options.directory, options.any_filesystem); !fit) return fit.error();
    auto lock = directory_lock::take(options.directory);
    if (!lock) return lock.error();
    if (!is_there(data_file_in(options.directory)))
        if (auto created = create_data_file(options.directory, &fill_new_store); !created) return created.error();
    auto environment = open_data_file(options.directory);
    if (!environment) return environment.error();
    auto opened = std::make_unique<lmdb_store>(options.directory, std::move(*lock), std::move(*environment));
    if (auto loaded = opened->load_state(); !loaded) return loaded.error();
    return std::unique_ptr<store>{std::move(opened)};
}

outcome<std::filesystem::path> store::keep_aside(const std::filesystem::path& directory)
{
    auto lock = directory_lock::take(directory);
    if (!lock) return lock.error();
    forget_old_asides(directory, limits::damaged_stores_max - 1);
    auto aside = make_aside(directory);
    if (!aside) return aside.error();
    auto data = data_file_in(directory);
    if (auto moved = move_into(*aside, data.native() + "-lock"); !moved) return moved.error();
    if (auto moved = move_into(*aside, data); !moved) return moved.error();
    if (auto synced = sync_directory(*aside); !synced) return synced.error();
    if (auto synced = sync_directory(directory); !synced) return synced.error();
    return *aside;
}

}  // namespace understudy
