#include "settings/document_rows.hpp"

#include "core/limits.hpp"
#include "settings/identifier.hpp"
#include "settings/tables.hpp"

#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace json = boost::json;

namespace {

std::string text_of(const json::object& section, std::string_view name)
{
    const auto* found = section.if_contains(name);
    return found != nullptr ? json::value_to<std::string>(*found) : std::string{};
}

bool is_mirrored(const table_setting& entry, const std::string& column)
{
    auto lists = [&](const auto& names) { return std::find(names.begin(), names.end(), column) != names.end(); };
    return entry.columns.empty() ? !lists(entry.exclude) : lists(entry.columns);
}

/// `name`, or `name: something`.
std::pair<std::string, std::string> name_and_word(const json::value& entry)
{
    if (const auto* text = entry.if_string()) return {std::string{*text}, std::string{}};
    const auto& pair = *entry.as_object().begin();
    return {std::string{pair.key()}, json::value_to<std::string>(pair.value())};
}

}  // namespace

std::string member_of(const document_table& table)
{
    constexpr std::string_view usual_schema = "public.";
    if (!table.as.empty()) return table.as;
    return table.table.starts_with(usual_schema) ? table.table.substr(usual_schema.size()) : table.table;
}

void document_rows_reader::complain(const std::string& key, std::string message)
{
    errors_.push_back(tree_.error_at(key, std::move(message)));
}

document_table document_rows_reader::read_table(const json::value& entry, const std::string& key)
{
    document_table table;
    const auto* section = entry.if_object();
    if (section == nullptr) {
        read_name(entry, key, table);
        return table;
    }
    auto of = read_name(section->at("table"), child_key(key, "table"), table);
    read_shape(*section, key, of, table, 0);
    return table;
}

document_rows_reader::owner document_rows_reader::read_name(const json::value& written, const std::string& key,
                                                            document_table& table)
{
    auto name = parse_table_name(written.as_string());
    if (!name) {
        complain(key, name.error().text);
        return {};
    }
    if (name->name.empty()) {
        complain(key, "a document names its tables one by one; leave out tables to have all");
        return {};
    }
    table.table = to_string(*name);
    const auto* entry = entry_for(mirrored_, *name);
    if (entry == nullptr) complain(key, fmt::format("{} is not in tables", quoted(*name)));
    return {entry};
}

void document_rows_reader::read_shape(const json::object& section, const std::string& key, owner of,
                                      document_table& table, std::size_t depth)
{
    table.as = text_of(section, "as");
    table.keyed_by = text_of(section, "keyed_by");
    check_column(of, table.keyed_by, child_key(key, "keyed_by"));
    if (const auto* columns = section.if_contains("columns"))
        read_columns(columns->as_array(), child_key(key, "columns"), of, table);
    table.hoist = read_names(section, "hoist", key, of);
    read_others(section, key, of, table, depth);
    check_members(table, key);
}

void document_rows_reader::read_columns(const json::array& entries, const std::string& key, owner of,
                                        document_table& table)
{
    name_set members;
    for (std::size_t index = 0; index < entries.size(); ++index) {
        auto where = child_key(key, index);
        auto [column, member] = name_and_word(entries[index]);
        if (member.empty()) member = column;
        check_column(of, column, where);
        if (!members.claim(member, where).empty())
            complain(where, fmt::format("the member name `{}` is written twice", member));
        table.columns.emplace_back(std::move(column), std::move(member));
    }
}

void document_rows_reader::read_others(const json::object& section, const std::string& key, owner of,
                                       document_table& table, std::size_t depth)
{
    const auto* merge = section.if_contains("merge");
    const auto* nest = section.if_contains("nest");
    for (std::size_t index = 0; merge != nullptr && index < merge->as_array().size(); ++index)
        table.merge.push_back(
            read_merged(merge->as_array()[index].as_object(), child_key(child_key(key, "merge"), index), of));
    if (nest != nullptr && depth == limits::document_depth_max)
        return complain(child_key(key, "nest"), fmt::format("children nest at most {} deep", depth));
    for (std::size_t index = 0; nest != nullptr && index < nest->as_array().size(); ++index)
        table.nest.push_back(
            read_nested(nest->as_array()[index].as_object(), child_key(child_key(key, "nest"), index), of, depth));
}

document_table document_rows_reader::read_merged(const json::object& section, const std::string& key, owner of)
{
    document_table table;
    auto other = read_name(section.at("table"), child_key(key, "table"), table);
    read_columns(section.at("columns").as_array(), child_key(key, "columns"), other, table);
    read_link(section, key, other, of, table);
    return table;
}

document_table document_rows_reader::read_nested(const json::object& section, const std::string& key, owner of,
                                                 std::size_t depth)
{
    document_table table;
    auto child = read_name(section.at("table"), child_key(key, "table"), table);
    read_link(section, key, child, of, table);
    read_order(section, key, child, table);
    read_shape(section, key, child, table, depth + 1);
    return table;
}

void document_rows_reader::read_link(const json::object& section, const std::string& key, owner child, owner parent,
                                     document_table& table)
{
    table.by = read_names(section, "by", key, child);
    table.to = read_names(section, "to", key, parent);
    if (!table.to.empty() && table.to.size() != table.by.size())
        complain(child_key(key, "to"), fmt::format("{} columns where by has {}", table.to.size(), table.by.size()));
}

void document_rows_reader::read_order(const json::object& section, const std::string& key, owner of,
                                      document_table& table)
{
    const auto* entries = section.if_contains("order_by");
    if (entries == nullptr) return;
    auto list = child_key(key, "order_by");
    for (std::size_t index = 0; index < entries->as_array().size(); ++index) {
        auto [column, direction] = name_and_word(entries->as_array()[index]);
        check_column(of, column, child_key(list, index));
        table.order_by.push_back({std::move(column), direction == "desc"});
    }
}

/// One name, or a list of them.
std::vector<std::string> document_rows_reader::read_names(const json::object& section, std::string_view member,
                                                          const std::string& key, owner of)
{
    const auto* found = section.if_contains(member);
    if (found == nullptr) return {};
    auto where = child_key(key, member);
    auto names = found->is_string() ? std::vector{json::value_to<std::string>(*found)}
                                    : json::value_to<std::vector<std::string>>(*found);
    for (std::size_t index = 0; index < names.size(); ++index) {
        auto place = found->is_string() ? where : child_key(where, index);
        check_column(of, names[index], place);
        if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(index), names[index]) !=
            names.begin() + static_cast<std::ptrdiff_t>(index))
            complain(place, "the column is listed twice");
    }
    return names;
}

void document_rows_reader::check_column(owner of, const std::string& column, const std::string& key)
{
    if (of.entry != nullptr && !column.empty() && !is_mirrored(*of.entry, column))
        complain(key, fmt::format("the column `{}` is not mirrored: see tables", column));
}

/// What is written here; the columns of a table that lists none show only beside the table.
void document_rows_reader::check_members(const document_table& table, const std::string& key)
{
    name_set members;
    auto claim = [&](const std::string& member, const std::string& where) {
        if (auto first = members.claim(member, where); !first.empty())
            complain(where, fmt::format("the member name `{}` is taken by {}; give another", member, first));
    };
    for (const auto& [column, member] : table.columns) members.claim(member, child_key(key, "columns"));
    for (std::size_t index = 0; index < table.merge.size(); ++index)
        for (const auto& [column, member] : table.merge[index].columns)
            claim(member, child_key(child_key(child_key(key, "merge"), index), "columns"));
    for (std::size_t index = 0; index < table.nest.size(); ++index)
        claim(member_of(table.nest[index]), child_key(child_key(key, "nest"), index));
}

}  // namespace understudy
