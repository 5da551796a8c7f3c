#include "render/column_format.hpp"

#include "core/lsn.hpp"
#include "render/container_text.hpp"
#include "render/format_node.hpp"
#include "render/json_text.hpp"
#include "render/json_value.hpp"
#include "render/key_bytes.hpp"
#include "render/time_text.hpp"

namespace understudy {

namespace {

error_code append_boolean(std::string_view text, std::string& out)
{
    if (text != "t" && text != "f") return errc::bad_text;
    out.append(text == "t" ? "true" : "false");
    return {};
}

error_code append_integer(std::string_view text, std::string& out)
{
    if (!is_json_integer(text)) return errc::bad_text;
    out.append(text);
    return {};
}

error_code append_number(std::string_view text, std::string& out)
{
    if (is_json_number(text)) {
        out.append(text);
        return {};
    }
    if (text != "NaN" && text != "Infinity" && text != "-Infinity") return errc::bad_text;
    append_json_string(text, out);
    return {};
}

error_code append_timestamp(std::string_view text, time_zone zone, std::string& out)
{
    auto parts = read_timestamp(text, zone);
    if (!parts) return parts.error();
    if (parts->day.empty()) {
        append_json_string(text, out);
        return {};
    }
    out.append("\"").append(parts->day).append("T").append(parts->clock);
    if (zone == time_zone::utc) out.append("+00:00");
    out.append(parts->before_christ ? " BC\"" : "\"");
    return {};
}

error_code append_timestamp_key(std::string_view text, time_zone zone, std::string& key)
{
    auto parts = read_timestamp(text, zone);
    if (parts) append_integer_key(parts->microseconds, key);
    return parts.error();
}

error_code append_date_key(std::string_view text, std::string& key)
{
    auto days = read_date(text);
    if (days) append_integer_key(*days, key);
    return days.error();
}

error_code append_lsn_key(std::string_view text, std::string& key)
{
    auto position = parse_lsn(text);
    if (position) append_unsigned_key(position->value, key);
    return position.error();
}

error_code append_padded_text_key(std::string_view text, std::string& key)
{
    return append_text_key(text.substr(0, text.find_last_not_of(' ') + 1), key);
}

}  // namespace

error_code append_json(const format_node& node, std::string_view text, std::string& out)
{
    switch (node.json) {
    case json_form::quoted: return append_checked_string(text, out);
    case json_form::boolean: return append_boolean(text, out);
    case json_form::integer: return append_integer(text, out);
    case json_form::number: return append_number(text, out);
    case json_form::timestamp: return append_timestamp(text, time_zone::none, out);
    case json_form::timestamptz: return append_timestamp(text, time_zone::utc, out);
    case json_form::json: return append_json_value(text, out);
    case json_form::hstore: return append_hstore(text, out);
    case json_form::array: return append_array(node, text, out);
    case json_form::vector: return append_vector(node, text, out);
    case json_form::record: return append_record(node, text, out);
    }
    return errc::internal;
}

error_code column_format::append_json(std::string_view text, std::string& out) const
{
    return understudy::append_json(*root_, text, out);
}

error_code column_format::append_key(std::string_view text, std::string& key) const
{
    switch (root_->key) {
    case key_form::text: return append_text_key(text, key);
    case key_form::padded_text: return append_padded_text_key(text, key);
    case key_form::boolean: return append_boolean_key(text, key);
    case key_form::integer: return append_integer_key(text, key);
    case key_form::floating: return append_floating_key(text, key);
    case key_form::numeric: return append_numeric_key(text, key);
    case key_form::date: return append_date_key(text, key);
    case key_form::timestamp: return append_timestamp_key(text, time_zone::none, key);
    case key_form::timestamptz: return append_timestamp_key(text, time_zone::utc, key);
    case key_form::uuid: return append_uuid_key(text, key);
    case key_form::bytes: return append_bytes_key(text, key);
    case key_form::lsn: return append_lsn_key(text, key);
    }
    return errc::internal;
}

bool column_format::has_equal_texts() const noexcept
{
    return root_->key == key_form::floating || root_->key == key_form::numeric || root_->key == key_form::padded_text;
}

void column_format::append_null_key(std::string& key)
{
    key.push_back('\xFF');
}

}  // namespace understudy
