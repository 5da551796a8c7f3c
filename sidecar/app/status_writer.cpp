#include "app/status_writer.hpp"

#include "app/logging.hpp"
#include "core/limits.hpp"
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

// What the source, an operator or a failure is to blame for is told by those.
bool is_skip(wait_reason why) noexcept
{
    return why == wait_reason::nothing_changed || why == wait_reason::min_interval || why == wait_reason::every ||
           why == wait_reason::after_quiet || why == wait_reason::after_changes || why == wait_reason::after_bytes;
}

const char* outcome_of(cadence::event::kind what) noexcept
{
    switch (what) {
    case cadence::event::kind::published: return "published";
    case cadence::event::kind::failed: return "failed";
    case cadence::event::kind::put_off: return "put_off";
    case cadence::event::kind::waiting: return "skipped";
    }
    return "unnamed";
}

publish_record record_of(const cadence::event& event)
{
    publish_record made{on_our_clock(event.at), outcome_of(event.what), ""};
    if (event.why) made.reason = name_of(*event.why);
    if (event.because) made.reason = name_of(*event.because);
    if (event.waiting_for) made.reason = name_of(*event.waiting_for);
    made.generation = event.made.number;
    made.rows = event.made.rows;
    made.bytes = event.made.bytes;
    made.duration_ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(event.took).count());
    return made;
}

bool is_copying(daemon_phase phase) noexcept
{
    return phase == daemon_phase::copying || phase == daemon_phase::resyncing;
}

}  // namespace

status_writer::status_writer(const settings& wanted, daemon_state& state, store_writer& writer, publisher& published,
                             snapshot_directory& directory, worker_thread& thread, read_service* reads)
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
    auto before = read_day(settings_.state_directory);
    if (before)
        day_ = std::move(*before);
    else
        log_event(log_level::warn, "day_forgotten", before.error().text, {{"reason", name_of(before.error().code)}});
    if (!day_.is_empty())
        day_.note(day_event::not_running, "restarted", on_our_clock(std::chrono::system_clock::now()));
    beat();
}

void status_writer::stop()
{
    timer_.cancel();
    day_saved_.reset();
    write(look());
}

void status_writer::take_events()
{
    const auto& rhythm = publisher_.rhythm();
    auto fresh = std::min<std::uint64_t>(rhythm.events_total() - events_taken_, rhythm.events().size());
    events_taken_ = rhythm.events_total();
    for (auto event = rhythm.events().end() - static_cast<std::ptrdiff_t>(fresh); event != rhythm.events().end();
         ++event) {
        auto at = on_our_clock(event->at);
        if (event->what == cadence::event::kind::published) day_.note(day_event::published, name_of(*event->why), at);
        count(*event);
        if (event->because) day_.note(day_event_of(*event->because), name_of(*event->because), at);
        if (event->waiting_for && is_skip(*event->waiting_for))
            day_.note(day_event::skipped, name_of(*event->waiting_for), at);
    }
}

void status_writer::count(const cadence::event& event)
{
    auto record = record_of(event);
    if (event.what == cadence::event::kind::waiting)
        ++state_.counters.skips[record.reason];
    else
        ++state_.counters.publishes[{record.outcome, record.reason}];
    if (event.what == cadence::event::kind::published) state_.counters.publish_seconds.note(event.took);
}

void status_writer::count_changes()
{
    for (const auto& table : writer_.state().tables) {
        state_.counters.applied_changes.try_emplace(to_string(table.name));
        names_[table.rows] = to_string(table.name);
    }
    auto counted = writer_.take_counts();
    for (const auto& [table, counts] : counted.by_table())
        if (auto name = names_.find(table); name != names_.end())
            state_.counters.applied_changes[name->second] += counts;
}

void status_writer::look_at_state(db_time now)
{
    if (is_copying(state_.phase)) return day_.see(day_event::blocked, name_of(state_.phase), now);
    if (state_.phase != daemon_phase::streaming) {
        if (state_.reason && state_.reason->code != errc::cancelled)
            day_.see(day_event_of(state_.reason->code), name_of(state_.reason->code), now);
        return;
    }
    if (state_.pause) return day_.see(day_event::blocked, name_of(wait_reason::paused), now);
    if (state_.hold) return day_.see(day_event::blocked, name_of(wait_reason::held), now);
    day_.see(day_event::skipped, "", now);
}

// Worth less than anything else on that disk: when it fails, the record is in memory all the same.
void status_writer::save_day()
{
    auto now = std::chrono::steady_clock::now();
    if (day_.changes() == day_changes_saved_) return;
    if (day_saved_ && now - *day_saved_ < limits::day_saved_every) return;
    day_saved_ = now;
    day_changes_saved_ = day_.changes();
    auto work = [where = settings_.state_directory, day = day_] { return write_day(where, day); };
    thread_.post(writer_.executor(), std::move(work), [this](const outcome<void>& written) {
        if (!written && !day_failed_before_)
            log_event(log_level::warn, "day_not_saved", written.error().text,
                      {{"reason", name_of(written.error().code)}});
        day_failed_before_ = !written;
    });
}

void status_writer::beat()
{
    auto now = look();
    if (!writing_) write(now);
    if (reads_ != nullptr) {
        daemon_word word{std::move(now), day_, state_.counters, settings_.heartbeat};
        reads_->report(std::move(word));
        if (auto number = reads_->take_damaged()) publisher_.on_damaged(*number);
    }
    timer_.expires_after(settings_.heartbeat);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) beat();
    });
}

status_report status_writer::look()
{
    take_events();
    count_changes();
    look_at_state(on_our_clock(std::chrono::system_clock::now()));
    save_day();
    return report();
}

void status_writer::write(status_report status)
{
    writing_ = true;
    auto work = [this, now = std::move(status),
                 store_file = data_file_in(settings_.state_directory)]() mutable -> outcome<void> {
        std::error_code unknown;
        auto bytes = std::filesystem::file_size(store_file, unknown);
        if (!unknown) now.store_bytes = store_bytes_ = bytes;
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
        now.consistency = announced->consistency;
        for (const auto& table : announced->tables)
            now.tables.push_back({table.name, table.rows, is_copying(state_.phase) ? "held" : "current", std::nullopt});
    }
    if (state_.hold) now.hold = hold_status{on_our_clock(state_.hold->since), on_our_clock(state_.hold->until)};
    if (state_.pause)
        now.paused = pause_status{on_our_clock(state_.pause->since), state_.pause->by, state_.pause->reason};
    now.reload = state_.reload;
    if (state_.clock_offset) now.clock_offset_ms = state_.clock_offset->count();
    now.source.connected = state_.connected || is_copying(state_.phase);  // a session knows it only once it follows
    if (settings_.kafka.is_on())
        now.source.kind = "kafka";
    else
        now.source.slot = settings_.postgres.slot;
    if (state_.server_version != 0)
        now.source.server_version = fmt::format("{}.{}", state_.server_version / 10000, state_.server_version % 10000);
    if (state_.connected && !settings_.kafka.is_on()) {
        now.source.retained_bytes = state_.retained_bytes;
        now.source.wal_status = state_.wal_status;
        now.source.safe_wal_bytes = state_.safe_wal_bytes;
    }
    if (state_.server_flushed != lsn{}) now.source.database_position = state_.server_flushed;
    now.source.received_position = writer_.reached();
    now.source.stored_position = writer_.durable().position;
    now.source.last_error = state_.last_error;
    now.cadence = describe_cadence();
    if (!state_.copy.waiting_for.empty()) now.reason_text = "the new slot waits for " + state_.copy.waiting_for;
    describe_copy(now);
    describe_lag(now);
    now.pid = getpid();
    now.store_bytes = store_bytes_;
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
    const auto& rhythm = publisher_.rhythm();
    if (auto fires = rhythm.next_rule(std::chrono::steady_clock::now())) now.will_fire = name_of(*fires);
    now.rules = rhythm.rules();
    auto pending = rhythm.pending();
    now.pending = {pending.count, pending.bytes, std::nullopt};
    if (pending.since) now.pending.since = on_our_clock(*pending.since);
    if (const auto& last = rhythm.last_publish()) {
        now.last_publish_at = on_our_clock(last->at);
        now.last_publish_reason = name_of(*last->why);
    }
    const auto& events = rhythm.events();
    for (const auto& event : events)
        if (event.waiting_for) now.last_skip_reason = name_of(*event.waiting_for);
    auto first = events.size() - std::min(events.size(), limits::publish_records_max);
    for (auto index = first; index < events.size(); ++index) now.record.push_back(record_of(events[index]));
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
    auto lag = distance(writer_.reached(), state_.server_flushed);
    (settings_.kafka.is_on() ? into.lag_records : into.lag_bytes) = lag;
    if (lag == 0)
        into.lag_seconds = 0;
    else if (into.current_as_of && state_.clock_offset)
        into.lag_seconds = std::max(
            0.0, std::chrono::duration<double>(into.heartbeat + *state_.clock_offset - *into.current_as_of).count());
}

}  // namespace understudy
