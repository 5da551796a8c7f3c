#include "render/json_fragment.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace understudy;

BOOST_AUTO_TEST_SUITE(json_fragments)

BOOST_AUTO_TEST_CASE(a_value_ends_where_it_ends_whatever_stands_behind_it)
{
    for (std::string_view value :
         {"1", "-12.5e3", "null", "true", R"("")", R"("Bolt")", R"("a,b}]")", R"("\"")", R"("\\")", R"("\\\"x\\")",
          R"("tab\t\u00e9\"")", "[]", "{}", "[[1, 2], [3]]", R"({"a": "}", "b": [{"c": "]\""}]})"})
        for (std::string_view behind : {",", "}", "]", R"(,"next":"\"")", ",\n{\"id\":2}"})
            BOOST_TEST(json_fragment_size(std::string{value} + std::string{behind}) == value.size());
}

BOOST_AUTO_TEST_CASE(a_string_or_a_container_that_is_cut_has_no_size)
{
    for (std::string_view whole : {R"("a\\\"b\\")", R"({"a": ["]}", {"b": "\""}]})"})
        for (std::size_t length = 0; length < whole.size(); ++length)
            BOOST_TEST(json_fragment_size(whole.substr(0, length)) == 0U);
}

BOOST_AUTO_TEST_CASE(a_string_of_nothing_but_escapes_is_gone_through_once)
{
    std::string value{'"'};
    for (int count = 0; count < 1'000'000; ++count) value += "\\\\";
    value += '"';
    BOOST_TEST(json_fragment_size(value + ",") == value.size());
}

BOOST_AUTO_TEST_SUITE_END()
