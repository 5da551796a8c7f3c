#include "source/kafka/description.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::int64_t description_format = 1;

using texts = std::vector<std::string>;

std::string text_at(const json::object& from, std::string_view name)
{
    return json::value_to<std::string>(from.at(name));
}

template <class Number>
Number number_at(const json::object& from, std::string_view name)
{
    return from.at(name).to_number<Number>();
}

char letter_at(const json::object& from, std::string_view name)
{
    return from.at(name).as_string().at(0);
}

json::object to_object(const described_column& from)
{
    return {{"name", from.shape.name},     {"type", from.shape.type},   {"typmod", from.shape.typmod},
            {"type_name", from.type_name}, {"nullable", from.nullable}, {"has_default", from.has_default}};
}

described_column column_from(const json::object& from)
{
    return {.shape = {text_at(from, "name"), number_at<oid>(from, "type"), number_at<std::int32_t>(from, "typmod")},
            .type_name = text_at(from, "type_name"),
            .nullable = from.at("nullable").as_bool(),
            .has_default = from.at("has_default").as_bool()};
}

json::object to_object(const described_table& from)
{
    json::array columns;
    for (const auto& column : from.columns) columns.push_back(to_object(column));
    return {{"schema", from.name.schema},    {"name", from.name.name},
            {"oid", from.relation},          {"key", json::value_from(from.key)},
            {"columns", std::move(columns)}, {"left_out", json::value_from(from.left_out)}};
}

described_table table_from(const json::object& from)
{
    described_table made;
    made.name = {text_at(from, "schema"), text_at(from, "name")};
    made.relation = number_at<oid>(from, "oid");
    made.key = json::value_to<texts>(from.at("key"));
    made.left_out = json::value_to<texts>(from.at("left_out"));
    for (const auto& column : from.at("columns").as_array()) made.columns.push_back(column_from(column.as_object()));
    return made;
}

json::object to_object(const type_facts& from)
{
    json::array attributes;
    for (const auto& [name, type] : from.attributes) attributes.push_back(json::object{{"name", name}, {"type", type}});
    return {{"oid", from.id},
            {"schema", from.schema},
            {"name", from.name},
            {"kind", std::string(1, from.kind)},
            {"base", from.base},
            {"base_typmod", from.base_typmod},
            {"element", from.element},
            {"delimiter", std::string(1, from.delimiter)},
            {"attributes", std::move(attributes)},
            {"casts_to_json", from.casts_to_json}};
}

type_facts type_from(const json::object& from)
{
    type_facts made;
    made.id = number_at<oid>(from, "oid");
    made.schema = text_at(from, "schema");
    made.name = text_at(from, "name");
    made.kind = letter_at(from, "kind");
    made.base = number_at<oid>(from, "base");
    made.base_typmod = number_at<std::int32_t>(from, "base_typmod");
    made.element = number_at<oid>(from, "element");
    made.delimiter = letter_at(from, "delimiter");
    for (const auto& item : from.at("attributes").as_array())
        made.attributes.push_back({text_at(item.as_object(), "name"), number_at<oid>(item.as_object(), "type")});
    made.casts_to_json = from.at("casts_to_json").as_bool();
    return made;
}

description description_from(const json::object& from)
{
    description made;
    made.database = text_at(from, "database");
    made.server_version = text_at(from, "server_version");
    for (const auto& table : from.at("tables").as_array()) made.tables.push_back(table_from(table.as_object()));
    for (const auto& type : from.at("types").as_array()) made.types.push_back(type_from(type.as_object()));
    return made;
}

// People read and mend it: one table or type a line.
void append_lines(std::string& out, const auto& items)
{
    const char* separator = "\n    ";
    for (const auto& item : items) {
        out += separator + json::serialize(to_object(item));
        separator = ",\n    ";
    }
}

}  // namespace

std::string to_json(const description& from)
{
    auto out = fmt::format("{{\"format\": {},\n \"database\": {},\n \"server_version\": {},\n \"tables\": [",
                           description_format, json::serialize(json::value(from.database)),
                           json::serialize(json::value(from.server_version)));
    append_lines(out, from.tables);
    out += "],\n \"types\": [";
    append_lines(out, from.types);
    return out + "]}\n";
}

outcome<description> description_from_json(std::string_view text)
{
    json::error_code ec;
    auto parsed = json::parse(text, ec);
    if (ec) return failure{errc::bad_config, fmt::format("not JSON: {}", ec.message())};
    try {
        const auto& all = parsed.as_object();
        if (auto format = number_at<std::int64_t>(all, "format"); format != description_format)
            return failure{errc::bad_config, fmt::format("has format {}, which this version does not read", format)};
        return description_from(all);
    } catch (const std::exception&) {
        return failure{errc::bad_config,
                       "a member is missing or of another kind; write it anew with `understudy describe`"};
    }
}

}  // namespace understudy
