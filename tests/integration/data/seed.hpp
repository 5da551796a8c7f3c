#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace understudy::testing {

/// A new seed for a random test, printed; or the one in UNDERSTUDY_TEST_SEED, to run a failed test again.
inline std::uint64_t test_seed()
{
    const char* wanted = std::getenv("UNDERSTUDY_TEST_SEED");
    auto seed = wanted != nullptr ? std::stoull(wanted) : std::random_device{}();
    std::cout << "UNDERSTUDY_TEST_SEED=" << seed << '\n' << std::flush;
    return seed;
}

}  // namespace understudy::testing
