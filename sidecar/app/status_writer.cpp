#include "app/status_writer.hpp"

#include "app/logging.hpp"
#include "store/data_file.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace understudy {

namespace {

db_time on_our_clock(std::chrono::system_clock::time_point at) noexcept
{
    return std::chrono::time_point_cast<std::chrono::microseconds>(at);
}

db_time on_our_clock(steady_time at) noexcept
{
    auto from_now = at - std::chrono::steady_clock::now();
    return on_our_clock(std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(from_now));
}

bool is_copying(daemon_phase phase) noexcept
{
    return phase == daemon_phase::copying || phase == daemon_phase::resyncing;
}

}  // namespace

status_writer::status_writer(const settings& wanted, const daemon_state& state, const store_writer& writer,
                             publisher& published, snapshot_directory& directory, worker_thread& thread,
                             read_service* reads)
    : settings_{wanted},
      state_{state},
      writer_{writer},
      publisher_{published},
      directory_{directory},
      thread_{thread},
      reads_{reads},
      timer_{writer.executor()}
{
}

void status_writer::start()
{
    beat();
}

void status_writer::stop()
{
    timer_.cancel();
    write();
}

void status_writer::beat()
{
    if (!writing_) write();
    if (reads_ != nullptr) {
        reads_->report(report(), settings_.heartbeat);
        if (auto number = reads_->take_damaged()) publisher_.on_damaged(*number);
    }
    timer_.expires_after(settings_.heartbeat);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) beat();
    });
}

void status_writer::write()
{
    writing_ = true;
    auto work = [this, now = report(),
                 store_file = data_file_in(settings_.state_directory)]() mutable -> outcome<void> {
        std::error_code unknown;
        auto bytes = std::filesystem::file_size(store_file, unknown);
        if (!unknown) now.store_bytes = bytes;
        if (auto held = directory_.ensure(); !held) return held.error();
        return write_status(directory_, now);
    };
    thread_.post(writer_.executor(), std::move(work), [this](const outcome<void>& written) {
        writing_ = false;
        if (!written && !failed_before_)
            log_event(log_level::warn, "status_not_written", written.error().text,
                      {{"reason", name_of(written.error().code)}});
        failed_before_ = !written;
    });
}

status_report status_writer::report()
{
    status_report now;
    now.state = name_of(state_.phase);
    auto why = state_.reason ? state_.reason : publisher_.last_failure();
    if (why) {
        now.reason = name_of(why->code);
        now.reason_text = why->text;
    }
    now.since = on_our_clock(state_.since);
    now.heartbeat = on_our_clock(std::chrono::system_clock::now());
    if (const auto& announced = publisher_.announced()) {
        now.generation = announced->generation;
        now.position = announced->position;
        now.content_as_of = announced->content_as_of;
        now.current_as_of = publisher_.currency().current_as_of();
        for (const auto& table : announced->tables)
            now.tables.push_back({table.name, table.rows, is_copying(state_.phase) ? "held" : "current", std::nullopt});
    }
    if (state_.hold) now.hold = hold_status{on_our_clock(state_.hold->since), on_our_clock(state_.hold->until)};
    if (state_.clock_offset) now.clock_offset_ms = state_.clock_offset->count();
    now.source.connected = state_.connected || is_copying(state_.phase);  // a session knows it only once it follows
    now.source.slot = settings_.postgres.slot;
    if (state_.server_version != 0)
        now.source.server_version = fmt::format("{}.{}", state_.server_version / 10000, state_.server_version % 10000);
    if (state_.connected) now.source.retained_bytes = state_.retained_bytes;
    now.cadence = describe_cadence();
    if (!state_.copy.waiting_for.empty()) now.reason_text = "the new slot waits for " + state_.copy.waiting_for;
    describe_copy(now);
    describe_lag(now);
    now.pid = getpid();
    now.version = UNDERSTUDY_VERSION;
    return now;
}

cadence_status status_writer::describe_cadence()
{
    cadence_status now;
    auto next = publisher_.next_decision();
    if (const auto* wait = std::get_if<wait_until>(&next)) {
        now.rule = name_of(wait->reason);
        if (wait->until) now.next_due = on_our_clock(*wait->until);
    } else {
        now.rule = name_of(std::get<publish_due>(next).reason);
    }
    const auto& events = publisher_.rhythm().events();
    for (const auto& event : events) {
        if (event.what == cadence::event::kind::published) {
            now.last_publish_at = on_our_clock(event.at);
            now.last_publish_reason = event.why ? name_of(*event.why) : "";
        } else if (event.waiting_for) {
            now.last_skip_reason = name_of(*event.waiting_for);
        }
    }
    return now;
}

void status_writer::describe_copy(status_report& into) const
{
    if (!is_copying(state_.phase)) return;
    const auto& copy = state_.copy;
    copy_status now;
    if (copy.waiting_for.empty()) now.table = copy.table;
    now.tables_done = copy.tables_done;
    now.tables_total = copy.tables_total;
    if (copy.estimated_rows > 0)
        now.progress = std::min(1.0, static_cast<double>(copy.rows) / static_cast<double>(copy.estimated_rows));
    now.rows = copy.rows;
    now.bytes = copy.bytes;
    auto pace = pace_of(copy, std::chrono::steady_clock::now());
    now.rows_per_second = pace.rows_per_second;
    now.seconds_left = pace.seconds_left;
    into.copy = now;
    for (auto& table : into.tables) {
        if (to_string(table.name) != now.table) continue;
        table.state = "copying";
        if (copy.tables_total == 1) table.progress = now.progress;  // the estimate is of all tables
    }
}

void status_writer::describe_lag(status_report& into) const
{
    if (!state_.connected) return;
    into.lag_bytes = distance(writer_.reached(), state_.server_flushed);
    if (*into.lag_bytes == 0)
        into.lag_seconds = 0;
    else if (into.current_as_of && state_.clock_offset)
        into.lag_seconds = std::max(
            0.0, std::chrono::duration<double>(into.heartbeat + *state_.clock_offset - *into.current_as_of).count());
}

}  // namespace understudy
