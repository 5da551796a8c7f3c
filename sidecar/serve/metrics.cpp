#include "serve/metrics.hpp"

#include "publish/cadence.hpp"
#include "serve/process_figures.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace understudy {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<std::pair<std::string, std::string>>;

constexpr auto not_known = std::numeric_limits<double>::quiet_NaN();

/// The series of one metric while they are gathered.
class series {
public:
    series(MetricFamily& into) : into_{into} {}

    void add(double value, const labels& named = {})
    {
        auto& metric = labelled(named);
        (into_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    }

    void add(const duration_histogram& from, const labels& named = {})
    {
        auto& histogram = labelled(named).histogram;
        histogram.sample_count = from.count;
        histogram.sample_sum = from.sum_s;
        for (std::size_t at = 0; at < from.at_most.size(); ++at)
            histogram.bucket.push_back({from.at_most[at], duration_histogram::upper_bounds_s[at]});
        histogram.bucket.push_back({from.count, std::numeric_limits<double>::infinity()});
    }

    /// One of a set of states: 1 for the one that it is, 0 for all others.
    template <class Names>
    void add_states(const char* label, const Names& all, const std::string& now)
    {
        for (const auto& name : all) add(name == now ? 1 : 0, {{label, std::string{name}}});
    }

private:
    ClientMetric& labelled(const labels& named)
    {
        auto& metric = into_.metric.emplace_back();
        for (const auto& [name, value] : named) metric.label.push_back({name, value});
        return metric;
    }
    MetricFamily& into_;
};

double number(std::uint64_t value) noexcept
{
    return static_cast<double>(value);
}
template <class Number>
double number_or_nan(const std::optional<Number>& value) noexcept
{
    return value ? static_cast<double>(*value) : not_known;
}
double timestamp(db_time time) noexcept
{
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}
double timestamp_or_nan(const std::optional<db_time>& time) noexcept
{
    return time ? timestamp(*time) : not_known;
}

constexpr std::array<std::string_view, 9> states{"starting", "connecting",     "copying",  "resyncing", "streaming",
                                                 "waiting",  "needs_operator", "stopping", "stopped"};
constexpr std::array<std::string_view, 4> wal_states{"reserved", "extended", "unreserved", "lost"};
const std::vector<std::string> read_statuses{"200", "206", "304", "400", "404", "406", "416", "503"};

/// Every name of an enumeration that ends with `last`.
template <class Enum>
std::vector<std::string> names_up_to(Enum last, int first = 0)
{
    std::vector<std::string> all;
    for (int value = first; value <= static_cast<int>(last); ++value)
        all.emplace_back(name_of(static_cast<Enum>(value)));
    return all;
}

/// What never happened stands there as 0, and what happened under a name that is not known here, too.
template <class Counts>
void add_counts(const Counts& counts, const std::vector<std::string>& names, const char* label, series into)
{
    std::map<std::string, std::uint64_t> all;
    for (const auto& name : names) all[name] = 0;
    for (const auto& [name, count] : counts) all[name] = count;
    for (const auto& [name, count] : all) into.add(number(count), {{label, name}});
}

void add_publishes(const serving_state& state, series into)
{
    std::map<std::pair<std::string, std::string>, std::uint64_t> all;
    for (const auto& reason : names_up_to(last_publish_reason)) all[{"published", reason}] = 0;
    for (const auto& reason : names_up_to(errc::internal, 1)) all[{"failed", reason}] = all[{"put_off", reason}] = 0;
    for (const auto& [what, count] : state.word().counters.publishes) all[what] = count;
    for (const auto& [what, count] : all) into.add(number(count), {{"result", what.first}, {"reason", what.second}});
}

void add_changes(const serving_state& state, series into)
{
    for (const auto& [table, counts] : state.word().counters.applied_changes)
        for (std::size_t at = 0; at < counts.of.size(); ++at)
            into.add(number(counts.of[at]), {{"table", table}, {"op", std::string{row_counts::names[at]}}});
}

void add_phases(const serving_state& state, series into)
{
    for (std::size_t at = 0; at < publish_phases.size(); ++at)
        into.add(state.word().counters.phase_seconds[at], {{"phase", std::string{publish_phases[at]}}});
}

void add_fallbacks(const serving_state& state, series into)
{
    if (!state.fallbacks().contains("other")) into.add(0, {{"reason", "other"}});
    for (const auto& [reason, count] : state.fallbacks()) into.add(number(count.reads), {{"reason", reason}});
}

void add_tables(const serving_state& state, series into, double (*value)(const manifest_table&))
{
    if (!state.generation()) return;
    for (const auto& table : state.generation()->facts().tables)
        into.add(value(table), {{"table", to_string(table.name)}});
}

std::uint64_t generation_bytes(const serving_state& state)
{
    std::uint64_t bytes = 0;
    if (state.generation())
        for (const auto& document : state.generation()->facts().documents) bytes += document.bytes;
    return bytes;
}

std::uint64_t withheld_rows(const serving_state& state)
{
    std::uint64_t rows = 0;
    if (state.generation())
        for (const auto& document : state.generation()->facts().documents) rows += document.withheld;
    return rows;
}

std::optional<std::uint64_t> served_generation_number(const serving_state& state)
{
    return state.generation() ? std::optional{state.generation()->facts().generation} : std::nullopt;
}

std::optional<db_time> served_content(const serving_state& state)
{
    return state.generation() ? state.generation()->facts().content_as_of : std::nullopt;
}

bool last_reload_was_good(const serving_state& state)
{
    const auto& reload = state.report().reload;
    return !reload || reload->result == "applied" || reload->result == "unchanged";
}

struct metric {
    const char* name;
    MetricType type;
    const char* help;
    void (*gather)(const serving_state& state, series into);
};

/// The same, of this process.
struct process_metric {
    const char* name;
    MetricType type;
    const char* help;
    double process_figures::* figure;
};

constexpr auto counter = MetricType::Counter;
constexpr auto gauge = MetricType::Gauge;
constexpr auto histogram = MetricType::Histogram;

using state_of = const serving_state&;

const std::array metrics{
    metric{"understudy_build_info", gauge, "The version that runs; always 1.",
           [](state_of, series s) { s.add(1, {{"version", UNDERSTUDY_VERSION}}); }},
    metric{"understudy_state", gauge, "1 for the state that the daemon is in, 0 for all others.",
           [](state_of state, series s) { s.add_states("state", states, state.report().state); }},
    metric{"understudy_paused", gauge, "1 while an operator holds publishing.",
           [](state_of state, series s) { s.add(state.report().paused ? 1 : 0); }},
    metric{"understudy_heartbeat_timestamp_seconds", gauge, "When the daemon's loop gave its last word.",
           [](state_of state, series s) { s.add(timestamp(state.report().heartbeat)); }},
    metric{"understudy_source_connected", gauge, "1 while the database is connected.",
           [](state_of state, series s) { s.add(state.report().source.connected ? 1 : 0); }},
    metric{"understudy_source_last_answer_timestamp_seconds", gauge, "When the database answered last.",
           [](state_of state, series s) { s.add(timestamp_or_nan(state.word().counters.last_answer)); }},
    metric{"understudy_source_verified_current_timestamp_seconds", gauge,
           "current_as_of: everything that the database had acknowledged by then is in what is served. Its clock.",
           [](state_of state, series s) {
               s.add(timestamp_or_nan(state.age(std::chrono::system_clock::now()).current_as_of));
           }},
    metric{"understudy_source_lag_bytes", gauge, "WAL that the database has flushed and we have not read.",
           [](state_of state, series s) { s.add(number_or_nan(state.report().lag_bytes)); }},
    metric{"understudy_source_lag_records", gauge, "Records of Kafka that are there and that we have not read.",
           [](state_of state, series s) { s.add(number_or_nan(state.report().lag_records)); }},
    metric{"understudy_source_clock_offset_seconds", gauge, "The database's clock minus ours.",
           [](state_of state, series s) { s.add(number_or_nan(state.report().clock_offset_ms) / 1000); }},
    metric{"understudy_source_errors_total", counter,
           "What ended a session with the database, or kept one from beginning.",
           [](state_of state, series s) {
               add_counts(state.word().counters.source_errors, names_up_to(errc::internal, 1), "reason", s);
           }},
    metric{"understudy_slot_retained_bytes", gauge, "WAL that our replication slot holds back.",
           [](state_of state, series s) { s.add(number_or_nan(state.report().source.retained_bytes)); }},
    metric{"understudy_slot_safe_wal_bytes", gauge,
           "WAL that can still be written before our slot is in danger; NaN without max_slot_wal_keep_size.",
           [](state_of state, series s) { s.add(number_or_nan(state.report().source.safe_wal_bytes)); }},
    metric{"understudy_slot_wal_status", gauge, "1 for what pg_replication_slots.wal_status says of our slot.",
           [](state_of state, series s) { s.add_states("status", wal_states, state.report().source.wal_status); }},
    metric{"understudy_source_received_bytes_total", counter, "Bytes of the stream of changes, as they came.",
           [](state_of state, series s) { s.add(number(state.word().counters.received_bytes)); }},
    metric{"understudy_applied_changes_total", counter,
           "Changes of rows that the store took. An update in a table without key is a delete and an insert.",
           add_changes},
    metric{"understudy_applied_bytes_total", counter, "Their bytes.",
           [](state_of state, series s) { s.add(number(state.word().counters.applied_bytes)); }},
    metric{"understudy_pending_changes", gauge, "Changes of rows that no generation holds yet.",
           [](state_of state, series s) { s.add(number(state.report().cadence.pending.changes)); }},
    metric{"understudy_store_bytes", gauge, "The store's file.",
           [](state_of state, series s) { s.add(number(state.report().store_bytes)); }},
    metric{"understudy_snapshot_generation", gauge, "The generation that is served.",
           [](state_of state, series s) { s.add(number_or_nan(served_generation_number(state))); }},
    metric{"understudy_snapshot_published_timestamp_seconds", gauge,
           "When a generation was announced last, in this run.",
           [](state_of state, series s) { s.add(timestamp_or_nan(state.report().cadence.last_publish_at)); }},
    metric{"understudy_snapshot_content_timestamp_seconds", gauge,
           "content_as_of: the latest commit in what is served. The database's clock.",
           [](state_of state, series s) { s.add(timestamp_or_nan(served_content(state))); }},
    metric{"understudy_snapshot_size_bytes", gauge, "All documents of what is served.",
           [](state_of state, series s) { s.add(number(generation_bytes(state))); }},
    metric{"understudy_snapshot_rows", gauge, "Rows of each table in what is served.",
           [](state_of state, series s) {
               add_tables(state, s, [](const manifest_table& table) { return number(table.rows); });
           }},
    metric{"understudy_snapshot_withheld_rows", gauge,
           "Rows that are not in the documents of what is served, because the source did not send a value of them.",
           [](state_of state, series s) { s.add(number(withheld_rows(state))); }},
    metric{"understudy_snapshot_publishes_total", counter, "Attempts at a generation.", add_publishes},
    metric{"understudy_snapshot_skips_total", counter, "Times without a publish that began, by what is waited for.",
           [](state_of state, series s) {
               add_counts(state.word().counters.skips, names_up_to(last_wait_reason), "reason", s);
           }},
    metric{"understudy_snapshot_duration_seconds", histogram,
           "How long a publish took, from the first row to the announcement.",
           [](state_of state, series s) { s.add(state.word().counters.publish_seconds); }},
    metric{
        "understudy_snapshot_phase_duration_seconds", histogram,
        "The same by phase: freeze (what came is stored, and a view of it opened), write (files and fsync), check (that "
        "no table was altered meanwhile), announce.",
        add_phases},
    metric{"understudy_snapshot_degraded", gauge,
           "1 while the announced generation is damaged, and an older one or none is served.",
           [](state_of state, series s) { s.add(state.generation() && state.trouble().empty() ? 0 : 1); }},
    metric{"understudy_config_last_reload_successful", gauge,
           "1 unless the last SIGHUP found a config that is refused.",
           [](state_of state, series s) { s.add(last_reload_was_good(state) ? 1 : 0); }},
    metric{"understudy_config_last_reload_timestamp_seconds", gauge, "When the config was read again last.",
           [](state_of state, series s) {
               const auto& reload = state.report().reload;
               s.add(reload ? timestamp(reload->at) : not_known);
           }},
    metric{"understudy_reads_total", counter, "Reads of tables over HTTP, by status.",
           [](state_of state, series s) { add_counts(state.reads_by_status(), read_statuses, "code", s); }},
    metric{"understudy_read_duration_seconds", histogram, "How long a read of a table took, without sending it.",
           [](state_of state, series s) { s.add(state.read_seconds()); }},
    metric{"understudy_read_bytes_total", counter, "Bytes of answers to reads of tables.",
           [](state_of state, series s) { s.add(number(state.read_bytes())); }},
    metric{"understudy_fallback_reads_total", counter,
           "Reads of which the reader said why it does not ask the database.", add_fallbacks},
};

constexpr std::array process_metrics{
    process_metric{"process_cpu_seconds_total", counter, "User and system time of this process.",
                   &process_figures::cpu_seconds},
    process_metric{"process_resident_memory_bytes", gauge, "Memory of this process, pages of the store's map included.",
                   &process_figures::resident_bytes},
    process_metric{"process_virtual_memory_bytes", gauge, "Address space of this process.",
                   &process_figures::virtual_bytes},
    process_metric{"process_open_fds", gauge, "Open descriptors.", &process_figures::open_descriptors},
    process_metric{"process_max_fds", gauge, "The limit of open descriptors.", &process_figures::descriptors_max},
    process_metric{"process_start_time_seconds", gauge, "When this process started.", &process_figures::started_at},
};

}  // namespace

std::string metrics_text(const serving_state& state)
{
    std::vector<MetricFamily> families;
    for (const auto& row : metrics)
        row.gather(state, series{families.emplace_back(MetricFamily{row.name, row.help, row.type, {}})});
    auto figures = read_process_figures();
    for (const auto& row : process_metrics)
        series{families.emplace_back(MetricFamily{row.name, row.help, row.type, {}})}.add(figures.*row.figure);
    return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace understudy
