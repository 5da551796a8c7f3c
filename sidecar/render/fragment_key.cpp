#include "render/fragment_key.hpp"

#include "render/json_text.hpp"
#include "render/key_bytes.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace understudy {

namespace {

bool is_quoted(std::string_view fragment) noexcept
{
    return fragment.size() >= 2 && fragment.starts_with('"') && fragment.ends_with('"');
}

void append_utf8(std::uint32_t code, std::string& out)
{
    auto tail = [&](unsigned shift) { out.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F))); };
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xC0 | (code >> 6)));
        tail(0);
    } else if (code < 0x10000) {
        out.push_back(static_cast<char>(0xE0 | (code >> 12)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xF0 | (code >> 18)));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// Takes the four digits of `\uXXXX`.
std::optional<std::uint32_t> take_unit(std::string_view& rest) noexcept
{
    std::uint32_t unit = 0;
    if (rest.size() < 4) return std::nullopt;
    auto [end, failed] = std::from_chars(rest.data(), rest.data() + 4, unit, 16);
    if (failed != std::errc{} || end != rest.data() + 4) return std::nullopt;
    rest.remove_prefix(4);
    return unit;
}

constexpr bool is_high_surrogate(std::uint32_t unit) noexcept
{
    return unit >= 0xD800 && unit < 0xDC00;
}

constexpr bool is_low_surrogate(std::uint32_t unit) noexcept
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/// What follows `\u`, with its other half where there is one.
error_code append_code(std::string_view& rest, std::string& out)
{
    auto unit = take_unit(rest);
    if (!unit) return errc::bad_text;
    if (is_high_surrogate(*unit) && rest.starts_with("\\u")) {
        auto behind = rest.substr(2);
        auto low = take_unit(behind);
        if (low && is_low_surrogate(*low)) {
            rest = behind;
            append_utf8(0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00), out);
            return {};
        }
    }
    append_utf8(*unit, out);
    return {};
}

/// What follows a backslash.
error_code append_escape(std::string_view& rest, std::string& out)
{
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (rest.empty()) return errc::bad_text;
    char letter = rest.front();
    rest.remove_prefix(1);
    if (letter == 'u') return append_code(rest, out);
    auto known = letters.find(letter);
    if (known == letters.npos) return errc::bad_text;
    out.push_back(meanings[known]);
    return {};
}

/// `2026-11-26T10:00:00+00:00` as Postgres prints it: a space, and a zone without minutes.
error_code append_timestamp_text(std::string_view fragment, bool with_zone, std::string& out)
{
    auto start = out.size();
    if (auto failed = append_unescaped(fragment, out)) return failed;
    constexpr std::string_view minutes = ":00";
    constexpr std::string_view zone = "+00:00";
    if (auto at = out.find('T', start); at != out.npos) out[at] = ' ';
    auto at = out.find(zone, start);
    if (with_zone && at != out.npos) out.erase(at + zone.size() - minutes.size(), minutes.size());
    return {};
}

/// The text that Postgres printed, from the JSON that it became.
error_code append_text(json_form form, std::string_view fragment, std::string& out)
{
    switch (form) {
    case json_form::quoted: return append_unescaped(fragment, out);
    case json_form::boolean: out.append(fragment.substr(0, 1)); return {};
    case json_form::number:
        if (is_quoted(fragment)) return append_unescaped(fragment, out);
        out.append(fragment);
        return {};
    case json_form::timestamp: return append_timestamp_text(fragment, false, out);
    case json_form::timestamptz: return append_timestamp_text(fragment, true, out);
    case json_form::integer:
    case json_form::json:
    case json_form::hstore:
    case json_form::array:
    case json_form::vector:
    case json_form::record: out.append(fragment); return {};
    }
    return errc::internal;
}

/// For every JSON value. A string that is no text (a zero byte, half a surrogate pair) sorts as it is written.
error_code append_unknown_key(std::string_view fragment, std::string& key)
{
    if (is_json_number(fragment)) return append_number_key(fragment, key);
    std::string text;
    bool is_text = is_quoted(fragment) && !append_unescaped(fragment, text) && !append_text_key(text, key);
    return is_text ? error_code{} : append_text_key(fragment, key);
}

/// Types whose equal values have one text: name, text and varchar share theirs, the others are alone.
bool has_one_text(oid type) noexcept
{
    constexpr oid types[] = {18, 19, 25, 650, 774, 790, 829, 869, 1043, 1083, 1560, 1562};
    return std::ranges::find(types, type) != std::end(types);
}

constexpr bool is_plain_text(oid type) noexcept
{
    return type == 19 || type == 25 || type == 1043;
}

}  // namespace

fragment_key::fragment_key(oid type) : type_{find_builtin(type)}
{
    if (type_ == nullptr) return;
    auto compiled = column_format::compile({}, type);
    if (compiled)
        format_ = *compiled;
    else
        type_ = nullptr;
}

error_code fragment_key::append(std::string_view fragment, std::string& key) const
{
    if (type_ == nullptr) return append_unknown_key(fragment, key);
    std::string text;
    if (auto failed = append_text(type_->json, fragment, text)) return failed;
    return format_->append_key(text, key);
}

bool keys_match(oid left, oid right) noexcept
{
    const auto* one = find_builtin(left);
    const auto* other = find_builtin(right);
    if (one == nullptr || other == nullptr || one->key != other->key) return false;
    switch (one->key) {
    case key_form::text: return has_one_text(left) && (left == right || (is_plain_text(left) && is_plain_text(right)));
    case key_form::floating: return left == right;  // the float4 that prints 0.1 is not the float8 that does
    default: return true;
    }
}

error_code append_unescaped(std::string_view json_string, std::string& out)
{
    if (!is_quoted(json_string)) return errc::bad_text;
    auto rest = json_string.substr(1, json_string.size() - 2);
    for (;;) {
        auto at = rest.find('\\');
        out.append(rest.substr(0, at));
        if (at == rest.npos) return {};
        rest.remove_prefix(at + 1);
        if (auto failed = append_escape(rest, out)) return failed;
    }
}

}  // namespace understudy
