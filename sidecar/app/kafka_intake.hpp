#pragma once

#include "app/cluster_asker.hpp"
#include "app/kafka_preparation.hpp"
#include "core/position.hpp"
#include "core/settings.hpp"
#include "source/kafka/log_reader.hpp"
#include "source/kafka/signs_of_life.hpp"
#include "source/kafka/transaction_gate.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace understudy {

/// What has come out of the topics: rows to the reader, through the gate if there is a topic of transactions, and the connector's
/// signs of life. It says where that is, and what it lacks.
///
/// Event loop. Borrows the settings, the sources and the signs of life. Errors: those of kafka::log_reader.
class kafka_intake {
public:
    using time_point = std::chrono::steady_clock::time_point;

    static outcome<std::unique_ptr<kafka_intake>> make(const settings& wanted, const kafka_sources& sources,
                                                       kafka::signs_of_life& life, kafka::log_places places,
                                                       db_time content_as_of);

    /// Where reading begins, of every partition that is read: with the record that was read last, to see whether this is still
    /// the same log, unless that is known of the table.
    std::vector<kafka::partition_start> begin(const std::set<oid>& known);

    outcome<void> take(const kafka::record& what, time_point now);

    /// The same of the topic of heartbeats.
    void take_heartbeat(const kafka::record& what);

    /// Applies what may be of what was kept. The records since the last turn are no longer borrowed.
    outcome<void> end_turn(bool is_streaming, time_point now);

    kafka::log_reader& reader() noexcept { return *reader_; }
    const kafka::log_places& places() const noexcept { return reader_->places(); }

    /// What is stored after `last`, as of what has been applied.
    stored_position position(stored_position last) const;

    /// Why rows may be missing, of the first table of which they may.
    std::optional<std::string> why_incomplete() const;

    /// Nothing but what has been applied has arrived.
    bool has_applied_all() const noexcept { return !(gate_ && gate_->is_keeping()); }

    /// All has been applied that the topics held when reading began anew. Error: topic_changed for one that has got more partitions
    /// since.
    outcome<bool> has_reached_targets() const;

    /// Amid what was there at the start, columns may have come and gone: after that they are checked, once.
    outcome<void> check_columns_when_read();

    /// Those of which it is to be asked where they end.
    std::vector<kafka::partition_id> partitions() const;

    /// Where partitions ended when they were asked for it. Returns what applied rows can get to.
    kafka::partition_ends note_ends(const kafka::partition_ranges& ranges, time_point asked_at);

    /// The last records that were read, where they are still there.
    std::vector<kafka::partition_start> last_records(const kafka::partition_ranges& ranges) const;

    bool has_reached(const kafka::partition_ends& ends) const;

    /// The connector's snapshot of which the end has been seen, but not all that the topics held then.
    std::optional<db_time> ending_run() const;

    /// All has been applied that the topics held when the end of this one had been seen. False if that is nothing new.
    bool end_run(std::optional<db_time> ending);

    /// What was half-way and never got on is over, as far as can be told, once nothing has come for long. False if there is
    /// nothing of the kind.
    bool end_what_is_quiet(time_point now);

    /// A sign of life that had come before all was read: by when everything that was committed is inside. Nothing if that was
    /// known.
    std::optional<db_time> prove(db_time alive);

private:
    kafka_intake(const settings& wanted, const kafka_sources& sources, kafka::signs_of_life& life,
                 std::unique_ptr<kafka::log_reader> reader);
    outcome<void> pass_gate(bool is_streaming, time_point now);
    void log_level_change();
    bool shows_whole_transactions() const;
    std::string why_by_row() const;

    const settings& settings_;
    const kafka_sources& sources_;
    std::unique_ptr<kafka::log_reader> reader_;
    std::optional<kafka::transaction_gate> gate_;  // if there is a topic of transactions
    bool was_whole_ = false;
    bool columns_are_checked_ = false;
    kafka::signs_of_life& life_;
    time_point last_record_at_ = std::chrono::steady_clock::now();
    std::optional<db_time> proved_;
};

}  // namespace understudy
