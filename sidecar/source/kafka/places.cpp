#include "source/kafka/places.hpp"

#include "core/limits.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace understudy::kafka {

namespace json = boost::json;

namespace {

json::value time_or_null(const std::optional<db_time>& time)
{
    return time ? json::value(time->time_since_epoch().count()) : json::value{};
}

db_time time_from(const json::value& value)
{
    return db_time{std::chrono::microseconds{value.to_number<std::int64_t>()}};
}

std::optional<db_time> time_if(const json::value& value)
{
    return value.is_null() ? std::nullopt : std::optional{time_from(value)};
}

json::value lsn_or_null(const std::optional<lsn>& place)
{
    return place ? json::value(place->value) : json::value{};
}

std::optional<lsn> lsn_if(const json::value& value)
{
    return value.is_null() ? std::nullopt : std::optional{lsn{value.to_number<std::uint64_t>()}};
}

json::object to_object(const partition_place& place)
{
    json::object made{{"next", place.next},           {"began", place.began},
                      {"target", place.target},       {"last", place.last},
                      {"last_hash", place.last_hash}, {"first_event", time_or_null(place.first_event)},
                      {"repeating", place.repeating}, {"has_gap", place.has_gap}};
    if (place.mark) made["mark"] = json::array{place.mark->last_commit, place.mark->lsn};
    return made;
}

partition_place partition_from(const json::object& from)
{
    partition_place made;
    made.next = from.at("next").to_number<std::int64_t>();
    made.began = from.at("began").to_number<std::int64_t>();
    made.target = from.at("target").to_number<std::int64_t>();
    made.last = from.at("last").to_number<std::int64_t>();
    made.last_hash = from.at("last_hash").to_number<std::uint64_t>();
    made.first_event = time_if(from.at("first_event"));
    made.repeating = from.at("repeating").as_bool();
    made.has_gap = from.at("has_gap").as_bool();
    if (const auto* mark = from.if_contains("mark"))
        made.mark = event_mark{mark->at(0).to_number<std::uint64_t>(), mark->at(1).to_number<std::uint64_t>()};
    return made;
}

json::object to_object(const std::map<std::string, left_out_column, std::less<>>& columns)
{
    json::object made;
    for (const auto& [name, column] : columns)
        made[name] = json::array{lsn_or_null(column.in_snapshot), column.is_unsent};
    return made;
}

std::map<std::string, left_out_column, std::less<>> left_out_from(const json::object& from)
{
    std::map<std::string, left_out_column, std::less<>> made;
    for (const auto& [name, column] : from) made[name] = {lsn_if(column.at(0)), column.at(1).as_bool()};
    return made;
}

json::object to_object(const table_name& name, const table_place& place)
{
    json::array partitions;
    for (const auto& partition : place.partitions) partitions.push_back(to_object(partition));
    return {{"schema", name.schema},
            {"name", name.name},
            {"topic", place.topic},
            {"partitions", std::move(partitions)},
            {"growing_to", place.growing_to},
            {"run", time_or_null(place.run)},
            {"run_at", lsn_or_null(place.run_at)},
            {"has_events", place.has_events},
            {"has_snapshot_rows", place.has_snapshot_rows},
            {"was_made_anew", place.was_made_anew},
            {"left_out", to_object(place.left_out)},
            {"newest_event", time_or_null(place.newest_event)},
            {"unknown_column", place.unknown_column},
            {"missing_column", place.missing_column},
            {"nulls", static_cast<int>(place.nulls)},
            {"connector", place.connector},
            {"skipped_records", place.doubts.skipped_records},
            {"resnapshot", place.doubts.resnapshot},
            {"nulls_as_defaults", place.doubts.nulls_as_defaults},
            {"other_types", place.doubts.other_types},
            {"untold_defaults", place.doubts.untold_defaults},
            {"untold_history", place.doubts.untold_history},
            {"no_snapshot", place.doubts.no_snapshot}};
}

table_place table_from(const json::object& from)
{
    table_place made;
    made.topic = json::value_to<std::string>(from.at("topic"));
    for (const auto& partition : from.at("partitions").as_array())
        made.partitions.push_back(partition_from(partition.as_object()));
    made.growing_to = from.at("growing_to").to_number<std::int32_t>();
    made.run = time_if(from.at("run"));
    made.run_at = lsn_if(from.at("run_at"));
    made.has_events = from.at("has_events").as_bool();
    made.has_snapshot_rows = from.at("has_snapshot_rows").as_bool();
    made.was_made_anew = from.at("was_made_anew").as_bool();
    made.left_out = left_out_from(from.at("left_out").as_object());
    made.newest_event = time_if(from.at("newest_event"));
    made.unknown_column = json::value_to<std::string>(from.at("unknown_column"));
    made.missing_column = json::value_to<std::string>(from.at("missing_column"));
    made.nulls = static_cast<nulls_seen>(from.at("nulls").to_number<int>());
    made.connector = json::value_to<std::string>(from.at("connector"));
    made.doubts = {from.at("skipped_records").as_bool(),   from.at("resnapshot").as_bool(),
                   from.at("nulls_as_defaults").as_bool(), from.at("other_types").as_bool(),
                   from.at("untold_defaults").as_bool(),   from.at("untold_history").as_bool(),
                   from.at("no_snapshot").as_bool()};
    return made;
}

transaction_border border_from(const json::object& from)
{
    return {json::value_to<std::string>(from.at("topic")), from.at("next").to_number<std::int64_t>(),
            from.at("last_hash").to_number<std::uint64_t>()};
}

log_places places_from(const json::object& from)
{
    log_places made;
    for (const auto& item : from.at("tables").as_array()) {
        const auto& table = item.as_object();
        table_name name{json::value_to<std::string>(table.at("schema")), json::value_to<std::string>(table.at("name"))};
        made.tables.emplace(std::move(name), table_from(table));
    }
    made.run = time_if(from.at("run"));
    made.run_at = lsn_if(from.at("run_at"));
    made.connector_began = time_if(from.at("connector_began"));
    made.run_seen_by = time_if(from.at("run_seen_by"));
    made.run_is_ending = from.at("run_is_ending").as_bool();
    made.run_is_over = from.at("run_is_over").as_bool();
    made.is_behind_run = from.at("is_behind_run").as_bool();
    made.began_at = time_from(from.at("began_at"));
    made.read_whole_at = time_from(from.at("read_whole_at"));
    if (const auto& took = from.at("read_for"); !took.is_null())
        made.read_for = std::chrono::microseconds{took.to_number<std::int64_t>()};
    made.is_amid_transaction = from.at("is_amid_transaction").as_bool();
    if (const auto* border = from.if_contains("border")) made.border = border_from(border->as_object());
    return made;
}

std::chrono::microseconds usable(std::chrono::milliseconds delete_retention) noexcept
{
    return delete_retention - delete_retention / limits::retention_margin;
}

// Nothing of it was ever removed, or what was read first lies before the snapshot: then all of the snapshot was read.
bool holds_run_from_its_start(const partition_place& partition, db_time run) noexcept
{
    return partition.began == 0 || (partition.first_event && *partition.first_event < run);
}

}  // namespace

lsn position_of(const log_places& places) noexcept
{
    std::uint64_t sum = 0;
    for_each_partition(places, [&](const auto&, auto, const partition_place& partition) {
        sum += static_cast<std::uint64_t>(partition.next);
    });
    return lsn{sum};
}

load_progress progress_of(const log_places& places) noexcept
{
    load_progress all;
    for_each_partition(places, [&](const auto&, auto, const partition_place& partition) {
        all.of += static_cast<std::uint64_t>(std::max<std::int64_t>(partition.target - partition.began, 0));
        auto read = std::min(partition.next, partition.target) - partition.began;
        all.records += static_cast<std::uint64_t>(std::max<std::int64_t>(read, 0));
    });
    return all;
}

bool is_of_one_connector(const log_places& places) noexcept
{
    std::string_view known;
    for (const auto& [name, place] : places.tables) {
        if (place.connector.empty()) continue;
        if (!known.empty() && known != place.connector) return false;
        known = place.connector;
    }
    return true;
}

bool has_reached_targets(const log_places& places) noexcept
{
    bool all = true;
    for_each_partition(places, [&](const auto&, auto, const partition_place& partition) {
        all = all && partition.next >= partition.target;
    });
    return all;
}

bool is_settled(const log_places& places) noexcept
{
    bool repeating = false;
    for_each_partition(places, [&](const auto&, auto, const partition_place& partition) {
        repeating = repeating || partition.repeating;
    });
    return places.run_is_over && !places.is_behind_run && !repeating;
}

std::optional<std::string> why_incomplete(const table_place& place, const retention& kept,
                                          std::optional<std::chrono::microseconds> read_for)
{
    if (kept.said_complete) return std::nullopt;
    auto is_empty = [](const partition_place& partition) { return partition.next == 0; };
    if (std::all_of(place.partitions.begin(), place.partitions.end(), is_empty))
        return fmt::format(
            "topic {} has never held a record: whether its table is empty, or the connector has not come to it, "
            "cannot be told",
            place.topic);
    if (place.was_made_anew && !place.has_snapshot_rows && !place.doubts.untold_history)
        return fmt::format(
            "topic {} was made anew, and holds no snapshot of the connector since: rows that did not change since then "
            "are missing; let the connector make one (a blocking one by signal), or name the table in source.kafka.complete once "
            "all rows have come",
            place.topic);
    if (kept.only_compacts) {
        if (read_for.value_or(std::chrono::microseconds{0}) < usable(kept.delete_retention)) return std::nullopt;
        return fmt::format("topic {} took longer to read than its delete.retention.ms: deletes may be missing",
                           place.topic);
    }
    if (!place.run)
        return fmt::format(
            "topic {} does not only compact (cleanup.policy), and holds no snapshot of the connector: rows "
            "that did not change lately may be missing",
            place.topic);
    for (const auto& partition : place.partitions)
        if (!holds_run_from_its_start(partition, *place.run))
            return fmt::format("topic {} does not only compact (cleanup.policy), and the first part of the connector's "
                               "snapshot is no longer in it",
                               place.topic);
    return std::nullopt;
}

bool may_have_missed_deletes(const log_places& places, const retention& kept, db_time now) noexcept
{
    return kept.only_compacts && now - places.read_whole_at >= usable(kept.delete_retention);
}

std::string encode(const log_places& places)
{
    json::array tables;
    for (const auto& [name, place] : places.tables) tables.push_back(to_object(name, place));
    json::object made{{"tables", std::move(tables)},
                      {"run", time_or_null(places.run)},
                      {"run_at", lsn_or_null(places.run_at)},
                      {"connector_began", time_or_null(places.connector_began)},
                      {"run_seen_by", time_or_null(places.run_seen_by)},
                      {"run_is_ending", places.run_is_ending},
                      {"run_is_over", places.run_is_over},
                      {"is_behind_run", places.is_behind_run},
                      {"is_amid_transaction", places.is_amid_transaction},
                      {"began_at", places.began_at.time_since_epoch().count()},
                      {"read_whole_at", places.read_whole_at.time_since_epoch().count()},
                      {"read_for", places.read_for ? json::value(places.read_for->count()) : json::value{}}};
    if (const auto& border = places.border)
        made["border"] = {{"topic", border->topic}, {"next", border->next}, {"last_hash", border->last_hash}};
    return json::serialize(made);
}

result<log_places> decode_places(std::string_view text)
{
    json::error_code ec;
    auto parsed = json::parse(text, ec);
    if (ec || !parsed.is_object()) return make_error_code(errc::store_damaged);
    try {
        return places_from(parsed.get_object());
    } catch (const std::exception&) {  // a member is missing or of another kind
        return make_error_code(errc::store_damaged);
    }
}

std::string offsets_json(const log_places& places)
{
    json::object made;
    for (const auto& [name, table] : places.tables) {
        auto& offsets = made[table.topic].emplace_array();
        for (const auto& partition : table.partitions) offsets.emplace_back(partition.next);
    }
    return json::serialize(made);
}

}  // namespace understudy::kafka
