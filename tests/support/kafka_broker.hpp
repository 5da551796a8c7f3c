#pragma once

#include "support/files.hpp"
#include "support/java_program.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace understudy::testing {

/// A second listener: SASL_SSL with the mechanism PLAIN. Whoever comes by it may do what kafka_topics::allow said, and who comes
/// by the first may do everything.
struct secure_listener {
    std::filesystem::path chain;  ///< In PEM, as its key, which is not encrypted.
    std::filesystem::path key;
    std::map<std::string, std::string> passwords;  ///< By user.
};

struct broker_options {
    java_properties properties = {};                    ///< On top of ours.
    std::string cluster_id = "MkU3OEVBNTcwNTJENDM2Qg";  ///< 16 bytes in base64.
    std::optional<secure_listener> secure = {};
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

    /// The same of the second listener.
    std::string secure_bootstrap() const { return "127.0.0.1:" + std::to_string(secure_port_); }

    std::string log() const { return program_.log(); }

private:
    void configure(const java_properties& more, const std::optional<secure_listener>& secure);
    java_properties secure_properties(const secure_listener& secure) const;
    void format(const std::string& cluster_id);

    int port_;
    int controller_port_;
    int secure_port_;
    temp_directory directory_;
    java_program program_;
};

}  // namespace understudy::testing
