#pragma once

#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/table.hpp"
#include "decode/tuple_column.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace understudy::pgoutput {

// Messages of the pgoutput plugin, protocol version 1, text format, streaming and two_phase off.
// https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
//
// Every decoder is a pure function over one borrowed message. All string_views are borrowed from it.
// Errors: truncated_message, trailing_bytes, unknown_message, over_limit.

struct begin {
    lsn final_lsn;               ///< Where the commit record starts.
    std::int64_t commit_us = 0;  ///< Microseconds since 2000-01-01.
    std::uint32_t xid = 0;
};

struct commit {
    lsn commit_lsn;  ///< Same as begin::final_lsn.
    lsn end_lsn;     ///< Where the next record starts.
    std::int64_t commit_us = 0;
};

struct relation_column {
    std::string_view name;
    oid type = 0;
    std::int32_t typmod = -1;
    bool in_identity = false;  ///< Part of the replica identity.
};

struct relation {
    oid id = 0;
    std::string_view schema;  ///< Empty means pg_catalog.
    std::string_view name;
    char replica_identity = 'd';  ///< pg_class.relreplident: d, n, f or i.
    std::vector<relation_column> columns;
};

/// What an update or delete carries of the row before it.
enum class old_image : char { none = 0, key = 'K', whole = 'O' };

struct insert {
    oid relation = 0;
    tuple row;
};

struct update {
    oid relation = 0;
    old_image before_kind = old_image::none;
    tuple before;
    tuple row;
};

struct remove {
    oid relation = 0;
    old_image before_kind = old_image::key;
    tuple before;
};

struct truncate {
    std::vector<oid> relations;
    bool cascade = false;
    bool restart_identity = false;
};

/// A logical message (pg_logical_emit_message).
struct message {
    bool transactional = false;
    lsn position;
    std::string_view prefix;
    std::string_view content;
};

struct origin {};  ///< Where the transaction was first made. Of no use to us.
struct type {};    ///< Names a type that is not built in. We ask the catalog instead.

/// What a message is, from its first byte. Errors: truncated_message, unknown_message.
enum class kind : char {
    begin = 'B',
    commit = 'C',
    relation = 'R',
    type = 'Y',
    insert = 'I',
    update = 'U',
    remove = 'D',
    truncate = 'T',
    message = 'M',
    origin = 'O',
    stream_abort = 'A',
};
result<kind> kind_of(std::string_view message) noexcept;

// Each takes the whole message, first byte included. Those for row changes reuse the caller's vectors: the hot
// path allocates nothing per message.
result<begin> decode_begin(std::string_view whole);
result<commit> decode_commit(std::string_view whole);
result<relation> decode_relation(std::string_view whole);
error_code decode_insert(std::string_view whole, insert& into);
error_code decode_update(std::string_view whole, update& into);
error_code decode_remove(std::string_view whole, remove& into);
result<truncate> decode_truncate(std::string_view whole);
result<message> decode_message(std::string_view whole);
error_code check_origin(std::string_view whole);
error_code check_type(std::string_view whole);

/// Stream Abort, without the fields of protocol version 4. PostgreSQL 18 sends it though streaming is off, outside of
/// transactions, for a subtransaction of which it has sent nothing: seen on 18.4 when a transaction larger than
/// logical_decoding_work_mem is rolled back (ReorderBufferTruncateTXN marks the subtransactions as streamed).
error_code check_stream_abort(std::string_view whole);

// The frames around them: https://www.postgresql.org/docs/current/protocol-replication.html

/// XLogData, 'w'.
struct wal_data {
    lsn start;
    lsn wal_end;
    std::int64_t sent_us = 0;
    std::string_view payload;
};

/// Primary keepalive, 'k'.
struct keepalive {
    lsn wal_end;
    std::int64_t sent_us = 0;
    bool reply_requested = false;
};

using frame = std::variant<wal_data, keepalive>;
result<frame> decode_frame(std::string_view copy_data) noexcept;

/// Standby status update, 'r'. A zero flush or apply is "no answer" to the server.
struct status_update {
    lsn written;
    lsn flushed;
    lsn applied;
    std::int64_t sent_us = 0;
    bool request_reply = false;
};
std::string encode(const status_update& status);

}  // namespace understudy::pgoutput
