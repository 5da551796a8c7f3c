#include "app/commands.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/run_alone.hpp"
#include "core/remedy.hpp"
#include "files/whole_file.hpp"
#include "settings/connection.hpp"
#include "source/kafka/description.hpp"
#include "source/postgres/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

namespace understudy {

namespace {

described_column describe(const column_facts& facts)
{
    return {.shape = facts.described,
            .type_name = facts.type_name,
            .nullable = facts.nullable,
            .has_default = facts.has_default};
}

// The same key as a mirror of the database itself would have: it is what Debezium takes, too.
outcome<described_table> describe(const table_facts& facts, const type_catalog& types)
{
    described_table made;
    made.name = facts.name;
    made.relation = facts.id;
    for (const auto& column : facts.columns) {
        if (column.generated)
            made.left_out.push_back(column.described.name);
        else
            made.columns.push_back(describe(column));
    }
    auto planned = plan_table(facts, types);
    if (!planned) return planned.error();
    for (auto place : planned->record.shape.key) made.key.push_back(planned->record.shape.columns[place].name);
    return made;
}

// Columns that a mirror leaves out are described all the same: the one who reads the topics decides for itself.
std::vector<table_setting> whole(std::vector<table_setting> tables)
{
    for (auto& table : tables) {
        table.columns.clear();
        table.exclude.clear();
    }
    return tables;
}

asio::awaitable<outcome<description>> describe_source(settings wanted)
{
    wanted.tables = whole(std::move(wanted.tables));
    auto sql = co_await connect(wanted.postgres, connection_kind::sql);
    if (!sql) co_return sql.error();
    auto found = co_await survey_source(**sql, wanted);
    if (!found) co_return found.error();
    for (const auto& missing : found->tables.missing)
        co_return failure{errc::table_missing, fmt::format("table {}.{} does not exist", missing.schema, missing.name)};
    description made;
    made.database = found->server.database;
    made.server_version = fmt::format("{}.{}", found->server.version / 10000, found->server.version % 10000);
    for (const auto& facts : found->tables.tables) {
        auto table = describe(facts, found->types);
        if (!table) co_return table.error();
        made.tables.push_back(std::move(*table));
    }
    for (const auto& [id, facts] : found->types.all()) made.types.push_back(facts);
    std::sort(made.types.begin(), made.types.end(), [](auto& left, auto& right) { return left.id < right.id; });
    co_return std::move(made);
}

// Everyone on the machine can read what was typed.
std::optional<std::string> why_not_connection(const std::string& typed)
{
    if (auto wrong = connection_error(typed)) return "--connection: " + *wrong;
    if (has_password(typed)) return "--connection holds a password; put it into a passfile (PGPASSFILE or ~/.pgpass)";
    return std::nullopt;
}

int answer(const std::string& text, const std::string& file)
{
    if (file.empty()) {
        std::cout << text;
        return finish_output(0);
    }
    auto written = write_whole_file(file, text);
    return written ? 0 : report_failure(written.error());
}

}  // namespace

int describe_command(const command_options& options)
{
    auto config = load_for_command(options, options.connection.empty() ? secrets::needed : secrets::unneeded);
    if (!config) return 2;
    auto wanted = config->values;
    if (!options.connection.empty()) {
        if (auto wrong = why_not_connection(options.connection)) return report_failure({errc::usage, *wrong});
        wanted.postgres.connection = options.connection;
    } else if (wanted.kafka.is_on()) {
        return report_failure(
            {errc::usage, "the configuration names no database: add --connection \"host=... dbname=...\""});
    }
    auto made = run_alone(describe_source(wanted));
    if (!made) return report_failure(made.error());
    return answer(to_json(*made), options.output);
}

}  // namespace understudy
