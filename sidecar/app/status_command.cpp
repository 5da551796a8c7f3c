#include "app/commands.hpp"
#include "app/daemon_state.hpp"
#include "app/loaded_config.hpp"
#include "app/output.hpp"
#include "app/pause_marker.hpp"
#include "core/limits.hpp"
#include "publish/cadence.hpp"
#include "publish/announcement.hpp"
#include "publish/generation_check.hpp"
#include "publish/status_file.hpp"
#include "settings/units.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace understudy {

namespace json = boost::json;

namespace {

using namespace std::chrono_literals;

std::string age_of(const std::optional<db_time>& time, std::chrono::milliseconds offset)
{
    if (!time) return "never";
    auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()) + offset;
    return fmt::format("{} ({:.1f} s ago)", to_string(*time), std::chrono::duration<double>(now - *time).count());
}

bool is_alive(const status_report& report, std::chrono::milliseconds heartbeat)
{
    if (report.state == name_of(daemon_phase::stopped)) return false;
    auto age = std::chrono::system_clock::now() - std::chrono::system_clock::time_point{report.heartbeat};
    return age < heartbeat * limits::heartbeats_missed_max;
}

std::optional<pause_status> pause_in(const std::filesystem::path& state_directory)
{
    auto pause = read_pause(state_directory);
    if (!pause) return std::nullopt;
    return pause_status{std::chrono::time_point_cast<std::chrono::microseconds>(pause->since), pause->by,
                        pause->reason};
}

std::string describe_daemon(const status_report& report, bool alive)
{
    if (alive) return fmt::format("{} (pid {})", report.state, report.pid);
    if (report.state == name_of(daemon_phase::stopped)) return "stopped at " + age_of(report.heartbeat, 0ms);
    return "not running; last heartbeat " + age_of(report.heartbeat, 0ms);
}

std::string describe_next_publish(const cadence_status& cadence)
{
    if (cadence.rule == name_of(wait_reason::nothing_changed)) return "when something changes";
    if (cadence.rule == name_of(wait_reason::paused)) return "when `understudy resume` is called";
    bool decided = cadence.will_fire.empty() || cadence.will_fire == cadence.rule;
    if (!cadence.next_due && !decided) return fmt::format("waits: {}; then {}", cadence.rule, cadence.will_fire);
    if (!cadence.next_due) return "by " + cadence.rule;
    auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    auto left = std::chrono::duration<double>(*cadence.next_due - now).count();
    return fmt::format("in {:.1f} s, by {}", std::max(0.0, left), cadence.rule);
}

std::string describe_rules(const cadence_settings& rules)
{
    auto text = "min_interval " + format_duration(rules.min_interval);
    if (rules.every) text += ", every " + format_duration(*rules.every);
    if (rules.after_changes) text += fmt::format(", after_changes {}", *rules.after_changes);
    if (rules.after_bytes) text += ", after_bytes " + format_size(*rules.after_bytes);
    if (rules.after_quiet) text += ", after_quiet " + format_duration(*rules.after_quiet);
    return text;
}

void add_cadence(text_table& table, const status_report& report)
{
    const auto& cadence = report.cadence;
    table.add({"next publish", describe_next_publish(cadence)});
    if (cadence.last_publish_at)
        table.add(
            {"last publish", fmt::format("{}, {}", age_of(cadence.last_publish_at, 0ms), cadence.last_publish_reason)});
    table.add({"cadence", describe_rules(cadence.rules)});
    if (!report.reload) return;
    table.add({"last reload", fmt::format("{}, {}", age_of(report.reload->at, 0ms), report.reload->result)});
    for (const auto& change : report.reload->changes)
        table.add({"", fmt::format("{}: {} -> {} ({})", change.key, change.before, change.after, change.effect)});
}

void write_without_report(const failure& why, const outcome<manifest>& current)
{
    text_table table;
    table.add({"daemon", "unknown: " + why.text});
    table.add({"generation", current ? fmt::format("{} at {}", current->generation, to_string(current->position))
                                     : "none: " + current.error().text});
    table.write(std::cout);
}

std::string describe_source(const source_status& source)
{
    if (!source.connected) return "not connected";
    return source.kind == "kafka" ? "connected, Kafka" : "connected, PostgreSQL " + source.server_version;
}

/// What its rows may lack or have too much.
void add_doubts(text_table& table, const manifest& current)
{
    for (const auto& each : current.tables)
        if (!each.doubts.empty())
            table.add({"doubts", fmt::format("{}: {}", to_string(each.name), fmt::join(each.doubts, ", "))});
    for (const auto& each : current.documents)
        if (each.withheld != 0) table.add({"withheld", fmt::format("{}: {} rows", each.file, each.withheld)});
}

void write_for_people(const status_report& report, bool alive, const outcome<manifest>& current)
{
    std::chrono::milliseconds offset{report.clock_offset_ms.value_or(0)};
    text_table table;
    table.add({"daemon", describe_daemon(report, alive)});
    if (!report.reason_text.empty())
        table.add({"reason", (report.reason.empty() ? "" : report.reason + ": ") + report.reason_text});
    if (current) {
        table.add({"generation", fmt::format("{} at {}", current->generation, to_string(current->position))});
        table.add({"content as of",
                   current->content_as_of ? age_of(current->content_as_of, offset) : "the copy; no commit came since"});
        table.add({"current as of", age_of(report.current_as_of, offset)});
    } else {
        table.add({"generation", "none: " + current.error().text});
    }
    if (alive) table.add({"source", describe_source(report.source)});
    if (alive && report.lag_bytes) table.add({"lag", fmt::format("{} bytes", *report.lag_bytes)});
    if (alive && report.lag_records) table.add({"lag", fmt::format("{} records", *report.lag_records)});
    if (report.consistency != "transaction") table.add({"consistency", "by row: each is right at a place of its own"});
    if (current) add_doubts(table, *current);
    if (report.paused)
        table.add({"paused", fmt::format("since {} by {}{}", age_of(report.paused->since, 0ms), report.paused->by,
                                         report.paused->reason.empty() ? "" : ": " + report.paused->reason)});
    if (alive && report.cadence.pending.changes != 0)
        table.add({"pending", fmt::format("{} changes, {} bytes, since {}", report.cadence.pending.changes,
                                          report.cadence.pending.bytes, age_of(report.cadence.pending.since, 0ms))});
    if (alive) add_cadence(table, report);
    if (report.copy)
        table.add({"copy", fmt::format("{} rows, {:.0f} rows/s", report.copy->rows, report.copy->rows_per_second)});
    table.write(std::cout);
}

}  // namespace

int status_command(const command_options& options)
{
    auto config = load_for_command(options, secrets::unneeded);
    if (!config) return 2;
    const auto& directory = config->values.snapshot.directory;
    auto current = load_current(directory);
    auto report = read_status(directory);
    bool alive = report && is_alive(*report, config->values.heartbeat);
    if (report && !alive) report->paused = pause_in(config->values.state_directory);  // may have been set since
    if (options.json) {
        json::object answer{{"usable", current.has_value()}, {"running", alive}};
        if (current) answer["generation"] = current->generation;
        answer["status"] = nullptr;
        if (report)
            answer["status"] = to_object(*report);
        else
            answer["text"] = report.error().text;
        write_json(std::cout, answer);
    } else if (report) {
        write_for_people(*report, alive, current);
    } else {
        write_without_report(report.error(), current);
    }
    return finish_output(current ? 0 : 1);
}

}  // namespace understudy
