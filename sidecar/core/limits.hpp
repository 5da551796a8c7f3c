#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every bound on a queue, buffer, count from the wire, or retry. Reaching one is errc::over_limit (or the
/// outcome named beside it), never a silent cut.
namespace understudy::limits {

using namespace std::chrono_literals;

// Counts from the wire. Postgres allows 1,600 columns in a table and 63 bytes in a name (NAMEDATALEN - 1), in the
// encoding of the database; in ours one of its bytes can become three.
inline constexpr std::size_t columns_max = 1600;
inline constexpr std::size_t name_bytes_max = 3 * 63;
inline constexpr std::size_t tables_max = 4096;
inline constexpr std::size_t truncated_relations_max = tables_max;
inline constexpr std::size_t nesting_max = 64;  ///< Arrays and composites inside each other; in JSON, all values.
inline constexpr std::size_t json_values_max = std::size_t{1} << 22;   ///< Of one message.
inline constexpr std::size_t json_values_kept = std::size_t{1} << 16;  ///< Memory that a longer one took is given back,
inline constexpr std::size_t json_bytes_kept = std::size_t{8} << 20;   ///< and so for its text.
inline constexpr std::size_t skeletons_max = 4;                        ///< Of JSON texts, for each reader; and of one:
inline constexpr std::size_t skeleton_bytes_max = std::size_t{16} << 10;
inline constexpr std::size_t skeleton_values_max = 512;
inline constexpr std::size_t numeric_bytes_max = 61'232;  ///< In binary: 131,072 digits and 16,383 more.

// Between the event loop and the store.
inline constexpr std::size_t batches_in_flight_max = 2;  ///< Of a copy or a large transaction; then it is not read.
inline constexpr std::size_t group_growth_max = 2;       ///< Times commit's limits; then the stream is not read.
inline constexpr std::uint64_t added_changes_max = std::uint64_t{1} << 21;  ///< Of a backlog; then they become durable,
inline constexpr auto added_interval = 10s;                                 ///< or after so long.
inline constexpr std::uint64_t position_step_bytes = std::uint64_t{16} << 20;   ///< A keepalive's position is stored
inline constexpr auto position_interval = 30s;                                  ///< after so much WAL, or so long,
inline constexpr std::uint64_t position_worth_bytes = std::uint64_t{64} << 10;  ///< unless it is less than this.

// Kafka.
inline constexpr auto kafka_timeout = std::chrono::milliseconds{5000};  ///< For an answer of the cluster.
inline constexpr std::size_t records_per_turn_max = 1000;               ///< Then others may run.
inline constexpr std::size_t message_bytes_max = std::size_t{64} << 20;
inline constexpr std::size_t remembered_events_max = std::size_t{1} << 17;  ///< Of a partition, to know repeats by.
inline constexpr std::int64_t schema_depths[] = {64, 4096, 1 << 18};  ///< Records back from a partition's end, in turn.
inline constexpr auto schema_timeout = std::chrono::milliseconds{15000};  ///< For one of these.
inline constexpr std::size_t schema_records_max = 200'000;                ///< For all topics.
inline constexpr std::size_t schema_bytes_max = std::size_t{128} << 20;
inline constexpr auto topics_interval = 30s;  ///< Between two looks whether topics have got more partitions.
/// The same, while nothing may be announced, or since a session began:
inline constexpr auto topics_interval_soon = 2s;
inline constexpr auto topics_come_within = 1min;  ///< those of heartbeats and transactions come with the first of them.
/// That are waited for; of more, the latest replaces the one before.
inline constexpr std::size_t asked_ends_max = 64;
inline constexpr auto quiet_time = 5s;    ///< Without a record: then what is half-way in a log is taken to be over.
inline constexpr auto silence_min = 30s;  ///< Without a heartbeat of the connector: then it is said to be silent;
inline constexpr auto silence_heartbeats = 4;       ///< nor before so many are overdue.
inline constexpr auto read_whole_interval = 10min;  ///< In which that all was read becomes durable, if nothing changes;
inline constexpr auto read_whole_share = 20;        ///< or such a part of delete.retention.ms.
inline constexpr std::size_t kept_bytes_max = std::size_t{8} << 20;  ///< Of records that wait for their transaction.
inline constexpr std::size_t remembered_transactions_max = std::size_t{1} << 14;
inline constexpr auto transaction_patience = 2s;  ///< For what is missing of one, once everything else has come.
inline constexpr auto counting_time = 5s;         ///< Of transactions, before whole ones are waited for;
inline constexpr auto counting_time_max = 10min;  ///< twice as long each time that this was in vain.
inline constexpr std::uint64_t proven_transactions = 1000;  ///< After so many it was not.
inline constexpr auto retention_margin = 10;  ///< A part of delete.retention.ms of so many is left unused.

// The store.
inline constexpr auto store_look_interval = 2s;       ///< From a write to a look whether the file should shrink.
inline constexpr int store_mendings_max = 5;          ///< In a row; then the store's failure ends the daemon.
inline constexpr auto store_proven = 10min;           ///< A store that served so long ends the row.
inline constexpr std::size_t damaged_stores_max = 2;  ///< Kept aside; the newest ones.

// Documents.
inline constexpr std::size_t document_depth_max = 8;  ///< Children inside each other.
inline constexpr std::size_t indexes_max = 256;       ///< That the store keeps for them.
inline constexpr std::size_t index_columns_max = 24;  ///< Of one; its name, which holds them, has 511 bytes.

// Publishing.
inline constexpr auto lock_pause = 200ms;   ///< Between two looks at a locked table.
inline constexpr auto lock_patience = 30s;  ///< Then the next try is the cadence's.
inline constexpr auto put_off_pause = 200ms;
/// Further behind, nothing is published
inline constexpr std::uint64_t publish_behind_bytes = std::uint64_t{64} << 20;
inline constexpr auto publish_behind_max = 30s;            ///< before this has passed since the last one.
inline constexpr auto last_publish_max = 700ms;            ///< One that takes longer is not begun when we stop.
inline constexpr auto behind_pause = 500ms;                ///< Between two looks whether it is still so.
inline constexpr std::size_t publish_records_max = 16;     ///< In status.json; the newest ones.
inline constexpr std::size_t shown_value_bytes_max = 256;  ///< Of a config value in the log and status; then cut.
inline constexpr std::size_t pause_text_bytes_max = 512;   ///< Who paused, and why.
inline constexpr auto day_saved_every = 1min;              ///< What a crash may forget of the last 24 hours.

// Other processes.
inline constexpr std::size_t control_request_bytes_max = 4096;
inline constexpr std::size_t control_clients_max = 16;
inline constexpr auto accept_pause = 100ms;  ///< When descriptors are used up.
inline constexpr auto answer_timeout = 30s;
inline constexpr auto live_timeout = 5s;          ///< For the answer to `live`.
inline constexpr auto publish_timeout = 10min;    ///< For the answer to `publish`.
inline constexpr auto hold_max = 2min;            ///< Then the stream goes on without the client's word.
inline constexpr auto cut_timeout = 10min;        ///< For the stream to reach the cut, and to write it.
inline constexpr auto cut_kept_max = 6h;          ///< What was cut is removed then at the latest.
inline constexpr int heartbeats_missed_max = 10;  ///< Then a daemon is taken for dead.
inline constexpr std::uint64_t free_bytes_advised = std::uint64_t{1} << 30;

// The service manager.
inline constexpr auto start_patience = 1min;   ///< Without progress; then the start is over without a generation, too.
inline constexpr auto start_extension = 2min;  ///< For a start that gets on, from each sign of life.
inline constexpr auto sign_of_life_max = 10s;  ///< Between two of them.

// Reads over HTTP.
inline constexpr std::size_t http_head_bytes_max = std::size_t{64} << 10;    ///< Request line and headers.
inline constexpr std::size_t http_dropped_bytes_max = std::size_t{1} << 20;  ///< Behind a request that was refused.
inline constexpr auto http_idle_max = 75s;                                   ///< Of a connection between two requests.
inline constexpr std::size_t query_parameters_max = 256;
inline constexpr std::size_t filter_conditions_max = 256;
inline constexpr std::size_t filter_depth_max = 16;       ///< Of and(...) and or(...) inside each other.
inline constexpr std::size_t filter_values_max = 10'000;  ///< Of one in(...).
inline constexpr std::size_t select_fields_max = 4 * columns_max;
inline constexpr std::size_t json_steps_max = 32;
inline constexpr std::size_t scan_step_bytes = std::size_t{256} << 10;  ///< Of a scan between two looks at others.
inline constexpr std::size_t error_text_bytes_max = 300;   ///< Of a request, in the answer that refuses it.
inline constexpr std::size_t like_steps_max = 20'000'000;  ///< To match one text with one pattern: some 100 ms.
inline constexpr std::size_t long_reads_max = 8;           ///< At the same time; the others wait for them.
inline constexpr std::size_t short_read_steps = 1;         ///< A read that takes more is a long one.
inline constexpr auto scan_step_time = 20ms;               ///< Nor does it go on longer.
inline constexpr std::size_t mapped_allocation_bytes = std::size_t{1} << 20;
inline constexpr std::uint64_t answer_bytes_now_max = std::uint64_t{128} << 20;  ///< Of all clients together.
inline constexpr std::size_t page_generations_max = 20;
inline constexpr std::size_t fallback_reasons_max = 32;
inline constexpr std::size_t remembered_generations_max = 64;
inline constexpr auto block_look_pause = 100ms;  ///< Between two blocks that are compared with their hashes: 10 MiB/s.
inline constexpr auto coming_look_max = 1s;      ///< For the blocks of a new generation, before it is served.
inline constexpr auto block_round_pause = 1h;    ///< Between two rounds over all of them.
inline constexpr auto loop_beat_max = 30s;       ///< Without a word from the event loop, the daemon is not live.
inline constexpr std::uint64_t sort_bytes_max = std::uint64_t{64} << 20;

// Transactions between two looks at the catalog; of more, only the latest is remembered.
inline constexpr std::size_t unsettled_transactions_max = std::size_t{1} << 18;

// Waiting.
inline constexpr auto connect_timeout = 10s;
inline constexpr auto query_timeout = 30s;
inline constexpr auto catch_up_pause = 20ms;  ///< Between two looks whether the end was reached.
inline constexpr auto backoff_min = 250ms;
inline constexpr auto backoff_max = 30s;
inline constexpr auto session_proven = 5s;        ///< Streaming for so long ends the back-off.
inline constexpr auto status_interval_max = 10s;  ///< And at most a third of wal_sender_timeout.
inline constexpr auto stop_grace = 1500ms;        ///< SIGTERM to exit: the promise is two seconds.
inline constexpr auto lock_timeout = 5s;          ///< ACCESS SHARE before a copy.
inline constexpr auto progress_interval = 10s;    ///< Between two lines of a copy in the log.
inline constexpr int catalog_share = 20;          ///< Of our time, one part goes into looks at the catalog, at most.

// Error text from a peer that has not proved who it is.
inline constexpr std::size_t peer_text_bytes_max = 1024;

}  // namespace understudy::limits
