#pragma once

#include "decode/debezium.hpp"
#include "source/kafka/row_decoder.hpp"
#include "support/kafka_capture.hpp"
#include "unit/render/formats.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace understudy::kafka_kit {

/// One value's text as Postgres prints it, and the JSON that to_json makes of it.
struct expected_value {
    std::string text;
    std::string json;
};

/// The type table of tests/data/kafka, with what Postgres holds in it by row and column. A null is not there.
struct type_table {
    mirrored_table table;
    type_catalog types;
    std::map<int, std::map<std::string, expected_value>> rows;
};

inline std::string text_of(const boost::json::object& object, std::string_view name)
{
    return std::string{object.at(name).as_string()};
}

inline oid oid_of(const boost::json::object& object, std::string_view name)
{
    return static_cast<oid>(object.at(name).as_int64());
}

inline type_facts facts_of(const boost::json::object& type)
{
    type_facts facts;
    facts.id = oid_of(type, "id");
    facts.schema = text_of(type, "schema");
    facts.name = text_of(type, "name");
    facts.kind = text_of(type, "kind").front();
    facts.base = oid_of(type, "base");
    facts.base_typmod = static_cast<std::int32_t>(type.at("base_typmod").as_int64());
    facts.element = oid_of(type, "element");
    facts.delimiter = text_of(type, "delimiter").front();
    facts.casts_to_json = type.at("casts_to_json").as_bool();
    for (const auto& attribute : type.at("attributes").as_array())
        facts.attributes.push_back({text_of(attribute.as_object(), "name"), oid_of(attribute.as_object(), "type")});
    return facts;
}

inline void add_column(mirrored_table& table, const type_catalog& types, column described)
{
    table.formats.push_back(column_format::compile(types, described.type).value());
    table.record.shape.columns.push_back(std::move(described));
}

/// `left_out` are columns that are not mirrored.
inline type_table read_type_table(const std::vector<std::string>& left_out)
{
    auto whole = boost::json::parse(testing::kafka_data("ty.expected.json")).as_object();
    type_table read;
    for (const auto& type : whole.at("types").as_array()) read.types.add(facts_of(type.as_object()));
    for (const auto& entry : whole.at("columns").as_array()) {
        const auto& described = entry.as_object();
        auto name = text_of(described, "name");
        if (std::ranges::find(left_out, name) != left_out.end()) continue;
        add_column(read.table, read.types,
                   {name, oid_of(described, "type"), static_cast<std::int32_t>(described.at("typmod").as_int64())});
    }
    read.table.left_out = left_out;
    read.table.record.shape.key = {0};
    for (const auto& [id, row] : whole.at("rows").as_object())
        for (const auto& [name, value] : row.as_object())
            read.rows[std::stoi(std::string{id})][std::string{name}] = {std::string{value.at(0).as_string()},
                                                                        std::string{value.at(1).as_string()}};
    return read;
}

/// A table of these columns, the first of which is its key.
inline mirrored_table table_of(std::initializer_list<column> columns)
{
    mirrored_table table;
    for (const auto& described : columns) add_column(table, {}, described);
    table.record.shape.key = {0};
    return table;
}

}  // namespace understudy::kafka_kit
