#include "serve/value_kind.hpp"

#include "core/lsn.hpp"
#include "render/json_fragment.hpp"
#include "render/key_bytes.hpp"
#include "serve/literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace understudy {

namespace {

using family = value_kind::family;

struct known_kind {
    std::string_view kind;
    family what;
    std::string_view type_name;  ///< As Postgres' messages have it.
};

constexpr std::array kinds{
    known_kind{"bool", family::boolean, "boolean"},
    known_kind{"int2", family::integer, "smallint"},
    known_kind{"int4", family::integer, "integer"},
    known_kind{"int8", family::integer, "bigint"},
    known_kind{"oid", family::integer, "oid"},
    known_kind{"float4", family::floating, "real"},
    known_kind{"float8", family::floating, "double precision"},
    known_kind{"numeric", family::numeric, "numeric"},
    known_kind{"text", family::text, "text"},
    known_kind{"varchar", family::text, "character varying"},
    known_kind{"bpchar", family::text, "character"},
    known_kind{"name", family::text, "name"},
    known_kind{"enum", family::label, "enum"},
    known_kind{"uuid", family::uuid, "uuid"},
    known_kind{"bytea", family::bytes, "bytea"},
    known_kind{"date", family::date, "date"},
    known_kind{"time", family::time, "time"},
    known_kind{"timestamp", family::timestamp, "timestamp"},
    known_kind{"timestamptz", family::timestamp, "timestamp with time zone"},
    known_kind{"pg_lsn", family::lsn, "pg_lsn"},
};

read_error bad_syntax(std::string_view type, std::string_view literal, const char* state = "22P02",
                      std::string_view hint = {})
{
    return {.status = http::status::bad_request,
            .code = state,
            .message = fmt::format("invalid input syntax for type {}: \"{}\"", type, shortened(literal)),
            .details = {},
            .hint = std::string{hint}};
}

read_error out_of_range(std::string_view type, std::string_view literal)
{
    return {.status = http::status::bad_request,
            .code = "22003",
            .message = fmt::format("value \"{}\" is out of range for type {}", shortened(literal), type),
            .details = {},
            .hint = {}};
}

template <class Number>
bool fits(std::string_view text) noexcept
{
    Number value = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc{} && end == text.data() + text.size();
}

bool fits_integer(std::string_view kind, std::string_view text) noexcept
{
    if (kind == "int2") return fits<std::int16_t>(text);
    if (kind == "int4") return fits<std::int32_t>(text);
    if (kind == "oid") return fits<std::uint32_t>(text);
    return fits<std::int64_t>(text);
}

constexpr std::string_view time_hint = "Write it as ISO 8601: YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS.ffffff, with Z or +HH:MM "
                                       "behind it where it has a zone; without one it is UTC.";

/// Key bytes of what a time stands for.
std::string moment_key(const moment& at, std::string_view kind)
{
    std::string key;
    auto value = kind == "date" ? at.days : at.microseconds;
    if (kind == "timestamptz" && !at.infinite) value -= at.offset_s * 1'000'000;
    append_integer_key(value, key);
    return key;
}

bool is_quoted(std::string_view fragment) noexcept
{
    return fragment.size() >= 2 && fragment.front() == '"' && fragment.back() == '"';
}

std::optional<std::string> canonical(family what, std::string_view kind, std::string_view literal)
{
    switch (what) {
    case family::boolean: return boolean_text(literal);
    case family::integer: return integer_text(literal);
    case family::numeric: return numeric_text(literal);
    case family::floating: return kind == "float4" ? float4_text(literal) : float8_text(literal);
    case family::uuid: return uuid_text(literal);
    case family::bytes: return bytes_text(literal);
    case family::time: return time_text(literal);
    case family::lsn:
        if (auto place = parse_lsn(literal)) return to_string(*place);
        return std::nullopt;
    default: return std::string{literal};
    }
}

}  // namespace

std::optional<value_kind> value_kind::find(std::string_view kind)
{
    auto known = std::ranges::find(kinds, kind, &known_kind::kind);
    if (known == kinds.end()) return std::nullopt;
    const auto* type = find_builtin(known->what == family::label ? "text" : kind);
    if (type == nullptr) return std::nullopt;
    auto format = column_format::compile({}, type->id);
    if (!format) return std::nullopt;
    return value_kind{known->what, *type, known->type_name, std::move(*format)};
}

read_result<std::string> value_kind::key_of_literal(std::string_view literal) const
{
    auto kind = type_->name;
    if (family_ == family::date || family_ == family::timestamp) {
        auto at = read_moment(literal);
        if (!at) return bad_syntax(type_name_, literal, "22007", time_hint);
        return moment_key(*at, kind);
    }
    auto text = canonical(family_, kind, literal);
    if (!text && family_ == family::bytes)
        return bad_syntax(type_name_, literal, "22P02", "Write it as \\x and hexadecimal digits.");
    if (!text) return bad_syntax(type_name_, literal, family_ == family::time ? "22007" : "22P02");
    if (family_ == family::integer && !fits_integer(kind, *text)) return out_of_range(type_name_, literal);
    std::string key;
    if (format_.append_key(*text, key)) return bad_syntax(type_name_, literal);
    return key;
}

bool value_kind::append_text(std::string_view fragment, std::string& out) const
{
    return !append_text_of(type_->json, fragment, out);
}

bool value_kind::append_key(std::string_view fragment, std::string& key) const
{
    if (family_ == family::integer && !fragment.starts_with('"')) return !append_integer_key(fragment, key);
    bool is_string = family_ == family::text || family_ == family::label;
    if (is_string && is_quoted(fragment) && fragment.find('\\') == fragment.npos)  // the text itself
        return !format_.append_key(fragment.substr(1, fragment.size() - 2), key);
    std::string text;
    return append_text(fragment, text) && !format_.append_key(text, key);
}

}  // namespace understudy
