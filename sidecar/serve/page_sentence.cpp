#include "core/error.hpp"
#include "serve/page_parts.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

std::chrono::microseconds age_on_database_clock(const page_facts& facts, db_time at)
{
    return facts.now + std::chrono::milliseconds{facts.status.clock_offset_ms.value_or(0)} - at;
}

/// `generation 812, content 3.2 s old, verified current 0.8 s ago`.
std::string served(const page_facts& facts, std::string_view last)
{
    const auto& now = facts.status;
    auto content = now.content_as_of
                       ? fmt::format("content {} old", human(age_on_database_clock(facts, *now.content_as_of)))
                       : std::string{"content as it was copied"};
    auto current = now.current_as_of ? fmt::format("{}verified current {} ago", last,
                                                   human(age_on_database_clock(facts, *now.current_as_of)))
                                     : std::string{"not verified current yet"};
    return fmt::format("generation {}, {}, {}", now.generation, content, current);
}

std::string still_serving(const page_facts& facts)
{
    if (facts.status.generation == 0) return "No generation yet.";
    return "Still serving " + served(facts, "last ") + ".";
}

day_event kind_of(std::string_view reason)
{
    for (int code = 1; code <= static_cast<int>(errc::internal); ++code)
        if (reason == name_of(static_cast<errc>(code))) return day_event_of(static_cast<errc>(code));
    return day_event::blocked;
}

/// The reason and its text, as sentences end.
std::string why(const status_report& now)
{
    auto text = now.reason_text.substr(0, page_text_bytes_max);
    auto whole = now.reason.empty() ? text : now.reason + (text.empty() ? "" : ": " + text);
    if (now.reason.empty() && !whole.empty() && whole[0] >= 'a' && whole[0] <= 'z') whole[0] -= 'a' - 'A';
    if (!whole.empty() && whole.back() != '.') whole += '.';
    return whole;
}

std::string pause_detail(const pause_status& pause)
{
    auto text = fmt::format("Paused by {}", pause.by);
    if (!pause.reason.empty()) text += ": " + pause.reason;
    return text + ". Changes are still taken in and confirmed; `understudy resume` publishes them.";
}

// Tried again and again, the state is younger than the trouble.
db_time trouble_since(const status_report& now)
{
    const auto& last = now.source.last_error;
    return last && last->reason == now.reason ? last->first_at : now.since;
}

page_sentence down(const page_facts& facts)
{
    const auto& now = facts.status;
    auto headline =
        fmt::format("Database down for {}. {}", human(facts.now - trouble_since(now)), still_serving(facts));
    auto detail = why(now) + " It is tried again by itself, at most 30 s apart.";
    if (now.paused) detail += " " + pause_detail(*now.paused);
    return {page_tone::attention, "Database down", headline, detail};
}

page_sentence troubled(const page_facts& facts)
{
    const auto& now = facts.status;
    auto kind = kind_of(now.reason);
    if (now.state == "needs_operator")
        return {page_tone::bad, "Needs an operator",
                fmt::format("An operator has been needed for {}. {}", human(facts.now - trouble_since(now)),
                            still_serving(facts)),
                why(now) + " `understudy check` prints the exact remedy."};
    if (kind == day_event::database_down) return down(facts);
    return {kind == day_event::failed ? page_tone::bad : page_tone::attention,
            kind == day_event::failed ? "Failing" : "Waiting",
            "Not following the database now. " + still_serving(facts), why(now) + " It is tried again by itself."};
}

std::string pace(const copy_status& copy)
{
    auto text = fmt::format("{} rows so far, {} a second", human_count(copy.rows), human_rate(copy.rows_per_second));
    if (copy.seconds_left) text += fmt::format("; about {} left", human(std::chrono::seconds{*copy.seconds_left}));
    return text + ".";
}

page_sentence copying(const page_facts& facts)
{
    const auto& now = facts.status;
    std::string progress;
    std::string detail;
    if (const auto& copy = now.copy) {
        progress = fmt::format(", {} of {} tables done", copy->tables_done, copy->tables_total);
        if (!copy->table.empty()) detail = pace(*copy);
    }
    if (!now.reason.empty() || !now.reason_text.empty()) detail += (detail.empty() ? "" : " ") + why(now);
    auto what = now.state == "copying" ? "Copying every table" : "Copying tables again";
    return {page_tone::waits, now.state == "copying" ? "Copying" : "Copying again",
            fmt::format("{}{}. {}", what, progress, still_serving(facts)), detail};
}

page_sentence connecting(const page_facts& facts)
{
    auto headline = "Connecting to the database. " + still_serving(facts);
    return {page_tone::waits, facts.status.state == "starting" ? "Starting" : "Connecting", headline, ""};
}

page_sentence ended(const page_facts& facts)
{
    const auto& now = facts.status;
    bool by_itself = !now.reason.empty();
    auto stays = now.generation == 0 ? std::string{"There is no generation."}
                                     : fmt::format("Generation {} stays for whoever reads it.", now.generation);
    return {by_itself ? page_tone::bad : page_tone::waits, now.state == "stopping" ? "Stopping" : "Stopped",
            fmt::format("understudy {}. {}", now.state == "stopping" ? "is stopping" : "has stopped", stays),
            by_itself ? why(now) : ""};
}

page_sentence paused(const page_facts& facts)
{
    const auto& now = facts.status;
    auto waiting = now.cadence.pending.changes;
    auto pending = waiting == 0 ? std::string{"Nothing has changed since."}
                                : fmt::format("{} change{} wait{}.", human_count(waiting), waiting == 1 ? "" : "s",
                                              waiting == 1 ? "s" : "");
    return {page_tone::attention, "Paused",
            fmt::format("Publishing has been paused for {}. Serving {}. {}", human(facts.now - now.paused->since),
                        served(facts, ""), pending),
            pause_detail(*now.paused)};
}

page_sentence not_publishing(const page_facts& facts)
{
    const auto& now = facts.status;
    bool fails = kind_of(now.reason) == day_event::failed;
    return {fails ? page_tone::bad : page_tone::attention, fails ? "Publishing fails" : "Publishing waits",
            fmt::format("{}. {} Database up.", fails ? "Publishing fails" : "Publishing waits", still_serving(facts)),
            why(now) + " It is tried again by itself."};
}

page_sentence following(const page_facts& facts)
{
    const auto& now = facts.status;
    if (now.generation == 0)
        return {page_tone::waits, "First generation", "No generation yet: the first one is on its way. Database up.",
                why(now)};
    if (!now.reason.empty()) return not_publishing(facts);
    return {page_tone::good, "Serving",
            fmt::format("Serving {}. Database {}.", served(facts, ""), now.source.connected ? "up" : "not asked yet"),
            ""};
}

}  // namespace

page_sentence sentence_for(const page_facts& facts)
{
    const auto& now = facts.status;
    if (now.state == "stopped" || now.state == "stopping") return ended(facts);
    if (now.state == "copying" || now.state == "resyncing") return copying(facts);
    if (now.state == "starting") return connecting(facts);
    if (now.state != "streaming") return now.reason.empty() ? connecting(facts) : troubled(facts);
    return now.paused && now.generation != 0 ? paused(facts) : following(facts);
}

}  // namespace understudy
