#pragma once

#include "support/files.hpp"
#include "support/java_program.hpp"

#include <string>

namespace understudy::testing {

struct broker_options {
    java_properties properties = {};                    ///< On top of ours.
    std::string cluster_id = "MkU3OEVBNTcwNTJENDM2Qg";  ///< 16 bytes in base64.
};

/// A private, throwaway Kafka: one process that is broker and controller, on free ports of loopback. Topics are never made by
/// themselves (auto.create.topics.enable=false).
///
/// Owns the process and its files and leaves nothing behind. Takes about five seconds to start, so share one among tests. Keep it
/// on the thread that made it (see child_process). Throws std::runtime_error, with the end of its log, when it does not work.
class kafka_broker {
public:
    explicit kafka_broker(broker_options options = {});

    /// On the same data and ports as before. Returns when the broker serves.
    void start();

    void stop() { program_.stop(); }

    /// Ends it as the loss of its machine would, but for what the system has not written yet.
    void kill() { program_.kill(); }

    bool running() { return program_.running(); }

    /// What clients take as bootstrap.servers.
    std::string bootstrap() const { return "127.0.0.1:" + std::to_string(port_); }

    std::string log() const { return program_.log(); }

private:
    void configure(const java_properties& more);
    void format(const std::string& cluster_id);

    int port_;
    int controller_port_;
    temp_directory directory_;
    java_program program_;
};

}  // namespace understudy::testing
