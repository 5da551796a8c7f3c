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

BOOST_AUTO_TEST_CASE(what_other_tables_give_to_a_row_is_read)
{
    auto values = values_of(with_documents(
        "[{file: m.json, tables: [{table: public.a, hoist: extra, merge: [{table: x.c, by: id, columns: [{id: c}]}], "
        "nest: [{table: public.b, as: bees, by: [a1, a2], to: [x, y], order_by: [rank, {at: desc}, {n: asc}], "
        "keyed_by: code, columns: [v], hoist: [h], nest: [{table: sales.o, by: b}]}]}]}]"));
    document_table merged{"x.c", "", {{"id", "c"}}, ""};
    merged.by = {"id"};
    document_table deepest{"sales.o", "", {}, ""};
    deepest.by = {"b"};
    document_table nested{"public.b", "bees", {{"v", "v"}}, "code", {"h"}, {}, {deepest}};
    nested.by = {"a1", "a2"};
    nested.to = {"x", "y"};
    nested.order_by = {{"rank", false}, {"at", true}, {"n", false}};
    document_table whole{"public.a", "", {}, "", {"extra"}, {merged}, {nested}};
    BOOST_TEST((values.documents[0].tables == std::vector{whole}));
}

BOOST_AUTO_TEST_CASE(tables_inside_others_are_checked_as_others)
{
    auto nested = [](const std::string& entry) {
        return complaints_about("[{file: a, tables: [{table: public.a, nest: [" + entry + "]}]}]");
    };
    const std::string at = "documents[0].tables[0].nest[0]";
    BOOST_TEST(nested("{table: public.z, by: a}") == at + ".table: public.z is not in tables");
    BOOST_TEST(nested("{table: public.*, by: a}") ==
               at + ".table: a document names its tables one by one; leave out tables to have all");
    BOOST_TEST(nested("{table: public.b, by: secret}") == at + ".by: the column `secret` is not mirrored: see tables");
    BOOST_TEST(nested("{table: x.c, by: id, order_by: [{rank: desc}]}") ==
               at + ".order_by[0]: the column `rank` is not mirrored: see tables");
    BOOST_TEST(nested("{table: x.c, by: id, hoist: [id, more]}") ==
               at + ".hoist[1]: the column `more` is not mirrored: see tables");
    BOOST_TEST(nested("{table: x.c, by: id, nest: [{table: public.a, by: a, to: rank}]}") ==
               at + ".nest[0].to: the column `rank` is not mirrored: see tables");
    BOOST_TEST(nested("{table: public.b, by: [a, b], to: c}") == at + ".to: 1 columns where by has 2");
    BOOST_TEST(nested("{table: public.b, by: [a, a]}") == at + ".by[1]: the column is listed twice");
}

BOOST_AUTO_TEST_CASE(wrong_shapes_inside_others_are_errors)
{
    auto nested = [](const std::string& entry) {
        return complaints_about("[{file: a, tables: [{table: public.a, nest: [" + entry + "]}]}]");
    };
    const std::string at = "documents[0].tables[0].nest[0]";
    BOOST_TEST(nested("public.b") == at + ": expected a section with table and by; found text");
    BOOST_TEST(nested("{table: public.b}") ==
               at + ".by: missing; expected a column name, or a list of 1 to 32 of them");
    BOOST_TEST(nested("{table: public.b, by: a, orderby: [x]}") ==
               at + ".orderby: unknown key; did you mean " + at + ".order_by?");
    BOOST_TEST(nested("{table: public.b, by: a, order_by: [{x: up}]}") ==
               at + ".order_by[0].x: expected one of asc, desc");
    BOOST_TEST(
        nested("{table: public.b, by: a, nest: [{table: public.a, by: b, nest: [{table: public.a, bye: 1}]}]}") ==
        at + ".nest[0].nest[0].bye: unknown key; did you mean " + at + ".nest[0].nest[0].by?");
    BOOST_TEST(complaints_about("[{file: a, tables: [{table: public.a, merge: [{table: public.b, by: a}]}]}]") ==
               "documents[0].tables[0].merge[0].columns: missing; expected a list of 1 to 1600 columns");
}

BOOST_AUTO_TEST_CASE(members_that_other_tables_give_have_names_of_their_own)
{
    BOOST_TEST(
        complaints_about("[{file: a, tables: [{table: public.a, columns: [b], nest: [{table: public.b, by: a}]}]}]") ==
        "documents[0].tables[0].nest[0]: the member name `b` is taken by documents[0].tables[0].columns; give "
        "another");
    BOOST_TEST(
        complaints_about("[{file: a, tables: [{table: public.a, merge: [{table: public.b, by: a, columns: [x]}], "
                         "nest: [{table: public.b, by: a, as: x}]}]}]") ==
        "documents[0].tables[0].nest[0]: the member name `x` is taken by "
        "documents[0].tables[0].merge[0].columns; give another");
}

BOOST_AUTO_TEST_CASE(children_nest_no_deeper_than_the_limit)
{
    auto nested = [](int levels) {
        std::string entry = "{table: public.a, by: p}";
        for (int level = 1; level < levels; ++level) entry = "{table: public.a, by: p, nest: [" + entry + "]}";
        return complaints_about("[{file: a, tables: [{table: public.a, nest: [" + entry + "]}]}]");
    };
    BOOST_TEST(nested(8) == "loaded");
    BOOST_TEST(nested(9).ends_with(".nest: children nest at most 8 deep"), nested(9));
}

BOOST_AUTO_TEST_CASE(a_wrap_is_taken_apart_around_the_rows)
{
    auto values = values_of(with_documents(
        "[{file: m.json, header: false, wrap: {version: 3, deep: [$b, {note: $$5, 'none': null}], rest: $A}, tables: "
        "[{table: public.a, as: A}, public.b]}, {file: n.json, header: false, wrap: $a, tables: [public.a]}]"));
    const auto& wrapped = values.documents[0];
    BOOST_TEST(wrapped.wrap == (std::vector<std::string>{R"({"version":3,"deep":[)",
                                                         R"(,{"note":"$5","none":null}],"rest":)", "}"}),
               boost::test_tools::per_element());
    BOOST_TEST(wrapped.tables[0].table == "public.b");
    BOOST_TEST(wrapped.tables[1].as == "A");
    BOOST_TEST(values.documents[1].wrap == (std::vector<std::string>{"", ""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_wrap_has_each_table_once)
{
    auto wrapped = [](const std::string& rest) { return complaints_about("[{file: a, " + rest + "}]"); };
    BOOST_TEST(wrapped("header: false, wrap: {data: $a}") ==
               "documents[0].wrap: needs tables, for it names their members");
    BOOST_TEST(
        wrapped("header: false, wrap: {data: $rows}, tables: [public.a]") ==
        "documents[0].wrap: `$rows` is no member of this document's tables; a text that begins with $ is written "
        "with $$\nc.yaml:5:44: documents[0].wrap: has no place for the rows of `a`: write $a");
    BOOST_TEST(wrapped("header: false, wrap: [$a, $a], tables: [public.a]") ==
               "documents[0].wrap: has the rows of `a` more than once");
    BOOST_TEST(wrapped("wrap: [$a], tables: [public.a]") ==
               "documents[0].wrap: a header needs a section to stand in; write header: false");
    BOOST_TEST(wrapped("wrap: {understudy: 1, a: $a}, tables: [public.a]") ==
               "documents[0].wrap: the member name `understudy` is taken by the header; write header: false");
    BOOST_TEST(
        wrapped("wrap: 5, tables: [public.a]") ==
        "documents[0].wrap: expected a section, list or text in which `$member` stands for a table's rows; found "
        "a number");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
