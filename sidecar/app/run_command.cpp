#include "app/commands.hpp"
#include "app/daemon.hpp"
#include "app/loaded_config.hpp"
#include "app/logging.hpp"

namespace understudy {

namespace {

// A store that cannot be read is kept as evidence and made anew: everything in it can be copied again.
outcome<std::unique_ptr<store>> open_store(const settings& wanted)
{
    store_options options{wanted.state_directory, wanted.any_filesystem};
    auto opened = store::open(options);
    if (opened || opened.error().code != errc::store_damaged) return opened;
    auto kept = store::keep_aside(wanted.state_directory);
    if (!kept) return kept.error();
    log_event(log_level::error, "store_damaged", opened.error().text, {{"kept_in", kept->string()}});
    return store::open(options);
}

outcome<daemon_end> run_daemon(const loaded_settings& config, daemon_mode mode)
{
    auto rows = open_store(config.values);
    if (!rows) return rows.error();
    auto directory = snapshot_directory::open(config.values.snapshot);
    if (!directory) return directory.error();
    daemon whole{config, mode, std::move(*rows), std::make_unique<snapshot_directory>(std::move(*directory))};
    return whole.run();
}

int run_in_mode(const command_options& options, daemon_mode mode)
{
    auto config = load_for_command(options);
    if (!config) return 2;
    for (const auto& warning : config->warnings) log_event(log_level::warn, "config", to_string(warning));
    for (;;) {
        auto ended = run_daemon(*config, mode);
        if (!ended) {
            log_event(log_level::error, "exit", ended.error().text, {{"reason", name_of(ended.error().code)}});
            return report_failure(ended.error());
        }
        if (*ended == daemon_end::stopped) return 0;
        auto kept = store::keep_aside(config->values.state_directory);
        if (!kept) return report_failure(kept.error());
        log_event(log_level::error, "store_damaged", "the store is kept aside and made anew", {{"kept_in", kept->string()}});
    }
}

}  // namespace

int run_command(const command_options& options)
{
    return run_in_mode(options, daemon_mode::follow);
}

int once_command(const command_options& options)
{
    return run_in_mode(options, daemon_mode::once);
}

}  // namespace understudy
