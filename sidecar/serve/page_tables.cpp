#include "serve/page_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

const manifest_table* find(const manifest& in, const table_name& name)
{
    auto found =
        std::find_if(in.tables.begin(), in.tables.end(), [&](const auto& table) { return table.name == name; });
    return found == in.tables.end() ? nullptr : &*found;
}

html signed_count(std::uint64_t before, std::uint64_t after)
{
    if (before == after) return "<data value=0>0</data>";
    bool more = after > before;
    auto size = more ? after - before : before - after;
    return fmt::format("<data value={0}{1}>{2}{3}</data>", more ? "" : "-", size, more ? "+" : "−", human_count(size));
}

/// How a table's rows differ from the generation before.
html delta(const page_facts& facts, const table_name& name)
{
    if (facts.generations.size() < 2) return "";
    const auto* now = find(facts.generations[0], name);
    const auto* before = find(facts.generations[1], name);
    if (now == nullptr) return "";
    if (before == nullptr) return "new";
    return signed_count(before->rows, now->rows) + (before->rows_epoch == now->rows_epoch ? "" : " (copied again)");
}

html table_row(const page_facts& facts, const table_status& table)
{
    auto kind = table.state == "current" ? "p" : "b";
    html made = fmt::format("<tr><th scope=row>{}<td class=n>{}<td class=n>{}<td>{}",
                            escaped_short(to_string(table.name), page_name_bytes_max), count_element(table.rows),
                            delta(facts, table.name), marked(kind, words(table.state)));
    if (table.progress) made += fmt::format(" <data value={}>{:.0f} %</data>", *table.progress, *table.progress * 100);
    return made;
}

html and_more(std::size_t all, std::size_t shown, std::string_view what)
{
    if (all <= shown) return {};
    return fmt::format("<p class=quiet>And {} more {}.</p>", human_count(all - shown), what);
}

html hashes(const manifest& generation)
{
    html made;
    for (std::size_t index = 0; index < std::min(generation.documents.size(), page_documents_max); ++index) {
        const auto& document = generation.documents[index];
        made += fmt::format("{}<code title=\"{}\">{}</code> {}", index == 0 ? "" : "<br>", escaped(document.sha256),
                            escaped(document.sha256.substr(0, 12)), escaped_short(document.file, page_name_bytes_max));
    }
    if (generation.documents.size() > page_documents_max)
        made += fmt::format("<br>and {} more", generation.documents.size() - page_documents_max);
    return made;
}

html generation_row(const page_facts& facts, const manifest& generation)
{
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    for (const auto& document : generation.documents) {
        rows += document.rows;
        bytes += document.bytes;
    }
    bool announced = generation.generation == facts.status.generation;
    return fmt::format(
        "<tr{}><th scope=row class=n>{}<td><code>{}</code><td>{}<td>{}<td class=n>{}<td class=n>{}<td>{}<td>{}",
        announced ? " class=next" : "", generation.generation, to_string(generation.position),
        generation.content_as_of ? time_element(*generation.content_as_of, facts.now) : html{"the copy"},
        time_element(generation.created_at, facts.now), count_element(rows), bytes_element(bytes), hashes(generation),
        announced ? marked("p", "announced") : html{"kept"});
}

}  // namespace

html tables_section(const page_facts& facts)
{
    const auto& tables = facts.status.tables;
    html made = "<section aria-labelledby=tables><h2 id=tables>Tables</h2>";
    if (tables.empty()) return made + "<p>No table is announced yet.</p></section>";
    made += "<div class=scroll tabindex=0 role=region aria-label=Tables><table><caption>What the announced generation "
            "holds</caption><thead><tr><th scope=col>Table<th scope=col class=n>Rows<th scope=col class=n>Change"
            "<th scope=col>State</thead><tbody>";
    auto shown = std::min(tables.size(), page_tables_max);
    for (std::size_t index = 0; index < shown; ++index) made += table_row(facts, tables[index]);
    return made + "</tbody></table></div>" + and_more(tables.size(), shown, "in status.json") + "</section>";
}

html generations_section(const page_facts& facts)
{
    const auto& all = facts.generations;
    html made = "<section aria-labelledby=generations><h2 id=generations>Generations</h2>";
    if (all.empty()) return made + "<p>There is none yet.</p></section>";
    made +=
        "<div class=scroll tabindex=0 role=region aria-label=Generations><table><caption>The announced one and those "
        "that are kept</caption><thead><tr><th scope=col class=n>Number<th scope=col>Position<th scope=col>Content as "
        "of<th scope=col>Written<th scope=col class=n>Rows<th scope=col class=n>Size<th scope=col>SHA-256<th "
        "scope=col>Kept as</thead><tbody>";
    auto shown = std::min(all.size(), page_generations_max);
    for (std::size_t index = 0; index < shown; ++index) made += generation_row(facts, all[index]);
    return made + "</tbody></table></div>" + and_more(all.size(), shown, "before these") + "</section>";
}

html readers_section(const page_facts& facts)
{
    const auto& reads = facts.reads;
    html made = "<section aria-labelledby=readers><h2 id=readers>Readers</h2>";
    if (reads.empty())
        return made +
               "<p>No fallback read over HTTP since the start. Reads of the file itself are not seen.</p></section>";
    made +=
        "<div class=scroll tabindex=0 role=region aria-label=Readers><table><caption>Fallback reads over HTTP, by the "
        "reason that the reader gave</caption><thead><tr><th scope=col>Reason<th scope=col class=n>Reads<th "
        "scope=col>Last</thead><tbody>";
    auto shown = std::min(reads.size(), page_reads_max);
    for (std::size_t index = 0; index < shown; ++index)
        made += fmt::format("<tr><th scope=row>{}<td class=n>{}<td>{}",
                            escaped_short(reads[index].reason, page_name_bytes_max), count_element(reads[index].count),
                            reads[index].last ? age_element(*reads[index].last, facts.now) : html{"never"});
    return made + "</tbody></table></div>" + and_more(reads.size(), shown, "reasons") + "</section>";
}

html settings_section(const page_facts& facts)
{
    html made =
        "<section aria-labelledby=settings><h2 id=settings>Configuration</h2><div class=scroll tabindex=0 "
        "role=region aria-label=Configuration><table class=keys><caption>In force, and where each value comes from; secrets "
        "are hidden</caption><thead><tr><th scope=col>Key<th scope=col>Value<th scope=col>From</thead><tbody>";
    for (const auto& setting : facts.settings)
        made += fmt::format(
            "<tr{}><th scope=row>{}<td class=value>{}<td class=quiet>{}",
            setting.origin == "default" ? "" : " class=set", escaped_short(setting.key, page_name_bytes_max),
            escaped_short(setting.value, page_text_bytes_max), escaped_short(setting.origin, page_text_bytes_max));
    return made + "</tbody></table></div></section>";
}

}  // namespace understudy
