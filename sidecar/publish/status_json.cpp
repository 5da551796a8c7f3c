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

json::value to_value(const source_status& source)
{
    return {{"connected", source.connected},
            {"slot", source.slot},
            {"server_version", source.server_version},
            {"retained_bytes", or_null(source.retained_bytes)}};
}

json::value to_value(const cadence_status& cadence)
{
    return {{"next_due", time_or_null(cadence.next_due)},
            {"rule", cadence.rule},
            {"last_publish", {{"at", time_or_null(cadence.last_publish_at)}, {"reason", cadence.last_publish_reason}}},
            {"last_skip", cadence.last_skip_reason}};
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

std::optional<std::uint64_t> number_or_nothing(object_reader& from, std::string_view name)
{
    return from.has(name) ? std::optional{from.number(name)} : std::nullopt;
}

std::optional<double> real_or_nothing(object_reader& from, std::string_view name)
{
    return from.has(name) ? std::optional{from.real(name)} : std::nullopt;
}

source_status source_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.flag("connected"), from.text("slot"), from.text("server_version"),
            number_or_nothing(from, "retained_bytes")};
}

cadence_status cadence_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    object_reader last{from.member("last_publish"), missing};
    return {from.time("next_due"), from.text("rule"), last.time("at"), last.text("reason"), from.text("last_skip")};
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
    made.lag_bytes = number_or_nothing(from, "lag_bytes");
    made.source = source_from(from.member("source"), missing);
    made.cadence = cadence_from(from.member("cadence"), missing);
    for (const auto& item : from.list("tables")) made.tables.push_back(table_from(item, missing));
    if (from.has("copy")) made.copy = copy_from(from.member("copy"), missing);
    if (from.has("hold")) made.hold = hold_from(from.member("hold"), missing);
    made.store_bytes = from.number("store_bytes");
    made.pid = from.signed_number("pid");
    made.version = from.text("version");
    return made;
}

}  // namespace

std::string to_json(const status_report& from)
{
    json::value all = {{"format", status_format},
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
                       {"lag_bytes", or_null(from.lag_bytes)},
                       {"lag_seconds", number_or_null(from.lag_seconds)},
                       {"source", to_value(from.source)},
                       {"cadence", to_value(from.cadence)},
                       {"tables", to_array(from.tables)},
                       {"copy", to_value(from.copy)},
                       {"hold", to_value(from.hold)},
                       {"store_bytes", from.store_bytes}};
    return json::serialize(all) + "\n";
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
