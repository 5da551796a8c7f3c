#pragma once

#include "app/daemon_state.hpp"
#include "app/kafka_preparation.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "core/settings.hpp"
#include "core/worker_thread.hpp"
#include "source/async_condition.hpp"
#include "source/kafka/client.hpp"
#include "source/kafka/log_reader.hpp"
#include "source/kafka/transaction_gate.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <map>
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
    /// The ends of all partitions, as they were asked for at a time.
    struct asked_ends {
        kafka::partition_ends ends;
        db_time asked_at;              // on our clock
        std::optional<db_time> alive;  // the connector's last sign of life that had come by then
        std::optional<db_time> ended;  // the connector's snapshot of which the end had been seen by then
    };

    asio::awaitable<outcome<void>> open(copy_demand& demand);
    asio::awaitable<outcome<void>> store_plan(const kafka_plan& plan);
    outcome<void> assign();
    asio::awaitable<failure> read();
    outcome<bool> read_turn();
    outcome<void> take(const kafka::record& what);
    outcome<void> pass_gate();
    void log_level_change();
    void hand_over();
    void hand_over(stored_position now);
    std::uint64_t records_waiting() const;
    outcome<void> check_columns_when_read();
    outcome<void> begin_streaming_when_read();
    asio::awaitable<void> wait_for_records();
    asio::awaitable<void> ask_until_closed();
    using partition_ranges = std::map<std::pair<std::string, std::int32_t>, kafka::offset_range>;
    asio::awaitable<outcome<partition_ranges>> ask_ranges();
    asio::awaitable<outcome<kafka::partition_ends>> ask_ends();
    void note_at_gate(kafka::partition_ends& ends, std::chrono::steady_clock::time_point asked_at);
    bool is_time_to_look(std::chrono::steady_clock::time_point last) const;
    asio::awaitable<outcome<void>> look_at_topics();
    outcome<void> look_at_logs(const partition_ranges& ranges);
    void note_ends(asked_ends asked);
    void settle_ends();
    void store_read_whole();
    void note_quiet();
    bool has_reached(const kafka::partition_ends& ends) const;
    std::optional<std::string> why_incomplete() const;
    stored_position position() const;
    void show_progress();
    void log_skipped();
    void log_progress_later();

    const settings& settings_;
    store_writer& writer_;
    daemon_state& state_;
    callbacks notify_;

    worker_thread asker_;
    std::unique_ptr<kafka::client> client_;
    kafka_sources sources_;
    std::vector<mirrored_table> mirrored_;
    std::unique_ptr<kafka::log_reader> reader_;
    std::optional<kafka::transaction_gate> gate_;  // if there is a topic of transactions
    bool gate_was_closed_ = false;
    std::optional<asio::posix::stream_descriptor> wake_;
    bool streaming_ = false;
    bool columns_are_checked_ = false;
    std::optional<failure> closed_because_;
    std::optional<std::string> incomplete_;  // as it was logged last
    stored_position last_;                   // the one that was handed over last
    std::optional<db_time> alive_;           // the connector's last sign of life
    std::optional<db_time> proved_;          // by when everything that was committed is inside
    db_time read_whole_stored_{};
    std::chrono::steady_clock::time_point alive_at_{};  // when it came
    std::chrono::steady_clock::time_point last_record_at_ = std::chrono::steady_clock::now();
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point turn_at_{};
    std::chrono::steady_clock::time_point logs_looked_at_ = began_;
    std::deque<asked_ends> asked_;
    asio::steady_timer ask_timer_;
    asio::steady_timer progress_timer_;
    async_condition accepting_;
    async_condition asking_ended_;
    async_condition reached_;
    bool asking_ = false;
};

}  // namespace understudy
