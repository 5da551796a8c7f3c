#include "source/kafka/schema_finder.hpp"

#include "support/printing.hpp"
#include "unit/render/formats.hpp"
#include "unit/source/kafka_kit.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

using namespace understudy;
using namespace understudy::kafka;

namespace {

/// A record's halves, with schemas unless a test takes them away.
struct made_record {
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
};

std::string with_schema(std::string_view fields, std::string_view payload)
{
    return fmt::format(R"({{"schema":{{"type":"struct","fields":[{}]}},"payload":{}}})", fields, payload);
}

std::string field(std::string_view name, std::string_view own, std::string_view type = "int32")
{
    return fmt::format(
        R"({{"type":"{}","optional":{},"parameters":{{"__debezium.source.column.type":"{}"}},"field":"{}"}})", type,
        name == "id" ? "false" : "true", own, name);
}

std::string envelope(std::string_view table, std::int64_t at_us, char op = 'c')
{
    return fmt::format(
        R"({{"before":{{"id":1}},"after":{},"source":{{"schema":"public","table":"{}","ts_us":{}}},"op":"{}"}})",
        op == 'd' ? "null" : R"({"id":1})", table, at_us, op);
}

/// Of a row with `id` and one more column.
made_record row(std::string_view second, std::int64_t at_us, std::int64_t offset = 0, char op = 'c')
{
    auto fields = field("id", "INT4") + "," + std::string{second};
    auto after = fmt::format(R"({{"type":"struct","fields":[{}],"optional":true,"field":"after"}})", fields);
    return {.key = with_schema(field("id", "INT4"), R"({"id":1})"),
            .value = with_schema(after, envelope("item", at_us, op)),
            .offset = offset};
}

const std::string more = field("more", "TEXT", "string");
const std::string other = field("other", "INT8", "int64");

class finding {
public:
    explicit finding(asked_topic wanted = {"c.public.item", {"public", "item"}}) : finder_{std::move(wanted), {}} {}

    finding& take(const made_record& what)
    {
        record made;
        made.topic = finder_.wanted().topic;
        made.partition = what.partition;
        made.offset = what.offset;
        if (what.key) made.key = *what.key;
        if (what.value) made.value = *what.value;
        finder_.take(made);
        return *this;
    }

    described_table table() const { return finder_.found().value(); }

    /// The columns' names, or the error.
    std::string found() const
    {
        auto table = finder_.found();
        if (!table) return fmt::format("{}: {}", name_of(table.error().code), table.error().text);
        std::string names;
        for (const auto& column : table->columns) names += column.shape.name + " ";
        return names;
    }

private:
    schema_finder finder_;
};

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_finders)

BOOST_AUTO_TEST_CASE(a_table_is_told_as_it_would_be_described)
{
    auto table = finding{}.take(row(more, 1)).table();
    BOOST_TEST(to_string(table.name) == "public.item");
    BOOST_TEST((table.key == std::vector<std::string>{"id"}));
    BOOST_TEST((table.origin == column_origin::messages));
    BOOST_TEST(table.columns.size() == 2u);
    BOOST_TEST((table.columns[0].shape == column{"id", int4_type, -1}));
    BOOST_TEST((table.columns[1].shape == column{"more", text_type, -1}));
    BOOST_TEST(!table.columns[0].nullable);
    BOOST_TEST(table.columns[1].nullable);
    BOOST_TEST(table.columns[1].loss.value() == "");
    BOOST_TEST(table.columns[1].type_name == "text");
}

BOOST_AUTO_TEST_CASE(the_newest_commit_tells_wherever_it_stands)
{
    BOOST_TEST(finding{}.take(row(more, 1, 0)).take(row(other, 2, 1)).found() == "id other ");
    BOOST_TEST(finding{}.take(row(other, 2, 7)).take(row(more, 1, 9)).found() == "id other ");
    BOOST_TEST(finding{}.take(row(more, 2, 0)).take(row(other, 2, 1)).found() == "id other ");
    BOOST_TEST(finding{}.take(row(more, 1)).take(row(other, 2)).take(row(more, 3)).found() == "id more ");
}

BOOST_AUTO_TEST_CASE(a_delete_tells_as_well_and_a_tombstone_does_not)
{
    BOOST_TEST(
        finding{}.take(row(more, 1, 0, 'd')).take({.key = R"({"id":1})", .value = std::nullopt, .offset = 1}).found() ==
        "id more ");
    auto text = finding{}.take({.key = R"({"id":1})", .value = std::nullopt}).found();
    BOOST_TEST(
        has(text, "columns_unknown: table public.item: of the newest 1 record(s) of topic c.public.item none says"),
        text);
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named_with_what_to_do)
{
    auto bare = row(more, 1, 5);
    bare.value = envelope("item", 1);
    auto text = finding{}.take(bare).found();
    BOOST_TEST(has(text, "c.public.item [0] at offset 5 has no schema"), text);
    BOOST_TEST(has(text, "value.converter.schemas.enable=true"), text);
    BOOST_TEST(has(text, "understudy describe"), text);
    bare = row(more, 1, 6);
    bare.key = R"({"id":1})";
    text = finding{}.take(bare).found();
    BOOST_TEST(has(text, "the key of c.public.item [0] at offset 6 has no schema"), text);
    BOOST_TEST(has(text, "key.converter.schemas.enable=true"), text);
    bare.value = "\x01\x02";
    text = finding{}.take(bare).found();
    BOOST_TEST(has(text, "columns_unknown: table public.item: c.public.item [0] at offset 6 "), text);
    BOOST_TEST(finding{}.take(bare).take(row(more, 1)).found() == "id more ");
}

BOOST_AUTO_TEST_CASE(without_a_key_nothing_tells_rows_apart)
{
    auto keyless = row(more, 1);
    keyless.key.reset();
    BOOST_TEST(finding{}.take(keyless).table().key.empty());
}

BOOST_AUTO_TEST_CASE(messages_know_a_name_better_than_their_topic_does)
{
    auto odd = row(more, 1);
    odd.value->replace(odd.value->find(R"("table":"item")"), 14, R"("table":"Item $")");
    BOOST_TEST(to_string(finding{{"c.public.Item__", {"public", "Item__"}, true}}.take(odd).table().name) ==
               "public.Item $");
    BOOST_TEST(to_string(finding{{"c.public.Item__", {"public", "Item__"}, false}}.take(odd).table().name) ==
               "public.Item__");
}

BOOST_AUTO_TEST_CASE(members_that_flattening_adds_are_no_columns)
{
    auto fields = field("id", "INT4") + "," + more + R"(,{"type":"string","optional":true,"field":"__deleted"})";
    finding flat;
    flat.take({.key = with_schema(field("id", "INT4"), R"({"id":1})"),
               .value = with_schema(fields, R"({"id":1,"more":"x","__deleted":"false"})")});
    BOOST_TEST(flat.found() == "id more ");
}

BOOST_AUTO_TEST_CASE(what_a_real_connector_sends_is_told)
{
    finding real{{"i2.public.src", {"public", "src"}}};
    auto message = testing::captured("asch.public.item").front();
    real.take({.key = message.key, .value = message.value});
    auto table = real.table();
    BOOST_TEST((table.key == std::vector<std::string>{"id"}));
    BOOST_TEST(
        table.columns.at(1).loss.value() ==
        "numeric, money, bytea and composite types as text cannot be told from it and would be shown as it: set the "
        "connector's column.propagate.source.type, or describe the table");
}

BOOST_AUTO_TEST_SUITE_END()
