#include "serve/row_shape.hpp"

#include "core/limits.hpp"
#include "render/column_format.hpp"
#include "render/json_fragment.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

std::vector<selected_field> every_column(const served_table& table)
{
    std::vector<selected_field> all;
    for (const auto& column : table.columns()) {
        selected_field field;
        field.field.column = column.name;
        field.name = column.name;
        all.push_back(std::move(field));
    }
    return all;
}

/// As COPY ... (FORMAT csv) quotes: where it has to, and the empty text, which would be a null else.
void append_quoted(std::string_view text, std::string& out)
{
    if (!text.empty() && text.find_first_of("\",\r\n") == text.npos) {
        out.append(text);
        return;
    }
    out.push_back('"');
    for (char byte : text) out.append(byte == '"' ? 2 : 1, byte);
    out.push_back('"');
}

}  // namespace

read_result<row_shape> row_shape::bind(const std::vector<selected_field>& select, const served_table& table,
                                       row_format format)
{
    row_shape made;
    made.format_ = format;
    bool whole = select.empty() || (select.size() == 1 && select.front().is_star);
    made.as_stored_ = whole && format == row_format::json;
    if (made.as_stored_) return made;
    auto all = every_column(table);
    for (const auto& item : select.empty() ? all : select) {
        if (!item.is_star) {
            if (auto added = made.add(item, table); !added) return added.error();
            continue;
        }
        for (const auto& column : all)
            if (auto added = made.add(column, table); !added) return added.error();
    }
    return made;
}

read_result<void> row_shape::add(const selected_field& from, const served_table& table)
{
    auto field = row_field::bind(from.field, table);
    if (!field) return field.error();
    const auto& column = table.columns()[field->column()];
    if (format_ == row_format::csv && from.field.path.empty() && find_builtin_element(column.type) != nullptr)
        return not_supported(fmt::format("arrays as CSV, and {} is one", column.name), "Leave it out of `select`.");
    if (members_.size() == limits::select_fields_max)
        return parse_error("select parameter", "*", 0,
                           fmt::format("at most {} columns in all", limits::select_fields_max));
    columns_ = std::max(columns_, field->column() + 1);
    std::string prefix = members_.empty() ? "{" : ",";
    append_json_string(from.name, prefix);
    prefix += ':';
    bool plain = column.comparison.has_value() || column.is_json();
    members_.push_back({std::move(*field), from.name, std::move(prefix), !plain});
    return {};
}

read_result<void> row_shape::append(std::string_view row, const row_values& values, std::string& out) const
{
    if (as_stored_) {
        out.append(row);
        return {};
    }
    if (format_ == row_format::csv) return append_csv(values, out);
    for (const auto& member : members_) {
        out.append(member.prefix);
        if (!member.field.append_json(values, out)) return damaged_value(member.field);
    }
    out.append(members_.empty() ? "{}" : "}");
    return {};
}

void row_shape::append_header(std::string& out) const
{
    for (const auto& member : members_) {
        if (&member != &members_.front()) out.push_back(',');
        append_quoted(member.name, out);
    }
    out.push_back('\n');
}

read_result<void> row_shape::append_csv(const row_values& values, std::string& out) const
{
    for (const auto& member : members_) {
        if (&member != &members_.front()) out.push_back(',');
        if (!append_cell(member, values, out)) return damaged_value(member.field);
    }
    out.push_back('\n');
    return {};
}

bool row_shape::append_cell(const member& shown, const row_values& values, std::string& out) const
{
    if (shown.field.is_null(values)) return true;
    std::string text;
    if (shown.field.kind() != nullptr) {
        if (shown.field.append_text(values, text) != row_field::found::value) return false;
    } else {
        if (!shown.field.append_json(values, text)) return false;
        if (shown.is_opaque) {
            std::string plain;
            if (!append_unescaped(text, plain)) return false;
            text.swap(plain);
        }
    }
    append_quoted(text, out);
    return true;
}

}  // namespace understudy
