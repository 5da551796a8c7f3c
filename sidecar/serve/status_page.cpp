#include "serve/status_page.hpp"

#include "serve/page_parts.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

const char* class_of(page_tone tone) noexcept
{
    switch (tone) {
    case page_tone::good: return "good";
    case page_tone::waits: return "waits";
    case page_tone::attention: return "attention";
    case page_tone::bad: return "bad";
    }
    return "";
}

// Colour is never alone: each has a sign of its own, and the word beside it.
const char* sign_of(page_tone tone) noexcept
{
    switch (tone) {
    case page_tone::good: return "●";
    case page_tone::waits: return "◐";
    case page_tone::attention: return "▲";
    case page_tone::bad: return "■";
    }
    return "";
}

html head(const page_facts& facts, const page_sentence& said)
{
    html made = "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
                "content=\"width=device-width, initial-scale=1\"><meta name=color-scheme content=\"light dark\">";
    if (facts.refresh) made += fmt::format("<meta http-equiv=refresh content={}>", facts.refresh->count());
    made += fmt::format("<title>{}: understudy</title><link rel=icon href=\"data:,\"><style>", escaped(said.state));
    made += page_style();
    return made + "</style></head>";
}

html figure(std::string_view name, const html& value)
{
    return fmt::format("<div><dt>{}<dd>{}</div>", name, value);
}

/// Without the words around it, in large type.
html age_figure(const std::optional<db_time>& at, const page_facts& facts, std::string_view suffix)
{
    if (!at) return "—";
    auto now = facts.now + std::chrono::milliseconds{facts.status.clock_offset_ms.value_or(0)};
    return fmt::format("<time datetime={0} title={0}>{1}{2}</time>", to_string(*at), human(now - *at), suffix);
}

html figures(const page_facts& facts)
{
    const auto& now = facts.status;
    html made = "<dl class=figures>";
    made += figure("Generation", now.generation == 0 ? html{"—"}
                                                     : fmt::format("<data value={0} title=\"at {1}\">{0}</data>",
                                                                   now.generation, to_string(now.position)));
    made += figure("Age of the content", age_figure(now.content_as_of, facts, ""));
    made += figure("Verified current", age_figure(now.current_as_of, facts, " ago"));
    made += figure("Changes pending", count_element(now.cadence.pending.changes));
    return made + "</dl>";
}

/// In the text of ours a command stands in backquotes.
html with_code(const std::string& text)
{
    html made;
    bool inside = false;
    for (std::size_t at = 0; at <= text.size();) {
        auto end = text.find('`', at);
        if (end == text.npos && inside) made += '`';
        auto piece = escaped(text.substr(at, end == text.npos ? end : end - at));
        made += inside && end != text.npos ? "<code>" + piece + "</code>" : piece;
        if (end == text.npos) break;
        inside = !inside;
        at = end + 1;
    }
    return made;
}

html top(const page_facts& facts, const page_sentence& said)
{
    html made =
        fmt::format("<header><p class=brand>understudy <span class=quiet>{} UTC</span></p><p class=\"chip {}\"><span "
                    "aria-hidden=true>{}</span> {}</p></header><main><h1>{}</h1>",
                    time_element(facts.now, facts.now), class_of(said.tone), sign_of(said.tone), escaped(said.state),
                    escaped(said.headline));
    if (!said.detail.empty()) made += fmt::format("<p class=detail>{}</p>", with_code(said.detail));
    return made + figures(facts);
}

html bottom(const page_facts& facts)
{
    const auto& now = facts.status;
    html made = fmt::format("</main><footer><p>understudy {}", escaped(now.version));
    if (!facts.build.empty()) made += ", " + escaped_short(facts.build, page_text_bytes_max);
    made += fmt::format(", process {}, heartbeat {}.", now.pid, time_element(now.heartbeat, facts.now));
    made +=
        facts.refresh ? " <a href=\"?\">Stop loading again</a>" : " <a href=\"?refresh=5\">Load again every 5 s</a>";
    return made + "</p></footer></body></html>\n";
}

}  // namespace

html marked(std::string_view kind, std::string_view word)
{
    return fmt::format("<span class=mark><i class={}></i>{}</span>", kind, escaped(word));
}

std::string status_page(const page_facts& facts)
{
    auto said = sentence_for(facts);
    html made = head(facts, said) + "<body>" + top(facts, said);
    made += day_section(facts);
    made += "<div class=pair>" + source_section(facts) + tables_section(facts) + "</div>";
    made += cadence_section(facts);
    made += generations_section(facts);
    made += readers_section(facts);
    made += settings_section(facts);
    return made + bottom(facts);
}

}  // namespace understudy
