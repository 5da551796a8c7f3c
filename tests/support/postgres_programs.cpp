#include "support/postgres_programs.hpp"

#include "support/cache_directory.hpp"
#include "support/child_process.hpp"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace understudy::testing {

namespace fs = std::filesystem;

namespace {

constexpr int debian_version = 15;

/// Where `./dev setup` put the server of a major version; empty when it did not.
fs::path fetched(int version)
{
    std::error_code none;
    auto prefix = "postgres-" + std::to_string(version) + ".";
    for (const auto& entry : fs::directory_iterator{cache_directory(), none})
        if (entry.path().filename().string().starts_with(prefix) && fs::exists(entry.path() / "ready"))
            return fs::canonical(entry.path() / "native");
    return {};
}

fs::path debian_programs()
{
    return fs::path{"/usr/lib/postgresql"} / std::to_string(debian_version) / "bin";
}

bool installed(int version)
{
    return version == debian_version ? fs::exists(debian_programs() / "postgres") : !fetched(version).empty();
}

/// Kept until the program ends.
temp_directory& scratch()
{
    static temp_directory directory{server_user()};
    return directory;
}

/// The caches of root are closed to others, so the server's user gets its own links to the files.
fs::path reachable(const fs::path& home, int version)
{
    if (!server_user()) return home;
    auto links = scratch() / ("postgres-" + std::to_string(version));
    if (fs::exists(links)) return links;
    std::error_code other_filesystem;
    fs::copy(home, links,
             fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::create_hard_links,
             other_filesystem);
    if (other_filesystem)
        fs::copy(home, links,
                 fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::overwrite_existing);
    return links;
}

}  // namespace

std::vector<int> installed_postgres_versions()
{
    std::vector<int> versions;
    for (int version = 14; version <= 18; ++version)
        if (installed(version)) versions.push_back(version);
    return versions;
}

fs::path postgres_programs(int version)
{
    if (!installed(version))
        throw std::runtime_error{"Postgres " + std::to_string(version) + " is not installed; type ./dev setup"};
    return version == debian_version ? debian_programs() : reachable(fetched(version), version) / "bin";
}

fs::path template_cluster(int version)
{
    auto directory = scratch() / ("cluster-" + std::to_string(version));
    if (fs::exists(directory)) return directory;
    child_options initdb{.command = {postgres_programs(version) / "initdb", "-D", directory, "-U", "postgres", "-A",
                                     "trust", "-E", "UTF8", "--locale=C", "--no-sync"},
                         .run_as = server_user()};
    run_program(initdb);
    return directory;
}

}  // namespace understudy::testing
