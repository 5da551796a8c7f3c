#include "app/commands.hpp"
#include "app/control_client.hpp"
#include "app/database_comparison.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/run_alone.hpp"
#include "core/limits.hpp"
#include "publish/announcement.hpp"
#include "publish/generation_check.hpp"
#include "publish/snapshot_directory.hpp"
#include "source/postgres/survey.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace understudy {

namespace json = boost::json;

namespace {

int verify_files(const settings& wanted, bool as_json)
{
    auto number = read_current(wanted.snapshot.directory);
    if (!number) return report_failure(number.error()), 1;
    auto report =
        verify_generation(wanted.snapshot.directory / "generations" / generation_name(*number), check_depth::full);
    if (as_json) {
        json::array differences;
        for (const auto& difference : report.differences) differences.emplace_back(difference);
        write_json(std::cout,
                   json::object{{"generation", *number}, {"good", report.good()}, {"differences", differences}});
    } else {
        for (const auto& difference : report.differences) std::cout << "DIFFERENT  " << difference << '\n';
        std::cout << fmt::format("generation {} {} its manifest\n", *number,
                                 report.good() ? "matches" : "does not match");
    }
    return finish_output(report.good() ? 0 : 1);
}

struct live_comparison {
    lsn position;
    std::vector<table_comparison> tables;
};

// The daemon holds; a point is taken; the daemon goes on to exactly there, and then as ever; both are compared.
asio::awaitable<outcome<live_comparison>> compare_live(const settings& wanted, daemon_connection& daemon)
{
    auto held = daemon.ask({{"do", "hold"}}, limits::answer_timeout);
    if (!held) co_return held.error();
    auto sql = co_await connect(wanted.postgres, connection_kind::sql);
    if (!sql) co_return sql.error();
    copy_progress progress;
    auto view = co_await open_consistent_view(wanted, {}, **sql, progress);
    if (!view) co_return view.error();
    auto cut =
        daemon.ask({{"do", "cut"}, {"at", to_string(view->point)}}, limits::cut_timeout + limits::answer_timeout);
    if (!cut) co_return cut.error();
    std::filesystem::path directory{std::string{cut->at("directory").as_string()}};
    auto compared = co_await compare_with_database(*view->connection, view->tables, directory / "snapshot.json");
    auto ended = co_await end_view(*view);
    auto released = daemon.ask({{"do", "release"}}, limits::answer_timeout);
    if (!compared) co_return compared.error();
    if (!released) co_return released.error();
    if (!ended) co_return ended.error();
    live_comparison result;
    result.position = view->point;
    result.tables = std::move(*compared);
    co_return std::move(result);
}

void write_for_people(const live_comparison& compared, bool equal)
{
    for (const auto& table : compared.tables)
        std::cout << fmt::format(
            "{}  {}: {} rows in the copy, {} in the database; {} only in the copy, {} only in the database\n",
            table.equal() ? "equal    " : "DIFFERENT", table.table, table.rows_in_file, table.rows_in_database,
            table.only_in_file, table.only_in_database);
    std::cout << fmt::format("the copy {} the database at {}\n", equal ? "equals" : "does not equal",
                             to_string(compared.position));
}

void write_for_programs(const live_comparison& compared, bool equal)
{
    json::array tables;
    for (const auto& table : compared.tables)
        tables.push_back(json::object{{"table", table.table},
                                      {"equal", table.equal()},
                                      {"rows_in_file", table.rows_in_file},
                                      {"rows_in_database", table.rows_in_database},
                                      {"only_in_file", table.only_in_file},
                                      {"only_in_database", table.only_in_database}});
    write_json(std::cout,
               json::object{{"equal", equal}, {"position", to_string(compared.position)}, {"tables", tables}});
}

int verify_against_database(const settings& wanted, bool as_json)
{
    auto daemon = daemon_connection::open(wanted.state_directory);
    if (!daemon) return report_failure(daemon.error());
    auto compared = run_alone(compare_live(wanted, *daemon));
    if (!compared) return report_failure(compared.error());
    bool equal =
        std::all_of(compared->tables.begin(), compared->tables.end(), [](auto& table) { return table.equal(); });
    if (as_json)
        write_for_programs(*compared, equal);
    else
        write_for_people(*compared, equal);
    return finish_output(equal ? 0 : 1);
}

}  // namespace

int verify_command(const command_options& options)
{
    auto config = load_for_command(options, options.against_db ? secrets::needed : secrets::unneeded);
    if (!config) return 2;
    if (options.against_db && config->values.kafka.is_on())
        return report_failure(
            {errc::usage, "--against-db needs source.postgres: a Kafka source knows no database to ask"});
    if (options.against_db) return verify_against_database(config->values, options.json);
    return verify_files(config->values, options.json);
}

}  // namespace understudy
