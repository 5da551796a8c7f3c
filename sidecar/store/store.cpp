#include "store/store.hpp"

#include "store/data_file.hpp"
#include "store/lmdb_store.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <sys/stat.h>

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
        if (errno != EEXIST) return system_failure(errno, aside, "make the directory");
    }
}

outcome<void> move_into(const std::filesystem::path& aside, const std::filesystem::path& file)
{
    if (std::rename(file.c_str(), (aside / file.filename()).c_str()) == 0 || errno == ENOENT) return {};
    return system_failure(errno, file, "move");
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
