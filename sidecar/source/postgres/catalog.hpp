#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/settings.hpp"
#include "core/table.hpp"
#include "render/type_catalog.hpp"
#include "source/postgres/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

// What the server says about itself, our publication, our slot and our tables: facts only. Whether they are good
// enough is decided in preflight.hpp and continuity.hpp.

struct server_facts {
    int version = 0;  ///< server_version_num, e.g. 150020.
    std::string database;
    std::string encoding;
    std::string user;
    bool in_recovery = false;
    bool is_superuser = false;
    bool may_replicate = false;
    bool may_create = false;  ///< CREATE on the database: needed for a publication.
    bool may_mark = false;    ///< EXECUTE on pg_logical_emit_message, which everybody has unless it was revoked.
    std::string wal_level;
    bool wal_level_needs_restart = false;  ///< It was altered, and the server was not restarted since.
    std::string slot_wal_max;              ///< max_slot_wal_keep_size as the server shows it; -1 is no limit.
    std::string synchronous_standby_names;
    int slots_max = 0;
    int slots_used = 0;
    int senders_max = 0;
    int senders_used = 0;
    std::chrono::milliseconds sender_timeout{60'000};  ///< wal_sender_timeout; zero is none.
};

struct publication_facts {
    bool exists = false;
    oid id = 0;
    bool all_tables = false;
    bool inserts = false;
    bool updates = false;
    bool deletes = false;
    bool truncates = false;
    bool via_root = false;
    bool owned = false;       ///< By our role, or by one that it is a member of.
    std::string fingerprint;  ///< Of its own row; its members count in their tables' fingerprints.
};

struct slot_facts {
    bool exists = false;
    std::string plugin;
    std::string type;
    std::string database;
    bool temporary = false;
    bool two_phase = false;    ///< Decodes prepared transactions at PREPARE, not at COMMIT PREPARED.
    int active_pid = 0;        ///< 0: nobody streams from it.
    std::string wal_status;    ///< reserved, extended, unreserved, lost.
    std::string invalidation;  ///< 17+: why it was invalidated.
    lsn restart;
    lsn confirmed;
    std::uint64_t retained_bytes = 0;
};

struct column_facts {
    std::string type_name;  ///< As format_type prints it.
    column described;
    bool generated = false;
    bool published = true;
    bool nullable = true;
    bool has_default = false;  ///< Or had one when it was added: rows from before may hold it.
};

struct table_facts {
    oid id = 0;
    table_name name;
    table_setting setting;  ///< The entry of `tables` that asks for it.
    char kind = 'r';        ///< relkind.
    char persistence = 'p';
    char replica_identity = 'd';
    bool is_partition = false;
    bool has_inheritors = false;  ///< Children by INHERITS; they are tables of their own to us.
    bool may_select = false;
    bool owned = false;  ///< As for publications: whoever publishes a table has to own it.
    bool row_security = false;
    bool published = false;
    std::string row_filter;  ///< SQL of the publication's WHERE; empty: none.
    std::vector<column_facts> columns;
    std::vector<std::string> primary_key;     ///< Of an immediate, valid primary key; empty: none.
    std::vector<std::string> identity_index;  ///< Of REPLICA IDENTITY USING INDEX; empty: none.
    std::string leaf_identities;  ///< The different relreplident of a partitioned table's leaves, e.g. `df`.
    std::string persistences;     ///< The different relpersistence of a partitioned table and its partitions.
    std::vector<oid> partitions;  ///< Of a partitioned table: itself and everything below it.
    std::string sent_as;          ///< The published tables above a partition, under whose name its rows are sent.
    std::optional<std::int64_t> estimated_rows;  ///< reltuples, of all leaves; nothing before each was analysed.
    std::int64_t bytes = 0;
    std::string fingerprint;
};

/// A wanted table that the catalog does not have is missing from the answer: compare with the settings.
struct table_listing {
    std::vector<table_facts> tables;  ///< In config order; `schema.*` by name.
    std::vector<table_setting> missing;
};

// Each asks once, on the connection's executor, and changes nothing. Errors: those of pg_connection::query, within
// limits::query_timeout; bad_text for an answer that is not what our own query asks for; over_limit for more tables than
// limits::tables_max; table_changed for a table that went away in between.
asio::awaitable<outcome<server_facts>> read_server(pg_connection& sql);
asio::awaitable<outcome<publication_facts>> read_publication(pg_connection& sql, std::string name);
asio::awaitable<outcome<slot_facts>> read_slot(pg_connection& sql, std::string name);
asio::awaitable<outcome<table_listing>> read_tables(pg_connection& sql, std::vector<table_setting> wanted,
                                                    std::string publication);
asio::awaitable<outcome<type_catalog>> read_types(pg_connection& sql, const std::vector<table_facts>& tables);

/// What may have changed the tables without a row message.
struct catalog_changes {
    std::vector<oid> changed;  ///< Tables whose fingerprint is no longer the given one, or that are gone.
    bool publication_changed = false;
    std::optional<std::string> locked_by;  ///< Who holds a strong lock on which table, for people.
    std::vector<std::uint32_t> running;    ///< Transactions whose work the catalog does not show yet, unordered.
    std::uint32_t next_xid = 0;            ///< Nor that of any from here on.
};
asio::awaitable<outcome<catalog_changes>> read_catalog_changes(pg_connection& sql,
                                                               const std::vector<table_record>& tables,
                                                               std::string publication,
                                                               std::string publication_fingerprint);

/// The database's clock, and what was in its WAL after it was read.
struct probe_facts {
    db_time at;
    lsn written;                       ///< The end of the WAL. What was acknowledged by `at` starts before it.
    lsn flushed;                       ///< What a stream could have sent by now.
    std::uint64_t retained_bytes = 0;  ///< WAL that our slot holds back.
    std::string wal_status;            ///< pg_replication_slots.wal_status; empty without a slot.
    std::optional<std::uint64_t> safe_wal_bytes;  ///< safe_wal_size; nothing without max_slot_wal_keep_size.
    std::string synchronous_standby_names;
};
asio::awaitable<outcome<probe_facts>> read_probe(pg_connection& sql, std::string slot);

}  // namespace understudy
