#include "support/files.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace understudy::testing {

namespace fs = std::filesystem;

std::optional<os_user> server_user()
{
    if (geteuid() != 0) return std::nullopt;
    const auto* entry = getpwnam("postgres");
    if (entry == nullptr) throw std::runtime_error{"root cannot run Postgres, and there is no user postgres"};
    return os_user{entry->pw_uid, entry->pw_gid};
}

temp_directory::temp_directory() : temp_directory{std::nullopt} {}

temp_directory::temp_directory(std::optional<os_user> owner)
{
    std::string name = "/tmp/understudy-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), name};
    path_ = name;
    fs::permissions(path_, fs::perms{0755});
    if (owner && chown(name.c_str(), owner->uid, owner->gid) != 0)
        throw std::system_error{errno, std::generic_category(), name};
}

temp_directory::~temp_directory()
{
    std::error_code ignored;  // a leftover in /tmp is no reason to end a test run
    fs::remove_all(path_, ignored);
}

std::string read_file(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

namespace {

void write(const fs::path& path, std::string_view text, std::ios::openmode mode)
{
    std::ofstream file{path, std::ios::binary | mode};
    file << text;
    if (!file.flush()) throw std::runtime_error{"cannot write " + path.string()};
}

}  // namespace

void write_file(const fs::path& path, std::string_view text)
{
    write(path, text, std::ios::trunc);
}

void append_to_file(const fs::path& path, std::string_view text)
{
    write(path, text, std::ios::app);
}

}  // namespace understudy::testing
