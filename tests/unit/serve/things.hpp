#pragma once

#include "serve/row_filter.hpp"
#include "serve/row_shape.hpp"
#include "serve/served_table.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace understudy {

/// public.things: id int4 (the key), n int4, b bool, t text, e enum, jb jsonb, a int4[].
inline served_table things()
{
    manifest_table made;
    made.name = {"public", "things"};
    made.columns = {{"id", 23, -1, "int4"}, {"n", 23, -1, "int4"},     {"b", 16, -1, "bool"}, {"t", 25, -1, "text"},
                    {"e", 0, -1, "enum"},   {"jb", 3802, -1, "jsonb"}, {"a", 1007, -1, ""}};
    made.key = {"id"};
    return served_table{made};
}

/// Parses one query string. Fails the test with the error's text.
inline read_query query_of(std::string_view text)
{
    auto parameters = parse_parameters(text);
    BOOST_TEST_REQUIRE(parameters.has_value(), (parameters ? std::string{} : parameters.error().message));
    auto parsed = parse_query(*parameters);
    BOOST_TEST_REQUIRE(parsed.has_value(), (parsed ? std::string{} : parsed.error().details));
    return std::move(*parsed);
}

inline row_values values_of(const served_table& table, std::string_view row)
{
    row_values values;
    BOOST_TEST_REQUIRE(table.split(row, table.columns().size(), values));
    return values;
}

}  // namespace understudy
