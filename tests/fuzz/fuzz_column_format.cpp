#include "render/column_format.hpp"
#include "render/fragment_key.hpp"
#include "render/type_table.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace understudy;
namespace json = boost::json;

// The first byte picks a type, the rest is a value's text. What append_json accepts must be JSON on one line, and
// what append_key accepts must begin below null's byte. A value that has both must have a key from its JSON alone, and
// the same one where keys of its type are compared with others.

namespace {

constexpr oid composite_type = 20000;
constexpr oid hstore_type = 20001;
constexpr oid composite_array_type = 20002;

/// Reads JSON and keeps nothing of it.
struct ignore_everything {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t, json::error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

/// Boost.JSON refuses three things that Postgres's json type takes: lone surrogates, exponents past an int and
/// nesting past a limit.
bool known_difference(const json::error_code& ec)
{
    return ec == json::error::illegal_leading_surrogate || ec == json::error::illegal_trailing_surrogate ||
           ec == json::error::expected_utf16_escape || ec == json::error::exponent_overflow ||
           ec == json::error::too_deep;
}

bool is_json(const std::string& text)
{
    json::basic_parser<ignore_everything> parser{{}};
    json::error_code ec;
    auto used = parser.write_some(false, text.data(), text.size(), ec);
    return known_difference(ec) || (!ec && used == text.size());
}

type_catalog extra_types()
{
    type_catalog types;
    types.add({.id = composite_type,
               .name = "c",
               .kind = 'c',
               .attributes = {{"i", 23}, {"ts", 1009}, {"j", 114}, {"h", hstore_type}}});
    types.add({.id = hstore_type, .name = "hstore", .casts_to_json = true});
    types.add({.id = composite_array_type, .name = "_c", .element = composite_type});
    return types;
}

struct fuzzed_type {
    oid type;
    column_format format;
    fragment_key from_json;
};

std::vector<fuzzed_type> every_type()
{
    auto types = extra_types();
    std::vector<fuzzed_type> formats;
    auto add = [&](oid type) {
        if (auto format = column_format::compile(types, type)) formats.push_back({type, *format, fragment_key{type}});
    };
    for (oid type : {composite_type, hstore_type, composite_array_type}) add(type);
    for (const auto& row : builtin_types()) add(row.id);
    for (const auto& row : builtin_types()) add(row.array);
    return formats;
}

void check_fragment_key(const fuzzed_type& fuzzed, const std::string& json, const std::string& key)
{
    std::string from_json;
    if (fuzzed.from_json.append(json, from_json)) std::abort();
    if (keys_match(fuzzed.type, fuzzed.type) && from_json != key) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto types = every_type();
    if (size == 0) return 0;
    const auto& fuzzed = types[data[0] % types.size()];
    const auto& format = fuzzed.format;
    std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
    std::string json;
    bool has_json = !format.append_json(text, json);
    if (has_json && (!is_json(json) || json.find_first_of("\n\r") != json.npos)) std::abort();
    std::string key;
    bool has_key = !format.append_key(text, key);
    if (has_key && (key.empty() || key.front() == '\xFF')) std::abort();
    if (has_json && has_key) check_fragment_key(fuzzed, json, key);
    return 0;
}
