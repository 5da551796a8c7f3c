#include "app/commands.hpp"
#include "app/daemon.hpp"
#include "app/loaded_config.hpp"
#include "app/logging.hpp"
#include "publish/generation_check.hpp"
#include "publish/status_file.hpp"

#include <unistd.h>

#include <csignal>

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

// Opening a large store reads all of it. What was announced before can be used meanwhile, and this says so.
void say_starting(const snapshot_directory& directory)
{
    status_report now;
    now.state = name_of(daemon_phase::starting);
    now.heartbeat = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    now.since = now.heartbeat;
    now.pid = getpid();
    now.version = UNDERSTUDY_VERSION;
    if (auto current = load_current(directory.path())) {
        now.generation = current->generation;
        now.position = current->position;
        now.content_as_of = current->content_as_of;
    }
    if (auto written = write_status(directory, now); !written)
        log_event(log_level::warn, "status_not_written", written.error().text, {{"reason", name_of(written.error().code)}});
}

outcome<daemon_end> run_daemon(const loaded_settings& config, daemon_mode mode)
{
    auto directory = snapshot_directory::open(config.values.snapshot);
    if (!directory) return directory.error();
    say_starting(*directory);
    auto rows = open_store(config.values);
    if (!rows) return rows.error();
    daemon whole{config, mode, std::move(*rows), std::make_unique<snapshot_directory>(std::move(*directory))};
    return whole.run();
}

// Before anything slow: a reload or a publish asked for while the store is opened must not end the program, nor may a
// limit on file sizes or a reader that went away.
void ignore_signals()
{
    for (int number : {SIGHUP, SIGUSR1, SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

int run_in_mode(const command_options& options, daemon_mode mode)
{
    ignore_signals();
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
