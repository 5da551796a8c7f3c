#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace understudy::testing {

/// A client of the daemon's control socket that shares no code with it. Blocks. The grammar: app/control_server.hpp.
class control_socket {
public:
    /// Throws std::runtime_error when no daemon listens in this state directory.
    explicit control_socket(const std::filesystem::path& state_directory);
    control_socket(const control_socket&) = delete;
    control_socket& operator=(const control_socket&) = delete;
    ~control_socket();

    /// The daemon takes no further transaction until release(), or the end of this object.
    void hold() { ask(R"({"do":"hold"})"); }

    /// The same, for so long at most.
    void hold(std::chrono::milliseconds limit)
    {
        ask(R"({"do":"hold","for_ms":)" + std::to_string(limit.count()) + "}");
    }

    /// After hold(): the daemon goes on to exactly this position. Returns the directory of a generation there.
    std::filesystem::path cut(const std::string& position);

    void release() { ask(R"({"do":"release"})"); }
    void publish() { ask(R"({"do":"publish"})"); }

private:
    std::string ask(const std::string& request);

    int descriptor_ = -1;
};

}  // namespace understudy::testing
