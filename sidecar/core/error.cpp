#include "core/error.hpp"

#include <stdexcept>

namespace understudy {

const char* name_of(errc code) noexcept
{
    switch (code) {
    case errc::truncated_message: return "truncated_message";
    case errc::trailing_bytes: return "trailing_bytes";
    case errc::unknown_message: return "unknown_message";
    case errc::unexpected_message: return "unexpected_message";
    case errc::unknown_relation: return "unknown_relation";
    case errc::column_mismatch: return "column_mismatch";
    case errc::bad_text: return "bad_text";
    case errc::over_limit: return "over_limit";
    case errc::unsupported_type: return "unsupported_type";
    case errc::unsupported_format: return "unsupported_format";
    case errc::unreachable: return "unreachable";
    case errc::connection_lost: return "connection_lost";
    case errc::authentication_failed: return "authentication_failed";
    case errc::server_starting: return "server_starting";
    case errc::server_stopping: return "server_stopping";
    case errc::too_many_connections: return "too_many_connections";
    case errc::permission_denied: return "permission_denied";
    case errc::query_failed: return "query_failed";
    case errc::cancelled: return "cancelled";
    case errc::timed_out: return "timed_out";
    case errc::prerequisite_missing: return "prerequisite_missing";
    case errc::synchronous_standby: return "synchronous_standby";
    case errc::wrong_system: return "wrong_system";
    case errc::wrong_database: return "wrong_database";
    case errc::timeline_diverged: return "timeline_diverged";
    case errc::time_travel: return "time_travel";
    case errc::slot_missing: return "slot_missing";
    case errc::slot_mismatch: return "slot_mismatch";
    case errc::slot_lost: return "slot_lost";
    case errc::slot_ahead: return "slot_ahead";
    case errc::slot_busy: return "slot_busy";
    case errc::history_mismatch: return "history_mismatch";
    case errc::unsendable_value: return "unsendable_value";
    case errc::publication_missing: return "publication_missing";
    case errc::publication_changed: return "publication_changed";
    case errc::table_changed: return "table_changed";
    case errc::table_missing: return "table_missing";
    case errc::table_unusable: return "table_unusable";
    case errc::table_locked: return "table_locked";
    case errc::catching_up: return "catching_up";
    case errc::topic_missing: return "topic_missing";
    case errc::topic_changed: return "topic_changed";
    case errc::topic_replaced: return "topic_replaced";
    case errc::offsets_lost: return "offsets_lost";
    case errc::connector_silent: return "connector_silent";
    case errc::incomplete_log: return "incomplete_log";
    case errc::columns_unknown: return "columns_unknown";
    case errc::bad_message: return "bad_message";
    case errc::out_of_order: return "out_of_order";
    case errc::store_damaged: return "store_damaged";
    case errc::store_lost: return "store_lost";
    case errc::store_foreign: return "store_foreign";
    case errc::store_newer: return "store_newer";
    case errc::store_busy: return "store_busy";
    case errc::store_full: return "store_full";
    case errc::disk_full: return "disk_full";
    case errc::storage_failed: return "storage_failed";
    case errc::bad_directory: return "bad_directory";
    case errc::generation_damaged: return "generation_damaged";
    case errc::no_generation: return "no_generation";
    case errc::paused: return "paused";
    case errc::bad_config: return "bad_config";
    case errc::usage: return "usage";
    case errc::no_daemon: return "no_daemon";
    case errc::internal: return "internal";
    }
    return "unnamed";
}

namespace {

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "understudy"; }
    std::string message(int code) const override { return name_of(static_cast<errc>(code)); }
};

}  // namespace

const boost::system::error_category& understudy_category() noexcept
{
    static const category instance;
    return instance;
}

boost::system::error_code make_error_code(errc code) noexcept
{
    return {static_cast<int>(code), understudy_category()};
}

void throw_exception_from_error(const failure& what, const boost::source_location&)
{
    throw std::runtime_error{std::string{name_of(what.code)} + ": " + what.text};
}

failure explain(error_code code, std::string where)
{
    return {reason_of(code), std::move(where)};
}

errc reason_of(error_code code) noexcept
{
    return code.category() == understudy_category() ? static_cast<errc>(code.value()) : errc::internal;
}

}  // namespace understudy
