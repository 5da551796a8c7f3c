#include "source/kafka/topics.hpp"

#include "support/printing.hpp"
#include "unit/render/formats.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

using namespace understudy;
using namespace understudy::kafka;

namespace {

described_table described(std::string schema, std::string name)
{
    described_table made;
    made.name = {std::move(schema), std::move(name)};
    made.columns = {{.shape = {"id", int4_type, -1}, .type_name = "integer", .nullable = false, .has_default = false},
                    {.shape = {"name", text_type, -1}, .type_name = "text", .nullable = true, .has_default = false}};
    made.key = {"id"};
    return made;
}

description known(std::vector<described_table> tables = {described("public", "item")})
{
    description made;
    made.tables = std::move(tables);
    return made;
}

table_setting wanted_table(std::string schema, std::string name)
{
    table_setting made;
    made.schema = std::move(schema);
    made.name = std::move(name);
    return made;
}

settings wanted(std::vector<table_setting> tables = {wanted_table("public", "item")})
{
    settings made;
    made.kafka.prefix = "c";
    made.tables = std::move(tables);
    return made;
}

const std::map<std::string, std::int32_t> cluster{
    {"c.public.item", 1}, {"c.public.other", 1}, {"x_public_item_y", 1}, {"renamed", 1}};

/// The topics in order, or the error's name.
std::string planned(const settings& wanted, const description& from)
{
    auto made = plan_topics(wanted, from, cluster);
    if (!made) return name_of(made.error().code);
    std::string topics;
    for (const auto& table : *made) topics += table.topic + ";";
    return topics;
}

std::string refusal(const settings& wanted, const description& from)
{
    auto made = plan_topics(wanted, from, cluster);
    BOOST_TEST_REQUIRE(made.has_error());
    return std::string{name_of(made.error().code)} + ": " + made.error().text;
}

std::string fingerprint(const settings& wanted, const description& from)
{
    return plan_topics(wanted, from, cluster).value().at(0).table.record.fingerprint;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(topics)

BOOST_AUTO_TEST_CASE(topics_have_the_names_that_debezium_gives_them)
{
    BOOST_TEST(topic_name("c1", {"S 2", "tt"}) == "c1.S_2.tt");
    BOOST_TEST(topic_name("c1", {"public", "Weird Name$x"}) == "c1.public.Weird_Name_x");
    BOOST_TEST(topic_name("a-b", {"p_1", "t.u"}) == "a-b.p_1.t.u");
    BOOST_TEST(topic_name("c", {"public", "größe"}) == "c.public.gr__e");
    BOOST_TEST(topic_name("c", {"public", "\xF0\x9F\x98\x80"}) == "c.public.__");
}

BOOST_AUTO_TEST_CASE(a_topic_is_found_by_prefix_by_list_and_by_pattern)
{
    auto by = wanted();
    BOOST_TEST(planned(by, known()) == "c.public.item;");
    by.kafka.prefix.clear();
    by.kafka.list = {{"renamed", {"public", "item"}}};
    BOOST_TEST(planned(by, known()) == "renamed;");
    by.kafka.list.clear();
    by.kafka.pattern = "x_([a-z]+)_([a-z]+)_y";
    BOOST_TEST(planned(by, known()) == "x_public_item_y;");
}

BOOST_AUTO_TEST_CASE(a_topic_that_the_cluster_lacks_is_named)
{
    auto by = wanted({wanted_table("public", "gone"), wanted_table("public", "lost")});
    auto text = refusal(by, known({described("public", "gone"), described("public", "lost")}));
    BOOST_TEST(text.starts_with("topic_missing: no topic c.public.gone, c.public.lost in the cluster"), text);
    by.kafka.prefix.clear();
    by.kafka.pattern = "x_([a-z]+)_([a-z]+)_y";
    BOOST_TEST(
        refusal(by, known({described("public", "gone"), described("public", "lost")})).find("(of public.gone)") !=
        std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_schema_stands_for_all_its_described_tables_but_those_that_are_named)
{
    auto tables = known({described("public", "item"), described("sales", "x"), described("public", "other")});
    BOOST_TEST(planned(wanted({wanted_table("public", "")}), tables) == "c.public.item;c.public.other;");
    BOOST_TEST(planned(wanted({wanted_table("public", "other"), wanted_table("public", "")}), tables) ==
               "c.public.other;c.public.item;");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_not_described_is_refused)
{
    auto text = refusal(wanted(), known({}));
    BOOST_TEST(text.starts_with("bad_config: table public.item: source.kafka.description does not describe it"), text);
}

BOOST_AUTO_TEST_CASE(topics_of_tables_that_nothing_describes_are_asked)
{
    auto asked = [](const settings& by, const description& from) {
        std::string all;
        for (const auto& each : topics_to_ask(by, from, cluster))
            all += fmt::format("{} {}{};", each.topic, to_string(each.table), each.is_guess ? "?" : "");
        return all;
    };
    BOOST_TEST(asked(wanted(), known()) == "");
    BOOST_TEST(asked(wanted(), known({})) == "c.public.item public.item;");
    BOOST_TEST(asked(wanted({wanted_table("public", "gone")}), known({})) == "");
    auto all = wanted({wanted_table("public", ""), wanted_table("public", "other")});
    BOOST_TEST(asked(all, known({})) == "c.public.other public.other;c.public.item public.item?;");
    all.kafka.description = "/described";
    BOOST_TEST(asked(all, known({})) == "c.public.other public.other;");
    all.kafka.description.clear();
    all.kafka.prefix.clear();
    all.kafka.pattern = "x_([a-z]+)_([a-z]+)_y";
    BOOST_TEST(asked(all, known({})) == "x_public_item_y public.item;");
    all.kafka.pattern.clear();
    all.kafka.list = {{"renamed", {"public", "item"}}, {"gone", {"public", "lost"}}};
    BOOST_TEST(asked(all, known({})) == "renamed public.item;");
}

BOOST_AUTO_TEST_CASE(what_has_neither_topic_nor_description_is_missing)
{
    auto text = refusal(wanted({wanted_table("public", "gone"), wanted_table("sales", "")}), known({}));
    BOOST_TEST(text.starts_with("topic_missing: no topic c.public.gone, of sales.* in the cluster"), text);
}

BOOST_AUTO_TEST_CASE(a_column_whose_type_is_not_told_is_refused_unless_it_is_left_out)
{
    auto tables = known();
    tables.tables[0].columns[1].shape.type = 0;
    tables.tables[0].columns[1].type_name = "struct";
    auto text = refusal(wanted(), tables);
    BOOST_TEST(text.starts_with(
                   "unsupported_type: table public.item: the schema of column name in the messages, struct, does not"),
               text);
    auto by = wanted();
    by.tables[0].exclude = {"name"};
    BOOST_TEST(planned(by, tables) == "c.public.item;");
}

BOOST_AUTO_TEST_CASE(columns_that_are_excluded_are_left_out)
{
    auto tables = known();
    tables.tables[0].left_out = {"total"};
    auto by = wanted();
    by.tables[0].exclude = {"name"};
    auto made = plan_topics(by, tables, cluster).value();
    BOOST_TEST(made[0].table.record.shape.columns.size() == 1U);
    BOOST_TEST(made[0].columns.size() == 1U);
    BOOST_TEST((made[0].table.left_out == std::vector<std::string>{"total", "name"}));
    by.tables[0].exclude = {"id"};
    BOOST_TEST(refusal(by, tables) == "bad_config: table public.item: key column id is not mirrored");
}

BOOST_AUTO_TEST_CASE(generated_columns_may_be_sent_by_a_server_from_18_on)
{
    auto may = [](std::string version) {
        auto tables = known();
        tables.server_version = std::move(version);
        return plan_topics(wanted(), tables, cluster).value()[0].may_send_generated;
    };
    BOOST_TEST(!may("15.18"));
    BOOST_TEST(!may("9.6"));
    BOOST_TEST(may("18.0"));
    BOOST_TEST(may(""));
}

// The newest message may be a change, which has no generated columns, and the rows behind it a snapshot's, which have.
BOOST_AUTO_TEST_CASE(a_column_that_is_excluded_is_left_out_though_nothing_tells_of_it)
{
    auto by = wanted();
    by.tables[0].exclude = {"made"};
    auto made = plan_topics(by, known(), cluster).value();
    BOOST_TEST(made[0].columns.size() == 2U);
    BOOST_TEST((made[0].table.left_out == std::vector<std::string>{"made"}));
}

BOOST_AUTO_TEST_CASE(a_table_without_key_is_refused)
{
    auto tables = known();
    tables.tables[0].key.clear();
    BOOST_TEST(
        refusal(wanted(), tables).starts_with("table_unusable: table public.item: nothing tells its rows apart"));
}

BOOST_AUTO_TEST_CASE(a_column_of_a_type_without_json_is_refused_unless_it_is_excluded)
{
    auto tables = known();
    tables.tables[0].columns.push_back(
        {.shape = {"odd", 99999, -1}, .type_name = "odd type", .nullable = true, .has_default = false});
    auto by = wanted();
    BOOST_TEST(refusal(by, tables).find("column odd has type odd type") != std::string::npos);
    by.tables[0].exclude = {"odd"};
    BOOST_TEST(planned(by, tables) == "c.public.item;");
}

BOOST_AUTO_TEST_CASE(a_key_has_the_order_of_the_description)
{
    auto tables = known();
    tables.tables[0].key = {"name", "id"};
    auto made = plan_topics(wanted(), tables, cluster).value();
    BOOST_TEST((made[0].table.record.shape.key == std::vector<std::uint16_t>{1, 0}));
}

BOOST_AUTO_TEST_CASE(two_tables_of_one_topic_are_refused)
{
    auto tables = known({described("public", "we ird"), described("public", "we$ird")});
    auto made = plan_topics(wanted({wanted_table("public", "")}), tables, {{"c.public.we_ird", 1}});
    BOOST_TEST_REQUIRE(made.has_error());
    BOOST_TEST(name_of(made.error().code) == "table_unusable");
    BOOST_TEST(made.error().text ==
               "table public.we$ird: its topic c.public.we_ird holds the rows of public.we ird, too; "
               "follow one of them");
}

BOOST_AUTO_TEST_CASE(whatever_changes_what_is_stored_changes_the_fingerprint)
{
    auto before = fingerprint(wanted(), known());
    BOOST_TEST(fingerprint(wanted(), known()) == before);
    std::vector<std::string> others;
    auto describe = [&](auto change) {
        auto tables = known();
        change(tables.tables[0]);
        others.push_back(fingerprint(wanted(), tables));
    };
    describe([](auto& table) { table.columns[1].shape.name = "nam"; });
    describe([](auto& table) { table.columns[1].shape.type = int4_type; });
    describe([](auto& table) { table.columns[1].shape.typmod = 7; });
    describe([](auto& table) { table.columns[1].nullable = false; });
    describe([](auto& table) { table.columns[1].has_default = true; });
    describe([](auto& table) { table.columns.pop_back(); });
    describe([](auto& table) { table.key = {"name"}; });
    auto set = [&](auto change) {
        auto by = wanted();
        change(by.kafka);
        others.push_back(fingerprint(by, known()));
    };
    set([](auto& kafka) { kafka.encodings.decimal = "string"; });
    set([](auto& kafka) { kafka.encodings.time = "connect"; });
    set([](auto& kafka) { kafka.encodings.interval = "string"; });
    set([](auto& kafka) { kafka.encodings.binary = "hex"; });
    set([](auto& kafka) { kafka.encodings.hstore = "map"; });
    set([](auto& kafka) { kafka.encodings.unavailable = "?"; });
    set([](auto& kafka) {
        kafka.prefix.clear();
        kafka.list = {{"renamed", {"public", "item"}}};
    });
    for (const auto& other : others) BOOST_TEST(other != before);
    std::sort(others.begin(), others.end());
    BOOST_TEST((std::adjacent_find(others.begin(), others.end()) == others.end()));
}

// Two domains of the same base type differ by its typmod only.
BOOST_AUTO_TEST_CASE(what_a_domain_gives_its_base_type_changes_the_fingerprint)
{
    auto with = [](std::int32_t typmod) {
        auto tables = known();
        tables.tables[0].columns[1].shape.type = 16500;
        type_facts domain;
        domain.id = 16500;
        domain.kind = 'd';
        domain.base = timestamp_type;
        domain.base_typmod = typmod;
        tables.types = {domain};
        return fingerprint(wanted(), tables);
    };
    BOOST_TEST(with(3) != with(-1));
}

BOOST_AUTO_TEST_SUITE_END()
