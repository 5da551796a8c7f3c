#include "settings/identifier.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace understudy {

namespace {

failure complaint(std::string text)
{
    return {errc::bad_text, std::move(text)};
}

bool is_plain_letter(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_capital(char c) noexcept
{
    return c >= 'A' && c <= 'Z';
}

bool is_plain_part(char c) noexcept
{
    return is_plain_letter(c) || (c >= '0' && c <= '9') || c == '$';
}

bool is_plain(std::string_view name) noexcept
{
    return !name.empty() && is_plain_letter(name[0]) && std::all_of(name.begin(), name.end(), is_plain_part);
}

struct part {
    std::string name;
    bool any = false;  // a plain `*`
};

/// Takes a quoted name off the front; nothing when its end is missing.
std::optional<std::string> take_quoted(std::string_view& text)
{
    std::string name;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] != '"') {
            name += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
            name += '"';
            ++i;
        } else {
            text.remove_prefix(i + 1);
            return name;
        }
    }
    return std::nullopt;
}

outcome<part> check_length(part found)
{
    if (!found.any && found.name.empty()) return complaint("expected schema.table; a name is empty");
    if (found.name.size() <= limits::name_bytes_max) return found;
    return complaint("a name is longer than Postgres allows");
}

outcome<part> take_part(std::string_view& text)
{
    if (text.starts_with('"')) {
        auto name = take_quoted(text);
        if (!name) return complaint("a double quote is not closed");
        return check_length({std::move(*name)});
    }
    auto name = text.substr(0, text.find('.'));
    text.remove_prefix(name.size());
    if (name == "*") return part{.name = {}, .any = true};
    if (name.empty() || is_plain(name)) return check_length({std::string{name}});
    if (std::any_of(name.begin(), name.end(), is_capital))
        return complaint("capital letters need double quotes as in SQL, e.g. public.\"Materials\"");
    return complaint("expected schema.table; other names than letters, digits and _ need double quotes");
}

std::string quoted_part(const std::string& name)
{
    if (is_plain(name)) return name;
    std::string text = "\"";
    for (char c : name) text.append(c == '"' ? 2 : 1, c);
    return text + '"';
}

}  // namespace

outcome<table_name> parse_table_name(std::string_view text)
{
    auto schema = take_part(text);
    if (!schema) return schema.error();
    if (schema->any) return complaint("expected schema.*; a schema has to be named");
    if (text.empty())
        return complaint(fmt::format("the schema is missing: write {}", quoted({"public", schema->name})));
    if (!text.starts_with('.')) return complaint("expected a dot after the schema");
    text.remove_prefix(1);
    auto name = take_part(text);
    if (!name) return name.error();
    if (!text.empty()) return complaint("expected schema.table; a name that holds a dot needs double quotes");
    return table_name{schema->name, name->name};
}

std::string quoted(const table_name& name)
{
    return quoted_part(name.schema) + "." + (name.name.empty() ? "*" : quoted_part(name.name));
}

}  // namespace understudy
