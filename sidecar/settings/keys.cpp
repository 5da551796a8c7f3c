#include "settings/keys.hpp"

#include "settings/connection.hpp"
#include "settings/document_rows.hpp"
#include "settings/identifier.hpp"
#include "settings/kafka.hpp"
#include "settings/listen.hpp"
#include "settings/units.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace understudy {

namespace json = boost::json;

namespace {

using std::chrono::milliseconds;
using enum reload_effect;

// Reading: the schema and the range check have been passed, so none of these can fail.

std::string text(const json::value& from)
{
    return from.is_string() ? json::value_to<std::string>(from) : json::serialize(from);
}

milliseconds duration(const json::value& from)
{
    return *parse_duration(from.as_string());
}

std::uint64_t size(const json::value& from)
{
    return *parse_size(text(from));
}

std::uint32_t octal(const json::value& from)
{
    auto digits = text(from);
    std::uint32_t mode = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
    return mode;
}

std::filesystem::path directory(const json::value& from)
{
    auto path = std::filesystem::path{text(from)}.lexically_normal();
    return path.has_filename() ? path : path.parent_path();  // without a trailing slash
}

// Showing.

json::value shown(milliseconds value)
{
    return json::value(format_duration(value));
}

json::value shown(const std::optional<milliseconds>& value)
{
    return value ? shown(*value) : json::value{};
}

json::value shown_size(std::uint64_t bytes)
{
    return json::value(format_size(bytes));
}

json::value shown_names(const std::vector<std::string>& names)
{
    return json::value_from(names);
}

json::value shown_or_unset(const std::string& value)
{
    return value.empty() ? json::value{} : json::value(value);
}

json::value shown_table(const table_setting& table)
{
    auto name = quoted({table.schema, table.name});
    if (table.columns.empty() && table.exclude.empty()) return json::value(name);
    json::object section{{"table", name}};
    if (!table.columns.empty()) section["columns"] = shown_names(table.columns);
    if (!table.exclude.empty()) section["exclude"] = shown_names(table.exclude);
    return section;
}

json::value shown_columns(const document_table& table)
{
    json::array columns;
    for (const auto& [column, member] : table.columns) {
        if (column == member)
            columns.emplace_back(column);
        else
            columns.push_back(json::object{{column, member}});
    }
    return columns;
}

json::value shown_order(const document_table& table)
{
    json::array columns;
    for (const auto& [column, descending] : table.order_by) {
        if (descending)
            columns.push_back(json::object{{column, "desc"}});
        else
            columns.emplace_back(column);
    }
    return columns;
}

json::value shown_table(const document_table& table);

json::value shown_tables(const std::vector<document_table>& tables)
{
    json::array shown;
    for (const auto& table : tables) shown.push_back(shown_table(table));
    return shown;
}

json::value shown_table(const document_table& table)
{
    json::object section{{"table", table.table}};
    if (!table.as.empty()) section["as"] = table.as;
    if (!table.by.empty()) section["by"] = shown_names(table.by);
    if (!table.to.empty()) section["to"] = shown_names(table.to);
    if (!table.order_by.empty()) section["order_by"] = shown_order(table);
    if (!table.columns.empty()) section["columns"] = shown_columns(table);
    if (!table.keyed_by.empty()) section["keyed_by"] = table.keyed_by;
    if (!table.hoist.empty()) section["hoist"] = shown_names(table.hoist);
    if (!table.merge.empty()) section["merge"] = shown_tables(table.merge);
    if (!table.nest.empty()) section["nest"] = shown_tables(table.nest);
    return section.size() == 1 ? json::value(table.table) : json::value(std::move(section));
}

/// The template again; each table's rows are its member's name.
json::value shown_wrap(const document_settings& document)
{
    auto text = document.wrap.front();
    for (std::size_t index = 0; index < document.tables.size(); ++index)
        text += json::serialize(json::value("$" + member_of(document.tables[index]))) + document.wrap[index + 1];
    return json::parse(text);
}

json::value shown_document(const document_settings& document)
{
    json::object section{{"file", document.file}, {"header", document.header}};
    if (!document.tables.empty()) section["tables"] = shown_tables(document.tables);
    if (!document.wrap.empty()) section["wrap"] = shown_wrap(document);
    return section;
}

json::value shown_listen(const std::vector<listen_address>& addresses)
{
    if (addresses.empty()) return {};
    json::array all;
    for (const auto& address : addresses) all.emplace_back(to_string(address));
    return all;
}

json::value shown_topics(const std::vector<topic_setting>& topics)
{
    if (topics.empty()) return {};
    json::array all;
    for (const auto& [topic, table] : topics) all.push_back(json::object{{"topic", topic}, {"table", quoted(table)}});
    return all;
}

json::value shown_table_names(const std::vector<table_name>& tables)
{
    if (tables.empty()) return {};
    json::array all;
    for (const auto& table : tables) all.emplace_back(quoted(table));
    return all;
}

/// Any of them may be a secret; their names tell enough.
json::value shown_properties(const std::map<std::string, std::string>& properties)
{
    if (properties.empty()) return {};
    json::object all;
    for (const auto& [name, value] : properties) all[name] = is_secret_property(name) ? "********" : value;
    return all;
}

using setting = const json::value&;

constexpr std::array keys{
    setting_key{"source.postgres.connection", refused, nullptr,
                [](const settings& s) { return json::value(masked_connection(s.postgres.connection)); }},
    setting_key{"source.postgres.slot", refused, [](settings& s, setting v) { s.postgres.slot = text(v); },
                [](const settings& s) { return json::value(s.postgres.slot); }},
    setting_key{"source.postgres.publication", refused,
                [](settings& s, setting v) { s.postgres.publication = text(v); },
                [](const settings& s) { return json::value(s.postgres.publication); }},
    setting_key{"source.postgres.create", refused, [](settings& s, setting v) { s.postgres.create = v.as_bool(); },
                [](const settings& s) { return json::value(s.postgres.create); }},
    setting_key{"source.kafka.brokers", refused, [](settings& s, setting v) { s.kafka.brokers = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.brokers); }},
    setting_key{"source.kafka.topics.prefix", refused, [](settings& s, setting v) { s.kafka.prefix = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.prefix); }},
    setting_key{"source.kafka.topics.pattern", refused, [](settings& s, setting v) { s.kafka.pattern = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.pattern); }},
    setting_key{"source.kafka.topics.list", refused, nullptr,
                [](const settings& s) { return shown_topics(s.kafka.list); }},
    setting_key{"source.kafka.description", refused, [](settings& s, setting v) { s.kafka.description = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.description.string()); }},
    setting_key{"source.kafka.properties", refused, nullptr,
                [](const settings& s) { return shown_properties(s.kafka.properties); }},
    setting_key{"source.kafka.connector.decimal_handling_mode", refused,
                [](settings& s, setting v) { s.kafka.encodings.decimal = text(v); },
                [](const settings& s) { return json::value(s.kafka.encodings.decimal); }},
    setting_key{"source.kafka.connector.time_precision_mode", refused,
                [](settings& s, setting v) { s.kafka.encodings.time = text(v); },
                [](const settings& s) { return json::value(s.kafka.encodings.time); }},
    setting_key{"source.kafka.connector.interval_handling_mode", refused,
                [](settings& s, setting v) { s.kafka.encodings.interval = text(v); },
                [](const settings& s) { return json::value(s.kafka.encodings.interval); }},
    setting_key{"source.kafka.connector.binary_handling_mode", refused,
                [](settings& s, setting v) { s.kafka.encodings.binary = text(v); },
                [](const settings& s) { return json::value(s.kafka.encodings.binary); }},
    setting_key{"source.kafka.connector.hstore_handling_mode", refused,
                [](settings& s, setting v) { s.kafka.encodings.hstore = text(v); },
                [](const settings& s) { return json::value(s.kafka.encodings.hstore); }},
    setting_key{"source.kafka.connector.unavailable_value_placeholder", refused,
                [](settings& s, setting v) { s.kafka.encodings.unavailable = text(v); },
                [](const settings& s) { return json::value(s.kafka.encodings.unavailable); }},
    setting_key{"source.kafka.heartbeat_topic", refused,
                [](settings& s, setting v) { s.kafka.heartbeat_topic = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.heartbeat_topic); }},
    setting_key{"source.kafka.transaction_topic", refused,
                [](settings& s, setting v) { s.kafka.transaction_topic = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.transaction_topic); }},
    setting_key{"source.kafka.report_group", refused, [](settings& s, setting v) { s.kafka.report_group = text(v); },
                [](const settings& s) { return shown_or_unset(s.kafka.report_group); }},
    setting_key{"source.kafka.complete", refused, nullptr,
                [](const settings& s) { return shown_table_names(s.kafka.complete); }},
    setting_key{"source.kafka.on_bad_message", refused,
                [](settings& s, setting v) {
                    s.kafka.on_bad_message = v == "halt" ? bad_message_policy::halt : bad_message_policy::skip_and_mark;
                },
                [](const settings& s) {
                    return json::value(s.kafka.on_bad_message == bad_message_policy::halt ? "halt" : "skip_and_mark");
                }},
    setting_key{"source.kafka.on_resnapshot", refused,
                [](settings& s, setting v) {
                    s.kafka.on_resnapshot = v == "keep" ? resnapshot_policy::keep : resnapshot_policy::sweep;
                },
                [](const settings& s) {
                    return json::value(s.kafka.on_resnapshot == resnapshot_policy::keep ? "keep" : "sweep");
                }},
    setting_key{"tables", refused, nullptr,
                [](const settings& s) {
                    json::array tables;
                    for (const auto& table : s.tables) tables.push_back(shown_table(table));
                    return json::value(std::move(tables));
                }},
    setting_key{"state.directory", refused, [](settings& s, setting v) { s.state_directory = directory(v); },
                [](const settings& s) { return json::value(s.state_directory.string()); }},
    setting_key{"state.any_filesystem", refused, [](settings& s, setting v) { s.any_filesystem = v.as_bool(); },
                [](const settings& s) { return json::value(s.any_filesystem); }},
    setting_key{"snapshot.directory", refused, [](settings& s, setting v) { s.snapshot.directory = directory(v); },
                [](const settings& s) { return json::value(s.snapshot.directory.string()); }},
    setting_key{"snapshot.keep", live, [](settings& s, setting v) { s.snapshot.keep = v.to_number<std::uint32_t>(); },
                [](const settings& s) { return json::value(s.snapshot.keep); }},
    setting_key{"snapshot.grace", live, [](settings& s, setting v) { s.snapshot.grace = duration(v); },
                [](const settings& s) { return shown(s.snapshot.grace); }},
    setting_key{"snapshot.mode", refused, [](settings& s, setting v) { s.snapshot.mode = octal(v); },
                [](const settings& s) { return json::value(fmt::format("{:04o}", s.snapshot.mode)); }},
    setting_key{"snapshot.owner", refused, [](settings& s, setting v) { s.snapshot.owner = text(v); },
                [](const settings& s) { return shown_or_unset(s.snapshot.owner); }},
    setting_key{"snapshot.group", refused, [](settings& s, setting v) { s.snapshot.group = text(v); },
                [](const settings& s) { return shown_or_unset(s.snapshot.group); }},
    setting_key{"snapshot.reserve", refused, [](settings& s, setting v) { s.snapshot.reserve_bytes = size(v); },
                [](const settings& s) { return shown_size(s.snapshot.reserve_bytes); }},
    setting_key{"cadence.min_interval", live, [](settings& s, setting v) { s.cadence.min_interval = duration(v); },
                [](const settings& s) { return shown(s.cadence.min_interval); }},
    setting_key{"cadence.every", live, [](settings& s, setting v) { s.cadence.every = duration(v); },
                [](const settings& s) { return shown(s.cadence.every); }},
    setting_key{"cadence.after_changes", live,
                [](settings& s, setting v) { s.cadence.after_changes = v.to_number<std::uint64_t>(); },
                [](const settings& s) {
                    return s.cadence.after_changes ? json::value(*s.cadence.after_changes) : json::value{};
                }},
    setting_key{
        "cadence.after_bytes", live, [](settings& s, setting v) { s.cadence.after_bytes = size(v); },
        [](const settings& s) { return s.cadence.after_bytes ? shown_size(*s.cadence.after_bytes) : json::value{}; }},
    setting_key{"cadence.after_quiet", live, [](settings& s, setting v) { s.cadence.after_quiet = duration(v); },
                [](const settings& s) { return shown(s.cadence.after_quiet); }},
    setting_key{"commit.max_delay", refused, [](settings& s, setting v) { s.commit.max_delay = duration(v); },
                [](const settings& s) { return shown(s.commit.max_delay); }},
    setting_key{"commit.max_changes", refused,
                [](settings& s, setting v) { s.commit.max_changes = v.to_number<std::uint64_t>(); },
                [](const settings& s) { return json::value(s.commit.max_changes); }},
    setting_key{"commit.max_bytes", refused, [](settings& s, setting v) { s.commit.max_bytes = size(v); },
                [](const settings& s) { return shown_size(s.commit.max_bytes); }},
    setting_key{"documents", live, nullptr,
                [](const settings& s) {
                    json::array documents;
                    for (const auto& document : s.documents) documents.push_back(shown_document(document));
                    return json::value(std::move(documents));
                }},
    setting_key{"serve.listen", refused, nullptr, [](const settings& s) { return shown_listen(s.serve.listen); }},
    setting_key{"serve.anywhere", refused, [](settings& s, setting v) { s.serve.anywhere = v.as_bool(); },
                [](const settings& s) { return json::value(s.serve.anywhere); }},
    setting_key{"serve.token_file", refused, nullptr,
                [](const settings& s) { return s.serve.token.empty() ? json::value{} : json::value("********"); }},
    setting_key{"serve.certificate", refused, [](settings& s, setting v) { s.serve.certificate = text(v); },
                [](const settings& s) { return shown_or_unset(s.serve.certificate.string()); }},
    setting_key{"serve.private_key", refused, [](settings& s, setting v) { s.serve.private_key = text(v); },
                [](const settings& s) { return shown_or_unset(s.serve.private_key.string()); }},
    setting_key{"serve.max_connections", refused,
                [](settings& s, setting v) { s.serve.connections_max = v.to_number<std::uint32_t>(); },
                [](const settings& s) { return json::value(s.serve.connections_max); }},
    setting_key{"serve.max_bytes", refused, [](settings& s, setting v) { s.serve.answer_bytes_max = size(v); },
                [](const settings& s) { return shown_size(s.serve.answer_bytes_max); }},
    setting_key{"serve.max_rows", refused,
                [](settings& s, setting v) { s.serve.rows_max = v.to_number<std::uint64_t>(); },
                [](const settings& s) { return json::value(s.serve.rows_max); }},
    setting_key{"serve.timeout", refused, [](settings& s, setting v) { s.serve.timeout = duration(v); },
                [](const settings& s) { return shown(s.serve.timeout); }},
    setting_key{"status.heartbeat", live, [](settings& s, setting v) { s.heartbeat = duration(v); },
                [](const settings& s) { return shown(s.heartbeat); }},
    setting_key{"log.level", live, [](settings& s, setting v) { s.log.level = text(v); },
                [](const settings& s) { return json::value(s.log.level); }},
    setting_key{"log.format", live, [](settings& s, setting v) { s.log.format = text(v); },
                [](const settings& s) { return json::value(s.log.format); }},
};

}  // namespace

std::span<const setting_key> setting_keys() noexcept
{
    return keys;
}

}  // namespace understudy
