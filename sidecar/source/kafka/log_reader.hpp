#pragma once

#include "core/change_batch.hpp"
#include "core/error.hpp"
#include "core/position.hpp"
#include "core/settings.hpp"
#include "source/kafka/connector_lag.hpp"
#include "source/kafka/places.hpp"
#include "source/kafka/record.hpp"
#include "source/kafka/snapshot_runs.hpp"
#include "source/kafka/topics.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::kafka {

/// What the settings say about records and runs that are not as they should be.
struct reading_policy {
    bad_message_policy bad_message = bad_message_policy::halt;
    resnapshot_policy resnapshot = resnapshot_policy::keep;
    std::vector<table_name> complete = {};  ///< Of these nobody doubts that all rows are there.
};

/// Puts the records of topics together into changes of rows. Pure: no I/O, no clock. Event loop.
///
/// Within a partition the order of offsets is the order of events, whatever their lsn. What the connector sends again after a
/// crash is known by its place in the database's history and left out; until it has passed the place where it was, and
/// while a snapshot of it is half-way, the rows are no state to show (places().is_settled).
///
/// Errors of take(), after which the reader is of no more use; each names topic, partition and offset: unsupported_format,
/// bad_message (as the policy says), out_of_order, table_changed for a row that has other columns than its
/// table is described with.
class log_reader {
public:
    /// `tables` have their epochs. They and `types` must outlive it. `start` has a place for each partition of each.
    /// Errors: unsupported_type for a column whose values the connector does not send.
    static outcome<std::unique_ptr<log_reader>> make(const std::vector<topic_table>& tables,
                                                     const debezium_encodings& encodings, const type_catalog& types,
                                                     reading_policy policy, log_places start);
    ~log_reader();

    outcome<void> take(const record& what);

    /// What was written before this offset was there when reading began: there, other columns and types are no surprise if the
    /// newest row has those that are known. See check_columns.
    void know_up_to(std::string_view topic, std::int32_t partition, std::int64_t offset);
    bool has_read_what_was_known() const noexcept;

    /// What is read next of a partition begins with the record that was read last, as at a start: if it does not, the log is not
    /// known to be the same.
    void expect_last_again(std::string_view topic, std::int32_t partition);

    /// Error: topic_replaced for a log that is not the one that was read, as soon as that is known of all. What comes of it is
    /// left out meanwhile, so the rows are no state to show.
    std::optional<failure> why_replaced() const;
    bool has_replaced() const noexcept { return why_replaced_.has_value(); }

    /// Of the table with these rows.
    enum class log_state {
        known,    ///< As far as is known, it is the one that was read.
        lost,     ///< The record by which it is known is gone.
        another,  ///< Another record stands there.
    };
    log_state log_of(epoch rows) const noexcept;

    /// Changes since the last turn, in order; and the epochs that they are of.
    const change_batch& changes() const noexcept { return changes_; }
    const std::vector<epoch>& touched() const noexcept { return touched_; }

    /// Ends a turn: the records that were taken since the last one are no longer borrowed. The changes stay until
    /// next_turn().
    void end_turn();
    void next_turn() noexcept;

    const log_places& places() const noexcept { return places_; }

    /// All was read up to its end, as of this time on our clock.
    void note_read_whole(db_time at) noexcept { places_.read_whole_at = at; }

    /// The targets are reached, for the first time since reading began anew.
    void note_targets_reached(db_time now) noexcept
    {
        if (!places_.read_for) places_.read_for = now - places_.began_at;
    }

    /// All was read that the topics held when the end of the connector's snapshot had been seen.
    void end_run() noexcept { places_.run_is_over = true; }

    /// Nothing has come for so long that events from before the snapshot have all been read.
    void end_behind_run() noexcept { places_.is_behind_run = false; }

    /// Nothing has come for long, and the connector lives: it is neither amid a snapshot, during which it shows no sign of
    /// life (measured with 3.7), nor amid a repeat.
    void note_idle_connector(db_time alive) noexcept { runs_.note_idle(alive); }

    /// Whether the rows are those of whole transactions; if not, whether a part of one is among them.
    void note_transactions(std::optional<transaction_border> border, bool is_amid) noexcept
    {
        places_.border = std::move(border);
        places_.is_amid_transaction = is_amid;
    }

    /// How far behind the connector was lately, at a time on its clock.
    std::chrono::microseconds connector_lag_before(db_time at) const noexcept { return lag_.before(at); }

    /// The latest commit time inside.
    db_time content_as_of() const noexcept { return content_as_of_; }
    void set_content_as_of(db_time at) noexcept { content_as_of_ = at; }

    /// After has_read_what_was_known(): a column that the newest rows have and the description lacks, or the other way round.
    outcome<void> check_columns() const;

    /// Records that were left out since the last call, and what was wrong with the last of them.
    struct skipped_records {
        std::uint64_t count = 0;
        std::string last;
    };
    skipped_records take_skipped() noexcept;

private:
    struct followed;

    log_reader(reading_policy policy, log_places start);
    followed* find(std::string_view topic);
    void note_replaced(followed& into, const record& what, log_state now);
    static void note_gap(followed& into, std::size_t index);
    void forget_stale(followed& into, const record& what);
    outcome<void> take_row(followed& into, const record& what);
    outcome<void> apply(followed& into, const record& what);
    outcome<void> put(followed& into, const record& what);
    outcome<void> remove(followed& into, const record& what);
    outcome<void> bury(followed& into, const record& what);
    outcome<void> truncate(followed& into, const record& what);
    outcome<void> build_key(followed& into, const record& what);
    outcome<bool> is_news(followed& into, const record& what);
    void begin_snapshot(followed& into, bool has_older_rows);
    failure bad(const followed& into, const record& what, std::string_view why) const;
    bool may_skip(followed& into, const failure& why);
    failure refuse(const followed& into, const record& what, errc code, std::string_view why) const;
    void touch(const followed& table);

    reading_policy policy_;
    log_places places_;
    snapshot_runs runs_{places_};
    std::vector<std::unique_ptr<followed>> followed_;
    followed* last_found_ = nullptr;
    change_batch changes_;
    std::vector<epoch> touched_;
    db_time content_as_of_{};
    connector_lag lag_;
    skipped_records skipped_;
    std::optional<failure> why_replaced_;  // of the first
};

}  // namespace understudy::kafka
