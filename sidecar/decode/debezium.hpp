#pragma once

#include "core/error.hpp"
#include "core/lsn.hpp"
#include "decode/json_tape.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::debezium {

// Messages of Debezium's Postgres connector, as Kafka Connect's JsonConverter writes them, with schemas in them or not.
// https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events

/// What a message says. The letters are those of `op`.
enum class operation : char {
    create = 'c',
    update = 'u',
    remove = 'd',
    read = 'r',  ///< A row of a snapshot.
    truncate = 't',
    message = 'm',  ///< A logical message (pg_logical_emit_message).
};

enum class event_kind {
    upsert,       ///< The row is `row` from now on: op c, u and r, and every flattened row that is not deleted.
    remove,       ///< The row of the key is gone.
    tombstone,    ///< The same, said by a value that is absent or null: it has no row and no source.
    truncate,     ///< The whole table is empty.
    message,      ///< Nothing about rows.
    transaction,  ///< A transaction begins or ends.
    heartbeat,    ///< The connector lives.
};

/// Where a row stands in a snapshot; `none` for one that was streamed.
enum class snapshot_mark { none, inside, first, first_in_table, last_in_table, last, incremental };

/// Where a change comes from. What a message does not say is empty.
struct source_block {
    std::string_view name;  ///< The connector's topic.prefix.
    std::string_view db;
    std::string_view schema;
    std::string_view table;
    std::optional<std::int64_t> commit_us;         ///< Microseconds since 1970.
    snapshot_mark snapshot = snapshot_mark::none;  ///< Of an `op` that is a change none, whatever the message says.
    /// Whether the converter writes the default of a column in the place of every null (replace.null.with.default). A streamed
    /// event tells: it has the word `false`, or the null that Debezium has there (seen in captures n1 and n2). Others do not.
    std::optional<bool> has_defaults_for_nulls;
    std::optional<lsn> last_commit;  ///< The first half of `sequence`: the last commit seen before.
    std::optional<lsn> sequence;  ///< The second half: the change itself, or where a chunk of a snapshot was let out.
    std::optional<lsn> position;  ///< Of the change in the WAL; rows of one COPY share it.
    std::optional<std::uint64_t> xid;
};

/// `txId:lsn`. The lsn differs between the messages of one transaction, so they are joined by the xid.
struct transaction_id {
    std::string_view xid;
    std::optional<lsn> position;
};

/// Where a change stands in its transaction; both orders count from one.
struct transaction_block {
    transaction_id id;
    std::optional<std::uint64_t> total_order;
    std::optional<std::uint64_t> table_order;
};

/// How many events of one table a transaction had.
struct table_count {
    std::string_view table;  ///< `schema.table`.
    std::uint64_t events = 0;
};

/// A message of the transaction topic.
struct transaction_boundary {
    bool is_end = false;
    transaction_id id;
    std::optional<std::uint64_t> events;  ///< Of an end: over all tables.
    std::span<const table_count> tables;  ///< Of an end.
};

/// One message. Everything in it is borrowed from the reader and from the message's bytes, until the next one is read.
struct event {
    event_kind kind = event_kind::tombstone;
    bool is_flattened = false;                ///< By ExtractNewRecordState.
    std::optional<operation> op;              ///< Flattened: only if the connector adds it.
    json_node key;                            ///< An object, or one value; none if the message has no key.
    json_node row;                            ///< Of an upsert.
    json_node before;                         ///< Of an update or removal, where given. See below.
    std::string_view added_prefix;            ///< Flattened: members of a row that begin so are about it, not in it.
    source_block source;                      ///< Flattened: what the connector adds.
    std::optional<transaction_block> within;  ///< Only with provide.transaction.metadata.
    transaction_boundary boundary;            ///< Of a transaction.
    std::optional<std::int64_t> sent_ms;      ///< The connector's clock, since 1970. Of a heartbeat, all that it says.

    /// Schemas of the rows' and the key's members: `{"type":"struct","fields":[...]}`. None if the message has none.
    json_node row_schema;
    json_node key_schema;
    /// Differs from the last event's if the schema beside it may.
    std::uint64_t row_schema_number = 0;
    std::uint64_t key_schema_number = 0;
};

/// Whether a member of a flattened row with this name was added by the connector, unless it is a column.
bool is_added(const event& said, std::string_view name) noexcept;

// Of `before` only the key is true, unless the table has REPLICA IDENTITY FULL: the other members are made up.

struct reader_options {
    std::string added_prefix = "__";  ///< ExtractNewRecordState's add.fields.prefix.
};

/// Which half of a message.
enum class side { key, value };

/// Says which converter a side has to have, for people.
std::string converter_advice(side which);

/// Reads messages one after the other. One for each topic: it remembers the schemas of the message before, and
/// does not read them again while they stay the same. Allocates nothing for the usual message.
///
/// A half with a schema is an object of exactly `schema` and `payload`, recognised for key and value on their own.
/// A value is an envelope if it has a text `op` and an object `source`, or an object `after` or `before`; what is
/// neither that, nor a heartbeat, nor of the transaction topic, is a flattened row.
class event_reader {
public:
    explicit event_reader(reader_options options = {});
    ~event_reader();
    event_reader(event_reader&&) noexcept;
    event_reader& operator=(event_reader&&) noexcept;

    /// Reads one message; a half that Kafka has as null is nullopt. Both must live as long as the event is used.
    ///
    /// Errors: unsupported_format for bytes that are not plain JSON; bad_text for what Debezium does not write;
    /// over_limit. wrong() says what it was.
    error_code read(std::optional<std::string_view> key, std::optional<std::string_view> value);

    /// What was read last, if that was right.
    const event& last() const noexcept;

    /// After an error: one line for people, without row data.
    const std::string& wrong() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace understudy::debezium
