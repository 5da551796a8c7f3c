#include "core/remedy.hpp"

namespace understudy {

const char* name_of(remedy what) noexcept
{
    switch (what) {
    case remedy::retry: return "retry";
    case remedy::resync_tables: return "resync_tables";
    case remedy::resync_all: return "resync_all";
    case remedy::rebuild_store: return "rebuild_store";
    case remedy::reopen_store: return "reopen_store";
    case remedy::ask_operator: return "ask_operator";
    case remedy::halt: return "halt";
    }
    return "unnamed";
}

remedy remedy_for(errc code) noexcept  // NOLINT(readability-function-size): a line for each code
{
    switch (code) {
    // A damaged conversation: the same bytes may come whole over a new connection.
    case errc::truncated_message:
    case errc::trailing_bytes:
    case errc::unknown_message:
    case errc::unexpected_message:
    case errc::unknown_relation:
    case errc::column_mismatch:
    case errc::unreachable:
    case errc::connection_lost:
    case errc::authentication_failed:
    case errc::server_starting:
    case errc::server_stopping:
    case errc::too_many_connections:
    case errc::query_failed:
    case errc::timed_out:
    case errc::slot_busy:
    case errc::table_locked:
    case errc::catching_up:
    case errc::permission_denied:
    case errc::topic_missing:
    case errc::topic_changed:
    case errc::connector_silent:
    case errc::incomplete_log:
    case errc::columns_unknown:
    case errc::store_full:
    case errc::disk_full:
    case errc::storage_failed:
    case errc::generation_damaged:
    case errc::no_generation: return remedy::retry;

    case errc::topic_replaced:
    case errc::offsets_lost:
    case errc::table_changed: return remedy::resync_tables;

    case errc::timeline_diverged:
    case errc::time_travel:
    case errc::slot_missing:
    case errc::slot_lost:
    case errc::slot_ahead:
    case errc::history_mismatch:
    case errc::unsendable_value:
    case errc::publication_missing:
    case errc::publication_changed: return remedy::resync_all;

    case errc::store_damaged: return remedy::rebuild_store;

    case errc::store_lost: return remedy::reopen_store;

    case errc::unsupported_format:
    case errc::bad_message:
    case errc::out_of_order:
    case errc::bad_text:
    case errc::over_limit:
    case errc::unsupported_type:
    case errc::prerequisite_missing:
    case errc::synchronous_standby:
    case errc::wrong_system:
    case errc::wrong_database:
    case errc::slot_mismatch:
    case errc::table_missing:
    case errc::table_unusable:
    case errc::store_foreign:
    case errc::store_newer:
    case errc::store_busy:
    case errc::bad_directory:
    case errc::bad_config:
    case errc::usage:
    case errc::paused:
    case errc::no_daemon:
    case errc::cancelled: return remedy::ask_operator;

    case errc::internal: return remedy::halt;
    }
    return remedy::halt;
}

int exit_status_for(errc code) noexcept
{
    if (code == errc::usage || code == errc::bad_config) return 2;
    if (code == errc::no_daemon || code == errc::cancelled) return 3;
    switch (remedy_for(code)) {
    case remedy::retry:
    case remedy::reopen_store: return 3;
    case remedy::halt: return 70;
    default: return 4;
    }
}

}  // namespace understudy
