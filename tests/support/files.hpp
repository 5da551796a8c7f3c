#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

// Every function here throws std::runtime_error or std::filesystem::filesystem_error when it cannot do its work.
namespace understudy::testing {

struct os_user {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Who runs Postgres: nobody but ourselves, or the user `postgres` when we are root, whom the server refuses.
std::optional<os_user> server_user();

/// A new directory under /tmp with a short name, passable for every user. Removed with everything in it at the end.
class temp_directory {
public:
    temp_directory();
    explicit temp_directory(std::optional<os_user> owner);
    temp_directory(const temp_directory&) = delete;
    temp_directory& operator=(const temp_directory&) = delete;
    ~temp_directory();

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Empty when there is no such file.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);
void append_to_file(const std::filesystem::path& path, std::string_view text);

}  // namespace understudy::testing
