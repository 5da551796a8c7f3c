#include "serve/json_place.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

json_step key(std::string name)
{
    return {std::move(name), {}};
}
json_step at(std::int64_t index)
{
    return {std::to_string(index), index};
}

std::string find(std::string_view text, const std::vector<json_step>& path, json_kind kind = json_kind::json)
{
    auto found = find_in_json(text, path, kind);
    return found ? std::string{*found} : "(null)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_place_test)

BOOST_AUTO_TEST_CASE(members_and_elements_are_found_through_any_spacing)
{
    const std::string text = R"( { "a" : [ 1 , {"b\"c":"}"} , [ ] ] , "d":null,"a b":-1e5,"d" : false } )";
    BOOST_TEST(find(text, {key("a"), at(0)}) == "1");
    BOOST_TEST(find(text, {key("a"), at(1), key("b\"c")}) == "\"}\"");
    BOOST_TEST(find(text, {key("a"), at(-1)}) == "[ ]");
    BOOST_TEST(find(text, {key("a b")}) == "-1e5");
    BOOST_TEST(find(text, {key("d")}) == "false");  // the last of one name
}

BOOST_AUTO_TEST_CASE(a_step_that_does_not_fit_leads_nowhere)
{
    for (const auto& path : std::vector<std::vector<json_step>>{{key("x")},
                                                                {at(0)},
                                                                {key("a"), key("b")},
                                                                {key("a"), at(3)},
                                                                {key("a"), at(-4)},
                                                                {key("s"), key("t")},
                                                                {key("a"), at(0), at(0)},
                                                                {key("a"), at(INT64_MIN)},
                                                                {key("a"), at(INT64_MAX)}})
        BOOST_TEST(find(R"({"a":[1,2,3],"s":"t"})", path) == "(null)");
}

BOOST_AUTO_TEST_CASE(a_jsonb_scalar_is_an_array_of_itself)
{
    BOOST_TEST(find("5", {at(0)}, json_kind::jsonb) == "5");
    BOOST_TEST(find("5", {at(-1)}, json_kind::jsonb) == "5");
    BOOST_TEST(find("5", {at(1)}, json_kind::jsonb) == "(null)");
    BOOST_TEST(find("5", {at(0)}, json_kind::json) == "(null)");
}

BOOST_AUTO_TEST_CASE(a_value_cut_at_any_byte_is_searched_without_harm)
{
    const std::string text = R"({"a":[1,{"b":"x\"y"},[]],"c":{"d":null}})";
    for (std::size_t size = 0; size <= text.size(); ++size)
        for (const auto& path : std::vector<std::vector<json_step>>{
                 {key("a"), at(1), key("b")}, {key("c"), key("d")}, {key("a"), at(-1)}, {at(0)}})
            find(std::string_view{text}.substr(0, size), path, json_kind::jsonb);
}

BOOST_AUTO_TEST_SUITE_END()
