#include "publish/json_object.hpp"
#include "publish/status_file.hpp"

#include <fmt/format.h>

#include <cmath>

namespace understudy {

namespace json = boost::json;

namespace {

template <class T>
json::value or_null(const std::optional<T>& from)
{
    if (!from) return nullptr;
    return json::value(*from);
}

/// Whole seconds as such: Boost.JSON writes 0.0 as 0E0.
json::value number(double value)
{
    auto rounded = std::llround(value);
    if (static_cast<double>(rounded) == value) return rounded;
    return value;
}

json::value number_or_null(const std::optional<double>& from)
{
    return from ? number(*from) : json::value{};
}

json::value position_or_null(const std::optional<lsn>& position)
{
    if (!position) return nullptr;
    return json::value(to_string(*position));
}

json::value to_value(const std::optional<error_status>& error)
{
    if (!error) return nullptr;
    return {{"reason", error->reason},
            {"text", error->text},
            {"first_at", to_string(error->first_at)},
            {"last_at", to_string(error->last_at)},
            {"count", error->count}};
}

json::value to_value(const source_status& source)
{
    return {{"kind", source.kind},
            {"connected", source.connected},
            {"slot", source.slot},
            {"server_version", source.server_version},
            {"retained_bytes", or_null(source.retained_bytes)},
            {"wal_status", source.wal_status},
            {"safe_wal_bytes", or_null(source.safe_wal_bytes)},
            {"database_position", position_or_null(source.database_position)},
            {"received_position", to_string(source.received_position)},
            {"stored_position", to_string(source.stored_position)},
            {"last_error", to_value(source.last_error)}};
}

json::value ms_or_null(const std::optional<std::chrono::milliseconds>& time)
{
    return time ? json::value(time->count()) : json::value{};
}

json::value to_value(const cadence_settings& rules)
{
    return {{"min_interval_ms", rules.min_interval.count()},
            {"every_ms", ms_or_null(rules.every)},
            {"after_changes", or_null(rules.after_changes)},
            {"after_bytes", or_null(rules.after_bytes)},
            {"after_quiet_ms", ms_or_null(rules.after_quiet)}};
}

json::value to_value(const publish_record& record)
{
    json::object made{{"at", to_string(record.at)}, {"outcome", record.outcome}, {"reason", record.reason}};
    if (record.generation != 0) {
        made["generation"] = record.generation;
        made["rows"] = record.rows;
        made["bytes"] = record.bytes;
    }
    if (record.duration_ms != 0) made["duration_ms"] = record.duration_ms;
    return made;
}

json::value to_value(const cadence_status& cadence)
{
    json::array record;
    for (const auto& one : cadence.record) record.push_back(to_value(one));
    return {{"next_due", time_or_null(cadence.next_due)},
            {"rule", cadence.rule},
            {"will_fire", cadence.will_fire},
            {"last_publish", {{"at", time_or_null(cadence.last_publish_at)}, {"reason", cadence.last_publish_reason}}},
            {"last_skip", cadence.last_skip_reason},
            {"rules", to_value(cadence.rules)},
            {"pending",
             {{"changes", cadence.pending.changes},
              {"bytes", cadence.pending.bytes},
              {"since", time_or_null(cadence.pending.since)}}},
            {"record", std::move(record)}};
}

json::array to_array(const std::vector<table_status>& tables)
{
    json::array all;
    for (const auto& table : tables)
        all.push_back({{"schema", table.name.schema},
                       {"name", table.name.name},
                       {"rows", table.rows},
                       {"state", table.state},
                       {"progress", number_or_null(table.progress)}});
    return all;
}

json::value to_value(const std::optional<copy_status>& copy)
{
    if (!copy) return nullptr;
    return {{"table", copy->table},
            {"tables_done", copy->tables_done},
            {"tables_total", copy->tables_total},
            {"progress", number_or_null(copy->progress)},
            {"rows", copy->rows},
            {"bytes", copy->bytes},
            {"rows_per_second", number(copy->rows_per_second)},
            {"seconds_left", or_null(copy->seconds_left)}};
}

json::value to_value(const std::optional<hold_status>& hold)
{
    if (!hold) return nullptr;
    return {{"since", to_string(hold->since)}, {"until", to_string(hold->until)}};
}

json::value to_value(const std::optional<pause_status>& paused)
{
    if (!paused) return nullptr;
    return {{"since", to_string(paused->since)}, {"by", paused->by}, {"reason", paused->reason}};
}

json::value to_value(const std::optional<reload_status>& reload)
{
    if (!reload) return nullptr;
    json::array changes;
    for (const auto& change : reload->changes)
        changes.push_back(
            {{"key", change.key}, {"old", change.before}, {"new", change.after}, {"effect", change.effect}});
    return {{"at", to_string(reload->at)},
            {"result", reload->result},
            {"text", reload->text},
            {"changes", std::move(changes)}};
}

std::optional<std::uint64_t> number_or_nothing(object_reader& from, std::string_view name)
{
    return from.has(name) ? std::optional{from.number(name)} : std::nullopt;
}

std::optional<double> real_or_nothing(object_reader& from, std::string_view name)
{
    return from.has(name) ? std::optional{from.real(name)} : std::nullopt;
}

std::optional<std::chrono::milliseconds> ms_or_nothing(object_reader& from, std::string_view name)
{
    auto count = number_or_nothing(from, name);
    return count ? std::optional{std::chrono::milliseconds{*count}} : std::nullopt;
}

error_status error_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.text("reason"), from.text("text"), from.time("first_at").value_or(db_time{}),
            from.time("last_at").value_or(db_time{}), from.number("count")};
}

// What an earlier version did not write is what it did not know.
source_status source_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    source_status made;
    if (from.has("kind")) made.kind = from.text("kind");
    made.connected = from.flag("connected");
    made.slot = from.text("slot");
    made.server_version = from.text("server_version");
    made.retained_bytes = number_or_nothing(from, "retained_bytes");
    if (from.has("wal_status")) made.wal_status = from.text("wal_status");
    made.safe_wal_bytes = number_or_nothing(from, "safe_wal_bytes");
    if (from.has("database_position")) made.database_position = from.position("database_position");
    if (from.has("received_position")) made.received_position = from.position("received_position");
    if (from.has("stored_position")) made.stored_position = from.position("stored_position");
    if (from.has("last_error")) made.last_error = error_from(from.member("last_error"), missing);
    return made;
}

cadence_settings rules_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    cadence_settings made;
    made.min_interval = std::chrono::milliseconds{from.number("min_interval_ms")};
    made.every = ms_or_nothing(from, "every_ms");
    made.after_changes = number_or_nothing(from, "after_changes");
    made.after_bytes = number_or_nothing(from, "after_bytes");
    made.after_quiet = ms_or_nothing(from, "after_quiet_ms");
    return made;
}

pending_status pending_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.number("changes"), from.number("bytes"), from.time("since")};
}

publish_record record_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    publish_record made;
    made.at = from.time("at").value_or(db_time{});
    made.outcome = from.text("outcome");
    made.reason = from.text("reason");
    made.generation = number_or_nothing(from, "generation").value_or(0);
    made.rows = number_or_nothing(from, "rows").value_or(0);
    made.bytes = number_or_nothing(from, "bytes").value_or(0);
    made.duration_ms = number_or_nothing(from, "duration_ms").value_or(0);
    return made;
}

cadence_status cadence_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    object_reader last{from.member("last_publish"), missing};
    cadence_status made;
    made.next_due = from.time("next_due");
    made.rule = from.text("rule");
    made.last_publish_at = last.time("at");
    made.last_publish_reason = last.text("reason");
    made.last_skip_reason = from.text("last_skip");
    if (from.has("will_fire")) made.will_fire = from.text("will_fire");
    if (from.has("rules")) made.rules = rules_from(from.member("rules"), missing);
    if (from.has("pending")) made.pending = pending_from(from.member("pending"), missing);
    if (!from.has("record")) return made;
    for (const auto& one : from.list("record")) made.record.push_back(record_from(one, missing));
    return made;
}

table_status table_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {{from.text("schema"), from.text("name")},
            from.number("rows"),
            from.text("state"),
            real_or_nothing(from, "progress")};
}

copy_status copy_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    copy_status made;
    if (from.has("table")) made.table = from.text("table");
    made.tables_done = number_or_nothing(from, "tables_done").value_or(0);
    made.tables_total = number_or_nothing(from, "tables_total").value_or(0);
    made.progress = real_or_nothing(from, "progress");
    made.rows = from.number("rows");
    made.bytes = from.number("bytes");
    made.rows_per_second = from.real("rows_per_second");
    made.seconds_left = number_or_nothing(from, "seconds_left");
    return made;
}

hold_status hold_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.time("since").value_or(db_time{}), from.time("until").value_or(db_time{})};
}

pause_status pause_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.time("since").value_or(db_time{}), from.text("by"), from.text("reason")};
}

reload_status reload_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    reload_status made;
    made.at = from.time("at").value_or(db_time{});
    made.result = from.text("result");
    made.text = from.text("text");
    for (const auto& item : from.list("changes")) {
        object_reader change{item, missing};
        made.changes.push_back({change.text("key"), change.text("old"), change.text("new"), change.text("effect")});
    }
    return made;
}

void take_times(object_reader& from, status_report& into)
{
    into.since = from.time("since").value_or(db_time{});
    into.heartbeat = from.time("heartbeat").value_or(db_time{});
    into.content_as_of = from.time("content_as_of");
    into.current_as_of = from.time("current_as_of");
    if (from.has("clock_offset_ms")) into.clock_offset_ms = from.signed_number("clock_offset_ms");
    into.lag_seconds = real_or_nothing(from, "lag_seconds");
}

status_report report_from(object_reader& from, std::string& missing)
{
    status_report made;
    made.state = from.text("state");
    made.reason = from.text("reason");
    made.reason_text = from.text("reason_text");
    take_times(from, made);
    made.generation = from.number("generation");
    made.position = from.position("position");
    if (from.has("consistency")) made.consistency = from.text("consistency");
    made.lag_bytes = number_or_nothing(from, "lag_bytes");
    made.lag_records = number_or_nothing(from, "lag_records");
    made.source = source_from(from.member("source"), missing);
    made.cadence = cadence_from(from.member("cadence"), missing);
    for (const auto& item : from.list("tables")) made.tables.push_back(table_from(item, missing));
    if (from.has("copy")) made.copy = copy_from(from.member("copy"), missing);
    if (from.has("hold")) made.hold = hold_from(from.member("hold"), missing);
    if (from.has("paused")) made.paused = pause_from(from.member("paused"), missing);
    if (from.has("reload")) made.reload = reload_from(from.member("reload"), missing);
    made.store_bytes = from.number("store_bytes");
    made.pid = from.signed_number("pid");
    made.version = from.text("version");
    return made;
}

}  // namespace

json::object to_object(const status_report& from)
{
    return {{"format", status_format},
            {"version", from.version},
            {"pid", from.pid},
            {"heartbeat", to_string(from.heartbeat)},
            {"state", from.state},
            {"reason", from.reason},
            {"reason_text", from.reason_text},
            {"since", to_string(from.since)},
            {"generation", from.generation},
            {"position", to_string(from.position)},
            {"content_as_of", time_or_null(from.content_as_of)},
            {"current_as_of", time_or_null(from.current_as_of)},
            {"clock_offset_ms", or_null(from.clock_offset_ms)},
            {"consistency", from.consistency},
            {"lag_bytes", or_null(from.lag_bytes)},
            {"lag_records", or_null(from.lag_records)},
            {"lag_seconds", number_or_null(from.lag_seconds)},
            {"source", to_value(from.source)},
            {"cadence", to_value(from.cadence)},
            {"tables", to_array(from.tables)},
            {"copy", to_value(from.copy)},
            {"hold", to_value(from.hold)},
            {"paused", to_value(from.paused)},
            {"reload", to_value(from.reload)},
            {"store_bytes", from.store_bytes}};
}

std::string to_json(const status_report& from)
{
    return json::serialize(to_object(from)) + "\n";
}

outcome<status_report> status_from_json(std::string_view text)
{
    json::error_code ec;
    auto parsed = json::parse(text, ec);
    if (ec) return failure{errc::storage_failed, fmt::format("{} is not JSON: {}", status_file, ec.message())};
    std::string missing;
    object_reader from{parsed, missing};
    auto format = from.number("format");
    if (missing.empty() && format != status_format)
        return failure{errc::storage_failed,
                       fmt::format("{} has format {}, which this version does not read", status_file, format)};
    auto made = report_from(from, missing);
    if (missing.empty()) return made;
    return failure{errc::storage_failed, fmt::format("{}: {} is missing or damaged", status_file, missing)};
}

}  // namespace understudy
