#pragma once

#include <string>

namespace understudy {

/// Records the system calls of the module that change something while it lives, and makes the `nth` of them (from
/// 1; 0 for none) fail. After a failed fsync it watches that the same file is never synced again.
class failing_calls {
public:
    failing_calls(int nth, int error);
    failing_calls(const failing_calls&) = delete;
    failing_calls& operator=(const failing_calls&) = delete;
    ~failing_calls();

    const std::string& failed() const noexcept;  ///< Name of the call; empty if there were fewer.
    const std::string& calls() const noexcept;   ///< Their names in order, with spaces.
    bool synced_again() const noexcept;
};

}  // namespace understudy
