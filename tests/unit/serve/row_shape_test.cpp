#include "things.hpp"

#include "core/limits.hpp"

using namespace understudy;

namespace {

constexpr std::string_view row =
    R"({"id":1,"n":null,"b":true,"t":"a,\"b\"\nc","e":"","jb":{"k": "v", "list": [1, "x"]},"a":[1]})";

std::string shown(std::string_view select, row_format format, std::string_view from = row)
{
    auto table = things();
    auto shape = row_shape::bind(query_of(std::string{"select="}.append(select)).select, table, format);
    if (!shape) return shape.error().code;
    std::string out;
    if (format == row_format::csv) shape->append_header(out);
    auto done = shape->append(from, values_of(table, from), out);
    return done ? out : done.error().code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_shape_test)

BOOST_AUTO_TEST_CASE(a_whole_row_is_shown_as_it_stands)
{
    BOOST_TEST(shown("", row_format::json) == row);
    BOOST_TEST(shown("*", row_format::json) == row);
}

BOOST_AUTO_TEST_CASE(members_stand_in_the_order_and_under_the_names_that_were_asked_for)
{
    BOOST_TEST(shown("n,id", row_format::json) == R"({"n":null,"id":1})");
    BOOST_TEST(shown("%22a%5C%22b%22:id", row_format::json) == R"({"a\"b":1})");
    BOOST_TEST(shown("id,id", row_format::json) == R"({"id":1,"id":1})");
    BOOST_TEST(shown("jb->k,x:jb->>k,jb->list->>1,y:jb->none,jb->list->>0", row_format::json) ==
               R"({"k":"v","x":"v","list":"x","y":null,"list":"1"})");
}

BOOST_AUTO_TEST_CASE(csv_quotes_where_it_has_to_and_tells_empty_from_null)
{
    BOOST_TEST(shown("id,n,b,t,e", row_format::csv) == "id,n,b,t,e\n1,,t,\"a,\"\"b\"\"\nc\",\"\"\n");
    BOOST_TEST(shown("jb", row_format::csv) == "jb\n\"{\"\"k\"\": \"\"v\"\", \"\"list\"\": [1, \"\"x\"\"]}\"\n");
    BOOST_TEST(shown("%22x,y%22:id", row_format::csv) == "\"x,y\"\n1\n");
    BOOST_TEST(shown("a", row_format::csv) == "PGRST127");
}

BOOST_AUTO_TEST_CASE(stars_do_not_add_up_without_bound)
{
    std::string stars = "*";
    for (std::size_t at = 1; at < limits::select_fields_max; ++at) stars += ",*";
    BOOST_TEST(shown(stars, row_format::json) == "PGRST100");
}

BOOST_AUTO_TEST_CASE(a_row_of_another_shape_is_none)
{
    auto table = things();
    row_values values;
    for (std::string_view bad : {"", "{", R"({"id":)", R"({"n":1,"id":1})", R"({"id":1 })", R"(["id",1])"})
        BOOST_TEST(!table.split(bad, table.columns().size(), values), bad);
    for (std::size_t size = 0; size + 2 < row.size(); ++size)
        BOOST_TEST(!table.split(row.substr(0, size), table.columns().size(), values), size);
}

BOOST_AUTO_TEST_SUITE_END()
