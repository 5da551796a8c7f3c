#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace understudy::testing {

/// As ./dev setup has it, or the system.
inline std::string promtool()
{
    const auto* cache = std::getenv("XDG_CACHE_HOME");
    auto base = cache != nullptr ? std::filesystem::path{cache} : std::filesystem::path{std::getenv("HOME")} / ".cache";
    auto fetched = base / "understudy/prometheus/usr/bin/promtool";
    return std::filesystem::exists(fetched) ? fetched.string() : "promtool";
}

}  // namespace understudy::testing
