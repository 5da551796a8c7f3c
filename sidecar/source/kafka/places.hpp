#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/table.hpp"
#include "source/kafka/record.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::kafka {

/// Where a streamed event stands in the database's history: sequence[0] and lsn of its source block. Only for telling
/// repeats: a newer event can stand lower (kafka-observed e.2, e.3).
struct event_mark {
    std::uint64_t last_commit = 0;  ///< Zero before the first.
    std::uint64_t lsn = 0;
    friend auto operator<=>(const event_mark&, const event_mark&) = default;
};

/// How far one partition was read.
struct partition_place {
    std::int64_t next = 0;               ///< Everything before this offset is inside.
    std::int64_t began = 0;              ///< Where the log began when it was first read: what lay before is not known.
    std::int64_t target = 0;             ///< Its end at that time. Nothing is shown before it was reached.
    std::int64_t last = -1;              ///< The offset of the last record that was read; -1 before the first.
    std::uint64_t last_hash = 0;         ///< Of that record: to know the log again.
    std::optional<db_time> first_event;  ///< Commit time of the first event, where it had one.
    std::optional<event_mark> mark;      ///< The highest of the streamed events.
    bool repeating = false;  ///< The connector sends again what it had sent before a crash, and is not past it.
    bool has_gap = false;    ///< Records were gone when their turn came, and its end was not seen since.
    friend bool operator==(const partition_place&, const partition_place&) = default;
};

/// What a table's rows may lack or have too much, and no later record mends.
struct table_doubts {
    bool skipped_records = false;    ///< Some could not be read and were left out, as the settings say.
    bool resnapshot = false;         ///< A later snapshot does not tell which rows were deleted before it.
    bool nulls_as_defaults = false;  ///< The converter writes a column's default where the database has a null, or may.
    /// Values were sent when their column had another type, which its change may have computed anew.
    bool other_types = false;
    /// Rows from before a column was added show null in it, for no default of it is told.
    bool untold_defaults = false;
    bool untold_history = false;  ///< Its messages are rows alone: of snapshots nothing is told.
    /// No row of a snapshot has come: those that never changed since are not there, if none was made.
    bool no_snapshot = false;
    friend bool operator==(const table_doubts&, const table_doubts&) = default;
};

/// What the messages of a table have shown of a column that can be null and has a default.
enum class nulls_seen { nothing, as_nulls, as_defaults };

/// What came of a column that is left out.
struct left_out_column {
    std::optional<lsn> in_snapshot;  ///< Rows of a snapshot from here had it.
    bool is_unsent = false;          ///< A change from where the table has it came without it.
    friend bool operator==(const left_out_column&, const left_out_column&) = default;
};

struct table_place {
    std::string topic;
    std::vector<partition_place> partitions;
    std::int32_t growing_to = 0;  ///< So many partitions were seen; the old ones are read to their ends of then first.
    std::optional<db_time> run;   ///< Start of the connector's newest snapshot that brought rows of this table.
    std::optional<lsn> run_at;    ///< Of that snapshot, as below.
    bool has_events = false;      ///< Any was applied.
    bool has_snapshot_rows = false;  ///< Any row of a snapshot was, but of an incremental one.
    bool was_made_anew = false;      ///< The topic is not the one that was read before.
    std::map<std::string, left_out_column, std::less<>> left_out;
    std::optional<db_time> newest_event;
    std::string unknown_column;  ///< Of that event: one that the description does not have.
    std::string missing_column;  ///< Of that event: one that the description has, and it has not.
    nulls_seen nulls = nulls_seen::nothing;
    std::string connector;  ///< The name of the one that wrote the latest event.
    table_doubts doubts;
    friend bool operator==(const table_place&, const table_place&) = default;
};

/// Up to where the rows are those of whole transactions.
struct transaction_border {
    std::string topic;            ///< That of transactions, which has one partition.
    std::int64_t next = 0;        ///< The offset of what comes next.
    std::uint64_t last_hash = 0;  ///< Of the record before it: to know the topic again.
    friend bool operator==(const transaction_border&, const transaction_border&) = default;
};

/// Rows are too many, too few or too old, so what transactions wrote is not all that is there.
inline bool has_other_rows(const table_doubts& doubts) noexcept
{
    return doubts.skipped_records || doubts.resnapshot || doubts.untold_history;
}

/// Where a store is in all the logs that it follows. Plain data; kept in stored_position::places.
struct log_places {
    std::map<table_name, table_place> tables;
    std::optional<db_time> run;              ///< Start of the connector's newest snapshot.
    std::optional<lsn> run_at;               ///< Its place in the database's history, which all its rows bear.
    std::optional<db_time> connector_began;  ///< Start of the newest snapshot by a connector that knew no commit yet.
    std::optional<db_time> run_seen_by;      ///< Its rows are no newer than this: when the first of them was sent.
    /// Its last row was seen, or something that comes after it; others may still be unread.
    bool run_is_ending = false;
    bool run_is_over = true;  ///< All of it was read.
    /// Events come that were committed before it: its rows are newer, and go back meanwhile.
    bool is_behind_run = false;
    db_time began_at{};  ///< On our clock: when logs began to be read from their beginning last.
    std::optional<std::chrono::microseconds> read_for;  ///< So long, until all targets were reached.
    db_time read_whole_at{};  ///< On our clock: when all of it had been read up to its end last, or nothing of it yet.
    std::optional<transaction_border> border;  ///< If the rows are those of whole transactions.
    /// A part of a large one is inside: not even at a level of rows a state to show.
    bool is_amid_transaction = false;
    friend bool operator==(const log_places&, const log_places&) = default;
};

/// What the topics of heartbeats and transactions say holds for the tables of one connector only.
bool is_of_one_connector(const log_places& places) noexcept;

/// The offset of what comes next, of each topic and partition.
using partition_ends = std::map<partition_id, std::int64_t>;

/// Calls `each(topic, number, place)` for every partition.
template <class Each>
void for_each_partition(const log_places& places, Each each)
{
    for (const auto& [name, table] : places.tables)
        for (std::size_t index = 0; index < table.partitions.size(); ++index)
            each(table.topic, static_cast<std::int32_t>(index), table.partitions[index]);
}

/// The sum of all offsets: what stands for a place in the write-ahead log.
lsn position_of(const log_places& places) noexcept;

/// How many records lie before the targets, and were read of them.
struct load_progress {
    std::uint64_t records = 0;
    std::uint64_t of = 0;
    friend bool operator==(const load_progress&, const load_progress&) = default;
};
load_progress progress_of(const log_places& places) noexcept;
bool has_reached_targets(const log_places& places) noexcept;

/// Neither a snapshot nor a repeat is half-way, nor do rows go back.
bool is_settled(const log_places& places) noexcept;

/// What decides of a topic whether it holds every row.
struct retention {
    bool only_compacts = false;  ///< cleanup.policy is `compact` and nothing else.
    std::chrono::milliseconds delete_retention{0};
    bool said_complete = false;  ///< The operator says so.
};

/// Why a table's rows may be missing some that the database has; nothing when it is proved that they do not.
/// `read_for` is how long the first reading took, if it is over.
std::optional<std::string> why_incomplete(const table_place& place, const retention& kept,
                                          std::optional<std::chrono::microseconds> read_for);

/// Deletes are kept for delete.retention.ms only: whether one may have gone since all was read last.
bool may_have_missed_deletes(const log_places& places, const retention& kept, db_time now) noexcept;

std::string encode(const log_places& places);

/// Errors: store_damaged.
result<log_places> decode_places(std::string_view text);

/// The offsets by topic, as a manifest shows them: `{"shop.public.item":[12,40]}`.
std::string offsets_json(const log_places& places);

}  // namespace understudy::kafka
