#pragma once

#include <cstdint>
#include <filesystem>

namespace understudy::testing {

/// Truncates a file that even its owner may not write, and leaves its mode as it was.
inline void cut_short(const std::filesystem::path& file, std::uintmax_t bytes)
{
    auto before = std::filesystem::status(file).permissions();
    std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    std::filesystem::resize_file(file, bytes);
    std::filesystem::permissions(file, before);
}

}  // namespace understudy::testing
