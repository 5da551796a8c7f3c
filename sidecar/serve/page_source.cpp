#include "serve/page_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

html row(std::string_view name, const html& value)
{
    return fmt::format("<div><dt>{}<dd>{}</div>", name, value);
}

html position(lsn at)
{
    return fmt::format("<code class=n>{}</code>", to_string(at));
}

std::string offset_text(std::int64_t ms)
{
    if (ms == 0) return "as ours";
    return fmt::format("{} {}", human(std::chrono::milliseconds{ms < 0 ? -ms : ms}),
                       ms < 0 ? "behind ours" : "ahead of ours");
}

html connection(const source_status& source)
{
    if (!source.connected) return "not connected";
    if (source.kind == "kafka") return "connected, Kafka";
    return source.server_version.empty() ? html{"connected"}
                                         : "connected, PostgreSQL " + escaped(source.server_version);
}

html lag(const status_report& now)
{
    if (!now.lag_bytes && !now.lag_records) return "unknown while the source cannot be asked";
    auto made = now.lag_bytes ? bytes_element(*now.lag_bytes) : count_element(*now.lag_records) + " records";
    if (now.lag_seconds) {
        auto time =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double>(*now.lag_seconds));
        made +=
            fmt::format(", <data value={} title=\"{} s\">{}</data>", *now.lag_seconds, *now.lag_seconds, human(time));
    }
    return made;
}

html last_error(const page_facts& facts)
{
    const auto& error = facts.status.source.last_error;
    if (!error) return "none since the start";
    return fmt::format("{} <span class=quiet>{}</span><br>{} time{}, first {}, last {}", code(error->reason),
                       escaped_short(error->text, page_text_bytes_max), count_element(error->count),
                       error->count == 1 ? "" : "s", age_element(error->first_at, facts.now),
                       age_element(error->last_at, facts.now));
}

html copy_rows(const copy_status& copy)
{
    auto made = row("Copying", copy.table.empty() ? html{"waits for a consistent point"} : code(copy.table));
    made += row("Tables done", count_element(copy.tables_done) + " of " + count_element(copy.tables_total));
    if (copy.progress)
        made += row("Progress", fmt::format("<progress max=1 value={0}></progress> <data value={0}>{1:.0f} %</data>",
                                            *copy.progress, *copy.progress * 100));
    made +=
        row("Copied", fmt::format("{} rows, {}, <data value={}>{} rows/s</data>", count_element(copy.rows),
                                  bytes_element(copy.bytes), copy.rows_per_second, human_rate(copy.rows_per_second)));
    if (copy.seconds_left)
        made += row("Left", fmt::format("about <data value={}>{}</data>", *copy.seconds_left,
                                        human(std::chrono::seconds{*copy.seconds_left})));
    return made;
}

}  // namespace

html source_section(const page_facts& facts)
{
    const auto& now = facts.status;
    const auto& source = now.source;
    html made = "<section aria-labelledby=source><h2 id=source>Source</h2><dl>";
    made += row("State", escaped(words(now.state)) + ", since " + age_element(now.since, facts.now));
    bool is_kafka = source.kind == "kafka";
    made += row(is_kafka ? "Topics" : "Database", connection(source));
    if (!is_kafka) {
        made += row("Slot", code(source.slot));
        made += row("WAL it retains", source.retained_bytes ? bytes_element(*source.retained_bytes) : html{"unknown"});
    }
    made += row("Lag", lag(now));
    if (is_kafka) made += row("Consistency", now.consistency == "row" ? "by row" : "whole transactions");
    made += row(is_kafka ? "Topics end at" : "Database is at",
                source.database_position ? position(*source.database_position) : html{"unknown"});
    made += row("Received up to", position(source.received_position));
    made += row("Stored up to", position(source.stored_position));
    if (now.clock_offset_ms)
        made += row("Database's clock", fmt::format("<data value={0} title=\"{0} ms\">{1}</data>", *now.clock_offset_ms,
                                                    offset_text(*now.clock_offset_ms)));
    made += row("Store", bytes_element(now.store_bytes) + " on disk");
    if (now.hold)
        made += row("Held by a verify",
                    age_element(now.hold->since, facts.now) + ", ends " + until_element(now.hold->until, facts.now));
    if (now.copy) made += copy_rows(*now.copy);
    made += row("Last error", last_error(facts));
    return made + "</dl></section>";
}

}  // namespace understudy
