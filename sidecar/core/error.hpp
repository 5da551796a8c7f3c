#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace understudy {

/// Every way in which something can fail, as operators see it: the names below are the reason codes of
/// logs, status and README. What is done about each is decided in `core/remedy.hpp` and nowhere else.
enum class errc {
    // Bytes from a peer.
    truncated_message = 1,  ///< A message ends inside a field.
    trailing_bytes,         ///< A message goes on after its last field.
    unknown_message,        ///< A message type that we do not know.
    unexpected_message,     ///< A known message in the wrong place, e.g. Commit without Begin.
    unknown_relation,       ///< A row change for a relation that was not described first.
    column_mismatch,        ///< A tuple whose columns are not those of its relation.
    bad_text,               ///< A value that is not what its type prints.
    over_limit,             ///< A bound of `core/limits.hpp` was reached.
    unsupported_type,       ///< A column type whose JSON form we do not know.
    unsupported_format,     ///< Messages that a converter wrote which we do not read.

    // The Postgres server and the way to it.
    unreachable,            ///< No connection: refused, unknown host, timed out.
    connection_lost,        ///< The connection ended under us.
    authentication_failed,  ///< Wrong password, no such role, no pg_hba entry.
    server_starting,        ///< 57P03: starting up, shutting down or in recovery.
    server_stopping,        ///< 57P01, 57P02: an administrator ends the connection.
    too_many_connections,   ///< 53300: connections or walsenders are used up.
    permission_denied,      ///< 42501, or a missing role attribute.
    query_failed,           ///< Any other error that the server reports.
    cancelled,              ///< We were asked to stop.
    timed_out,              ///< A wait of ours reached its deadline.

    // Prerequisites and continuity.
    prerequisite_missing,  ///< `check` would fail: an operator has to act.
    synchronous_standby,   ///< synchronous_standby_names could match us.
    wrong_system,          ///< Another cluster than the one that the store was copied from.
    wrong_database,        ///< Another database of the cluster.
    timeline_diverged,     ///< The server's timeline left ours before our position.
    time_travel,           ///< The server's WAL ends before our position.
    slot_missing,          ///< Our slot does not exist.
    slot_mismatch,         ///< A slot of our name has another plugin, type or database.
    slot_lost,             ///< Our slot was invalidated by the server.
    slot_ahead,            ///< Our slot was confirmed past our position: advanced or created again.
    slot_busy,             ///< Another process streams from our slot.
    history_mismatch,      ///< A transaction that has to be in the server's history is not.
    unsendable_value,      ///< The WAL holds a value that the server cannot send in UTF-8.
    publication_missing,   ///< Our publication does not exist.
    publication_changed,   ///< The publication is not the one that the copy was made from.
    table_changed,         ///< A table's shape or storage is not the one that was copied.
    table_missing,         ///< A configured table does not exist.
    table_unusable,        ///< A view, foreign or unlogged table, or one without usable identity.
    table_locked,          ///< Another transaction holds a strong lock on a table.
    catching_up,           ///< The stream has not reached the point that a new copy is true at.

    // A Kafka cluster and what its topics hold.
    topic_missing,     ///< A topic of a table does not exist, or cannot be seen.
    topic_changed,     ///< A topic has got more partitions, or one has appeared: read on with them.
    topic_replaced,    ///< A topic is not the one that was read: deleted and made anew, or cut.
    offsets_lost,      ///< A partition no longer holds what comes next.
    connector_silent,  ///< Its heartbeats no longer come.
    incomplete_log,    ///< Nothing proves that the topics still hold every row.
    columns_unknown,   ///< Neither a description nor a message says what columns a table has.
    bad_message,       ///< A record that cannot be what it should be.
    out_of_order,      ///< A record that lies before others in the database's history and does not repeat one.

    // State and snapshot directories.
    store_damaged,       ///< The store cannot be read.
    store_lost,          ///< The open store cannot be used any more, its file may be whole: open it again.
    store_foreign,       ///< The store belongs to another database, slot or configuration.
    store_newer,         ///< The store was written by a newer version.
    store_busy,          ///< Another daemon holds the store.
    store_full,          ///< The map has no page left (MDB_MAP_FULL): grow and apply again.
    disk_full,           ///< ENOSPC or EDQUOT.
    storage_failed,      ///< Any other error of a file or directory.
    bad_directory,       ///< A directory that cannot serve: type of filesystem, mode, owner, mount.
    generation_damaged,  ///< A generation does not match its manifest.
    no_generation,       ///< Nothing has been announced yet.
    paused,              ///< An operator holds publishing.

    // Ourselves.
    bad_config,  ///< The configuration cannot be used.
    usage,       ///< The command line cannot be used.
    no_daemon,   ///< No daemon answers on the control socket.
    internal,    ///< Our own mistake.
};

/// Stable lower-case name of a reason, e.g. `slot_missing`.
const char* name_of(errc code) noexcept;

const boost::system::error_category& understudy_category() noexcept;
boost::system::error_code make_error_code(errc code) noexcept;

using boost::system::error_code;

/// What pure code returns: a value, or a bare code.
template <class T>
using result = boost::system::result<T>;

/// A reason plus one line for people: what, where, what to do. Never holds a secret or row data.
struct failure {
    errc code = errc::internal;
    std::string text;
    std::uint64_t rows = 0;  ///< The epoch of the one table that it is about, where there is one.
};

/// What code that talks to the outside returns: a value, or a failure.
template <class T>
using outcome = boost::system::result<T, failure>;

[[noreturn]] void throw_exception_from_error(const failure& what, const boost::source_location& where);

/// Turns a bare code of ours into a failure that says `where` it happened.
failure explain(error_code code, std::string where);

/// The reason inside a code of our category; internal for any other category.
errc reason_of(error_code code) noexcept;

}  // namespace understudy

template <>
struct boost::system::is_error_code_enum<understudy::errc> : std::true_type {};
