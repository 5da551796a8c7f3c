#pragma once

#include "kafka_kit.hpp"
#include "topic_mirror.hpp"

#include <cstdint>
#include <string>
#include <vector>

// Messages as Debezium would send them, for topics that no connector writes. Of a table `item (id int PRIMARY KEY, n int, note text)`.
namespace understudy::testing {

/// Where an event stands: what a test does not say counts up by itself.
struct made_event {
    int id = 0;
    int n = 0;
    std::string snapshot = {};  ///< first, true, last; empty: streamed.
    std::string op = {};        ///< r for a snapshot, else c, unless said.
};

/// A table without a connector. Its topic is the test's to make.
topic_mirror_options made_table(const std::string& name);

/// Whether the converters put schemas into messages.
enum class schemas { none, sent };

/// Makes messages with a history of their own: each streamed one stands behind the one before.
class message_maker {
public:
    explicit message_maker(std::string prefix, schemas with = schemas::none) : prefix_{std::move(prefix)}, with_{with}
    {
    }

    kafka_message row(const made_event& event);
    kafka_message removal(int id);
    kafka_message tombstone(int id) const;

    /// All rows of a snapshot, one for each id, `n` as given.
    std::vector<kafka_message> snapshot(const std::vector<int>& ids, int n);

    std::string source(const std::string& snapshot);
    static std::string key(int id) { return "{\"id\":" + std::to_string(id) + "}"; }

private:
    kafka_message message(int id, const std::string& value) const;
    std::string whole_key(int id) const;

    std::string prefix_;
    schemas with_;
    std::int64_t lsn_ = 1000;
    std::int64_t commit_us_ = 1'790'000'000'000'000;
    std::int64_t run_us_ = 0;
};

/// As the document has it.
std::string item(int id, int n);

}  // namespace understudy::testing
