#include "app/command_line.hpp"

#include "app/clean_text.hpp"
#include "app/commands.hpp"
#include "settings/nearest.hpp"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace understudy {

namespace {

/// One command as it is typed. To add one: its function in commands.hpp, its file, and a row below.
struct command {
    const char* name;
    const char* summary;  ///< In the list of commands and on top of its own help.
    int (*run)(const command_options&);
    void (*add_options)(CLI::App&, command_options&);  ///< Besides --config.
};

void json_option(CLI::App& app, command_options& options)
{
    app.add_flag("--json", options.json, "Answer in JSON, for programs");
}

void ready_options(CLI::App& app, command_options& options)
{
    json_option(app, options);
    app.add_option("--max-age", options.max_age, "Not ready when it is current as of longer ago, or it is not known")
        ->type_name("DURATION");
}

void verify_options(CLI::App& app, command_options& options)
{
    json_option(app, options);
    app.add_flag("--against-db", options.against_db, "Compare the live state with the database at one position");
}

void pause_options(CLI::App& app, command_options& options)
{
    json_option(app, options);
    app.add_option("--reason", options.reason, "Why; `status` and the status page show it")->type_name("TEXT");
}

void describe_options(CLI::App& app, command_options& options)
{
    app.add_option(
           "--connection", options.connection,
           "The database, where the configuration names none; passwords come from PGPASSFILE, ~/.pgpass or a service file")
        ->type_name("STRING");
    app.add_option("-o,--output", options.output, "Write there in the place of standard output: whole, or not at all")
        ->type_name("FILE");
}

void no_option(CLI::App&, command_options&) {}

constexpr std::array commands{
    command{"run", "Follow the source and publish generations until a signal ends it.", run_command, no_option},
    command{"once", "Catch up with the database as of now, publish, exit.", once_command, no_option},
    command{"check", "Look at every prerequisite and say what to do about it; changes nothing.", check_command,
            json_option},
    command{"status", "Say what state things are in; reads files only.", status_command, json_option},
    command{"ready", "Say whether a usable generation is announced; reads files only.", ready_command, ready_options},
    command{"live", "Say whether the running daemon moves; for liveness probes.", live_command, json_option},
    command{"verify", "Check the announced generation, or with --against-db the live state against the database.",
            verify_command, verify_options},
    command{"publish", "Ask the running daemon for a generation now.", publish_command, json_option},
    command{"pause", "Hold publishing until `resume`; changes are still taken in and confirmed.", pause_command,
            pause_options},
    command{"resume", "End a pause; what changed meanwhile is published at once.", resume_command, json_option},
    command{"drop-slot", "Drop our replication slot, when this sidecar is gone for good.", drop_slot_command,
            json_option},
    command{"describe", "Write down what the database says of the tables, for a sidecar that follows Kafka.",
            describe_command, describe_options},
    command{"config", "Show the effective configuration and where each value comes from; secrets stay hidden.",
            config_command, json_option},
    command{"version", "Show the version of understudy and of the libraries it uses.", version_command, json_option},
};

constexpr const char* description = "understudy keeps a read-only JSON copy of Postgres tables next to an application.";

constexpr const char* exit_statuses =
    "Exit status: 0 done; 1 the answer is no; 2 usage or configuration; 3 the source, or the\n"
    "daemon, cannot be reached, or a disk failed; 4 an operator has to decide; 70 a mistake of\n"
    "understudy itself.";

void add_command(CLI::App& app, const command& row, command_options& options)
{
    auto* typed = app.add_subcommand(row.name, row.summary);
    typed->footer(exit_statuses);
    typed->add_option("--config", options.config, "The configuration file; UNDERSTUDY_CONFIG names another default")
        ->type_name("FILE")
        ->capture_default_str();
    row.add_options(*typed, options);
}

/// What stands in the place of the command, when it is none.
std::string mistyped_command(int count, const char* const* arguments)
{
    std::string word = count > 1 ? arguments[1] : "";
    if (word.starts_with('-')) return {};
    for (const auto& row : commands)
        if (word == row.name) return {};
    return word;
}

std::string hint_for(const std::string& word)
{
    std::vector<std::string> names;
    for (const auto& row : commands) names.emplace_back(row.name);
    if (auto near = nearest(word, names); !near.empty())
        return fmt::format("there is no command `{}`; did you mean `{}`?", clean_text(word), near);
    return fmt::format("there is no command `{}`", clean_text(word));
}

int refuse(const CLI::App& app, const CLI::ParseError& problem, const std::string& mistyped)
{
    auto typed = app.get_subcommands();
    std::cerr << "understudy: " << (mistyped.empty() ? clean_text(problem.what()) : hint_for(mistyped)) << '\n'
              << "Try: understudy " << (typed.empty() ? "" : typed.front()->get_name() + " ") << "--help\n";
    return 2;
}

int run_typed(const CLI::App& app, const command_options& options)
{
    auto name = app.get_subcommands().front()->get_name();
    for (const auto& row : commands)
        if (name == row.name) return row.run(options);
    return 70;
}

/// CLI11's own envname() is no use here: it sets the shared value from the commands that were not typed, too.
command_options defaults()
{
    command_options options;
    const auto* file = std::getenv("UNDERSTUDY_CONFIG");
    if (file != nullptr && *file != '\0') options.config = file;
    return options;
}

int parse_and_run(int count, const char* const* arguments)
{
    auto options = defaults();
    CLI::App app{description, "understudy"};
    app.footer(exit_statuses);
    app.set_version_flag("--version", UNDERSTUDY_VERSION, "Show the version and exit");
    app.require_subcommand(1);
    for (const auto& row : commands) add_command(app, row, options);
    try {
        app.parse(count, arguments);
    } catch (const CLI::Success& asked_for_help) {
        return app.exit(asked_for_help);
    } catch (const CLI::ParseError& problem) {
        return refuse(app, problem, mistyped_command(count, arguments));
    }
    return run_typed(app, options);
}

}  // namespace

int run_command_line(int count, const char* const* arguments)
{
    try {
        return parse_and_run(count, arguments);
    } catch (const std::exception& problem) {
        std::cerr << "understudy: internal: " << clean_text(problem.what()) << '\n';
        return 70;
    }
}

}  // namespace understudy
