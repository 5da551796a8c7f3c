#pragma once

#include "support/files.hpp"
#include "support/http_client.hpp"
#include "support/java_program.hpp"
#include "support/postgres_server.hpp"

#include <map>
#include <string>
#include <vector>

namespace understudy::testing {

/// The settings of a connector.
using connector_properties = std::map<std::string, std::string>;

struct capture {
    std::string prefix;               ///< Of the topics; names the slot and the publication, too.
    std::vector<std::string> tables;  ///< With their schema: `public.item`.
    std::string database = "postgres";
};

/// The publication that config/debezium/README.md asks for. For tables whose names need no quotes.
void create_publication(const postgres_server& server, const capture& what);

/// config/debezium/understudy.properties, for these tables of a server with options.tcp. Slot and publication stay in the database.
connector_properties recommended_connector(const postgres_server& server, const capture& what);

struct worker_options {
    java_properties properties = {};  ///< On top of ours. Ours say nothing of converters.
};

struct task_status {
    std::string state;  ///< RUNNING, FAILED, PAUSED ..., or empty when there is no such connector or task.
    std::string trace;  ///< Java's, of a failed task, or of a connector that could not make one.
};

/// Kafka Connect with Debezium: one process (standalone), its REST interface on a free port of loopback.
///
/// Owns the process and its files, the one with the offsets of the connectors among them, and leaves nothing behind there; what
/// connectors leave in a database is the test's. Takes about three seconds to start, so share one among tests. Keep it on the
/// thread that made it (see child_process). Throws std::runtime_error, with the end of its log, when it does not work.
class connect_worker {
public:
    explicit connect_worker(std::string bootstrap, worker_options options = {});

    /// Returns when it answers and the connectors that it had before run again, each from its last written offset.
    void start();

    /// Writes the offsets first.
    void stop() { program_.stop(); }

    /// At most what came since the last write of the offsets (offset.flush.interval.ms) is sent again after the next start.
    void kill() { program_.kill(); }

    void restart();

    bool running() { return program_.running(); }

    /// Makes or changes a connector and returns when its task runs. It is there again after the next start. Throws with the trace when
    /// the task failed instead.
    void put_connector(const std::string& name, const connector_properties& properties);

    /// The same, but does not look at what becomes of it, and until the worker ends only.
    void submit_connector(const std::string& name, const connector_properties& properties);

    task_status status(const std::string& connector);

    /// After a failure. Does not look at what becomes of it.
    void restart_task(const std::string& connector);

    /// Ends its task. put_connector goes on from its offsets.
    void stop_connector(const std::string& name);

    void delete_connector(const std::string& name);

    /// Stops it and forgets how far it was, so that put_connector begins with a snapshot. The slot is the test's to drop.
    void forget_offsets(const std::string& connector);

    std::string log() const { return program_.log(); }

private:
    void configure(const std::string& bootstrap, const java_properties& more);
    bool answers();
    void wait_until_running(const std::string& connector);
    http_reply ask(const std::string& method, const std::string& target, const std::string& json = {});

    int port_;
    temp_directory directory_;
    java_program program_;
    std::map<std::string, connector_properties> connectors_;  ///< The process forgets them; we put them again.
};

}  // namespace understudy::testing
