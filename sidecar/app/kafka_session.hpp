#pragma once

#include "app/cluster_asker.hpp"
#include "app/daemon_state.hpp"
#include "app/kafka_intake.hpp"
#include "app/kafka_preparation.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "core/settings.hpp"
#include "source/async_condition.hpp"
#include "source/kafka/awaited_ends.hpp"
#include "source/kafka/client.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace understudy {

/// A session with a Kafka cluster: reads the topics of the tables from where the store is, or from their beginnings.
///
/// Belongs to the event loop; what has to wait for an answer of the cluster runs on a thread of its own. Borrows
/// everything that it is given.
class kafka_session final : public source_session {
public:
    kafka_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify);
    ~kafka_session() override;

    asio::awaitable<failure> run(copy_demand& demand) override;
    asio::awaitable<outcome<void>> check_announcement(lsn position) override;
    asio::awaitable<outcome<void>> catch_up() override;
    const std::vector<mirrored_table>& mirrored() const noexcept override { return mirrored_; }
    bool is_streaming() const noexcept override { return streaming_ && !closed_because_; }
    void confirm(const stored_position& durable) override;
    void resume() override;
    void close(failure why) override;

private:
    /// When the ends of all partitions were asked for, and what had come by then.
    struct asked_when {
        db_time at;  // on our clock
        std::chrono::steady_clock::time_point steady_at;
        std::optional<db_time> alive;   // the connector's last sign of life
        std::optional<db_time> ending;  // the connector's snapshot of which the end had been seen
    };

    void note_demand(const failure& why, copy_demand& demand) const;
    asio::awaitable<outcome<void>> open(copy_demand& demand);
    asio::awaitable<failure> read();
    outcome<bool> read_turn();
    outcome<void> take(const kafka::record& what);
    void hand_over();
    void hand_over(stored_position now);
    std::uint64_t records_waiting() const;
    outcome<void> begin_streaming_when_read();
    asio::awaitable<void> wait_for_records();
    asio::awaitable<void> ask_until_closed();
    asio::awaitable<outcome<void>> ask_once();
    asked_when ask_now() const;
    bool is_time_to_compare() const;
    outcome<void> look_at_logs(const kafka::partition_ranges& ranges);
    void note_ends(const kafka::partition_ranges& ranges, const asked_when& asked);
    void settle_ends();
    void store_read_whole();
    void show_progress();
    void listen_for_connector();
    void log_skipped();
    void log_progress_later();

    const settings& settings_;
    store_writer& writer_;
    daemon_state& state_;
    callbacks notify_;

    cluster_asker asker_;
    std::unique_ptr<kafka::client> client_;
    kafka_sources sources_;
    std::vector<mirrored_table> mirrored_;
    std::unique_ptr<kafka_intake> intake_;
    std::optional<asio::posix::stream_descriptor> wake_;
    bool streaming_ = false;
    std::optional<failure> closed_because_;
    std::optional<std::string> incomplete_;  // as it was logged last
    stored_position last_;                   // the one that was handed over last
    db_time read_whole_stored_{};
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point turn_at_{};
    std::chrono::steady_clock::time_point topics_compared_at_{};
    std::chrono::steady_clock::time_point logs_looked_at_ = began_;
    kafka::awaited_ends<asked_when> asked_;
    asio::steady_timer ask_timer_;
    asio::steady_timer progress_timer_;
    async_condition accepting_;
    async_condition asking_ended_;
    async_condition reached_;
    bool asking_ = false;
};

}  // namespace understudy
