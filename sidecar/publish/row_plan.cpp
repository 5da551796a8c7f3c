#include "publish/row_plan.hpp"

#include "core/limits.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace understudy {

namespace {

constexpr oid json_type = 114;
constexpr oid jsonb_type = 3802;

using member_names = std::vector<std::pair<std::string, std::string>>;

std::string json_text(std::string_view name)
{
    return boost::json::serialize(boost::json::string_view{name.data(), name.size()});
}

template <class Values>
bool holds(const Values& values, const typename Values::value_type& value)
{
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// Those that are named, else all but the hoisted ones.
member_names chosen_columns(const document_table& wanted, const table_record& table)
{
    if (!wanted.columns.empty()) return wanted.columns;
    member_names all;
    for (const auto& column : table.shape.columns)
        if (!holds(wanted.hoist, column.name)) all.emplace_back(column.name, column.name);
    return all;
}

bool has_key(const table_record& table) noexcept
{
    return table.shape.identity == row_identity::key && !table.shape.key.empty();
}

/// Puts `by`, and `to` with it, into the order of the key's first columns. False if they are not the key's first ones.
bool follow_key(const table_record& table, std::vector<std::uint16_t>& by, std::vector<std::uint16_t>& to)
{
    const auto& key = table.shape.key;
    if (!has_key(table) || key.size() < by.size()) return false;
    for (std::size_t at = 0; at < by.size(); ++at) {
        auto found = std::find(by.begin() + static_cast<std::ptrdiff_t>(at), by.end(), key[at]);
        if (found == by.end()) return false;
        auto place = static_cast<std::size_t>(found - by.begin());
        std::swap(by[at], by[place]);
        std::swap(to[at], to[place]);
    }
    return true;
}

}  // namespace

failure row_planner::refuse(std::string_view why) const
{
    return {errc::bad_config, fmt::format("documents: {}: {}", document_.file, why)};
}

outcome<const table_record*> row_planner::find_table(std::string_view name) const
{
    std::vector<std::string> known;
    for (const auto& table : tables_) {
        if (to_string(table.name) == name) return &table;
        known.push_back(to_string(table.name));
    }
    return refuse(fmt::format("unknown table {}; mirrored are: {}", name, fmt::join(known, ", ")));
}

outcome<std::uint16_t> row_planner::find_column(const table_record& table, std::string_view name) const
{
    std::vector<std::string> known;
    for (std::size_t i = 0; i < table.shape.columns.size(); ++i) {
        if (table.shape.columns[i].name == name) return static_cast<std::uint16_t>(i);
        known.push_back(table.shape.columns[i].name);
    }
    return refuse(
        fmt::format("table {} has no column {}; it has: {}", to_string(table.name), name, fmt::join(known, ", ")));
}

outcome<row_planner::columns_of> row_planner::find_columns(const table_record& table,
                                                           const std::vector<std::string>& names) const
{
    columns_of found;
    for (const auto& name : names) {
        auto stored = find_column(table, name);
        if (!stored) return stored.error();
        found.push_back(*stored);
    }
    return found;
}

outcome<planned_table> row_planner::plan(const document_table& wanted, document_plan& into)
{
    auto table = find_table(wanted.table);
    if (!table) return table.error();
    return plan_rows(wanted, **table, into);
}

outcome<planned_table> row_planner::plan_rows(const document_table& wanted, const table_record& table,
                                              document_plan& into)
{
    planned_table made;
    made.name = table.name;
    made.rows = table.rows;
    made.stored_columns = table.shape.columns.size();
    made.member = json_text(wanted.as.empty() ? member_of(table.name) : wanted.as);
    into.epochs.insert(table.rows);
    if (auto done = plan_columns(wanted, table, made); !done) return done.error();
    if (auto done = plan_keyed_by(wanted, table, made); !done) return done.error();
    if (auto done = plan_hoisted(wanted, table, made); !done) return done.error();
    describe(made, table);
    if (auto done = plan_merged(wanted, table, made, into); !done) return done.error();
    if (auto done = plan_nested(wanted, table, made, into); !done) return done.error();
    return made;
}

outcome<void> row_planner::claim(const table_record& table, const std::string& member, planned_table& made) const
{
    if (made.members.insert(member).second) return boost::system::in_place_value;
    return refuse(fmt::format("table {} has two members {}", to_string(table.name), member));
}

outcome<void> row_planner::plan_columns(const document_table& wanted, const table_record& table, planned_table& made)
{
    for (const auto& [name, as] : chosen_columns(wanted, table)) {
        auto stored = find_column(table, name);
        if (!stored) return stored.error();
        const auto& member = as.empty() ? name : as;
        if (auto claimed = claim(table, member, made); !claimed) return claimed;
        made.columns.push_back({*stored, (made.columns.empty() ? "{" : ",") + json_text(member) + ":"});
    }
    return boost::system::in_place_value;
}

outcome<void> row_planner::plan_keyed_by(const document_table& wanted, const table_record& table,
                                         planned_table& made) const
{
    if (wanted.keyed_by.empty()) return boost::system::in_place_value;
    auto stored = find_column(table, wanted.keyed_by);
    if (!stored) return stored.error();
    made.keyed_by = *stored;
    made.keyed_by_name = wanted.keyed_by;
    // Rows of one parent agree in `by`, so the rest of the key tells them apart.
    auto names_rows = [&](std::uint16_t place) {
        return place == *stored || holds(wanted.by, table.shape.columns[place].name);
    };
    const auto& key = table.shape.key;
    made.keys_may_repeat = !has_key(table) || !std::all_of(key.begin(), key.end(), names_rows);
    return boost::system::in_place_value;
}

outcome<void> row_planner::plan_hoisted(const document_table& wanted, const table_record& table,
                                        planned_table& made) const
{
    for (const auto& name : wanted.hoist) {
        auto stored = find_column(table, name);
        if (!stored) return stored.error();
        auto type = table.shape.columns[*stored].type;
        if (type != json_type && type != jsonb_type)
            return refuse(fmt::format("table {}: column {} cannot be hoisted: it is neither json nor jsonb",
                                      to_string(table.name), name));
        made.hoisted.push_back({*stored, name});
    }
    return boost::system::in_place_value;
}

outcome<void> row_planner::plan_merged(const document_table& wanted, const table_record& table, planned_table& made,
                                       document_plan& into)
{
    for (const auto& other : wanted.merge) {
        description_ += "merge\n";
        auto inside = plan_inside(other, table, into);
        if (!inside) return inside.error();
        for (const auto& member : inside->members)
            if (auto claimed = claim(table, member, made); !claimed) return claimed;
        for (auto& column : inside->columns) column.prefix.front() = ',';
        made.merged.push_back(std::move(*inside));
    }
    return boost::system::in_place_value;
}

outcome<void> row_planner::plan_nested(const document_table& wanted, const table_record& table, planned_table& made,
                                       document_plan& into)
{
    for (const auto& other : wanted.nest) {
        description_ += "nest\n";
        auto inside = plan_inside(other, table, into);
        if (!inside) return inside.error();
        auto member = other.as.empty() ? member_of(inside->name) : other.as;
        if (auto claimed = claim(table, member, made); !claimed) return claimed;
        made.nested.push_back(std::move(*inside));
    }
    return boost::system::in_place_value;
}

outcome<planned_table> row_planner::plan_inside(const document_table& wanted, const table_record& parent,
                                                document_plan& into)
{
    auto table = find_table(wanted.table);
    if (!table) return table.error();
    auto link = plan_link(wanted, **table, parent, into);
    if (!link) return link.error();
    for (const auto& column : link->to) description_ += fmt::format("to {}\n", column.stored);
    description_ += fmt::format("by {}\n", link->index ? to_string(*link->index) : "key");
    auto made = plan_rows(wanted, **table, into);
    description_ += "end\n";
    if (made) made->link = std::move(*link);
    return made;
}

outcome<planned_link> row_planner::plan_link(const document_table& wanted, const table_record& table,
                                             const table_record& parent, document_plan& into) const
{
    auto by = find_columns(table, wanted.by);
    if (!by) return by.error();
    auto to = columns_linked_to(wanted, parent);
    if (!to) return to.error();
    if (auto fit = check_link(table, *by, parent, *to); !fit) return fit.error();
    planned_link link;
    if (!wanted.order_by.empty() || !follow_key(table, *by, *to)) {
        auto index = plan_index(wanted, table, *by);
        if (!index) return index.error();
        into.indexes.insert(*index);
        link.index = std::move(*index);
    }
    for (auto place : *to) link.to.push_back({place, parent.shape.columns[place].type});
    return link;
}

outcome<row_planner::columns_of> row_planner::columns_linked_to(const document_table& wanted,
                                                                const table_record& parent) const
{
    if (!wanted.to.empty()) return find_columns(parent, wanted.to);
    if (has_key(parent)) return parent.shape.key;
    return refuse(fmt::format("table {} has no key that rows of {} could refer to; name its columns with `to`",
                              to_string(parent.name), wanted.table));
}

outcome<void> row_planner::check_link(const table_record& table, const columns_of& by, const table_record& parent,
                                      const columns_of& to) const
{
    if (by.empty() || by.size() != to.size())
        return refuse(fmt::format("table {}: `by` has {} columns, and {} has {} to match them", to_string(table.name),
                                  by.size(), to_string(parent.name), to.size()));
    for (std::size_t at = 0; at < by.size(); ++at) {
        const auto& child = table.shape.columns[by[at]];
        const auto& own = parent.shape.columns[to[at]];
        if (!keys_match(child.type, own.type))
            return refuse(fmt::format("table {}: {} cannot be matched with {} of {}: their types differ, or it is not "
                                      "known which of their values are equal",
                                      to_string(table.name), child.name, own.name, to_string(parent.name)));
    }
    return boost::system::in_place_value;
}

outcome<row_index> row_planner::plan_index(const document_table& wanted, const table_record& table,
                                           const columns_of& by) const
{
    row_index index{.rows = table.rows, .columns = {}, .matched = by.size()};
    for (auto place : by) index.columns.push_back({place, table.shape.columns[place].type, false});
    for (const auto& [name, descending] : wanted.order_by) {
        auto stored = find_column(table, name);
        if (!stored) return stored.error();
        index.columns.push_back({*stored, table.shape.columns[*stored].type, descending});
    }
    if (index.columns.size() <= limits::index_columns_max) return index;
    return refuse(fmt::format("table {}: `by` and `order_by` have more than {} columns", to_string(table.name),
                              limits::index_columns_max));
}

/// Columns stand with their types: another type means another rendering, even where the name and the epoch stayed.
void row_planner::describe(const planned_table& made, const table_record& table)
{
    auto& text = description_;
    text += fmt::format("table {} {} {} {}\n", json_text(table.name.schema), json_text(table.name.name), made.rows,
                        made.member);
    for (const auto& column : table.shape.columns)
        text += fmt::format("stored {} {} {}\n", json_text(column.name), column.type, column.typmod);
    text += fmt::format("key {} {}\n", static_cast<int>(table.shape.identity), fmt::join(table.shape.key, " "));
    for (const auto& column : made.columns) text += fmt::format("member {} {}\n", column.stored, column.prefix);
    text += fmt::format("keyed by {}\n", made.keyed_by ? std::to_string(*made.keyed_by) : "nothing");
    for (const auto& hoist : made.hoisted) text += fmt::format("hoist {}\n", hoist.stored);
}

}  // namespace understudy
