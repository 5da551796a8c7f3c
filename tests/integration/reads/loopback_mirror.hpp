#pragma once

#include "support/files.hpp"
#include "support/postgres_server.hpp"
#include "support/raw_socket.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

/// A server with tables, and a sidecar that answers reads of them on a unix socket and a loopback port. What is committed is
/// announced at once.
class loopback_mirror {
public:
    /// `serve` is more YAML for the section, each line with two spaces in front.
    loopback_mirror(const std::string& schema, const std::vector<std::string>& tables, const std::string& serve = {});

    /// Starts `run` and waits until a generation can be read.
    void start();

    /// Commits something and waits until it is announced and served: the daemon is at work.
    void settle();

    raw_socket connect() const { return raw_socket{socket()}; }
    raw_socket connect_tcp() const { return raw_socket{port_}; }

    /// On a connection of its own.
    http_reply get(const std::string& target, const std::string& headers = {}) const;

    std::filesystem::path socket() const { return home_.path() / "http"; }
    const std::filesystem::path& home() const { return home_.path(); }
    std::uint16_t port() const noexcept { return port_; }
    sql_session& sql() { return *sql_; }
    sidecar_process& sidecar() noexcept { return sidecar_; }

private:
    temp_directory home_;
    std::uint16_t port_;
    postgres_server server_;
    std::optional<sql_session> sql_;
    sidecar_process sidecar_;
};

/// A port of the loopback address that nobody listens on.
std::uint16_t free_loopback_port();

}  // namespace understudy::testing
