#pragma once

#include "support/oracle.hpp"
#include "support/postgres_server.hpp"
#include "support/sidecar_process.hpp"
#include "support/sql.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::testing {

struct mirror_options {
    int version = 15;
    std::vector<std::string> tables = {"public.*"};
    std::string more = {};  ///< YAML behind the smallest config; a cadence of its own replaces ours.
    std::string cadence = "cadence:\n  min_interval: 20ms\n";
    std::string commit = "commit:\n  max_delay: 20ms\n";
};

/// A database of its own and a sidecar that mirrors it. What every test here starts from.
///
/// The server of a version is shared by all tests of the program and ends with it; the database, the slot and the
/// sidecar end with this object. Throws std::runtime_error, with the sidecar's log, when something does not work.
///
/// The database holds the table `test.marker`, which is mirrored, too. Its only row counts up: a document that holds
/// a count holds every transaction that was committed before it.
class mirror {
public:
    explicit mirror(mirror_options options = {});
    mirror(const mirror&) = delete;
    mirror& operator=(const mirror&) = delete;
    ~mirror();

    void exec(const std::string& statements) { session_.exec(statements); }
    sql_session& session() noexcept { return session_; }
    sidecar_process& sidecar() noexcept { return sidecar_; }
    std::string connection() const { return connection_; }
    int version() const noexcept { return options_.version; }

    /// Starts `run` and waits for a generation of this run.
    void start();
    void launch() { sidecar_.start(); }

    /// SIGTERM; throws unless it exits with 0 in time.
    void stop();
    void kill();

    /// Waits until everything committed so far is announced, and calls `meanwhile` again and again. Returns that
    /// generation's directory.
    std::filesystem::path settle(
        std::chrono::milliseconds deadline = std::chrono::seconds{60}, const std::function<void()>& meanwhile = [] {});

    /// settle(), then what to_json gives against snapshot.json; empty when they are equal. Nobody may write.
    std::string differences();
    std::string differences(const std::vector<oracle_table>& tables, const std::string& file = "snapshot.json");

    /// The same at one consistent point, with a generation that the daemon cuts exactly there. Others may write.
    std::string differences_at_a_cut();
    std::string differences_at_a_cut(const std::vector<oracle_table>& tables);

    /// Every permanent table of the database, as the default document shows it.
    std::vector<oracle_table> all_tables();

    /// Runs another command while the daemon runs. Returns its exit status and what it printed.
    std::pair<int, std::string> run_beside(const std::string& command, const std::vector<std::string>& arguments = {});

    std::optional<std::filesystem::path> current() const;
    boost::json::object status() const;
    boost::json::object manifest(const std::filesystem::path& generation) const;

    /// Adds one to the marker inside whatever transaction the session is in. Returns the count.
    std::string mark();

private:
    std::string compare_at_a_cut(const std::vector<oracle_table>& tables);
    std::string explain(const std::string& what) const;
    bool has_marker(const std::string& count, std::optional<std::filesystem::path>& seen) const;

    mirror_options options_;
    std::string name_;  // of the database, and of the slot
    std::string connection_;
    sql_session session_;
    sidecar_process sidecar_;
};

/// The server that all tests of this program share. Started at its first use.
postgres_server& shared_server(int version);

/// Which generation `current` names; nothing before the first.
std::optional<std::filesystem::path> current_generation(const std::filesystem::path& snapshot_directory);

}  // namespace understudy::testing
