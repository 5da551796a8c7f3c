#pragma once

#include "core/table.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

struct postgres_settings {
    std::string connection;  ///< A libpq string or URI. Secret: may hold a password.
    std::string slot = "understudy";
    std::string publication = "understudy";
    bool create = true;  ///< Make the publication and the slot where they are missing.
};

/// How a Debezium connector writes what JSON has no type for: the values of its own settings of these names, with its own
/// defaults. They count where a message has no schema of its own.
struct debezium_encodings {
    std::string decimal = "precise";  ///< decimal.handling.mode: precise, double, string.
    /// time.precision.mode: adaptive, adaptive_time_microseconds, connect, isostring, microseconds, nanoseconds.
    std::string time = "adaptive";
    std::string interval = "numeric";  ///< interval.handling.mode: numeric, string.
    std::string binary = "bytes";      ///< binary.handling.mode: bytes, base64, base64-url-safe, hex.
    std::string hstore = "json";       ///< hstore.handling.mode: json, map.
    std::string unavailable = "__debezium_unavailable_value";  ///< unavailable.value.placeholder
    friend bool operator==(const debezium_encodings&, const debezium_encodings&) = default;
};

/// A topic by its name, and the table whose rows it holds.
struct topic_setting {
    std::string topic;
    table_name table;
    friend bool operator==(const topic_setting&, const topic_setting&) = default;
};

enum class bad_message_policy { halt, skip_and_mark };
enum class resnapshot_policy { keep, sweep };

struct kafka_settings {
    std::string brokers;  ///< `host:port`, separated by commas; empty: not this source.
    std::string prefix;   ///< Topics `<prefix>.<schema>.<table>`. One of the three is set.
    std::string pattern;  ///< Its two groups are schema and table.
    std::vector<topic_setting> list;
    std::map<std::string, std::string> properties;  ///< Of librdkafka. Secret: may hold passwords.
    std::filesystem::path description;              ///< What `understudy describe` wrote.
    debezium_encodings encodings;
    std::string heartbeat_topic;       ///< Empty: `__debezium-heartbeat.<prefix>`.
    std::string transaction_topic;     ///< Empty: `<prefix>.transaction`.
    std::string report_group;          ///< Offsets are committed for it, for tools that show lag; empty: not.
    std::vector<table_name> complete;  ///< The operator's word: these topics hold every row, whatever their settings.
    bad_message_policy on_bad_message = bad_message_policy::halt;
    resnapshot_policy on_resnapshot = resnapshot_policy::keep;
    bool is_on() const noexcept { return !brokers.empty(); }
    friend bool operator==(const kafka_settings&, const kafka_settings&) = default;
};

/// One entry of `tables`: `schema.table` or `schema.*`.
struct table_setting {
    std::string schema;
    std::string name;                  ///< Empty for `schema.*`.
    std::vector<std::string> columns;  ///< Only these; empty means all. Applied before the store.
    std::vector<std::string> exclude;  ///< Not these.

    bool chooses(const std::string& column) const
    {
        const auto& named = columns.empty() ? exclude : columns;
        bool is_named = std::find(named.begin(), named.end(), column) != named.end();
        return is_named != columns.empty();
    }
    friend bool operator==(const table_setting&, const table_setting&) = default;
};

/// Publish when due by any rule that is set, never more often than min_interval.
struct cadence_settings {
    std::chrono::milliseconds min_interval{1000};
    std::optional<std::chrono::milliseconds> every;        ///< This long after the last one, if anything changed.
    std::optional<std::uint64_t> after_changes;            ///< So many row changes.
    std::optional<std::uint64_t> after_bytes;              ///< So many bytes of row changes.
    std::optional<std::chrono::milliseconds> after_quiet;  ///< This long after the last change.
    friend bool operator==(const cadence_settings&, const cadence_settings&) = default;
};

struct commit_settings {
    std::chrono::milliseconds max_delay{1000};
    std::uint64_t max_changes = 50'000;
    std::uint64_t max_bytes = std::uint64_t{8} << 20;
    friend bool operator==(const commit_settings&, const commit_settings&) = default;
};

struct document_order {
    std::string column;
    bool descending = false;
    friend bool operator==(const document_order&, const document_order&) = default;
};

/// One table inside a document, or inside each row of another table.
struct document_table {
    std::string table;  ///< `schema.table` as in `tables`.
    std::string as;     ///< The member's name; empty means the default (member_of).
    std::vector<std::pair<std::string, std::string>> columns;  ///< Column and member name, in order; empty means all.
    std::string keyed_by;                    ///< Column whose value is the member name of each row; empty: an array.
    std::vector<std::string> hoist = {};     ///< Columns of json whose members become members of the row.
    std::vector<document_table> merge = {};  ///< Each with the one row whose members become members of the row.
    std::vector<document_table> nest = {};   ///< Each with the rows that become one member of the row.

    // Only inside another table: rows in which `by` equals the other row's `to`.
    std::vector<std::string> by = {};
    std::vector<std::string> to = {};  ///< Empty means the other table's key.
    std::vector<document_order> order_by = {};
    friend bool operator==(const document_table&, const document_table&) = default;
};

struct document_settings {
    std::string file = "snapshot.json";
    bool header = true;                  ///< The `understudy` member.
    std::vector<document_table> tables;  ///< Empty means all of `tables`, in order.
    /// JSON around the rows: one text in front of each table, one behind the last.
    std::vector<std::string> wrap = {};
    friend bool operator==(const document_settings&, const document_settings&) = default;
};

struct snapshot_settings {
    std::filesystem::path directory;
    std::uint32_t keep = 3;                   ///< Generations kept, the current one included.
    std::chrono::milliseconds grace{60'000};  ///< A generation that was current is kept at least this long after.
    std::uint32_t mode = 0440;                ///< Of the files; directories get the same plus search permission.
    std::string owner;                        ///< A name or number; empty: our own.
    std::string group;                        ///< A name or number; empty: our own.
    std::uint64_t reserve_bytes = 0;          ///< Keep at least this much of the disk free.
    friend bool operator==(const snapshot_settings&, const snapshot_settings&) = default;
};

/// Where reads, health and metrics are answered over HTTP: a unix socket, or an address of this host.
struct listen_address {
    std::filesystem::path socket;  ///< Of a unix socket; empty for TCP.
    std::string host;              ///< A numeric address, or `localhost`.
    std::uint16_t port = 0;
    friend bool operator==(const listen_address&, const listen_address&) = default;
};

struct serve_settings {
    std::vector<listen_address> listen;  ///< Empty: nothing is served.
    bool anywhere = false;               ///< Addresses that others can reach may be listened on.
    std::string token;                   ///< Secret; empty: nobody is asked for one.
    std::filesystem::path certificate;   ///< PEM; empty: without TLS. Unix sockets are never under TLS.
    std::filesystem::path private_key;
    std::uint32_t connections_max = 256;
    std::uint64_t answer_bytes_max = std::uint64_t{16} << 20;  ///< A longer answer is refused.
    std::uint64_t rows_max = 0;                                ///< Of one answer; 0: any number.
    std::chrono::milliseconds timeout{10'000};                 ///< For a request to come, and for its work.
    bool is_on() const noexcept { return !listen.empty(); }
    friend bool operator==(const serve_settings&, const serve_settings&) = default;
};

struct log_settings {
    std::string level = "info";   ///< trace, debug, info, warn, error.
    std::string format = "text";  ///< text or json.
    friend bool operator==(const log_settings&, const log_settings&) = default;
};

/// The whole configuration as plain data; `settings/` reads and checks it. Immutable once made.
struct settings {
    postgres_settings postgres;
    kafka_settings kafka;  ///< One of the two sources is set.
    std::vector<table_setting> tables;
    std::filesystem::path state_directory;
    bool any_filesystem = false;  ///< state.any_filesystem
    snapshot_settings snapshot;
    cadence_settings cadence;
    commit_settings commit;
    std::vector<document_settings> documents;  ///< Never empty: the default document when none is configured.
    serve_settings serve;
    log_settings log;
    std::chrono::milliseconds heartbeat{1000};  ///< How often status.json is refreshed. `status.heartbeat`
};

}  // namespace understudy
