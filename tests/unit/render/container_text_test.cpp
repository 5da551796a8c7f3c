#include "support/printing.hpp"
#include "unit/render/formats.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

constexpr oid pair_type = 20001;
constexpr oid empty_type = 20002;
constexpr oid single_type = 20003;
constexpr oid hstore_type = 20004;
constexpr oid pairs_type = 20005;

type_catalog composites()
{
    type_catalog types;
    types.add({.id = pair_type,
               .schema = "public",
               .name = "pair",
               .kind = 'c',
               .attributes = {{"n", int4_type}, {"te\"xt", text_type}}});
    types.add({.id = empty_type, .schema = "public", .name = "empty", .kind = 'c'});
    types.add(
        {.id = single_type, .schema = "public", .name = "single", .kind = 'c', .attributes = {{"only", text_type}}});
    types.add({.id = hstore_type, .schema = "public", .name = "hstore", .casts_to_json = true});
    types.add({.id = pairs_type, .schema = "public", .name = "_pair", .element = pair_type});
    return types;
}

const type_catalog types = composites();

void check_refused(oid type, std::initializer_list<std::string_view> texts)
{
    for (auto text : texts) BOOST_TEST(json_of(type, text, types) == "bad_text", text);
}

/// A text of which no prefix is a text of the type.
void check_each_length(oid type, std::string_view whole)
{
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(json_of(type, whole.substr(0, length), types) == "bad_text", whole.substr(0, length));
    BOOST_TEST(json_of(type, whole, types) != "bad_text");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(container_texts)

BOOST_AUTO_TEST_CASE(arrays_nest_by_dimension)
{
    BOOST_TEST(json_of(int4_array_type, "{}") == "[]");
    BOOST_TEST(json_of(int4_array_type, "{1,NULL,-3}") == "[1,null,-3]");
    BOOST_TEST(json_of(int4_array_type, "{{1,2},{3,4}}") == "[[1,2],[3,4]]");
    BOOST_TEST(json_of(int4_array_type, "{{{{{{1}}}}}}") == "[[[[[[1]]]]]]");
}

BOOST_AUTO_TEST_CASE(array_bounds_are_dropped)
{
    BOOST_TEST(json_of(int4_array_type, "[0:2]={1,2,3}") == "[1,2,3]");
    BOOST_TEST(json_of(int4_array_type, "[-5:-4][2:3]={{1,2},{3,4}}") == "[[1,2],[3,4]]");
}

BOOST_AUTO_TEST_CASE(array_elements_lose_their_quotes)
{
    BOOST_TEST(json_of(text_array_type, "{a,\"b c\",\"\",\"NULL\",NULL,null}") ==
               "[\"a\",\"b c\",\"\",\"NULL\",null,\"null\"]");
    BOOST_TEST(json_of(text_array_type, "{\"\\\"\",\"\\\\\",\"{,}\"}") == "[\"\\\"\",\"\\\\\",\"{,}\"]");
}

BOOST_AUTO_TEST_CASE(boxes_stand_between_semicolons)
{
    BOOST_TEST(json_of(box_array_type, "{(3,4),(1,2);(1,1),(0,0)}") == "[\"(3,4),(1,2)\",\"(1,1),(0,0)\"]");
}

BOOST_AUTO_TEST_CASE(damaged_arrays_are_refused)
{
    check_refused(int4_array_type, {"", "1", "{1", "{1,}", "{,1}", "{1}}", "{1}x", "{1 }", "{null}", "{a}", "{{}}",
                                    "{{1}", "{{{{{{{1}}}}}}}", "[0:0]", "[0:0]=", "[a]={1}", "={1}", "{\"1\"x}"});
    check_refused(text_array_type, {"{\"a}", "{\"a\\", "{a\"b}", "{a\\b}", "{\"a\"\"b\"}", "{a{b}", "{\xFF}"});
    check_each_length(int4_array_type, "[0:1][1:1]={{1},{NULL}}");
    check_each_length(text_array_type, "{\"a\\\"b\",c,\"\"}");
}

BOOST_AUTO_TEST_CASE(vectors_are_arrays_between_spaces)
{
    BOOST_TEST(json_of(int2vector_type, "") == "[]");
    BOOST_TEST(json_of(int2vector_type, "1 -2 3") == "[1,-2,3]");
    BOOST_TEST(json_of(oidvector_type, "1 4294967295") == "[\"1\",\"4294967295\"]");
    check_refused(int2vector_type, {" ", "1 ", "1  2", " 1", "{1}", "a"});
}

BOOST_AUTO_TEST_CASE(composites_are_objects)
{
    BOOST_TEST(json_of(pair_type, "(1,a)", types) == "{\"n\":1,\"te\\\"xt\":\"a\"}");
    BOOST_TEST(json_of(pair_type, "(,)", types) == "{\"n\":null,\"te\\\"xt\":null}");
    BOOST_TEST(json_of(pair_type, "(,\"\")", types) == "{\"n\":null,\"te\\\"xt\":\"\"}");
    BOOST_TEST(json_of(pair_type, "(1,\"a\"\"b\\\\c\\\"\")", types) == "{\"n\":1,\"te\\\"xt\":\"a\\\"b\\\\c\\\"\"}");
}

BOOST_AUTO_TEST_CASE(composites_of_no_or_one_attribute_look_alike_and_are_not)
{
    BOOST_TEST(json_of(empty_type, "()", types) == "{}");
    BOOST_TEST(json_of(single_type, "()", types) == "{\"only\":null}");
    BOOST_TEST(json_of(single_type, "(\"\")", types) == "{\"only\":\"\"}");
}

BOOST_AUTO_TEST_CASE(damaged_composites_are_refused)
{
    check_refused(pair_type, {"", "()", "(1)", "(1,a,b)", "(1,a", "1,a)", "(1,a)x", "(1,\"a)", "(1,a\"b\")", "(1,a\\b)",
                              "(1,(a)", "(x,a)", "(1,\"a\\"});
    check_refused(empty_type, {"", "(", "(,)", "(1)"});
    check_each_length(pair_type, "(1,\"a\"\"b\\\\\")");
}

BOOST_AUTO_TEST_CASE(arrays_of_composites_undo_both_quotings)
{
    BOOST_TEST(json_of(pairs_type, "{\"(1,\\\"a \\\"\\\"b\\\\\\\\\\\")\",NULL,\"(,)\"}", types) ==
               "[{\"n\":1,\"te\\\"xt\":\"a \\\"b\\\\\"},null,{\"n\":null,\"te\\\"xt\":null}]");
}

BOOST_AUTO_TEST_CASE(hstore_prints_as_its_own_cast_does)
{
    BOOST_TEST(json_of(hstore_type, "", types) == "{}");
    BOOST_TEST(json_of(hstore_type, "\"a\"=>\"1\", \"b\\\"\\\\\"=>NULL, \"\"=>\"NULL\"", types) ==
               "{\"a\": \"1\", \"b\\\"\\\\\": null, \"\": \"NULL\"}");
    check_refused(hstore_type, {"a", "\"a\"", "\"a\"=>", "\"a\"=>1", "\"a\"=>\"1\",", "\"a\"=>\"1\", ",
                                "\"a\"=>\"1\"\"b\"=>\"2\"", "\"a\"=>null", "NULL=>\"a\"", "\"\xFF\"=>\"a\""});
}

BOOST_AUTO_TEST_SUITE_END()
