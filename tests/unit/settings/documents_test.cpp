#include "config_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace understudy {

namespace {

const std::string tables =
    "tables: [public.a, {table: public.b, exclude: [secret]}, sales.*, {table: x.c, columns: [id]}]\n";

std::string with_documents(const std::string& documents)
{
    return tables + minimal_lines.substr(minimal_lines.find('\n') + 1) + "documents: " + documents + "\n";
}

std::string complaints_about(const std::string& documents)
{
    auto text = complaints(with_documents(documents));
    auto place = text.find("documents[");
    return place == text.npos ? text : text.substr(place);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(a_shaped_document_is_read)
{
    auto values = values_of(with_documents("[{file: m.json, header: false, tables: [public.a, {table: public.b, as: "
                                           "bees, columns: [id, {name: title}], keyed_by: id}]}, {file: all.json}]"));
    document_settings shaped{
        "m.json", false, {{"public.a", "", {}, ""}, {"public.b", "bees", {{"id", "id"}, {"name", "title"}}, "id"}}};
    BOOST_REQUIRE(values.documents.size() == 2);
    BOOST_TEST((values.documents[0] == shaped));
    BOOST_TEST((values.documents[1] == document_settings{"all.json", true, {}}));
}

BOOST_AUTO_TEST_CASE(only_mirrored_tables_and_columns_can_be_used)
{
    BOOST_TEST(complaints_about("[{file: a, tables: [public.z]}]") ==
               "documents[0].tables[0]: public.z is not in tables");
    BOOST_TEST(complaints_about("[{file: a, tables: [sales.any]}]") == "loaded");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.b, columns: [id, secret]}]}]") ==
               "documents[0].tables[0].columns[1]: the column `secret` is not mirrored: see tables");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: x.c, keyed_by: name}]}]") ==
               "documents[0].tables[0].keyed_by: the column `name` is not mirrored: see tables");
}

BOOST_AUTO_TEST_CASE(two_members_of_one_name_are_an_error)
{
    BOOST_TEST(complaints_about("[{file: a, tables: [public.a, {table: public.b, as: a}]}]") ==
               "documents[0].tables[1].table: the member name `a` is taken by documents[0].tables[0]; give another "
               "with as");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.a, as: understudy}]}]") ==
               "documents[0].tables[0].table: the member name `understudy` is taken by the header; give another "
               "with as");
    BOOST_TEST(complaints_about("[{file: a, header: false, tables: [{table: public.a, as: understudy}]}]") == "loaded");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.a, columns: [x, {y: x}]}]}]") ==
               "documents[0].tables[0].columns[1]: the member name `x` is written twice");
    BOOST_TEST(complaints_about("[{file: a, tables: [public.a]}, {file: b, tables: [public.a]}]") == "loaded");
}

BOOST_AUTO_TEST_CASE(the_default_document_needs_distinct_members_too)
{
    auto rest = minimal_lines.substr(minimal_lines.find('\n') + 1);
    BOOST_TEST(complaints("tables: ['public.\"s.t\"', s.t]\n" + rest) ==
               "c.yaml:1:9: tables: the member name `s.t` is taken by tables; give another with as");
    BOOST_TEST(complaints("tables: [public.understudy]\n" + rest) ==
               "c.yaml:1:9: tables: the member name `understudy` is taken by the header; give another with as");
}

BOOST_AUTO_TEST_CASE(files_have_plain_and_distinct_names)
{
    auto form = "documents[0].file: expected a file name without directories: letters, digits, dot, _ and -";
    for (auto name : {"../x", "a/b", ".hidden", "''", "\"a b\""})
        BOOST_TEST_CONTEXT(name) BOOST_TEST(complaints_about("[{file: " + std::string{name} + "}]") == form);
    BOOST_TEST(complaints_about("[{file: manifest.json}]") ==
               "documents[0].file: manifest.json is the name of the generation's own manifest");
    BOOST_TEST(complaints_about("[{file: a.json}, {file: a.json}]") ==
               "documents[1].file: the same file as documents[0].file");
}

BOOST_AUTO_TEST_CASE(wrong_shapes_are_errors)
{
    BOOST_TEST(complaints_about("[{tables: [public.a]}]").starts_with("documents[0].file: missing"));
    BOOST_TEST(complaints_about("[{file: a, tables: [public.*]}]") ==
               "documents[0].tables[0]: a document names its tables one by one; leave out tables to have all");
    BOOST_TEST(complaints_about("[{file: a, tables: []}]") ==
               "documents[0].tables: expected a list of 1 to 4096 tables");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.a, columns: [{x: y, z: w}]}]}]") ==
               "documents[0].tables[0].columns[0]: expected a column name, or one `column: member name`");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.a, columns: [{x: 5}]}]}]") ==
               "documents[0].tables[0].columns[0].x: expected a member name; found a number");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.a, keyedby: x}]}]") ==
               "documents[0].tables[0].keyedby: unknown key; did you mean documents[0].tables[0].keyed_by?");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
