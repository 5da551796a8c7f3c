#include "source/kafka/row_decoder.hpp"

#include "core/row_tuple.hpp"
#include "source/row_builder.hpp"
#include "support/printing.hpp"
#include "unit/source/kafka_kit.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace understudy;
using namespace understudy::debezium;

namespace {

mirrored_table items()
{
    return kafka_kit::table_of({{"id", int4_type, -1}, {"name", text_type, -1}, {"qty", int4_type, -1}});
}

/// A decoder of messages without schemas, and what it read last.
struct decoding {
    explicit decoding(const mirrored_table& described, const encodings& settings = {})
        : table{described}, decoder{row_decoder::compile(table, types, settings).value()}
    {
    }

    error_code row(std::string_view json)
    {
        BOOST_REQUIRE(!tape.read(json));
        said = {};
        said.row = tape.root();
        return decoder.decode_row(said);
    }

    error_code key(std::string_view json)
    {
        BOOST_REQUIRE(!tape.read(json));
        said = {};
        said.key = tape.root();
        return decoder.decode_key(said);
    }

    /// The values with a comma between them; a null is empty, an unchanged one is a question mark.
    std::string values() const
    {
        std::string out;
        for (const auto& value : decoder.values()) {
            if (!out.empty()) out += ',';
            out += value.what == tuple_column::kind::unchanged ? "?" : value.text;
        }
        return out;
    }

    mirrored_table table;
    type_catalog types;
    row_decoder decoder;
    json_tape tape;
    event said;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(row_decoders)

BOOST_AUTO_TEST_CASE(values_come_in_the_order_of_the_table_whatever_that_of_the_message_is)
{
    decoding got{items()};
    for (auto json : {R"({"id":1,"name":"one","qty":2})", R"({"qty":2,"name":"one","id":1})",
                      R"({"id":1,"name":"one","qty":2})", R"({"name":"one","id":1,"qty":2})"}) {
        BOOST_TEST(!got.row(json));
        BOOST_TEST(got.values() == "1,one,2");
        BOOST_TEST(got.decoder.missing().empty());
        BOOST_TEST(got.decoder.unknown_member().empty());
    }
}

BOOST_AUTO_TEST_CASE(missing_columns_are_listed_and_unchanged)
{
    decoding got{items()};
    BOOST_TEST(!got.row(R"({"id":1,"name":"one","qty":2})"));
    BOOST_TEST(!got.row(R"({"name":null})"));
    BOOST_TEST(got.values() == "?,,?");
    BOOST_TEST(
        std::vector(got.decoder.missing().begin(), got.decoder.missing().end()) == (std::vector<std::uint16_t>{0, 2}),
        boost::test_tools::per_element());
    BOOST_TEST(!got.row(R"({"id":1,"name":"one","qty":2})"));
    BOOST_TEST(got.decoder.missing().empty());
}

BOOST_AUTO_TEST_CASE(a_key_that_is_one_value_is_that_of_the_only_key_column)
{
    decoding got{items()};
    BOOST_TEST(!got.key("7"));
    BOOST_TEST(got.values() == "7,,");
    BOOST_TEST(got.key(R"("seven")") == errc::bad_text);
    BOOST_TEST(got.decoder.wrong().starts_with("column `id` "));
    auto table = items();
    table.record.shape.key = {0, 1};
    decoding composite{table};
    BOOST_TEST(composite.key("7") == errc::column_mismatch);
    BOOST_TEST(composite.decoder.wrong() == "the key is one value, and the table's has several columns");
}

BOOST_AUTO_TEST_CASE(the_first_member_that_is_no_column_is_named)
{
    auto table = items();
    table.left_out = {"secret"};
    decoding got{table};
    for (int known = 0; known < 2; ++known) {
        BOOST_TEST(!got.row(R"({"id":1,"secret":[],"name":"one","qty":2})"));
        BOOST_TEST(got.decoder.unknown_member() == "");
        BOOST_TEST(!got.row(R"({"id":1,"new":[],"newer":3,"name":"one","qty":2})"));
        BOOST_TEST(got.decoder.unknown_member() == "new");
        BOOST_TEST(got.values() == "1,one,2");
    }
}

BOOST_AUTO_TEST_CASE(members_that_the_connector_adds_are_none_of_a_flattened_row)
{
    decoding got{items()};
    BOOST_REQUIRE(!got.tape.read(R"({"id":1,"name":"one","qty":2,"__deleted":"false","__op":"c"})"));
    got.said.row = got.tape.root();
    BOOST_TEST(!got.decoder.decode_row(got.said));
    BOOST_TEST(got.decoder.unknown_member() == "__deleted");
    decoding flattened{items()};
    got.said.is_flattened = true;
    got.said.added_prefix = "__";
    BOOST_TEST(!flattened.decoder.decode_row(got.said));
    BOOST_TEST(flattened.decoder.unknown_member() == "");
}

BOOST_AUTO_TEST_CASE(a_member_that_comes_twice_is_an_error)
{
    decoding got{items()};
    BOOST_TEST(got.row(R"({"id":1,"id":1,"name":"one","qty":2})") == errc::bad_text);
    BOOST_TEST(got.decoder.wrong() == "column `id` is there twice");
    BOOST_TEST(got.key(R"({"id":1,"id":2})") == errc::bad_text);
    BOOST_TEST(!got.row(R"({"id":1,"name":"one","qty":2})"));
    BOOST_TEST(got.decoder.wrong() == "");
}

BOOST_AUTO_TEST_CASE(a_value_that_does_not_fit_is_an_error_that_names_its_column)
{
    decoding got{items()};
    BOOST_TEST(got.row(R"({"id":1,"name":"one","qty":"2"})") == errc::bad_text);
    BOOST_TEST(got.decoder.wrong() ==
               "column `qty` has a value that the connector does not write for its type and settings");
    BOOST_TEST(got.row("[]") == errc::bad_text);
}

BOOST_AUTO_TEST_CASE(a_key_fills_its_columns_only)
{
    auto table = items();
    table.record.shape.key = {2, 0};
    decoding got{table};
    BOOST_TEST(!got.key(R"({"qty":5,"id":1})"));
    BOOST_TEST(got.values() == "1,,5");
    BOOST_TEST(got.key(R"({"id":1})") == errc::column_mismatch);
    BOOST_TEST(got.decoder.wrong() == "column `qty` is not in the key");
    got.said.key = {};
    BOOST_TEST(got.decoder.decode_key(got.said) == errc::column_mismatch);
}

BOOST_AUTO_TEST_CASE(a_key_of_more_columns_than_the_tables_is_refused)
{
    decoding got{items()};
    for (const auto* more : {R"({"id":1,"qty":5})", R"({"id":1,"extra":1})"}) {
        BOOST_TEST(got.key(more) == errc::column_mismatch);
        BOOST_TEST(got.decoder.wrong().find("is in the key of the message, and not in that of the table") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_column_that_cannot_be_read_is_named)
{
    auto table = kafka_kit::table_of({{"id", int4_type, -1}, {"spans", 1187, -1}});
    auto compiled = row_decoder::compile(table, {}, {});
    BOOST_REQUIRE(!compiled);
    BOOST_TEST(compiled.error().code == errc::unsupported_type);
    BOOST_TEST(compiled.error().text.starts_with("column spans: "));
}

BOOST_AUTO_TEST_CASE(values_are_read_as_the_schema_in_the_message_says)
{
    auto table = kafka_kit::table_of({{"id", int4_type, -1}, {"at", timestamp_type, -1}});
    type_catalog types;
    auto decoder = row_decoder::compile(table, types, {}).value();
    event_reader reader;
    auto read = [&](std::string_view name, std::string_view value) {
        auto text = R"({"schema":{"type":"struct","fields":[{"type":"int64","name":")" + std::string{name} +
                    R"(","field":"at"}]},"payload":{"id":1,"at":)" + std::string{value} + "}}";
        BOOST_REQUIRE(!reader.read(R"({"id":1})", text));
        auto followed = decoder.follow(reader.last());
        if (!followed) return std::string{name_of(followed.error().code)};
        BOOST_REQUIRE(!decoder.decode_row(reader.last()));
        return std::string{decoder.values()[1].text};
    };
    BOOST_TEST(read("io.debezium.time.Timestamp", "1") == "1970-01-01 00:00:00.001");
    BOOST_TEST(read("io.debezium.time.MicroTimestamp", "1") == "1970-01-01 00:00:00.000001");
    BOOST_TEST(read("io.debezium.time.Date", "1") == "column_mismatch");
    BOOST_TEST(read("io.debezium.time.Timestamp", "2") == "1970-01-01 00:00:00.002");
}

BOOST_AUTO_TEST_CASE(a_value_that_was_sent_in_another_type_is_unchanged_unless_its_json_is_the_same)
{
    struct {
        const char* then;
        std::string_view json;
        oid now;
        std::int32_t typmod;
        const char* seen;
    } const cases[] = {
        {R"("type":"int32")", "5", int4_type, -1, "5"},
        {R"("type":"int16")", "5", int8_type, -1, "5 former"},
        {R"("type":"int32")", "5", int8_type, -1, "5 former"},
        {R"("type":"int64")", "5", int4_type, -1, "? former"},
        {R"("type":"int32")", "5", text_type, -1, "? former"},
        {R"("type":"string")", R"("abc")", int4_type, -1, "? former"},
        {R"("type":"string")", R"("abc")", 1043, -1, "abc former"},
        {R"("type":"double")", "1.5", 700, -1, "? former"},
        {R"("type":"int64","name":"io.debezium.time.Timestamp")", "1", timestamp_type, -1,
         "1970-01-01 00:00:00.001 former"},
        {R"("type":"int64","name":"io.debezium.time.MicroTimestamp")", "1", timestamp_type, 3, "? former"},
        {R"("type":"string","name":"io.debezium.time.ZonedTimestamp")", R"("1970-01-01T00:00:00Z")", timestamp_type, -1,
         "? former"},
    };
    for (const auto& each : cases)
        BOOST_TEST_CONTEXT(each.then << " to " << each.now) {
            auto table = kafka_kit::table_of({{"id", int4_type, -1}, {"v", each.now, each.typmod}});
            type_catalog types;
            auto decoder = row_decoder::compile(table, types, {}, row_decoder::types_from::schemas).value();
            event_reader reader;
            auto text = fmt::format(
                R"({{"schema":{{"type":"struct","fields":[{{"type":"int32","field":"id"}},{{{},"field":"v"}}]}},)"
                R"("payload":{{"id":1,"v":{}}}}})",
                each.then, each.json);
            BOOST_REQUIRE(!reader.read(R"({"id":1})", text));
            BOOST_REQUIRE(decoder.follow(reader.last()));
            BOOST_REQUIRE(!decoder.decode_row(reader.last()));
            const auto& value = decoder.values()[1];
            auto seen = value.what == tuple_column::kind::unchanged ? "?" : std::string{value.text};
            BOOST_TEST(seen + (decoder.has_former_types() ? " former" : "") == each.seen);
            BOOST_TEST(decoder.missing().empty());
        }
}

BOOST_AUTO_TEST_CASE(a_key_that_was_sent_in_another_type_is_read_if_it_can_be)
{
    auto table = kafka_kit::table_of({{"id", int4_type, -1}});
    type_catalog types;
    auto decoder = row_decoder::compile(table, types, {}, row_decoder::types_from::schemas).value();
    event_reader reader;
    BOOST_REQUIRE(!reader.read(
        R"({"id":1})", R"({"schema":{"type":"struct","fields":[{"type":"int64","field":"id"}]},"payload":{"id":1}})"));
    BOOST_REQUIRE(decoder.follow(reader.last()));
    BOOST_TEST(!decoder.decode_row(reader.last()));
    BOOST_TEST(decoder.values()[0].text == "1");
    BOOST_TEST(decoder.has_former_types());
    BOOST_REQUIRE(
        !reader.read(R"({"id":"1"})",
                     R"({"schema":{"type":"struct","fields":[{"type":"string","field":"id"}]},"payload":{"id":"1"}})"));
    BOOST_REQUIRE(decoder.follow(reader.last()));
    BOOST_TEST(decoder.decode_row(reader.last()) == errc::bad_text);
    BOOST_TEST(decoder.wrong() ==
               "column `id` has a value that the connector does not write for its type and settings");
}

// A row from Kafka and the same row from Postgres have to be the same bytes in the store.
BOOST_AUTO_TEST_CASE(a_captured_row_is_stored_as_to_json_prints_it)
{
    encodings settings{.decimal_handling = decimal_mode::string,
                       .time_precision = time_mode::isostring,
                       .interval_handling = interval_mode::string,
                       .binary_handling = binary_mode::base64,
                       .hstore_handling = hstore_mode::map};
    auto whole = kafka_kit::read_type_table({"tt", "mon", "ati", "a2", "at2", "aiv", "amon", "apo"});
    auto decoder = row_decoder::compile(whole.table, whole.types, settings).value();
    event_reader reader;
    row_builder builder;
    auto message = testing::captured("c2.public.ty").front();
    BOOST_REQUIRE(!reader.read(message.key, message.value));
    BOOST_REQUIRE(!decoder.decode_row(reader.last()));
    BOOST_TEST(decoder.missing().empty());
    BOOST_TEST(decoder.unknown_member() == "");
    BOOST_REQUIRE(!builder.build_tuple(whole.table, decoder.values()));
    tuple_reader stored{builder.tuple()};
    for (const auto& column : whole.table.record.shape.columns) {
        auto field = stored.next();
        BOOST_REQUIRE(field.has_value());
        BOOST_TEST_CONTEXT(column.name) BOOST_TEST(field->fragment == whole.rows.at(1).at(column.name).json);
    }
}

BOOST_AUTO_TEST_CASE(captured_topics_decode_from_end_to_end)
{
    for (const auto* topic : {"a.public.item", "af.public.item", "afr.public.item", "asch.public.item"}) {
        auto table = kafka_kit::table_of(
            {{"id", int4_type, -1}, {"name", text_type, -1}, {"qty", int4_type, -1}, {"note", text_type, -1}});
        type_catalog types;
        auto decoder = row_decoder::compile(table, types, {}).value();
        event_reader reader;
        for (const auto& message : testing::captured(topic)) {
            BOOST_REQUIRE(!reader.read(message.key, message.value));
            const auto& said = reader.last();
            BOOST_REQUIRE(decoder.follow(said));
            if (said.key) BOOST_TEST(!decoder.decode_key(said));
            if (said.row) BOOST_TEST(!decoder.decode_row(said));
            if (said.before) BOOST_TEST(!decoder.decode_before(said));
            BOOST_TEST(decoder.unknown_member() == "");
            BOOST_TEST(decoder.missing().empty());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
