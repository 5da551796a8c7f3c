#pragma once

#include "core/row_tuple.hpp"
#include "source/postgres/transaction_reader.hpp"
#include "support/pgoutput_builder.hpp"
#include "unit/render/formats.hpp"

#include <stdexcept>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A reader over one to three tables, fed with messages that a server could send.
namespace understudy::reader_kit {

namespace message = pgoutput_builder;

inline constexpr oid materials = 16400;
inline constexpr epoch materials_rows = 1;

/// A table `public.<name>` with text columns, except for those whose name ends in `id`: int4.
inline mirrored_table table_of(oid relation, const std::string& name, epoch rows,
                               const std::vector<std::string>& columns, std::vector<std::uint16_t> key)
{
    mirrored_table table;
    table.record.relation = relation;
    table.record.name = {"public", name};
    table.record.rows = rows;
    table.record.shape.identity = key.empty() ? row_identity::multiset : row_identity::key;
    table.record.shape.key = std::move(key);
    for (const auto& column : columns) {
        auto type = column.ends_with("id") ? int4_type : text_type;
        table.record.shape.columns.push_back({column, type, -1});
        table.formats.push_back(column_format::compile({}, type).value());
    }
    return table;
}

inline mirrored_table materials_table()
{
    return table_of(materials, "materials", materials_rows, {"id", "name"}, {0});
}

/// The same columns, without a key.
inline mirrored_table counted_table()
{
    auto table = table_of(materials, "materials", materials_rows, {"id", "name"}, {});
    table.replica_identity = 'f';
    return table;
}

/// What the server describes when the table has just the stored columns. Borrows their names from `table`.
inline pgoutput::relation wire_of(const mirrored_table& table)
{
    const auto& shape = table.record.shape;
    pgoutput::relation relation;
    relation.id = table.record.relation;
    relation.schema = table.record.name.schema;
    relation.name = table.record.name.name;
    for (const auto& column : shape.columns)
        relation.columns.push_back({column.name, column.type, column.typmod, false});
    relation.replica_identity = table.replica_identity;
    for (auto position : shape.key) relation.columns[position].in_identity = true;
    if (shape.identity == row_identity::multiset)
        for (auto& column : relation.columns) column.in_identity = true;
    return relation;
}

pgoutput::relation wire_of(mirrored_table&& table) = delete;

inline std::string key_of(const mirrored_table& table, const std::vector<std::pair<std::size_t, std::string>>& values)
{
    std::string key;
    for (const auto& [column, text] : values)
        if (table.formats[column].append_key(text, key)) throw std::runtime_error{"not a key: " + text};
    return key;
}

inline std::string id_key(std::string_view id)
{
    return understudy::key_of(int4_type, id);
}

/// The fields of a stored tuple in one line: `1 "steel" null -`, `-` for an unchanged one.
inline std::string shown_tuple(std::string_view tuple)
{
    std::string shown;
    tuple_reader reader{tuple};
    while (auto field = reader.next()) {
        if (!shown.empty()) shown += ' ';
        shown += field->what == tuple_field::kind::unchanged ? "-" : std::string{field->fragment};
    }
    return reader.ok() ? shown : shown + " damaged";
}

inline const char* name_of(operation what)
{
    switch (what) {
    case operation::put: return "put";
    case operation::move: return "move";
    case operation::remove: return "remove";
    case operation::clear: return "clear";
    case operation::add: return "add";
    case operation::subtract: return "subtract";
    }
    return "unnamed";
}

/// `put 1: 7 "steel"` for each change, without its key bytes.
inline std::vector<std::string> shown(const change_batch& changes)
{
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        auto change = changes[i];
        auto line = std::string{name_of(change.what)} + " " + std::to_string(change.table);
        if (!change.row.empty()) line += ": " + shown_tuple(change.row);
        lines.push_back(line);
    }
    return lines;
}

/// A reader with its tables and the names of what it answers.
class conversation {
public:
    /// The server starts where we acknowledged last.
    explicit conversation(std::vector<mirrored_table> tables = {materials_table()}, stored_position start = {})
        : conversation{std::move(tables), start, start.acknowledged()}
    {
    }

    conversation(std::vector<mirrored_table> tables, stored_position start, lsn from)
        : tables_{std::move(tables)}, reader{tables_, start, from}
    {
    }

    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    /// The event's name, or the error's.
    std::string send(const std::string& bytes)
    {
        auto event = reader.on_message(bytes);
        if (!event) return event.error().message();
        switch (*event) {
        case transaction_reader::event::none: return "none";
        case transaction_reader::event::begun: return "begun";
        case transaction_reader::event::changed: return "changed";
        case transaction_reader::event::committed: return "committed";
        }
        return "unnamed";
    }

    /// Sends all; the answer to the last one.
    std::string send_all(const std::vector<std::string>& messages)
    {
        std::string answer;
        for (const auto& bytes : messages) answer = send(bytes);
        return answer;
    }

    /// Describes every table as it is stored.
    void describe()
    {
        for (const auto& table : tables_) send(message::relation(wire_of(table)));
    }

private:
    std::vector<mirrored_table> tables_;

public:
    transaction_reader reader;
};

}  // namespace understudy::reader_kit
