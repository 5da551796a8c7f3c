#include "serve/page_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace understudy {

namespace {

constexpr std::array all_kinds{day_event::published, day_event::skipped,       day_event::blocked,
                               day_event::failed,    day_event::database_down, day_event::not_running};

/// Neighbouring slots that show the same for the same reason.
struct run {
    db_time from{};
    db_time to{};
    day_event what = day_event::skipped;
    std::string reason;
};

/// `skipped` is not what people call a time in which nothing had to be done.
const char* word_for(day_event what) noexcept
{
    switch (what) {
    case day_event::published: return "published";
    case day_event::skipped: return "nothing due";
    case day_event::blocked: return "blocked";
    case day_event::failed: return "failed";
    case day_event::database_down: return "database down";
    case day_event::not_running: return "not running";
    }
    return "";
}

std::string time_of_day(db_time at)
{
    return to_string(at).substr(11, 5);
}

const std::string& reason_of(const day_slot& slot, day_event what)
{
    return slot.reasons[static_cast<std::size_t>(what)];
}

/// `14:05 published 12 (every), failed 1 (disk_full)`.
std::string describe(const day_slot& slot)
{
    auto text = time_of_day(slot.from);
    if (!slot.shown) return text + " no record";
    if (*slot.shown == day_event::not_running && slot.counts[static_cast<std::size_t>(day_event::not_running)] == 0)
        return text + " not running";
    const char* separator = " ";
    for (auto what : all_kinds) {
        auto count = slot.counts[static_cast<std::size_t>(what)];
        if (count == 0) continue;
        text += std::exchange(separator, ", ");
        text += word_for(what);
        if (what == day_event::published || what == day_event::failed) text += fmt::format(" {}", count);
        if (what == day_event::skipped || what == day_event::not_running) continue;
        if (const auto& reason = reason_of(slot, what); !reason.empty()) text += fmt::format(" ({})", reason);
    }
    return text;
}

html cell(const day_slot& slot)
{
    if (!slot.shown) return "<i></i>";
    auto letter = "fdbpsn"[static_cast<std::size_t>(*slot.shown)];
    return fmt::format("<i class={} title=\"{}\"></i>", letter, escaped(describe(slot)));
}

// That nothing was due between two generations is no news.
bool is_plain(day_event what) noexcept
{
    return what == day_event::published || what == day_event::skipped;
}

bool continues(const run& before, const day_slot& slot)
{
    if (before.to != slot.from) return false;
    if (is_plain(*slot.shown)) return is_plain(before.what);
    return before.what == *slot.shown && before.reason == reason_of(slot, *slot.shown);
}

std::vector<run> runs_of(const std::vector<day_slot>& slots)
{
    std::vector<run> runs;
    for (const auto& slot : slots) {
        if (!slot.shown) continue;
        auto end = slot.from + day_record::slot_length;
        auto reason = is_plain(*slot.shown) ? std::string{} : reason_of(slot, *slot.shown);
        if (runs.empty() || !continues(runs.back(), slot)) {
            runs.push_back({slot.from, end, *slot.shown, std::move(reason)});
            continue;
        }
        runs.back().to = end;
        if (*slot.shown == day_event::published) runs.back().what = day_event::published;
    }
    return runs;
}

std::string summary(const std::vector<day_slot>& slots)
{
    std::array<std::size_t, day_events> shown{};
    std::uint64_t generations = 0;
    for (const auto& slot : slots) {
        if (slot.shown) ++shown[static_cast<std::size_t>(*slot.shown)];
        generations += slot.counts[static_cast<std::size_t>(day_event::published)];
    }
    auto text = generations == 0
                    ? std::string{"No generation was published."}
                    : fmt::format("{} generation{} published.", human_count(generations), generations == 1 ? "" : "s");
    for (auto what : {day_event::failed, day_event::database_down, day_event::blocked, day_event::not_running})
        if (auto count = shown[static_cast<std::size_t>(what)]; count != 0)
            text += fmt::format(" {}{}: about {}.", static_cast<char>(word_for(what)[0] - 'a' + 'A'),
                                word_for(what) + 1, human(static_cast<std::int64_t>(count) * day_record::slot_length));
    return text;
}

html legend()
{
    html made = "<ul class=legend>";
    for (auto what : all_kinds)
        made += fmt::format("<li><i class={}></i>{}", "fdbpsn"[static_cast<std::size_t>(what)], word_for(what));
    return made + "</ul>";
}

html runs_table(std::vector<run> runs)
{
    auto left_out = runs.size() > page_runs_max ? runs.size() - page_runs_max : 0;
    runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(left_out));
    html made = "<details><summary>The same in words</summary><div class=scroll tabindex=0 role=region "
                "aria-label=\"The last 24 hours in words\"><table><caption>What happened, newest first</caption>"
                "<thead><tr><th scope=col>From<th scope=col>To<th scope=col>What<th scope=col>Why</thead><tbody>";
    for (auto one = runs.rbegin(); one != runs.rend(); ++one)
        made += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}", time_of_day(one->from), time_of_day(one->to),
                            word_for(one->what), one->reason.empty() ? "" : code(one->reason));
    made += "</tbody></table></div>";
    if (left_out != 0) made += fmt::format("<p class=quiet>And {} before these.</p>", left_out);
    return made + "</details>";
}

}  // namespace

html day_section(const page_facts& facts)
{
    auto slots = facts.day.window(facts.now);
    auto said = summary(slots);
    html made = "<section aria-labelledby=day><h2 id=day>The last 24 hours</h2>";
    made += fmt::format("<div class=strip role=img aria-label=\"The last 24 hours, in slots of five minutes. {}\">",
                        escaped(said));
    for (const auto& slot : slots) made += cell(slot);
    made += "</div><div class=hours aria-hidden=true>";
    for (std::size_t index = 0; index < slots.size(); index += 48)
        made += fmt::format("<span>{}{}</span>", time_of_day(slots[index].from), index == 0 ? " UTC" : "");
    made += fmt::format("<span>{}</span></div>", "now");
    made += fmt::format("<p>{}</p>{}{}</section>", escaped(said), legend(), runs_table(runs_of(slots)));
    return made;
}

}  // namespace understudy
