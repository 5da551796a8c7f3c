#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/settings.hpp"
#include "core/table.hpp"
#include "publish/snapshot_directory.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

inline constexpr const char* status_file = "status.json";
inline constexpr std::uint64_t status_format = 1;

/// The same trouble, again and again, until another one comes.
struct error_status {
    std::string reason;  ///< name_of(errc).
    std::string text;    ///< Of the last time.
    db_time first_at{};
    db_time last_at{};
    std::uint64_t count = 0;
    friend bool operator==(const error_status&, const error_status&) = default;
};

struct source_status {
    std::string kind = "postgres";  ///< Or `kafka`, which has no slot and no WAL.
    bool connected = false;
    std::string slot;
    std::string server_version;                   ///< Empty until a first connection.
    std::optional<std::uint64_t> retained_bytes;  ///< WAL that our slot holds back.
    std::string wal_status;                       ///< What the server says of our slot; empty when it is not known.
    std::optional<std::uint64_t> safe_wal_bytes;  ///< WAL that may still be written before the slot is in danger.
    std::optional<lsn> database_position;         ///< How far the database had flushed its WAL, when it was asked last.
    lsn received_position;                        ///< How far the stream has been read.
    lsn stored_position;                          ///< How far it is durable here.
    std::optional<error_status> last_error;       ///< Also when it is over.
    friend bool operator==(const source_status&, const source_status&) = default;
};

/// One attempt at a generation, or the beginning of a time without one.
struct publish_record {
    db_time at{};
    std::string outcome;  ///< `published`, `failed`, `put_off` or `skipped`.
    std::string reason;   ///< Name of a publish_reason if published, of a wait_reason if skipped, else of an errc.
    std::uint64_t generation = 0;  ///< This and the next three: 0 unless published.
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t duration_ms = 0;
    friend bool operator==(const publish_record&, const publish_record&) = default;
};

struct pending_status {
    std::uint64_t changes = 0;  ///< Of rows, that no generation holds.
    std::uint64_t bytes = 0;
    std::optional<db_time> since;
    friend bool operator==(const pending_status&, const pending_status&) = default;
};

struct cadence_status {
    std::optional<db_time> next_due;  ///< Nothing: when something happens, see rule.
    std::string rule;                 ///< Name of a wait_reason or publish_reason.
    std::optional<db_time> last_publish_at;
    std::string last_publish_reason;
    std::string last_skip_reason;
    std::string will_fire;  ///< Name of the publish_reason that publishes next, as far as can be told; or empty.
    cadence_settings rules;
    pending_status pending;
    std::vector<publish_record> record;  ///< The last limits::publish_records_max, the newest at the end.
    friend bool operator==(const cadence_status&, const cadence_status&) = default;
};

struct table_status {
    table_name name;
    std::uint64_t rows = 0;
    std::string state;               ///< E.g. `current`, `copying`, `held`.
    std::optional<double> progress;  ///< 0 to 1, of a copy.
    friend bool operator==(const table_status&, const table_status&) = default;
};

/// A verify has the stream held or waits for it, or reads what was cut for it.
struct hold_status {
    db_time since{};
    db_time until{};  ///< Ends by itself then.
    friend bool operator==(const hold_status&, const hold_status&) = default;
};

/// An operator holds publishing.
struct pause_status {
    db_time since{};
    std::string by;
    std::string reason;  ///< In his words; may be empty.
    friend bool operator==(const pause_status&, const pause_status&) = default;
};

/// What came of reading the config again.
struct reload_status {
    struct change {
        std::string key;
        std::string before;  ///< As `config` prints it; secrets are masked.
        std::string after;
        std::string effect;  ///< `live`, or `refused`: it needs a restart.
        friend bool operator==(const change&, const change&) = default;
    };
    db_time at{};
    std::string result;  ///< `applied`, `unchanged`, `partly_refused` or `refused`.
    std::string text;    ///< Why the file was refused; else empty.
    std::vector<change> changes;
    friend bool operator==(const reload_status&, const reload_status&) = default;
};

struct copy_status {
    std::string table;  ///< Being copied now; empty while a consistent point is awaited.
    std::uint64_t tables_done = 0;
    std::uint64_t tables_total = 0;
    std::optional<double> progress;  ///< 0 to 1, of all tables, as far as the database's estimate goes.
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    double rows_per_second = 0;
    std::optional<std::uint64_t> seconds_left;
    friend bool operator==(const copy_status&, const copy_status&) = default;
};

/// What the daemon says of itself on each heartbeat. Holds no row data and no secret. Times are on our clock except
/// content_as_of and current_as_of, which are on the database's.
struct status_report {
    std::string state;   ///< E.g. `copying`, `streaming`, `waiting`, `stopped`.
    std::string reason;  ///< name_of(errc) of what holds it back; empty if nothing does.
    std::string reason_text;
    db_time since{};  ///< In this state.
    db_time heartbeat{};
    std::uint64_t generation = 0;  ///< The announced one; 0 before the first.
    lsn position;                  ///< Of the announced generation.
    std::optional<db_time> content_as_of;
    std::optional<db_time> current_as_of;
    std::optional<std::int64_t> clock_offset_ms;  ///< The database's clock minus ours.
    std::string consistency = "transaction";      ///< name_of(consistency_level) of the announced generation.
    std::optional<std::uint64_t> lag_bytes;
    std::optional<std::uint64_t> lag_records;  ///< Of a Kafka source, in place of lag_bytes.
    std::optional<double> lag_seconds;
    source_status source;
    cadence_status cadence;
    std::vector<table_status> tables;
    std::optional<copy_status> copy;  ///< While one runs.
    std::optional<hold_status> hold;
    std::optional<pause_status> paused;
    std::optional<reload_status> reload;  ///< The last one of this run.
    std::uint64_t store_bytes = 0;        ///< Of the store's file.
    std::int64_t pid = 0;
    std::string version;
    friend bool operator==(const status_report&, const status_report&) = default;
};

std::string to_json(const status_report& from);
boost::json::object to_object(const status_report& from);

/// Errors: storage_failed naming the member that is missing or damaged, or a format newer than ours.
outcome<status_report> status_from_json(std::string_view text);

/// Replaces `status.json`, so that a reader finds a whole one. Never synced: it is worth nothing after a crash.
/// Errors: disk_full, storage_failed. Publish thread only.
outcome<void> write_status(const snapshot_directory& directory, const status_report& report);

/// For any process. Errors: storage_failed, over_limit.
outcome<status_report> read_status(const std::filesystem::path& directory);

}  // namespace understudy
