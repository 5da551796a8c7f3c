#include "publish/document_plan.hpp"

#include "core/limits.hpp"
#include "publish/digest.hpp"
#include "publish/document_index.hpp"
#include "publish/manifest.hpp"
#include "publish/row_plan.hpp"
#include "publish/status_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace understudy {

namespace {

std::string json_text(std::string_view name)
{
    return boost::json::serialize(boost::json::string_view{name.data(), name.size()});
}

bool good_file_name(std::string_view file) noexcept
{
    return !file.empty() && file.size() <= 255 && file.front() != '.' && file.find('/') == file.npos &&
           file.find('\0') == file.npos && file != manifest_file && file != status_file;
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

/// The configuration never gives another one.
bool good_wrap(const document_plan& made)
{
    if (made.wrap.empty()) return true;
    return made.wrap.size() == made.tables.size() + 1 && (!made.header || made.wrap.front().starts_with("{\""));
}

std::string describe(const document_settings& document)
{
    auto text = fmt::format("document {} {}\n", json_text(document.file), document.header);
    for (const auto& piece : document.wrap) text += fmt::format("wrap {}\n", piece);
    return text;
}

bool is_whole(const document_table& wanted) noexcept
{
    return wanted.columns.empty() && wanted.keyed_by.empty() && wanted.hoist.empty() && wanted.merge.empty() &&
           wanted.nest.empty();
}

row_identity identity_of(epoch rows, std::span<const table_record> tables) noexcept
{
    auto found = std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table.rows == rows; });
    return found == tables.end() ? row_identity::multiset : found->shape.identity;
}

outcome<document_plan> plan_document(const document_settings& document, std::span<const table_record> tables)
{
    row_planner planner{document, tables};
    if (!good_file_name(document.file))
        return planner.refuse("not a file name for a document: no slash, no leading dot, at most 255 bytes, and "
                              "neither manifest.json nor status.json");
    document_plan made;
    made.file = document.file;
    made.header = document.header;
    made.wrap = document.wrap;
    std::set<std::string> members;
    if (document.header) members.insert(json_text("understudy"));
    for (const auto& wanted : wanted_tables(document, tables)) {
        auto planned = planner.plan(wanted, made);
        if (!planned) return planned.error();
        planned->whole = is_whole(wanted);
        planned->identity = identity_of(planned->rows, tables);
        if (!members.insert(planned->member).second)
            return planner.refuse(fmt::format("two members {}; give one another name with `as`", planned->member));
        made.tables.push_back(std::move(*planned));
    }
    if (!good_wrap(made)) return planner.refuse("`wrap` does not fit the tables");
    made.fingerprint = sha256_hex(describe(document) + planner.description());
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
    if (indexes_of(plans).size() > limits::indexes_max)
        return failure{errc::bad_config, fmt::format("documents: they need more than {} indexes", limits::indexes_max)};
    return plans;
}

std::set<row_index> indexes_of(std::span<const document_plan> plans)
{
    std::set<row_index> indexes;
    for (const auto& plan : plans) indexes.insert(plan.indexes.begin(), plan.indexes.end());
    return indexes;
}

}  // namespace understudy
