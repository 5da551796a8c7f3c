#include "publish/document_plan.hpp"

#include "publish/digest.hpp"
#include "publish/manifest.hpp"
#include "publish/document_index.hpp"
#include "publish/status_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
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
    made.identity = table.shape.identity;
    made.whole = wanted.columns.empty() && wanted.keyed_by.empty();
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

/// `rows.public.materials.json`; a name that is no good file name stands there as its hash.
std::string row_file_of(const table_name& table)
{
    auto name = to_string(table);
    auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; };
    if (name.size() > 200 || !std::all_of(name.begin(), name.end(), plain)) name = sha256_hex(name);
    return "rows." + name + ".json";
}

bool index_in(std::span<document_plan> plans, const table_name& table)
{
    for (auto& plan : plans)
        for (auto& planned : plan.tables) {
            if (planned.name != table || !planned.whole) continue;
            planned.indexed = true;
            return true;
        }
    return false;
}

outcome<void> add_row_files(std::vector<document_plan>& plans, std::span<const table_record> tables)
{
    for (const auto& table : tables) {
        if (index_in(plans, table.name)) continue;
        document_settings own;
        own.file = row_file_of(table.name);
        own.header = false;
        own.tables.emplace_back().table = to_string(table.name);
        auto made = plan_document(own, tables);
        if (!made) return made.error();
        made->tables.front().indexed = true;
        plans.push_back(std::move(*made));
    }
    for (auto& plan : plans)
        if (plan.has_index()) plan.fingerprint = sha256_hex(plan.fingerprint + " indexed");
    return boost::system::in_place_value;
}

outcome<void> check_file_names(std::span<const document_plan> plans)
{
    std::set<std::string> files;
    for (const auto& plan : plans)
        if (!files.insert(plan.file).second || (plan.has_index() && !files.insert(index_file_of(plan.file)).second))
            return failure{errc::bad_config,
                           fmt::format("documents: {}: two documents have this file name", plan.file)};
    return boost::system::in_place_value;
}

}  // namespace

bool document_plan::has_index() const noexcept
{
    return std::any_of(tables.begin(), tables.end(), [](const auto& table) { return table.indexed; });
}

outcome<std::vector<document_plan>> plan_documents(std::span<const document_settings> documents,
                                                   std::span<const table_record> tables, row_files reads)
{
    std::vector<document_plan> plans;
    for (const auto& document : documents) {
        auto made = plan_document(document, tables);
        if (!made) return made.error();
        plans.push_back(std::move(*made));
    }
    if (reads == row_files::wanted)
        if (auto added = add_row_files(plans, tables); !added) return added.error();
    if (auto unique = check_file_names(plans); !unique) return unique.error();
    return plans;
}

}  // namespace understudy
