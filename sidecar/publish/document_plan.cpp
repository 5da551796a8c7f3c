#include "publish/document_plan.hpp"

#include "publish/digest.hpp"
#include "publish/manifest.hpp"
#include "publish/status_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

namespace understudy {

namespace {

using member_names = std::vector<std::pair<std::string, std::string>>;

std::string json_text(std::string_view name)
{
    return boost::json::serialize(boost::json::string_view{name.data(), name.size()});
}

failure refuse(const document_settings& document, std::string_view why)
{
    return {errc::bad_config, fmt::format("documents: {}: {}", document.file, why)};
}

bool good_file_name(std::string_view file) noexcept
{
    return !file.empty() && file.size() <= 255 && file.front() != '.' && file.find('/') == file.npos &&
           file.find('\0') == file.npos && file != manifest_file && file != status_file;
}

outcome<const table_record*> find_table(const document_settings& document, std::string_view name,
                                        std::span<const table_record> tables)
{
    std::vector<std::string> known;
    for (const auto& table : tables) {
        if (to_string(table.name) == name) return &table;
        known.push_back(to_string(table.name));
    }
    return refuse(document, fmt::format("unknown table {}; mirrored are: {}", name, fmt::join(known, ", ")));
}

outcome<std::size_t> find_column(const document_settings& document, const table_record& table, std::string_view name)
{
    std::vector<std::string> known;
    for (std::size_t i = 0; i < table.shape.columns.size(); ++i) {
        if (table.shape.columns[i].name == name) return i;
        known.push_back(table.shape.columns[i].name);
    }
    return refuse(document, fmt::format("table {} has no column {}; it has: {}", to_string(table.name), name,
                                        fmt::join(known, ", ")));
}

member_names chosen_columns(const document_table& wanted, const table_record& table)
{
    if (!wanted.columns.empty()) return wanted.columns;
    member_names all;
    for (const auto& column : table.shape.columns) all.emplace_back(column.name, column.name);
    return all;
}

outcome<void> plan_columns(const document_settings& document, const member_names& chosen, const table_record& table,
                           planned_table& into)
{
    std::set<std::string> members;
    for (const auto& [name, as] : chosen) {
        auto stored = find_column(document, table, name);
        if (!stored) return stored.error();
        const auto& member = as.empty() ? name : as;
        if (!members.insert(member).second)
            return refuse(document, fmt::format("table {} has two members {}", to_string(table.name), member));
        into.columns.push_back({*stored, (into.columns.empty() ? "{" : ",") + json_text(member) + ":"});
    }
    return boost::system::in_place_value;
}

outcome<void> plan_keyed_by(const document_settings& document, const document_table& wanted, const table_record& table,
                            planned_table& into)
{
    if (wanted.keyed_by.empty()) return boost::system::in_place_value;
    auto stored = find_column(document, table, wanted.keyed_by);
    if (!stored) return stored.error();
    into.keyed_by = *stored;
    into.keyed_by_name = wanted.keyed_by;
    into.keys_may_repeat = table.shape.key.size() != 1 || table.shape.key.front() != *stored;
    return boost::system::in_place_value;
}

outcome<planned_table> plan_table(const document_settings& document, const document_table& wanted,
                                  const table_record& table)
{
    planned_table made;
    made.name = table.name;
    made.rows = table.rows;
    made.stored_columns = table.shape.columns.size();
    made.member = json_text(wanted.as.empty() ? member_of(table.name) : wanted.as);
    if (auto done = plan_columns(document, chosen_columns(wanted, table), table, made); !done) return done.error();
    if (auto done = plan_keyed_by(document, wanted, table, made); !done) return done.error();
    return made;
}

std::vector<document_table> wanted_tables(const document_settings& document, std::span<const table_record> tables)
{
    if (!document.tables.empty()) return document.tables;
    std::vector<document_table> all;
    for (const auto& table : tables) {
        document_table wanted;
        wanted.table = to_string(table.name);
        all.push_back(std::move(wanted));
    }
    return all;
}

/// Everything that decides the bytes except the rows. Columns stand with their types: another type means another
/// rendering, even where the name and the epoch stayed.
std::string describe(const planned_table& plan, const table_record& table)
{
    auto text = fmt::format("table {} {} {} {}\n", json_text(table.name.schema), json_text(table.name.name), plan.rows,
                            plan.member);
    for (const auto& column : table.shape.columns)
        text += fmt::format("stored {} {} {}\n", json_text(column.name), column.type, column.typmod);
    text += fmt::format("key {} {}\n", static_cast<int>(table.shape.identity), fmt::join(table.shape.key, " "));
    for (const auto& column : plan.columns) text += fmt::format("member {} {}\n", column.stored, column.prefix);
    return text + fmt::format("keyed by {}\n", plan.keyed_by ? std::to_string(*plan.keyed_by) : "nothing");
}

outcome<document_plan> plan_document(const document_settings& document, std::span<const table_record> tables)
{
    if (!good_file_name(document.file))
        return refuse(document, "not a file name for a document: no slash, no leading dot, at most 255 bytes, and "
                                "neither manifest.json nor status.json");
    document_plan made{.file = document.file, .header = document.header, .tables = {}, .fingerprint = {}};
    std::set<std::string> members;
    if (document.header) members.insert(json_text("understudy"));
    auto description = fmt::format("document {} {}\n", json_text(document.file), document.header);
    for (const auto& wanted : wanted_tables(document, tables)) {
        auto table = find_table(document, wanted.table, tables);
        if (!table) return table.error();
        auto planned = plan_table(document, wanted, **table);
        if (!planned) return planned.error();
        if (!members.insert(planned->member).second)
            return refuse(document, fmt::format("two members {}; give one another name with `as`", planned->member));
        description += describe(*planned, **table);
        made.tables.push_back(std::move(*planned));
    }
    made.fingerprint = sha256_hex(description);
    return made;
}

}  // namespace

outcome<std::vector<document_plan>> plan_documents(std::span<const document_settings> documents,
                                                   std::span<const table_record> tables)
{
    std::vector<document_plan> plans;
    std::set<std::string> files;
    for (const auto& document : documents) {
        auto made = plan_document(document, tables);
        if (!made) return made.error();
        if (!files.insert(document.file).second) return refuse(document, "two documents have this file name");
        plans.push_back(std::move(*made));
    }
    return plans;
}

}  // namespace understudy
