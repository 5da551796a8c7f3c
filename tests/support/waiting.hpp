#pragma once

#include <chrono>
#include <thread>

namespace understudy::testing {

/// Asks `condition` again and again until it holds. Returns whether it did before the deadline passed.
template <class Condition>
bool wait_for(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds{30})
{
    auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}

}  // namespace understudy::testing
