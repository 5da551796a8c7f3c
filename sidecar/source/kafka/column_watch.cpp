#include "source/kafka/column_watch.hpp"

#include "source/kafka/event_place.hpp"
#include "source/kafka/schema_finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace understudy::kafka {

namespace {

std::optional<std::string> why_other(column_origin origin, std::string_view unknown, std::string_view missing)
{
    if (origin != column_origin::description) {
        if (!unknown.empty()) return fmt::format("has a column {} that those before lack", unknown);
        return missing.empty() ? std::nullopt
                               : std::optional{fmt::format("lacks column {}, which those before have", missing)};
    }
    if (!unknown.empty())
        return fmt::format(
            "has a column {} that the description of the table lacks; write it anew with `understudy describe`",
            unknown);
    if (missing.empty()) return std::nullopt;
    return fmt::format(
        "lacks column {}: if it was dropped, write the description anew with `understudy describe`; if the "
        "connector leaves it out, put it under `exclude` of the table in the config",
        missing);
}

/// How the schemas of an event describe its table otherwise than the messages did that it is read by.
std::optional<std::string> why_told_otherwise(const topic_table& table, const debezium::event& event)
{
    auto told = table_told_by(event, table.table.record.name, {});
    if (!told) return told.error().text;
    for (const auto& column : table.columns)
        for (const auto& other : told->columns)
            if (other.shape.name == column.shape.name && other.shape != column.shape)
                return fmt::format("has a column {} of another type than those before", column.shape.name);
    const auto& shape = table.table.record.shape;
    auto is_same = [&](const std::string& name, std::uint16_t place) { return name == shape.columns[place].name; };
    if (std::equal(told->key.begin(), told->key.end(), shape.key.begin(), shape.key.end(), is_same))
        return std::nullopt;
    return "has another key than those before";
}

/// A null in such a column may come as the default.
bool may_hide_null(const described_column& column) noexcept
{
    return column.nullable && column.has_default;
}

bool has_null_beside_default(const topic_table& table, std::span<const tuple_column> values)
{
    for (std::size_t at = 0; at < values.size(); ++at)
        if (values[at].what == tuple_column::kind::null && may_hide_null(table.columns[at])) return true;
    return false;
}

/// So that no value stands under the column before its own, if this one is left out of them.
bool is_last_in(json_node row, json_node member)
{
    json_node last;
    for (auto each : row) last = each;
    return member == last;
}

}  // namespace

column_watch::column_watch(const topic_table& table, table_place& place)
    : table_{table}, place_{place}, may_hide_nulls_{std::ranges::any_of(table.columns, may_hide_null)}
{
}

std::optional<std::string> column_watch::why_other_types(const debezium::event& event, age how_old)
{
    if (table_.origin == column_origin::description || !event.row_schema || !event.key_schema) return std::nullopt;
    if (how_old == age::was_there) return std::nullopt;
    if (row_schema_ == event.row_schema_number && key_schema_ == event.key_schema_number) return std::nullopt;
    row_schema_ = event.row_schema_number;
    key_schema_ = event.key_schema_number;
    return why_told_otherwise(table_, event);
}

std::optional<std::string> column_watch::why_other_columns(const debezium::event& event,
                                                           const debezium::row_decoder& row, age how_old)
{
    auto unknown = row.unknown_member();
    auto lost = row.missing();
    auto missing = lost.empty() ? std::string_view{} : std::string_view{table_.columns[lost.front()].shape.name};
    if (event.is_flattened) place_.doubts.untold_history = true;
    if (how_old == age::is_new)
        if (auto why = why_other(table_.origin, unknown, missing)) return why;
    auto time = commit_time(event.source);
    if (time && place_.newest_event && *time < *place_.newest_event) return std::nullopt;
    if (time) place_.newest_event = time;
    place_.unknown_column = unknown;
    place_.missing_column = missing;
    return std::nullopt;
}

std::optional<std::string> column_watch::why_mixed_up(const debezium::event& event)
{
    auto row = event.row ? event.row : event.before;
    if (event.is_flattened || !row) return std::nullopt;
    bool is_snapshot = event.source.snapshot != debezium::snapshot_mark::none;
    for (const auto& name : table_.table.left_out) {
        auto member = row.find(name);
        if (is_snapshot) {
            if (member) note_in_snapshot(name, event.source);
        } else if (!member) {
            note_absent(name, event.source);
        } else if (member.is_present() || !is_last_in(row, member)) {
            if (auto why = why_unexpected(name)) return why;
        }
    }
    return std::nullopt;
}

// The rows of an incremental snapshot have no position, but the place in the stream where they were let out.
void column_watch::note_in_snapshot(const std::string& name, const debezium::source_block& source)
{
    auto at = source.position ? source.position : source.sequence;
    if (at) place_.left_out[name].in_snapshot = at;
}

// Of a column that no description calls generated only a snapshot tells that the table has it; what was written before that may be
// from before there was the column. The first change behind a snapshot can stand at its very place (seen).
void column_watch::note_absent(const std::string& name, const debezium::source_block& source)
{
    auto found = place_.left_out.find(name);
    bool was_there = found != place_.left_out.end() && found->second.in_snapshot && source.position &&
                     *found->second.in_snapshot <= *source.position;
    if (was_there || is_generated(name)) place_.left_out[name].is_unsent = true;
}

std::optional<std::string> column_watch::why_unexpected(const std::string& name) const
{
    auto found = place_.left_out.find(name);
    bool is_unsent = found != place_.left_out.end() && found->second.is_unsent;
    bool is_never_sent = is_generated(name) && !table_.may_send_generated;
    if (!is_unsent && !is_never_sent) return std::nullopt;
    return fmt::format(
        "has column {}, which {}: the connector mixes up the table's columns, as it does with generated ones "
        "after a snapshot that a signal asked for; restart it",
        name, is_unsent ? "changes before lack" : "no server of the described version sends");
}

bool column_watch::is_generated(const std::string& name) const noexcept
{
    return std::ranges::find(table_.generated, name) != table_.generated.end();
}

std::optional<std::string> column_watch::why_newest_differs() const
{
    return why_other(table_.origin, place_.unknown_column, place_.missing_column);
}

void column_watch::note_nulls(const debezium::event& event, std::span<const tuple_column> values)
{
    if (!may_hide_nulls_) return;
    auto told = event.source.has_defaults_for_nulls;
    if (told == true) place_.nulls = nulls_seen::as_defaults;
    if (place_.nulls == nulls_seen::nothing && (told == false || has_null_beside_default(table_, values)))
        place_.nulls = nulls_seen::as_nulls;
    place_.doubts.nulls_as_defaults = place_.nulls != nulls_seen::as_nulls;
}

std::span<const tuple_column> column_watch::values_of(const debezium::row_decoder& row)
{
    auto values = row.values();
    auto missing = row.missing();
    if (missing.empty() || !row.unknown_member().empty()) return values;
    filled_.assign(values.begin(), values.end());
    for (auto at : missing) {
        const auto& column = table_.columns[at];
        if (!column.nullable || column.has_default || column.earlier == earlier_rows::unknown) continue;
        if (column.earlier == earlier_rows::likely_null) place_.doubts.untold_defaults = true;
        filled_[at] = tuple_column{};
    }
    return filled_;
}

}  // namespace understudy::kafka
