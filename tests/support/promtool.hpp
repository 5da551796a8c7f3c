#pragma once

#include "support/cache_directory.hpp"

#include <string>

namespace understudy::testing {

/// As ./dev setup has it, or the system.
inline std::string promtool()
{
    auto fetched = cache_directory() / "prometheus/usr/bin/promtool";
    return std::filesystem::exists(fetched) ? fetched.string() : "promtool";
}

}  // namespace understudy::testing
