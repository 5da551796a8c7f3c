#pragma once

#include <string>

namespace understudy {

/// Makes one system call of the module fail while it lives: the `nth` (from 1) of those that change something.
/// After a failed fsync it watches that the same file is never synced again.
class failing_calls {
public:
    failing_calls(int nth, int error);
    failing_calls(const failing_calls&) = delete;
    failing_calls& operator=(const failing_calls&) = delete;
    ~failing_calls();

    const std::string& failed() const noexcept;    ///< Name of the call; empty if there were fewer.
    bool synced_again() const noexcept;
};

}  // namespace understudy
