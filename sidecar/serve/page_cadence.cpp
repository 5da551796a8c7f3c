#include "serve/page_parts.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

html mark_for_outcome(const publish_record& record)
{
    auto kind = record.outcome == "published" ? "p"
                : record.outcome == "failed"  ? "f"
                : record.outcome == "put_off" ? "b"
                                              : "s";
    return marked(kind, words(record.outcome));
}

html record_row(const publish_record& record, db_time now)
{
    html made = fmt::format("<tr><td>{}<td>{}<td>{}", time_element(record.at, now), mark_for_outcome(record),
                            code(record.reason));
    if (record.generation == 0) return made + "<td class=n><td class=n><td class=n><td class=n>";
    return made + fmt::format("<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}", record.generation,
                              count_element(record.rows), bytes_element(record.bytes),
                              duration_element(std::chrono::milliseconds{record.duration_ms}));
}

html record_table(const page_facts& facts)
{
    const auto& record = facts.status.cadence.record;
    if (record.empty()) return "<p>Nothing was published or skipped yet.</p>";
    html made =
        "<div class=scroll tabindex=0 role=region aria-label=\"The last publishes and skips\"><table>"
        "<caption>The last publishes and skips, newest first</caption><thead><tr><th scope=col>When<th scope=col>What"
        "<th scope=col>Why<th scope=col class=n>Generation<th scope=col class=n>Rows<th scope=col class=n>Size"
        "<th scope=col class=n>Took</thead><tbody>";
    for (auto one = record.rbegin(); one != record.rend(); ++one) made += record_row(*one, facts.now);
    return made + "</tbody></table></div>";
}

/// What the rules say together, in one sentence.
html next_publish(const page_facts& facts)
{
    const auto& cadence = facts.status.cadence;
    bool decided = cadence.will_fire.empty() || cadence.will_fire == cadence.rule;
    auto fires = decided ? html{} : fmt::format("; then {} publishes", code(cadence.will_fire));
    if (cadence.rule == "nothing_changed") return "When something changes: what is announced is what there is.";
    if (cadence.next_due)
        return fmt::format("{}, by {}{}.", until_element(*cadence.next_due, facts.now), code(cadence.rule), fires);
    if (cadence.rule == cadence.will_fire) return fmt::format("Now, by {}.", code(cadence.rule));
    return fmt::format("Waits: {}{}.", code(cadence.rule), fires);
}

html rule_row(std::string_view key, std::string_view means, const html& value, const html& reached, bool next)
{
    return fmt::format("<tr{}><th scope=row>{} <span class=quiet>{}</span><td class=n>{}<td class=n>{}<td>{}",
                       next ? " class=next" : "", code(key), means, value, reached, next ? "publishes next" : "");
}

html time_rule(std::string_view key, std::string_view means, const std::optional<std::chrono::milliseconds>& value,
               bool next)
{
    return rule_row(key, means, value ? duration_element(*value) : html{"off"}, "", next);
}

html rules_table(const page_facts& facts)
{
    const auto& cadence = facts.status.cadence;
    const auto& rules = cadence.rules;
    auto is_next = [&](std::string_view name) { return cadence.will_fire == name; };
    html made =
        "<div class=scroll tabindex=0 role=region aria-label=\"The rules in force\"><table><caption>The rules in "
        "force: the first that is met publishes</caption><thead><tr><th scope=col>Rule<th scope=col class=n>Value"
        "<th scope=col class=n>Pending<th scope=col>Next</thead><tbody>";
    made += time_rule("min_interval", "never closer", rules.min_interval, is_next("changed"));
    made += time_rule("every", "after the last one", rules.every, is_next("every"));
    made +=
        rule_row("after_changes", "of rows", rules.after_changes ? count_element(*rules.after_changes) : html{"off"},
                 count_element(cadence.pending.changes), is_next("after_changes"));
    made += rule_row("after_bytes", "of changes", rules.after_bytes ? bytes_element(*rules.after_bytes) : html{"off"},
                     bytes_element(cadence.pending.bytes), is_next("after_bytes"));
    made += time_rule("after_quiet", "after the last change", rules.after_quiet, is_next("after_quiet"));
    return made + "</tbody></table></div>";
}

html reload_part(const page_facts& facts)
{
    const auto& reload = facts.status.reload;
    if (!reload) return {};
    html made = fmt::format("<h3>Last reload</h3><p>{}, {}.", age_element(reload->at, facts.now),
                            escaped(words(reload->result)));
    if (!reload->text.empty()) made += " " + escaped_short(reload->text, page_text_bytes_max);
    made += "</p>";
    if (reload->changes.empty()) return made;
    made +=
        "<div class=scroll tabindex=0 role=region aria-label=\"What the last reload changed\"><table><caption>What it "
        "changed</caption><thead><tr><th scope=col>Key<th scope=col>Old<th scope=col>New<th scope=col>Effect</thead>"
        "<tbody>";
    for (const auto& change : reload->changes)
        made += fmt::format("<tr><th scope=row>{}<td>{}<td>{}<td>{}", code(change.key),
                            escaped_short(change.before, page_text_bytes_max),
                            escaped_short(change.after, page_text_bytes_max),
                            change.effect == "live" ? "in effect" : "needs a restart");
    return made + "</tbody></table></div>";
}

html last_words(const page_facts& facts)
{
    const auto& cadence = facts.status.cadence;
    html made = "<dl>";
    made += fmt::format("<div><dt>Next publish<dd>{}</div>", next_publish(facts));
    auto pending = cadence.pending.since ? ", since " + age_element(*cadence.pending.since, facts.now) : html{};
    made += fmt::format("<div><dt>Pending<dd>{} change{}, {}{}</div>", count_element(cadence.pending.changes),
                        cadence.pending.changes == 1 ? "" : "s", bytes_element(cadence.pending.bytes), pending);
    if (cadence.last_publish_at)
        made += fmt::format("<div><dt>Last publish<dd>{}, by {}</div>",
                            age_element(*cadence.last_publish_at, facts.now), code(cadence.last_publish_reason));
    if (!cadence.last_skip_reason.empty())
        made += fmt::format("<div><dt>Last skip<dd>{}</div>", code(cadence.last_skip_reason));
    if (const auto& pause = facts.status.paused)
        made += fmt::format("<div><dt>Paused<dd>{}, by {}{}</div>", age_element(pause->since, facts.now),
                            escaped_short(pause->by, page_name_bytes_max),
                            pause->reason.empty() ? html{} : ": " + escaped_short(pause->reason, page_text_bytes_max));
    return made + "</dl>";
}

}  // namespace

html cadence_section(const page_facts& facts)
{
    return "<section aria-labelledby=cadence><h2 id=cadence>Cadence</h2><div class=split>" + last_words(facts) +
           rules_table(facts) + "</div>" + record_table(facts) + reload_part(facts) + "</section>";
}

}  // namespace understudy
