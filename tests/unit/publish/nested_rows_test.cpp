#include "publish/json_members.hpp"
#include "writer_fixture.hpp"

#include <boost/json.hpp>

#include <algorithm>

using namespace understudy;

namespace {

constexpr oid int4 = 23;
constexpr oid text_type = 25;
constexpr oid jsonb = 3802;

/// A shop: products with texts (one-to-one), variants, and prices of variants.
struct nest_fixture : writer_fixture {
    nest_fixture()
    {
        products = add_table("products", {{"id", int4}, {"name", text_type}, {"extra", jsonb}});
        texts = add_table("texts", {{"product_id", int4}, {"title", text_type}, {"blurb", text_type}});
        variants = add_table("variants", {{"id", int4}, {"product_id", int4}, {"position", int4}, {"code", text_type}});
        prices = add_table("prices", {{"variant_id", int4}, {"currency", text_type}, {"cents", int4}});
        change(prices).shape.key = {0, 1};
        rows.add_row(products, {"1", "\"chair\"", R"({"legs": 4, "colours": ["red", "b,l}ue"]})"});
        rows.add_row(products, {"2", "\"table\"", ""});
        rows.add_row(texts, {"1", "\"The Chair\"", "\"sit\""});
        rows.add_row(variants, {"10", "1", "2", "\"oak\""});
        rows.add_row(variants, {"11", "1", "1", "\"ash\""});
        rows.add_row(variants, {"12", "", "1", "\"lost\""});
        rows.add_row(variants, {"13", "9", "1", "\"orphan\""});
        rows.add_row(prices, {"10", "\"EUR\"", "500"});
        rows.add_row(prices, {"10", "\"USD\"", "600"});
        document_table top;
        top.table = "public.products";
        top.columns = {{"id", ""}};
        documents[0] = {"shop.json", false, {top}};
    }

    epoch add_table(const std::string& name, const std::vector<std::pair<std::string, oid>>& columns)
    {
        std::vector<std::string> names;
        for (const auto& [column, type] : columns) names.push_back(column);
        auto made = rows.add_table({"public", name}, names);
        for (std::size_t at = 0; at < columns.size(); ++at) change(made).shape.columns[at].type = columns[at].second;
        return made;
    }

    table_record& change(epoch table)
    {
        auto& tables = rows.change_state().tables;
        return *std::find_if(tables.begin(), tables.end(), [&](const auto& one) { return one.rows == table; });
    }

    document_table& top() { return documents[0].tables[0]; }

    static document_table inside(const std::string& table, std::vector<std::string> by,
                                 std::vector<std::pair<std::string, std::string>> columns = {})
    {
        document_table made;
        made.table = "public." + table;
        made.by = std::move(by);
        made.columns = std::move(columns);
        return made;
    }

    document_table& nest_variants()
    {
        top().nest = {inside("variants", {"product_id"}, {{"code", ""}})};
        return top().nest[0];
    }

    /// The lines between the brackets.
    std::string body()
    {
        auto whole = text();
        const std::string before = "{\n\"products\":[\n";
        const std::string behind = "\n]\n}\n";
        BOOST_TEST(whole.starts_with(before), whole);
        BOOST_TEST(whole.ends_with(behind), whole);
        boost::json::parse(whole);
        return whole.substr(before.size(), whole.size() - before.size() - behind.size());
    }

    std::string plan_refusal()
    {
        auto made = plan_documents(documents, rows.state().tables);
        require_failure(made, errc::bad_config);
        return made.error().text.substr(made.error().text.find("shop.json: ") + 11);
    }

    std::string row_refusal()
    {
        auto why = refusal();
        for (auto secret : {"chair", "oak", "legs", "sit"})
            BOOST_TEST(why.find(secret) == why.npos, why << " tells data");
        return why;
    }

    epoch products, texts, variants, prices;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(nested_rows, nest_fixture)

BOOST_AUTO_TEST_CASE(children_stand_inside_their_parent_in_key_order)
{
    nest_variants();
    BOOST_TEST(body() == R"({"id":1,"variants":[{"code":"oak"},{"code":"ash"}]},)"
                         "\n"
                         R"({"id":2,"variants":[]})");
    BOOST_TEST(row_total == 2u);
}

BOOST_AUTO_TEST_CASE(children_can_have_an_order_a_name_and_all_their_columns)
{
    auto& nested = nest_variants();
    nested.order_by = {{"position", false}};
    nested.as = "kinds\"";
    nested.columns.clear();
    BOOST_TEST(body() == R"({"id":1,"kinds\"":[{"id":11,"product_id":1,"position":1,"code":"ash"},)"
                         R"({"id":10,"product_id":1,"position":2,"code":"oak"}]},)"
                         "\n"
                         R"({"id":2,"kinds\"":[]})");
    nested.order_by = {{"code", true}};
    nested.columns = {{"code", "c"}};
    BOOST_TEST(body().starts_with(R"({"id":1,"kinds\"":[{"c":"oak"},{"c":"ash"}]})"));
}

BOOST_AUTO_TEST_CASE(children_nest_in_children_and_can_be_keyed)
{
    auto& nested = nest_variants();
    nested.keyed_by = "code";
    nested.nest = {inside("prices", {"variant_id"}, {{"cents", ""}})};
    nested.nest[0].keyed_by = "currency";
    BOOST_TEST(body() ==
               R"({"id":1,"variants":{"oak":{"code":"oak","prices":{"EUR":{"cents":500},"USD":{"cents":600}}},)"
               R"("ash":{"code":"ash","prices":{}}}},)"
               "\n"
               R"({"id":2,"variants":{}})");
}

BOOST_AUTO_TEST_CASE(names_have_to_differ_within_one_parent_only)
{
    auto& nested = nest_variants();
    nested.keyed_by = "code";
    rows.add_row(variants, {"20", "2", "1", "\"oak\""});
    body();
    rows.add_row(variants, {"21", "2", "1", "\"oak\""});
    BOOST_TEST(row_refusal().find("public.variants cannot be keyed by code") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_null_never_matches_a_null)
{
    rows.add_row(products, {"3", "", ""});
    top().nest = {inside("variants", {"code"}, {{"id", ""}})};
    top().nest[0].to = {"name"};
    rows.add_row(variants, {"14", "", "", ""});
    rows.add_row(variants, {"15", "", "", "\"table\""});
    BOOST_TEST(body() == R"({"id":1,"variants":[]},)"
                         "\n"
                         R"({"id":2,"variants":[{"id":15}]},)"
                         "\n"
                         R"({"id":3,"variants":[]})");
}

BOOST_AUTO_TEST_CASE(one_row_of_another_table_is_merged_and_a_missing_one_is_null)
{
    top().merge = {inside("texts", {"product_id"}, {{"title", ""}, {"blurb", "text"}})};
    BOOST_TEST(body() == R"({"id":1,"title":"The Chair","text":"sit"},)"
                         "\n"
                         R"({"id":2,"title":null,"text":null})");
}

BOOST_AUTO_TEST_CASE(two_rows_are_never_merged_into_one)
{
    top().merge = {inside("variants", {"product_id"}, {{"code", ""}})};
    BOOST_TEST(row_refusal() ==
               "documents: rows of table public.variants cannot be merged: two belong to one row; nest "
               "them instead");
}

BOOST_AUTO_TEST_CASE(an_object_is_hoisted_and_a_null_gives_nothing)
{
    top().hoist = {"extra"};
    BOOST_TEST(body() == R"({"id":1,"legs":4,"colours":["red", "b,l}ue"]},)"
                         "\n"
                         R"({"id":2})");
}

BOOST_AUTO_TEST_CASE(a_hoisted_column_is_left_out_where_columns_are_not_named)
{
    top().columns.clear();
    top().hoist = {"extra"};
    rows.clear(products);
    rows.add_row(products, {"1", "\"x\"", "{}"});
    rows.add_row(products, {"2", "\"y\"", "null"});
    BOOST_TEST(body() == R"({"id":1,"name":"x"},)"
                         "\n"
                         R"({"id":2,"name":"y"})");
}

BOOST_AUTO_TEST_CASE(the_members_of_a_row_come_from_everywhere_in_a_fixed_order)
{
    top().hoist = {"extra"};
    top().merge = {inside("texts", {"product_id"}, {{"title", ""}})};
    nest_variants();
    BOOST_TEST(body().starts_with(R"({"id":1,"legs":4,"colours":["red", "b,l}ue"],"title":"The Chair","variants":[)"));
}

BOOST_AUTO_TEST_CASE(a_row_without_columns_of_its_own_begins_with_what_others_give)
{
    change(products).shape.columns = {{"extra", jsonb, -1}};
    change(products).shape.key = {};
    change(products).shape.identity = row_identity::multiset;
    top().columns.clear();
    top().hoist = {"extra"};
    top().merge = {inside("texts", {"title"}, {{"blurb", ""}})};
    top().merge[0].to = {"extra"};
    BOOST_TEST(plan_refusal().find("title cannot be matched with extra of public.products") != std::string::npos);
    top().merge.clear();
    rows.clear(products);
    rows.add_row(products, {R"({"a":1})"}, 2);
    rows.add_row(products, {"{}"});
    BOOST_TEST(body() == "{\"a\":1},\n{\"a\":1},\n{}");
}

BOOST_AUTO_TEST_CASE(a_hoisted_value_that_is_no_object_is_refused)
{
    top().hoist = {"extra"};
    for (auto value : {"[1]", "5", "\"{}\"", "true", "{\"a\":1} x"}) {
        rows.clear(products);
        rows.add_row(products, {"1", "\"x\"", value});
        BOOST_TEST_CONTEXT(value)
            BOOST_TEST(row_refusal() == "documents: table public.products: column extra cannot be hoisted: a row has a "
                                        "value there that is no object");
    }
}

BOOST_AUTO_TEST_CASE(a_hoisted_member_that_the_row_has_already_is_refused_however_it_is_written)
{
    top().hoist = {"extra"};
    top().merge = {inside("texts", {"product_id"}, {{"title", ""}})};
    nest_variants();
    for (auto value :
         {R"({"id":1})", R"({"\u0069d":1})", R"({"title":1})", R"({"variants":1})", R"({"a":1,"\u0061":2})"}) {
        rows.clear(products);
        rows.add_row(products, {"1", "\"x\"", value});
        BOOST_TEST_CONTEXT(value)
            BOOST_TEST(row_refusal() == "documents: table public.products: column extra cannot be hoisted: a member in "
                                        "it has the name of another member of the row");
    }
}

BOOST_AUTO_TEST_CASE(rows_of_a_multiset_nest_as_often_as_they_are_counted)
{
    nest_variants();
    change(variants).shape.identity = row_identity::multiset;
    change(variants).shape.key.clear();
    rows.clear(variants);
    rows.add_row(variants, {"10", "2", "2", "\"oak\""}, 2);
    BOOST_TEST(body().ends_with(R"({"id":2,"variants":[{"code":"oak"},{"code":"oak"}]})"));
}

BOOST_AUTO_TEST_CASE(a_wrap_stands_around_the_rows)
{
    documents[0].wrap = {"{\"version\":3,\"data\":", ",\"end\":true}"};
    BOOST_TEST(text() == "{\"version\":3,\"data\":[\n{\"id\":1},\n{\"id\":2}\n],\"end\":true}\n");
    documents[0].wrap = {"", ""};
    BOOST_TEST(text() == "[\n{\"id\":1},\n{\"id\":2}\n]\n");
    documents[0].wrap = {"{\"version\":3,\"data\":", "}"};
    documents[0].header = true;
    auto with_header = text();
    BOOST_TEST(with_header.ends_with("\n\"version\":3,\"data\":[\n{\"id\":1},\n{\"id\":2}\n]}\n"));
    auto parsed = boost::json::parse(with_header);
    BOOST_TEST(parsed.at("understudy").at("generation").as_int64() == 7);
}

BOOST_AUTO_TEST_CASE(a_missing_index_is_a_reason_to_wait)
{
    nest_variants();
    rows.indexes_missing = true;
    require_failure(written(), errc::catching_up);
}

BOOST_AUTO_TEST_CASE(a_plan_knows_every_table_and_index_that_it_needs)
{
    nest_variants().nest = {inside("prices", {"variant_id"})};
    top().merge = {inside("texts", {"product_id"}, {{"title", ""}})};
    auto plan = plans()[0];
    BOOST_TEST((plan.epochs == std::set<epoch>{products, texts, variants, prices}));
    BOOST_TEST((plan.indexes == std::set<row_index>{{variants, {{1, int4, false}}, 1}}));
    top().nest[0].nest[0].order_by = {{"cents", true}};
    BOOST_TEST((plans()[0].indexes == std::set<row_index>{{variants, {{1, int4, false}}, 1},
                                                          {prices, {{0, int4, false}, {2, int4, true}}, 1}}));
}

BOOST_AUTO_TEST_CASE(the_first_columns_of_a_key_need_no_index_in_whatever_order_they_are_named)
{
    change(prices).shape.columns[1].type = int4;
    change(variants).shape.columns[3].type = int4;
    top() = inside("variants", {});
    top().nest = {inside("prices", {"currency", "variant_id"})};
    top().nest[0].to = {"code", "id"};
    auto plan = plans()[0];
    BOOST_TEST(plan.indexes.empty());
    const auto& to = plan.tables[0].nested[0].link.to;
    BOOST_TEST(to[0].stored == 0u);
    BOOST_TEST(to[1].stored == 3u);
}

BOOST_AUTO_TEST_CASE(a_change_in_any_table_of_a_document_writes_it_anew)
{
    nest_variants();
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    rows.add_row(variants, {"30", "2", "1", "\"new\""});
    auto made = plans();
    generation_request request{.rows = rows, .documents = made, .number = 2};
    request.previous = &*first;
    request.unchanged = {1, {products, texts, prices}};
    require(write_generation(directory, request));
    BOOST_TEST(slurp(generation(2) / "shop.json").find("new") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_fingerprint_changes_with_each_thing_that_shapes_a_row)
{
    nest_variants();
    auto before = plans()[0].fingerprint;
    auto differs = [&](const char* what) {
        BOOST_TEST(plans()[0].fingerprint != before, what);
        before = plans()[0].fingerprint;
    };
    top().nest[0].order_by = {{"position", false}};
    differs("order");
    top().nest[0].order_by[0].descending = true;
    differs("direction");
    top().nest[0].as = "kinds";
    differs("name");
    top().nest[0].by = {"position"};
    differs("by");
    top().nest[0].nest = {inside("prices", {"variant_id"})};
    differs("depth");
    top().hoist = {"extra"};
    differs("hoist");
    top().merge = {inside("texts", {"product_id"}, {{"title", ""}})};
    differs("merge");
    documents[0].wrap = {"[", "]"};
    differs("wrap");
    change(variants).rows += 100;
    rows.change_state();
    differs("the epoch of a child");
}

BOOST_AUTO_TEST_CASE(what_only_the_tables_can_tell_is_refused_by_name)
{
    auto& nested = nest_variants();
    nested.table = "public.colours";
    BOOST_TEST(plan_refusal().starts_with("unknown table public.colours; mirrored are: "));
    nested = inside("variants", {"product"});
    BOOST_TEST(plan_refusal() == "table public.variants has no column product; it has: id, product_id, position, code");
    nested = inside("variants", {"product_id", "position"});
    BOOST_TEST(plan_refusal() == "table public.variants: `by` has 2 columns, and public.products has 1 to match them");
    nested = inside("variants", {"code"});
    BOOST_TEST(plan_refusal() ==
               "table public.variants: code cannot be matched with id of public.products: their types "
               "differ, or it is not known which of their values are equal");
    nested = inside("variants", {"product_id"}, {{"code", ""}});
    nested.order_by = {{"rank", false}};
    BOOST_TEST(plan_refusal().starts_with("table public.variants has no column rank"));
    nested.order_by.clear();
    nested.keyed_by = "rank";
    BOOST_TEST(plan_refusal().starts_with("table public.variants has no column rank"));
    nested.keyed_by.clear();
    nested.as = "id";
    BOOST_TEST(plan_refusal() == "table public.products has two members id");
    nested.as.clear();
    nested.hoist = {"code"};
    BOOST_TEST(plan_refusal() == "table public.variants: column code cannot be hoisted: it is neither json nor jsonb");
    nested.hoist.clear();
    for (int column = 0; column < 24; ++column) nested.order_by.push_back({"position", false});
    BOOST_TEST(plan_refusal() == "table public.variants: `by` and `order_by` have more than 24 columns");
    nested.order_by.clear();
    change(products).shape.identity = row_identity::multiset;
    change(products).shape.key.clear();
    BOOST_TEST(plan_refusal() ==
               "table public.products has no key that rows of public.variants could refer to; name its "
               "columns with `to`");
}

BOOST_AUTO_TEST_CASE(members_of_a_json_object_are_found_whatever_is_in_them)
{
    auto members_of = [](std::string_view object) {
        std::string found;
        json_member_reader reader{object};
        while (auto member = reader.next()) found += std::string{member->name} + "=" + std::string{member->value} + ";";
        return found + (reader.ok() ? "" : "!");
    };
    BOOST_TEST(members_of("{}") == "");
    BOOST_TEST(members_of(" { } ") == "");
    BOOST_TEST(members_of(R"({"a":1})") == "\"a\"=1;");
    BOOST_TEST(members_of(R"( { "a" : [1, {"b": "]}"}] , "c\"}" : "\\" } )") == R"("a"=[1, {"b": "]}"}];"c\"}"="\\";)");
    for (auto wrong : {"", "x", "[1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\" 1}", "{a:1}", "{\"a\":1}x",
                       "{\"a\":}", "{\"a\":]}", "{\"a\":\"x}"})
        BOOST_TEST(members_of(wrong).ends_with('!'), wrong);
}

BOOST_AUTO_TEST_CASE(an_object_cut_at_any_byte_is_none)
{
    const std::string whole = R"({"a":[1,{"b":"]}"}],"c":"\\"})";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        json_member_reader reader{std::string_view{whole}.substr(0, length)};
        while (reader.next()) continue;
        BOOST_TEST(!reader.ok(), "length " << length);
    }
}

BOOST_AUTO_TEST_SUITE_END()
