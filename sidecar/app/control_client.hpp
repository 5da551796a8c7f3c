#pragma once

#include "core/error.hpp"
#include "files/files.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <filesystem>
#include <string>

namespace understudy {

/// A command's connection to the running daemon (control_server.hpp). Blocks; for commands only.
class daemon_connection {
public:
    /// Errors: no_daemon when nobody answers in this state directory.
    static outcome<daemon_connection> open(const std::filesystem::path& state_directory);

    /// Sends one request and waits for its answer. A refusal comes as the failure that the daemon named.
    outcome<boost::json::object> ask(const boost::json::object& request, std::chrono::milliseconds timeout);

private:
    explicit daemon_connection(int socket) noexcept : socket_{socket} {}
    descriptor socket_;
    std::string buffer_;
};

}  // namespace understudy
