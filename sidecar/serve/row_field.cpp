#include "serve/row_field.hpp"

#include "render/column_format.hpp"
#include "render/json_fragment.hpp"
#include "render/key_bytes.hpp"

#include <fmt/format.h>

namespace understudy {

namespace {

/// What `->>` makes of a value: a string without its quotes, everything else as it is.
row_field::found json_as_text(std::string_view value, std::string& out)
{
    if (value == "null") return row_field::found::null;
    if (value.starts_with('"'))
        return append_unescaped(value, out) ? row_field::found::value : row_field::found::damaged;
    out.append(value);
    return row_field::found::value;
}

}  // namespace

read_result<row_field> row_field::bind(const field_ref& field, const served_table& table)
{
    auto column = table.find_column(field.column);
    if (!column)
        return read_error{
            .status = http::status::bad_request,
            .code = "42703",
            .message = fmt::format("column {}.{} does not exist", table.name().name, shortened(field.column)),
            .details = {},
            .hint = {}};
    const auto& facts = table.columns()[*column];
    if (!field.path.empty() && !facts.is_json())
        return read_error{.status = http::status::bad_request,
                          .code = "42883",
                          .message = fmt::format("column {} is not json: -> and ->> do not apply", field.column),
                          .details = {},
                          .hint = {}};
    row_field made;
    made.ref_ = field;
    made.column_ = *column;
    made.type_ = facts.kind == "jsonb" ? json_kind::jsonb : json_kind::json;
    if (field.path.empty())
        made.kind_ = facts.comparison;
    else if (field.as_text)
        made.kind_ = value_kind::find("text");
    return made;
}

std::optional<std::string_view> row_field::find(const row_values& row) const
{
    auto value = row[column_];
    if (!ref_.path.empty()) return find_in_json(value, ref_.path, type_);
    return value == "null" ? std::nullopt : std::optional{value};
}

row_field::found row_field::append_text(const row_values& row, std::string& out) const
{
    auto value = find(row);
    if (!value) return found::null;
    if (ref_.path.empty()) return kind_->append_text(*value, out) ? found::value : found::damaged;
    return json_as_text(*value, out);
}

row_field::found row_field::append_key(const row_values& row, std::string& key) const
{
    auto value = find(row);
    if (!value) return found::null;
    if (ref_.path.empty()) return kind_->append_key(*value, key) ? found::value : found::damaged;
    std::string text;
    auto what = json_as_text(*value, text);
    if (what == found::value && append_text_key(text, key)) return found::damaged;
    return what;
}

bool row_field::append_json(const row_values& row, std::string& out) const
{
    auto value = find(row);
    if (value && !ref_.as_text) {
        out.append(*value);
        return true;
    }
    std::string text;
    auto what = value ? json_as_text(*value, text) : found::null;
    if (what == found::null)
        out.append("null");
    else
        append_json_string(text, out);
    return what != found::damaged;
}

bool row_field::is_null(const row_values& row) const
{
    auto value = find(row);
    return !value || (ref_.as_text && *value == "null");
}

std::string row_field::text() const
{
    auto text = ref_.column;
    for (std::size_t at = 0; at < ref_.path.size(); ++at)
        text += (ref_.as_text && at + 1 == ref_.path.size() ? "->>" : "->") + ref_.path[at].key;
    return text;
}

read_error damaged_value(const row_field& field)
{
    return {.status = http::status::bad_request,
            .code = "22P05",
            .message = fmt::format("a value of {} cannot be converted to text", field.text()),
            .details = "It holds an escape that stands for no character, or is not what its type prints.",
            .hint = {}};
}

}  // namespace understudy
