#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::testing {

using topic_config = std::map<std::string, std::string>;

struct topic_options {
    int partitions = 1;
    topic_config config = {};
};

/// As it was read, or is to be written.
struct kafka_message {
    std::optional<std::string> key = {};
    std::optional<std::string> value = {};  ///< Nothing: a tombstone.
    /// To write: nothing lets the key choose, as Java's producers do (murmur2), or chance if there is no key.
    std::optional<std::int32_t> partition = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::int64_t offset = -1;                  ///< Only of one that was read.
    std::chrono::milliseconds timestamp = {};  ///< Since 1970; only of one that was read.
};

/// What users may be allowed to do to topics. To read one is also to see it.
enum class topic_right { see, read, see_settings };

enum class isolation { read_committed, read_uncommitted };

/// Messages that become visible together, or never. Ends with abort() when nobody has ended it; until then no reader of committed
/// messages gets beyond its first. Belongs to one thread. Throws std::runtime_error.
class kafka_transaction {
public:
    kafka_transaction(const std::string& bootstrap, const std::string& transactional_id);
    kafka_transaction(const kafka_transaction&) = delete;
    kafka_transaction& operator=(const kafka_transaction&) = delete;
    ~kafka_transaction();

    /// Returns when the broker has them.
    void produce(const std::string& topic, const std::vector<kafka_message>& messages);

    void commit();
    void abort();

private:
    struct producer;
    std::unique_ptr<producer> producer_;
};

/// What tests do to topics, and read from them. Every function blocks until the broker has done it, half a minute at most, and
/// throws std::runtime_error with the broker's reason when it has not. Belongs to one thread at a time.
class kafka_topics {
public:
    explicit kafka_topics(std::string bootstrap);
    kafka_topics(const kafka_topics&) = delete;
    kafka_topics& operator=(const kafka_topics&) = delete;
    ~kafka_topics();

    void create(const std::string& topic, const topic_options& options = {});
    void remove(const std::string& topic);

    /// Raises the number of partitions.
    void set_partitions(const std::string& topic, int total);

    /// In place of all settings that the topic has of its own.
    void set_config(const std::string& topic, const topic_config& config);

    /// Every setting of the topic, defaults included.
    topic_config config(const std::string& topic);

    /// For a broker that asks: see secure_listener.
    void allow(const std::string& user, const std::string& topic, topic_right what);

    /// What is before `offset` is gone, as after its retention.
    void delete_before(const std::string& topic, std::int32_t partition, std::int64_t offset);

    std::vector<std::string> names();

    /// 0 when there is no such topic.
    int partitions(const std::string& topic);

    /// In order.
    void produce(const std::string& topic, const std::vector<kafka_message>& messages);

    /// Everything that is in the topic now, one partition after the other. What is written meanwhile may be there or not.
    std::vector<kafka_message> read_to_end(const std::string& topic, isolation level = isolation::read_committed);

    /// Of each partition, one more than that of its last message, control records included.
    std::vector<std::int64_t> end_offsets(const std::string& topic);

    /// What a group has committed for partition 0; -1 when nothing.
    std::int64_t committed(const std::string& group, const std::string& topic);

private:
    struct client;

    std::string bootstrap_;
    std::unique_ptr<client> client_;
};

}  // namespace understudy::testing
