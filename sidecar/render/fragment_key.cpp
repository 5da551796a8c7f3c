#include "render/fragment_key.hpp"

#include "render/json_fragment.hpp"
#include "render/json_text.hpp"
#include "render/key_bytes.hpp"

#include <algorithm>

namespace understudy {

namespace {

bool is_quoted(std::string_view fragment) noexcept
{
    return fragment.size() >= 2 && fragment.starts_with('"') && fragment.ends_with('"');
}

/// Scalars have the text that Postgres printed; of everything else the JSON is the text.
error_code append_text(json_form form, std::string_view fragment, std::string& out)
{
    if (has_text_of_its_own(form)) return append_text_of(form, fragment, out);
    out.append(fragment);
    return {};
}

/// For every JSON value. A string that is no text (a zero byte, half a surrogate pair) sorts as it is written.
error_code append_unknown_key(std::string_view fragment, std::string& key)
{
    if (is_json_number(fragment)) return append_number_key(fragment, key);
    std::string text;
    bool is_text = is_quoted(fragment) && !append_string_bytes(fragment, text) && !append_text_key(text, key);
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

}  // namespace understudy
