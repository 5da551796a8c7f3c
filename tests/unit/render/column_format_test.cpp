#include "render/column_format.hpp"

#include "core/limits.hpp"
#include "render/type_table.hpp"
#include "support/printing.hpp"
#include "unit/render/formats.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

constexpr oid first_type = 20000;

error_code compile_error(const type_catalog& types, oid type)
{
    return column_format::compile(types, type).error();
}

/// Composite `first_type + i` holds `width` attributes of type `first_type + i + 1`; the last one holds int4.
type_catalog tower(std::size_t levels, std::size_t width)
{
    type_catalog types;
    for (oid level = 0; level < levels; ++level) {
        type_facts facts{.id = first_type + level, .schema = "public", .name = "level", .kind = 'c'};
        auto inside = level + 1 < levels ? first_type + level + 1 : int4_type;
        for (std::size_t i = 0; i < width; ++i) facts.attributes.push_back({"a", inside});
        types.add(facts);
    }
    return types;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(column_formats)

BOOST_AUTO_TEST_CASE(scalars_print_as_to_json_prints_them)
{
    BOOST_TEST(json_of(bool_type, "t") == "true");
    BOOST_TEST(json_of(bool_type, "f") == "false");
    BOOST_TEST(json_of(int8_type, "-9223372036854775808") == "-9223372036854775808");
    BOOST_TEST(json_of(numeric_type, "1.500") == "1.500");
    BOOST_TEST(json_of(numeric_type, "NaN") == "\"NaN\"");
    BOOST_TEST(json_of(float8_type, "-Infinity") == "\"-Infinity\"");
    BOOST_TEST(json_of(float8_type, "1e+20") == "1e+20");
    BOOST_TEST(json_of(timestamp_type, "2024-02-29 12:34:56.5") == "\"2024-02-29T12:34:56.5\"");
    BOOST_TEST(json_of(timestamptz_type, "0044-03-15 12:00:00+00 BC") == "\"0044-03-15T12:00:00+00:00 BC\"");
    BOOST_TEST(json_of(timestamptz_type, "-infinity") == "\"-infinity\"");
    BOOST_TEST(json_of(date_type, "2024-02-29") == "\"2024-02-29\"");
    BOOST_TEST(json_of(json_type, "{ \"a\":\n1}") == "{ \"a\": 1}");
    BOOST_TEST(json_of(bytea_type, "\\x00") == "\"\\\\x00\"");
}

BOOST_AUTO_TEST_CASE(what_goes_unquoted_is_checked)
{
    for (auto [type, text] : {std::pair{bool_type, "true"},
                              {int8_type, ""},
                              {int8_type, "1.5"},
                              {int8_type, "1e5"},
                              {int8_type, "NaN"},
                              {numeric_type, "01"},
                              {numeric_type, "1,\"x\":2"},
                              {float8_type, "nan"},
                              {json_type, "1,\"x\":2"},
                              {timestamp_type, "\""},
                              {timestamptz_type, "2024-02-29 12:34:56"},
                              {text_type, "\xC0\x80"}})
        BOOST_TEST(json_of(type, text) == "bad_text", text);
}

BOOST_AUTO_TEST_CASE(every_builtin_type_and_its_array_compile_without_a_catalog)
{
    for (const auto& row : builtin_types()) {
        BOOST_TEST(compile_error({}, row.id) == error_code{}, row.name);
        if (row.array != 0) BOOST_TEST(json_of(row.array, "{NULL}") == "[null]", row.name);
    }
}

BOOST_AUTO_TEST_CASE(types_that_nobody_knows_are_unsupported)
{
    BOOST_TEST(compile_error({}, 0) == errc::unsupported_type);
    BOOST_TEST(compile_error({}, first_type) == errc::unsupported_type);
    type_catalog types;
    types.add({.id = first_type, .name = "record", .kind = 'p'});
    types.add({.id = first_type + 1, .name = "_gone", .element = 99999});
    types.add({.id = first_type + 2, .name = "geometry", .casts_to_json = true});
    types.add({.id = first_type + 3, .name = "shown", .kind = 'e', .casts_to_json = true});
    for (oid type = first_type; type < first_type + 4; ++type)
        BOOST_TEST(compile_error(types, type) == errc::unsupported_type);
}

BOOST_AUTO_TEST_CASE(enums_ranges_and_extension_types_are_quoted_text)
{
    type_catalog types;
    for (char kind : {'e', 'r', 'm', 'b'}) {
        types.add({.id = first_type, .name = "some", .kind = kind});
        BOOST_TEST(json_of(first_type, "a\"b", types) == "\"a\\\"b\"");
    }
}

BOOST_AUTO_TEST_CASE(a_domain_is_its_base_in_json_and_in_key)
{
    type_catalog types;
    types.add({.id = first_type, .name = "inner", .kind = 'd', .base = int8_type});
    types.add({.id = first_type + 1, .name = "outer", .kind = 'd', .base = first_type});
    BOOST_TEST(json_of(first_type + 1, "7", types) == "7");
    std::string key;
    BOOST_TEST(column_format::compile(types, first_type + 1).value().append_key("7", key) == error_code{});
    BOOST_TEST(key == key_of(int8_type, "7"));
}

BOOST_AUTO_TEST_CASE(a_domain_over_a_type_with_a_cast_ignores_a_cast_of_its_own)
{
    type_catalog types;
    types.add({.id = first_type, .name = "d", .kind = 'd', .base = int4_type, .casts_to_json = true});
    BOOST_TEST(json_of(first_type, "7", types) == "7");
}

BOOST_AUTO_TEST_CASE(nesting_stops_at_its_limit)
{
    BOOST_TEST(compile_error(tower(limits::nesting_max - 1, 1), first_type) == error_code{});
    BOOST_TEST(compile_error(tower(limits::nesting_max, 1), first_type) == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(a_type_used_many_times_is_compiled_once)
{
    BOOST_TEST(compile_error(tower(limits::nesting_max - 1, 50), first_type) == error_code{});
}

BOOST_AUTO_TEST_CASE(a_known_type_deeper_inside_still_counts_its_own_levels)
{
    auto types = tower(limits::nesting_max - 1, 1);
    type_facts facts{
        .id = 30000, .name = "both", .kind = 'c', .attributes = {{"low", first_type + 1}, {"high", first_type}}};
    types.add(facts);
    BOOST_TEST(compile_error(types, 30000) == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(a_catalog_that_goes_round_in_a_circle_is_over_limit)
{
    type_catalog types;
    types.add({.id = first_type, .name = "a", .kind = 'd', .base = first_type + 1});
    types.add({.id = first_type + 1, .name = "_a", .element = first_type});
    BOOST_TEST(compile_error(types, first_type) == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(a_format_outlives_its_catalog_and_its_copies)
{
    auto format = [] {
        type_catalog types;
        types.add({.id = first_type, .name = "c", .kind = 'c', .attributes = {{"a", int4_type}}});
        return column_format{column_format::compile(types, first_type).value()};
    }();
    BOOST_TEST(json_of(format, "(1)") == "{\"a\":1}");
}

BOOST_AUTO_TEST_SUITE_END()
