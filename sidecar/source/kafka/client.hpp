#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "source/c_handle.hpp"
#include "source/kafka/record.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace understudy::kafka {

/// What a partition holds: records from `low` on, and before `high` (the last stable offset: what a producer has not yet
/// committed lies behind it).
struct offset_range {
    std::int64_t low = 0;
    std::int64_t high = 0;
    friend bool operator==(const offset_range&, const offset_range&) = default;
};

using partition_ranges = std::map<partition_id, offset_range>;

struct cluster_facts {
    std::string id;
    std::map<std::string, std::int32_t> topics;  ///< All that we may see, with the number of their partitions.
};

/// What decides whether a topic still holds every row.
struct topic_config {
    std::string cleanup_policy;  ///< As the broker shows it, e.g. `compact` or `compact,delete`.
    std::chrono::milliseconds delete_retention{0};
    friend bool operator==(const topic_config&, const topic_config&) = default;
};

/// Where reading begins.
struct partition_start {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
};

/// A consumer of librdkafka: partitions are read without a group, for which nobody needs rights; nothing is committed unless
/// report() is asked for.
///
/// Owns the library's handle and its threads, which only write to wake_fd(). take() and assign() belong to the event loop;
/// the members that ask the cluster block, and belong to one other thread.
/// Errors: unreachable, authentication_failed, permission_denied, timed_out, query_failed, and those named.
class client {
public:
    /// Error: bad_config for a property that librdkafka does not take. Nothing is connected yet.
    static outcome<std::unique_ptr<client>> make(const kafka_settings& wanted);

    client(const client&) = delete;
    client& operator=(const client&) = delete;
    ~client();

    /// Becomes readable when there may be something to take. Owned by the client; eight bytes to read.
    int wake_fd() const noexcept { return wake_fd_; }

    /// Reads these from here on, instead of what was read before.
    outcome<void> assign(std::span<const partition_start> partitions);

    /// Goes back, or on, to another offset of a partition that is assigned: what comes next of it is from there.
    outcome<void> seek(const partition_start& to);

    /// Gives up to `most` records that have arrived, without waiting; none when there are none. They are borrowed until
    /// the next call. Errors also: offsets_lost when a partition no longer holds what comes next, topic_missing.
    outcome<std::span<const record>> take(std::size_t most);

    /// Commits the positions for the group that tools look at. Does not wait, and nobody hears of a failure.
    void report(std::span<const partition_start> positions);

    // These ask the cluster and block for limits::kafka_timeout at most; ranges_of(), which asks twice, for twice as long.
    outcome<cluster_facts> describe_cluster();
    outcome<topic_config> describe_topic(const std::string& topic);
    outcome<partition_ranges> ranges_of(std::span<const partition_id> partitions);

    /// Every broker was away at once, as when connections are refused: not when one of them only takes its time. Known after a
    /// question that failed; any thread.
    bool found_nobody() const noexcept { return found_nobody_; }

private:
    using handle = c_handle<rd_kafka_t, &rd_kafka_destroy>;
    using topic_handle = c_handle<rd_kafka_topic_t, &rd_kafka_topic_destroy>;
    using queue_handle = c_handle<rd_kafka_queue_t, &rd_kafka_queue_destroy>;

    struct queue_use {
        std::size_t records = 0;
        std::size_t bytes = 0;
    };

    client(handle library, int wake_fd, bool reports, const queue_use& wake_after);
    void wake_fetcher();
    outcome<void> look_at_events();
    outcome<void> ask_ends(std::span<const partition_id> partitions, std::int64_t which,
                           std::int64_t offset_range::* end, partition_ranges& into);
    failure explain(const rd_kafka_message_t& message) const;
    failure why_silent(rd_kafka_resp_err_t error);
    void release();
    void stop_reading();

    int wake_fd_ = -1;
    bool reports_ = false;
    queue_use wake_after_;  // of what was taken
    queue_use taken_;       // since then
    std::atomic<bool> found_nobody_ = false;
    rd_kafka_t* library_ = nullptr;
    queue_handle events_;
    queue_handle arrived_;
    std::map<std::string, topic_handle> topics_;  // that were read, now or before
    std::vector<std::pair<rd_kafka_topic_t*, std::int32_t>> reading_;
    std::vector<rd_kafka_message_t*> messages_;  // of the last take()
    std::vector<record> records_;
};

}  // namespace understudy::kafka
