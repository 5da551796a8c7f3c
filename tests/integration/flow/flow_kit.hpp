#pragma once

#include "core/lsn.hpp"
#include "support/oracle.hpp"
#include "support/postgres_server.hpp"
#include "support/printing.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"
#include "support/waiting.hpp"
#include "support/workload.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

// What the tests of the whole conversation share: a real server, the workload's tables, and the real program.
namespace understudy::testing {

/// Everything soon, so that a test need not wait: publishing, commits and the heartbeat.
inline const std::string quick_settings =
    "cadence:\n  min_interval: 50ms\ncommit:\n  max_delay: 50ms\nstatus:\n  heartbeat: 100ms\n";

/// public.items and public.events of support/workload.hpp, as the default document shows them.
const std::vector<oracle_table>& mirrored_tables();

/// A server that has the workload's tables.
class filled_server : public postgres_server {
public:
    explicit filled_server(server_options options = {});

    /// One short session for it.
    void exec(const std::string& statements) const;
    std::string scalar(const std::string& statement) const;

    /// How far the server has flushed its WAL.
    lsn flushed() const;

    /// The position that `slot` was confirmed up to.
    lsn confirmed(const std::string& slot = "understudy") const;
};

/// A running or stopped understudy that mirrors the workload's tables.
class mirror : public sidecar_process {
public:
    explicit mirror(const postgres_server& server, const std::string& more = quick_settings);
    explicit mirror(const std::string& connection, const std::string& more = quick_settings);

    /// Starts `run` and waits until it streams with a generation announced.
    void start_following();

    /// SIGTERM. Returns the exit status, or -1 when it runs for longer than the two seconds that are promised.
    int stop();
    void kill();

    /// status.json; empty when there is none.
    boost::json::object status() const;
    std::string state() const { return status_text("state"); }
    std::string reason() const { return status_text("reason"); }
    bool is_streaming() const;

    /// The manifest of the announced generation. Throws when there is none.
    boost::json::object manifest() const;
    std::uint64_t generation() const;
    lsn position() const;

    /// Publishes now. Returns the position of what is announced then.
    lsn publish();

    /// How often `text` stands in the log.
    std::size_t logged(const std::string& text) const;

    /// Copies of tables that were begun since the config was written.
    std::size_t copies() const { return logged("copy_started"); }

private:
    std::string status_text(const std::string& member) const;
};

/// Says how the announced document differs from the database, in which nobody writes now. Waits until it does not;
/// empty when it became equal in time.
std::string lasting_difference(const postgres_server& server, const mirror& sidecar,
                               std::chrono::milliseconds patience = std::chrono::seconds{30});

}  // namespace understudy::testing
