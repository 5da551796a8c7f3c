#pragma once

#include "support/child_process.hpp"
#include "support/files.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace understudy::testing {

struct server_options {
    int version = 15;                                  ///< Major version, 14 to 18.
    std::map<std::string, std::string> settings = {};  ///< For postgresql.conf, on top of ours.
    bool fsync = false;                                ///< On only for tests about crashes of the machine.
    bool tcp = false;                                  ///< Listen on a free loopback port, too.
    bool passwords = false;                            ///< Every role but postgres has to give one (scram-sha-256).
};

/// A private, throwaway Postgres cluster with wal_level=logical, ready for replication.
///
/// Owns the server's processes and files and leaves nothing behind. Ends only its own processes. Keep it on the
/// thread that made it (see child_process). Throws std::runtime_error, with the server's log, when it does not work.
class postgres_server {
public:
    enum class stop_mode { smart, fast, immediate };

    explicit postgres_server(server_options options = {});
    postgres_server(const postgres_server&) = delete;
    postgres_server& operator=(const postgres_server&) = delete;
    ~postgres_server();

    /// Returns when the server takes connections.
    void start();

    /// As `pg_ctl stop`. Returns how long it took; nothing when the server still runs after `deadline`.
    std::optional<std::chrono::milliseconds> stop(stop_mode mode = stop_mode::fast,
                                                  std::chrono::milliseconds deadline = std::chrono::seconds{60});

    /// Ends every process of the server at once, as a crash of it does. Returns when all are gone.
    void kill_postmaster();

    void restart(stop_mode mode = stop_mode::fast);

    /// Takes effect with the next start.
    void set(const std::string& name, const std::string& value);

    bool running();
    int version() const noexcept { return options_.version; }
    int port() const noexcept { return port_; }

    /// A libpq connection string, over the unix socket.
    std::string connection_string(const std::string& role = "postgres", const std::string& database = "postgres") const;

    /// The same over loopback. Only with options.tcp.
    std::string tcp_connection_string(const std::string& role = "postgres",
                                      const std::string& database = "postgres") const;

    std::filesystem::path data_directory() const { return directory_ / "data"; }

    /// What the server has logged so far.
    std::string log() const { return read_file(log_file()); }

private:
    std::filesystem::path log_file() const { return directory_ / "log"; }
    bool launch();
    void configure();
    void require_passwords();
    bool answers() const;

    server_options options_;
    int port_ = 5432;
    temp_directory directory_;
    std::unique_ptr<child_process> postmaster_;
};

}  // namespace understudy::testing
