#pragma once

#include "support/files.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace understudy::testing {

/// A service manager's socket: $NOTIFY_SOCKET of a process that a test started, or of the test itself. A thread takes what
/// comes, for who sends waits when some messages lie there.
class notify_socket {
public:
    notify_socket();
    notify_socket(const notify_socket&) = delete;
    notify_socket& operator=(const notify_socket&) = delete;
    ~notify_socket();

    std::string path() const { return (home_ / "notify").string(); }

    /// Every message so far.
    std::vector<std::string> messages();

    /// How many messages hold this text.
    std::size_t heard(const std::string& text);

    /// Waits for a message with this text. Returns whether it came in time.
    bool hears(const std::string& text, std::chrono::milliseconds patience = std::chrono::seconds{30});

private:
    void take(const std::stop_token& stop);

    temp_directory home_;
    int socket_ = -1;
    std::mutex mutex_;
    std::vector<std::string> messages_;
    std::jthread taker_;
};

}  // namespace understudy::testing
