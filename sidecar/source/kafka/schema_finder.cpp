#include "source/kafka/schema_finder.hpp"

#include "source/kafka/row_schema.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::kafka {

namespace {

using debezium::event_kind;

earlier_rows earlier_rows_of(debezium::no_default_shown meaning) noexcept
{
    return meaning == debezium::no_default_shown::likely_has_none ? earlier_rows::likely_null : earlier_rows::unknown;
}

std::string loss_of(const debezium::schema_column& from, json_node field, const debezium::encodings& settings)
{
    type_catalog types;
    types.add(debezium::told_hstore_facts());
    auto loss = debezium::loses(types, from.type, from.typmod, debezium::encodings_of(field, settings)).value_or("");
    auto read = debezium::value_text::compile(types, from.type, from.typmod, settings, field);
    if (from.type != 0 && !read) loss = "cannot be read: " + read.error().text;
    if (from.is_null_with_a_null && read) loss += "; one with NULL in it comes as null";
    if (from.mistakable.empty()) return loss;
    if (!loss.empty()) loss += "; ";
    return loss + fmt::format("{} cannot be told from it and would be shown as it: set the connector's "
                              "column.propagate.source.type, or describe the table",
                              from.mistakable);
}

described_column column_from(debezium::schema_column from, json_node field, const debezium::encodings& settings)
{
    described_column made;
    made.loss = loss_of(from, field, settings);
    made.earlier = earlier_rows_of(from.without_default);
    made.shape = {std::move(from.name), from.type, from.typmod};
    made.type_name = std::move(from.type_name);
    made.nullable = from.is_optional;
    made.has_default = from.has_default;
    return made;
}

constexpr std::string_view otherwise = "or describe the table with `understudy describe` for source.kafka.description";

outcome<std::vector<std::string>> key_from(const debezium::event& said, const table_name& name)
{
    std::vector<std::string> names;
    if (!said.key_schema) return names;
    if (!said.key.is(json_kind::object))
        return failure{errc::columns_unknown,
                       fmt::format("table {}: the keys of its messages are values alone, which do not tell what column "
                                   "they are of: take the transform of keys away, {}",
                                   to_string(name), otherwise)};
    auto columns = debezium::columns_of(said.key_schema);
    if (!columns) return columns.error();
    for (auto& column : *columns) names.push_back(std::move(column.name));
    return names;
}

}  // namespace

outcome<described_table> table_told_by(const debezium::event& said, const table_name& name,
                                       const debezium::encodings& settings)
{
    auto columns = debezium::columns_of(said.row_schema);
    if (!columns) return columns.error();
    described_table made;
    made.name = name;
    made.origin = column_origin::messages;
    for (auto& column : *columns) {
        if (debezium::is_added(said, column.name)) continue;
        auto field = debezium::field_of(said.row_schema, column.name);
        made.columns.push_back(column_from(std::move(column), field, settings));
    }
    auto key = key_from(said, name);
    if (!key) return key.error();
    made.key = std::move(*key);
    return made;
}

schema_finder::schema_finder(asked_topic wanted, debezium::encodings settings)
    : wanted_{std::move(wanted)}, settings_{std::move(settings)}
{
}

void schema_finder::take(const record& what)
{
    if (what.at_end) return;
    ++records_;
    if (!tells(what)) return;
    const auto& said = events_.last();
    record_time time{said.source.commit_us.value_or(what.timestamp_ms * 1000), what.offset};
    if (found_ && time < newest_) return;
    newest_ = time;
    bool is_known = found_ && row_schema_ == said.row_schema_number && key_schema_ == said.key_schema_number;
    row_schema_ = said.row_schema_number;
    key_schema_ = said.key_schema_number;
    if (!is_known) found_ = table_told_by(said, name_in(said), settings_);
}

bool schema_finder::tells(const record& what)
{
    if (!what.value) return false;
    if (events_.read(what.key, what.value)) {
        note(unreadable_, what);
        unreadable_->append(" ").append(events_.wrong());
        return false;
    }
    const auto& said = events_.last();
    if (said.kind != event_kind::upsert && said.kind != event_kind::remove) return false;
    if (!said.row_schema) note(without_schema_, what);
    if (said.key && !said.key_schema) note(without_key_schema_, what);
    return said.row_schema && (!said.key || said.key_schema);
}

void schema_finder::note(std::optional<std::string>& where, const record& what)
{
    where = place_of(what);
}

table_name schema_finder::name_in(const debezium::event& said) const
{
    const auto& source = said.source;
    if (!wanted_.is_guess || source.schema.empty() || source.table.empty()) return wanted_.table;
    return {std::string{source.schema}, std::string{source.table}};
}

outcome<described_table> schema_finder::found() const
{
    if (found_) return *found_;
    auto table = to_string(wanted_.table);
    auto unknown = [&](std::string text) { return failure{errc::columns_unknown, std::move(text)}; };
    if (without_schema_)
        return unknown(fmt::format("table {}: {} has no schema, and nothing else says what its columns are: set "
                                   "value.converter.schemas.enable=true of the connector, {}",
                                   table, *without_schema_, otherwise));
    if (without_key_schema_)
        return unknown(fmt::format("table {}: the key of {} has no schema, and nothing else says what its key is: set "
                                   "key.converter.schemas.enable=true of the connector, {}",
                                   table, *without_key_schema_, otherwise));
    if (unreadable_)
        return unknown(fmt::format("table {}: {}, and no record says what its columns are: correct the connector, {}",
                                   table, *unreadable_, otherwise));
    return unknown(
        fmt::format("table {}: of the newest {} record(s) of topic {} none says what its columns are: that is known "
                    "once a row comes, {}",
                    table, records_, wanted_.topic, otherwise));
}

}  // namespace understudy::kafka
