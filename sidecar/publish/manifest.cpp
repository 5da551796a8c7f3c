#include "publish/manifest.hpp"

#include "publish/json_object.hpp"

#include <fmt/format.h>

namespace understudy {

namespace json = boost::json;

namespace {

json::value to_value(const manifest_table& table);
json::value to_value(const manifest_document& document);

json::array array_of(const std::vector<std::string>& texts)
{
    return json::array(texts.begin(), texts.end());
}

json::value to_value(const source_identity& source)
{
    return {{"kind", source.kind},         {"system_id", source.system_id}, {"timeline", source.timeline},
            {"database", source.database}, {"slot", source.slot},           {"publication", source.publication}};
}

json::value to_value(const manifest_column& from)
{
    json::object made{{"name", from.name}, {"type", from.type}, {"typmod", from.typmod}};
    if (!from.kind.empty()) made["kind"] = from.kind;
    if (!from.loss.empty()) made["loss"] = from.loss;
    return made;
}

json::value to_value(const index_digest& index)
{
    return {{"file", index.file}, {"bytes", index.bytes}, {"sha256", index.sha256}};
}

json::value to_value(const left_out_column& from)
{
    return {{"name", from.name}, {"reason", from.reason}};
}

template <class T>
json::array each_to_value(const std::vector<T>& items)
{
    json::array all;
    for (const auto& item : items) all.push_back(to_value(item));
    return all;
}

json::value to_value(const manifest_table& table)
{
    json::object made{{"schema", table.name.schema},
                      {"name", table.name.name},
                      {"epoch", table.rows_epoch},
                      {"rows", table.rows},
                      {"key", array_of(table.key)},
                      {"columns", each_to_value(table.columns)},
                      {"left_out", each_to_value(table.left_out)}};
    if (!table.doubts.empty()) made["doubts"] = array_of(table.doubts);
    return made;
}

json::value to_value(const manifest_document& document)
{
    json::object made{{"file", document.file}, {"generation", document.generation},  {"bytes", document.bytes},
                      {"rows", document.rows}, {"sha256", document.sha256},          {"content", document.content},
                      {"plan", document.plan}, {"blocks", array_of(document.blocks)}};
    if (document.withheld > 0) made["withheld_rows"] = document.withheld;
    if (document.index) made["index"] = to_value(*document.index);
    return made;
}

source_identity source_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.has("kind") ? from.text("kind") : "postgres",
            from.text("system_id"),
            static_cast<std::uint32_t>(from.number("timeline")),
            from.text("database"),
            from.text("slot"),
            from.text("publication")};
}

manifest_column column_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.text("name"), static_cast<oid>(from.number("type")),
            static_cast<std::int32_t>(from.signed_number("typmod")),
            from.has("kind") ? from.text("kind") : std::string{}, from.has("loss") ? from.text("loss") : std::string{}};
}

std::optional<index_digest> index_from(object_reader& document, std::string& missing)
{
    if (!document.has("index")) return std::nullopt;
    object_reader from{document.member("index"), missing};
    return index_digest{from.text("file"), from.number("bytes"), from.text("sha256")};
}

left_out_column left_out_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {from.text("name"), from.text("reason")};
}

manifest_table table_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    manifest_table table{.name = {from.text("schema"), from.text("name")},
                         .rows_epoch = from.number("epoch"),
                         .columns = {},
                         .key = from.texts("key"),
                         .rows = from.number("rows"),
                         .left_out = {},
                         .doubts = from.has("doubts") ? from.texts("doubts") : std::vector<std::string>{}};
    for (const auto& item : from.list("columns")) table.columns.push_back(column_from(item, missing));
    for (const auto& item : from.list("left_out")) table.left_out.push_back(left_out_from(item, missing));
    return table;
}

manifest_document document_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    return {.file = from.text("file"),
            .bytes = from.number("bytes"),
            .rows = from.number("rows"),
            .sha256 = from.text("sha256"),
            .blocks = from.texts("blocks"),
            .content = from.text("content"),
            .plan = from.text("plan"),
            .generation = from.number("generation"),
            .withheld = from.has("withheld_rows") ? from.number("withheld_rows") : 0,
            .index = index_from(from, missing)};
}

manifest manifest_from(object_reader& from, std::string& missing)
{
    manifest made;
    made.generation = from.number("generation");
    made.position = from.position("position");
    made.content_as_of = from.time("content_as_of");
    made.created_at = from.time("created_at").value_or(db_time{});
    made.consistency = from.text("consistency");
    made.source = source_from(from.member("source"), missing);
    for (const auto& item : from.list("tables")) made.tables.push_back(table_from(item, missing));
    for (const auto& item : from.list("documents")) made.documents.push_back(document_from(item, missing));
    if (from.has("offsets")) made.offsets = json::serialize(from.member("offsets"));
    return made;
}

}  // namespace

std::string to_json(const manifest& from)
{
    json::object all = {{"format", from.format},
                        {"generation", from.generation},
                        {"position", to_string(from.position)},
                        {"content_as_of", time_or_null(from.content_as_of)},
                        {"created_at", to_string(from.created_at)},
                        {"consistency", from.consistency},
                        {"source", to_value(from.source)},
                        {"tables", each_to_value(from.tables)},
                        {"documents", each_to_value(from.documents)}};
    if (!from.offsets.empty()) all["offsets"] = json::parse(from.offsets);
    return json::serialize(all) + "\n";
}

outcome<manifest> manifest_from_json(std::string_view text)
{
    json::error_code ec;
    auto parsed = json::parse(text, ec);
    if (ec) return failure{errc::generation_damaged, fmt::format("{} is not JSON: {}", manifest_file, ec.message())};
    std::string missing;
    object_reader from{parsed, missing};
    auto format = from.number("format");
    if (missing.empty() && format != manifest_format)
        return failure{errc::generation_damaged,
                       fmt::format("{} has format {}, which this version does not read", manifest_file, format)};
    auto made = manifest_from(from, missing);
    if (missing.empty()) return made;
    return failure{errc::generation_damaged, fmt::format("{}: {} is missing or damaged", manifest_file, missing)};
}

}  // namespace understudy
