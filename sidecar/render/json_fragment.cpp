#include "render/json_fragment.hpp"

#include "render/json_text.hpp"
#include "render/utf8.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace understudy {

namespace {

/// Behind the closing quote of the string at the front; zero if it has none.
std::size_t string_size(std::string_view text) noexcept
{
    std::size_t quote = 0;
    for (std::size_t at = 1;;) {
        if (at > quote) quote = text.find('"', at);
        if (quote == text.npos) return 0;
        auto escape = text.substr(at, quote - at).find('\\');
        if (escape == text.npos) return quote + 1;
        at += escape + 2;  // whatever is escaped
    }
}

std::size_t container_size(std::string_view text) noexcept
{
    std::size_t depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        switch (text[at]) {
        case '[':
        case '{': ++depth; break;
        case ']':
        case '}':
            if (--depth == 0) return at + 1;
            break;
        case '"': {
            auto size = string_size(text.substr(at));
            if (size == 0) return 0;
            at += size - 1;
            break;
        }
        default: break;
        }
    }
    return 0;
}

/// Where the number or the word at the front ends.
std::size_t word_size(std::string_view text) noexcept
{
    std::size_t at = 0;
    while (at < text.size() && text[at] != ',' && text[at] != '}' && text[at] != ']' && text[at] != ' ' &&
           text[at] != '\t' && text[at] != '\r' && text[at] != '\n')
        ++at;
    return at;
}

std::optional<std::uint32_t> code_unit(std::string_view text, std::size_t at) noexcept
{
    std::uint32_t value = 0;
    if (at + 4 > text.size()) return std::nullopt;
    const auto* end = text.data() + at + 4;
    auto [stop, ec] = std::from_chars(text.data() + at, end, value, 16);
    return ec == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

constexpr bool is_high(std::uint32_t unit) noexcept
{
    return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool is_low(std::uint32_t unit) noexcept
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/// Appends what the escape at `at`, a backslash, stands for, and returns where it ends. Zero if it is none.
std::size_t append_escaped(std::string_view text, std::size_t at, std::string& out)
{
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    char letter = text[at + 1];
    if (auto known = letters.find(letter); known != letters.npos) {
        out.push_back(meanings[known]);
        return at + 2;
    }
    auto unit = letter == 'u' ? code_unit(text, at + 2) : std::nullopt;
    if (!unit) return 0;
    auto low = is_high(*unit) && text.substr(at + 6).starts_with("\\u") ? code_unit(text, at + 8) : std::nullopt;
    if (!low || !is_low(*low)) {
        append_utf8(*unit, out);
        return at + 6;
    }
    append_utf8(0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00), out);
    return at + 12;
}

error_code append_string(std::string_view fragment, std::string& out)
{
    return append_unescaped(fragment, out) ? error_code{} : make_error_code(errc::bad_text);
}

// A number stands for itself; NaN and the infinities are strings.
error_code append_number(std::string_view fragment, std::string& out)
{
    if (fragment.starts_with('"')) return append_string(fragment, out);
    out.append(fragment);
    return {};
}

error_code append_boolean(std::string_view fragment, std::string& out)
{
    if (fragment != "true" && fragment != "false") return errc::bad_text;
    out.push_back(fragment.front());
    return {};
}

// "2026-01-02T03:04:05+00:00 BC" was 2026-01-02 03:04:05+00 BC.
error_code append_timestamp(std::string_view fragment, bool with_zone, std::string& out)
{
    auto start = out.size();
    if (auto ec = append_string(fragment, out)) return ec;
    auto between = out.find('T', start);
    if (between == out.npos) return {};  // an infinity
    out[between] = ' ';
    if (!with_zone) return {};
    auto zone = out.rfind("+00:00");
    if (zone == out.npos || zone < start) return errc::bad_text;
    out.erase(zone + 3, 3);
    return {};
}

}  // namespace

std::size_t json_fragment_size(std::string_view text) noexcept
{
    if (text.empty()) return 0;
    switch (text.front()) {
    case '"': return string_size(text);
    case '[':
    case '{': return container_size(text);
    default: return word_size(text);
    }
}

error_code append_string_bytes(std::string_view quoted, std::string& out)
{
    if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return errc::bad_text;
    auto inside = quoted.substr(1, quoted.size() - 2);
    for (std::size_t at = 0; at < inside.size();) {
        auto escape = inside.find('\\', at);
        out.append(inside, at, escape == inside.npos ? inside.npos : escape - at);
        if (escape == inside.npos) return {};
        if (escape + 1 == inside.size()) return errc::bad_text;
        at = append_escaped(inside, escape, out);
        if (at == 0) return errc::bad_text;
    }
    return {};
}

// Only \u can stand for what is no text.
bool append_unescaped(std::string_view quoted, std::string& out)
{
    auto start = out.size();
    if (append_string_bytes(quoted, out)) return false;
    if (quoted.find("\\u") == quoted.npos) return true;
    auto text = std::string_view{out}.substr(start);
    return text.find('\0') == text.npos && is_utf8(text);
}

bool has_text_of_its_own(json_form form) noexcept
{
    return form != json_form::hstore && form != json_form::array && form != json_form::vector &&
           form != json_form::record;
}

error_code append_text_of(json_form form, std::string_view fragment, std::string& out)
{
    switch (form) {
    case json_form::quoted: return append_string(fragment, out);
    case json_form::boolean: return append_boolean(fragment, out);
    case json_form::integer:
    case json_form::number: return append_number(fragment, out);
    case json_form::timestamp: return append_timestamp(fragment, false, out);
    case json_form::timestamptz: return append_timestamp(fragment, true, out);
    case json_form::json: out.append(fragment); return {};
    default: return errc::bad_text;
    }
}

}  // namespace understudy
