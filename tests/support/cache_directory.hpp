#pragma once

#include <cstdlib>
#include <filesystem>

namespace understudy::testing {

/// Where `./dev setup` keeps what it fetched.
inline std::filesystem::path cache_directory()
{
    if (const char* cache = std::getenv("XDG_CACHE_HOME")) return std::filesystem::path{cache} / "understudy";
    const char* home = std::getenv("HOME");
    return std::filesystem::path{home != nullptr ? home : "/"} / ".cache/understudy";
}

}  // namespace understudy::testing
