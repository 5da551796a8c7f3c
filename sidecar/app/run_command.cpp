#include "app/commands.hpp"
#include "app/daemon.hpp"
#include "app/exit_on_signal.hpp"
#include "app/loaded_config.hpp"
#include "app/logging.hpp"
#include "app/mending_limit.hpp"
#include "app/service_notifier.hpp"
#include "app/sign_of_life.hpp"
#include "app/start_progress.hpp"
#include "core/remedy.hpp"
#include "publish/generation_check.hpp"
#include "publish/status_file.hpp"
#include "serve/read_service.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <string_view>

namespace understudy {

namespace {

outcome<std::filesystem::path> keep_aside(const settings& wanted, std::string_view why)
{
    auto kept = store::keep_aside(wanted.state_directory);
    if (kept) log_event(log_level::error, "store_damaged", why, {{"kept_in", kept->string()}});
    return kept;
}

// A store that cannot be read is kept as evidence and made anew: everything in it can be copied again.
outcome<std::unique_ptr<store>> open_store(const settings& wanted)
{
    store_options options{wanted.state_directory, wanted.any_filesystem};
    auto opened = store::open(options);
    if (opened || opened.error().code != errc::store_damaged) return opened;
    auto kept = keep_aside(wanted, opened.error().text);
    if (!kept) return kept.error();
    return store::open(options);
}

// Nobody reads yet. A file that cannot shrink now can be used as it is.
outcome<std::unique_ptr<store>> open_compact(const settings& wanted, const service_notifier& manager)
{
    sign_of_life meanwhile{manager};
    auto opened = open_store(wanted);
    if (!opened) return opened;
    auto compacted = (*opened)->compact_if_worthwhile();
    if (!compacted)
        log_event(log_level::warn, "not_compacted", compacted.error().text,
                  {{"reason", name_of(compacted.error().code)}});
    return opened;
}

void write_or_log(const snapshot_directory& directory, const status_report& now)
{
    if (auto written = write_status(directory, now); !written)
        log_event(log_level::warn, "status_not_written", written.error().text,
                  {{"reason", name_of(written.error().code)}});
}

// Opening a large store reads all of it. What was announced before can be used meanwhile, and this says so. What the
// last run proved of it stays true.
status_report say_starting(const snapshot_directory& directory)
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
        auto former = read_status(directory.path());
        if (former && former->generation <= now.generation && former->position <= now.position) {
            now.current_as_of = former->current_as_of;
            now.clock_offset_ms = former->clock_offset_ms;  // clocks go on as they did
        }
    }
    write_or_log(directory, now);
    return now;
}

void say_ended(const snapshot_directory& directory, status_report last, const failure& why)
{
    last.state = name_of(daemon_phase::stopped);
    last.reason = name_of(why.code);
    last.reason_text = why.text;
    last.heartbeat = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    last.since = last.heartbeat;
    write_or_log(directory, last);
}

void log_serve_event(serve_event event, const std::string& sentence)
{
    switch (event) {
    case serve_event::internal: return log_event(log_level::error, "internal", sentence);
    case serve_event::generation_damaged: return log_event(log_level::error, "generation_damaged", sentence);
    case serve_event::serving_older: return log_event(log_level::warn, "serving_older", sentence);
    }
}

std::unique_ptr<read_service> make_read_service(const loaded_settings& config, daemon_mode mode)
{
    if (mode == daemon_mode::once || !config.values.serve.is_on()) return nullptr;
    return std::make_unique<read_service>(config.values, log_serve_event);
}

// What was announced can be read from here on, however long the rest of the start takes.
outcome<void> start_reads(read_service* reads, const snapshot_directory& directory, const status_report& starting)
{
    if (reads == nullptr) return {};
    daemon_word word;
    word.status = starting;
    reads->report(std::move(word));
    return reads->start(directory.rights().group);
}

// For who waits for the start, a generation is enough.
void tell_starting(const service_notifier& manager, const status_report& starting)
{
    manager.status(describe_for_service(starting, starting.heartbeat));
    if (starting.generation > 0) manager.ready();
}

outcome<daemon_end> run_daemon(const loaded_settings& config, daemon_mode mode, read_service* reads,
                               const service_notifier& manager)
{
    auto directory = snapshot_directory::open(config.values.snapshot);
    if (!directory) return directory.error();
    auto former = say_starting(*directory);
    if (auto started = start_reads(reads, *directory, former); !started) {
        say_ended(*directory, std::move(former), started.error());
        return started.error();
    }
    tell_starting(manager, former);
    auto rows = open_compact(config.values, manager);
    if (!rows) {
        say_ended(*directory, std::move(former), rows.error());
        return rows.error();
    }
    auto kept = std::make_unique<snapshot_directory>(std::move(*directory));
    const auto& snapshot = *kept;
    daemon whole{config, mode, std::move(*rows), std::move(kept), reads, manager};
    whole.take_over(former);
    if (auto listening = whole.listen(); !listening) {
        say_ended(snapshot, std::move(former), listening.error());
        return listening.error();
    }
    return whole.run();
}

// Before anything slow: a reload or a publish asked for while the store is opened must not end the program, nor may a
// limit on file sizes or a reader that went away. Who asks it to stop then finds that nothing was begun.
void prepare_signals(daemon_mode mode)
{
    for (int number : {SIGHUP, SIGUSR1, SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
    exit_on_signal(mode == daemon_mode::once ? exit_status_for(errc::cancelled) : 0);
}

// Between two runs nobody else takes these signals.
bool asked_to_stop_within(std::chrono::milliseconds pause)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigset_t before;
    ::pthread_sigmask(SIG_BLOCK, &wanted, &before);
    timespec left{.tv_sec = pause.count() / 1000, .tv_nsec = pause.count() % 1000 * 1'000'000};
    bool asked = ::sigtimedwait(&wanted, nullptr, &left) > 0;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return asked;
}

// Runs until it ends for another reason than its store.
outcome<void> run_with_mending(const loaded_settings& config, daemon_mode mode, const service_notifier& manager)
{
    auto reads = make_read_service(config, mode);
    mending_limit limit;
    std::random_device dice;
    for (;;) {
        auto began = std::chrono::steady_clock::now();
        auto ended = run_daemon(config, mode, reads.get(), manager);
        if (!ended) return ended.error();
        if (*ended == daemon_end::stopped) return {};
        auto pause = limit.next(std::chrono::steady_clock::now() - began, dice());
        auto reason = *ended == daemon_end::store_damaged ? errc::store_damaged : errc::store_lost;
        if (!pause) return failure{reason, "the store failed again and again; look at the disk"};
        if (reason == errc::store_damaged)
            if (auto kept = keep_aside(config.values, "the store is kept aside and made anew"); !kept)
                return kept.error();
        log_event(log_level::warn, "mending", "the store is opened again",
                  {{"reason", name_of(reason)}, {"retry_in_ms", pause->count()}});
        if (!asked_to_stop_within(*pause)) continue;
        if (mode == daemon_mode::follow) return {};
        return failure{errc::cancelled, "stopped before a generation was published"};
    }
}

int run_in_mode(const command_options& options, daemon_mode mode)
{
    prepare_signals(mode);
    service_notifier manager;
    auto config = load_for_command(options, secrets::needed);
    if (!config) {
        manager.status("the configuration cannot be used: " + to_string(config.error().errors.front()));
        return 2;
    }
    for (const auto& warning : config->warnings) log_event(log_level::warn, "config", to_string(warning));
    log_event(log_level::info, "started", "understudy " UNDERSTUDY_VERSION,
              {{"config", config->file},
               {"state", config->values.state_directory.string()},
               {"snapshot", config->values.snapshot.directory.string()},
               {"pid", getpid()}});
    auto ended = run_with_mending(*config, mode, manager);
    if (ended) return 0;
    manager.stopping();
    manager.status(fmt::format("ended; {}: {}", name_of(ended.error().code), ended.error().text));
    log_event(log_level::error, "exit", ended.error().text, {{"reason", name_of(ended.error().code)}});
    return exit_status_for(ended.error().code);
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
