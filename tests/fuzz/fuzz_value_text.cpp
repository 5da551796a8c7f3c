#include "render/column_format.hpp"
#include "source/kafka/value_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace understudy;
using namespace understudy::debezium;

namespace {

constexpr oid composite_type = 20000;
constexpr oid hstore_type = 20001;

struct fuzzed_column {
    oid type = 0;
    std::int32_t typmod = -1;
};

// Of each family one, and arrays of those that come in arrays.
constexpr fuzzed_column columns[] = {
    {16},           {17},      {20},      {25},       {700},  {701},  {1700},    {1700, 655366},
    {1700, 329730}, {1114},    {1114, 3}, {1184},     {1082}, {1083}, {1083, 3}, {1266},
    {1186},         {1560, 1}, {1560, 8}, {1562, 20}, {114},  {3802}, {2950},    {600},
    {628},          {718},     {601},     {603},      {602},  {604},  {790},     {composite_type},
    {hstore_type},  {1007},    {1009},    {1231},     {1115}, {1185}, {1182},    {2951},
    {1001},         {3807},    {1022},    {1000},     {3220},
};

type_catalog extension_types()
{
    type_catalog types;
    types.add({.id = composite_type, .name = "comp", .kind = 'c', .attributes = {{"a", 25}}});
    types.add({.id = hstore_type, .name = "hstore", .casts_to_json = true});
    return types;
}

encodings settings_of(std::uint8_t choice)
{
    encodings settings;
    settings.decimal_handling = static_cast<decimal_mode>(choice % 3);
    settings.time_precision = static_cast<time_mode>(choice % 6);
    settings.interval_handling = static_cast<interval_mode>(choice % 2);
    settings.binary_handling = static_cast<binary_mode>(choice % 4);
    settings.hstore_handling = static_cast<hstore_mode>(choice / 2 % 2);
    return settings;
}

/// Types whose text may be anything that the source had, and so is not checked before it is rendered.
bool takes_any_text(oid type)
{
    return type == 114 || type == 3802 || type == 3807 || type == composite_type;
}

}  // namespace

// The first byte picks a type, the second the connector's settings, the rest is a value's JSON, behind a schema and a
// newline where there is one. A text that comes out has to be one that the type's format takes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto types = extension_types();
    static std::string scratch;
    if (size < 2) return 0;
    const auto& column = columns[data[0] % std::size(columns)];
    std::string_view whole{reinterpret_cast<const char*>(data) + 2, size - 2};
    auto newline = whole.find('\n');
    json_tape schema;
    if (newline != whole.npos && schema.read(whole.substr(0, newline))) return 0;
    json_tape tape;
    if (tape.read(newline == whole.npos ? whole : whole.substr(newline + 1))) return 0;
    auto text = value_text::compile(types, column.type, column.typmod, settings_of(data[1]), schema.root());
    if (!text) return 0;
    tuple_column value;
    if (text->convert(tape.root(), scratch, value)) return 0;
    if (value.what != tuple_column::kind::text) return 0;
    auto format = column_format::compile(types, column.type).value();
    std::string json;
    auto ec = format.append_json(value.text, json);
    if (ec && !takes_any_text(column.type)) std::abort();
    return 0;
}
