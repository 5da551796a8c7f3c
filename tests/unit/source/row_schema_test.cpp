#include "source/kafka/row_schema.hpp"

#include "decode/debezium.hpp"
#include "render/type_table.hpp"
#include "support/printing.hpp"
#include "unit/source/kafka_kit.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <string>

using namespace understudy;
using namespace understudy::debezium;

namespace {

/// The type of a field as `name` or `name(typmod)`, or the name of the error.
std::string type_of(std::string_view field)
{
    auto schema = R"({"type":"struct","fields":[{"field":"c",)" + std::string{field} + "}]}";
    json_tape tape;
    BOOST_REQUIRE(!tape.read(schema));
    auto columns = columns_of(tape.root());
    if (!columns) return name_of(columns.error().code);
    const auto& column = columns->at(0);
    if (column.type == told_hstore) return "hstore";
    if (column.type == 0) return "untold: " + column.type_name;
    const auto* found = find_builtin(column.type);
    const auto* element = find_builtin_element(column.type);
    std::string name{found != nullptr ? found->name : element->name};
    if (found == nullptr) name += "[]";
    return column.typmod < 0 ? name : name + "(" + std::to_string(column.typmod) + ")";
}

std::string named(std::string_view name)
{
    return type_of(R"("type":"x","name":")" + std::string{name} + "\"");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_schemas)

BOOST_AUTO_TEST_CASE(connects_own_types_have_the_types_of_the_same_json)
{
    BOOST_TEST(type_of(R"("type":"int32")") == "int4");
    BOOST_TEST(type_of(R"("type":"int16")") == "int2");
    BOOST_TEST(type_of(R"("type":"int64")") == "int8");
    BOOST_TEST(type_of(R"("type":"boolean")") == "bool");
    BOOST_TEST(type_of(R"("type":"float")") == "float4");
    BOOST_TEST(type_of(R"("type":"double")") == "float8");
    BOOST_TEST(type_of(R"("type":"string")") == "text");
    BOOST_TEST(type_of(R"("type":"bytes")") == "bytea");
    BOOST_TEST(type_of(R"("type":"array","items":{"type":"int32"})") == "int4[]");
}

BOOST_AUTO_TEST_CASE(names_of_schemas_say_more)
{
    BOOST_TEST(named("io.debezium.data.Json") == "jsonb");
    BOOST_TEST(named("io.debezium.data.Uuid") == "uuid");
    BOOST_TEST(named("io.debezium.data.Enum") == "text");
    BOOST_TEST(named("io.debezium.time.Date") == "date");
    BOOST_TEST(named("io.debezium.time.Timestamp") == "timestamp(3)");
    BOOST_TEST(named("io.debezium.time.MicroTimestamp") == "timestamp");
    BOOST_TEST(named("io.debezium.time.ZonedTimestamp") == "timestamptz");
    BOOST_TEST(named("io.debezium.time.Interval") == "interval");
    BOOST_TEST(named("io.debezium.data.VariableScaleDecimal") == "numeric");
    BOOST_TEST(named("io.debezium.data.geometry.Point") == "point");
    BOOST_TEST(type_of(R"("type":"bytes","name":"org.apache.kafka.connect.data.Decimal",)"
                       R"("parameters":{"scale":"2","connect.decimal.precision":"10"})") == "numeric(655366)");
    BOOST_TEST(type_of(R"("type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"})") ==
               "numeric");
    BOOST_TEST(type_of(R"("type":"bytes","name":"io.debezium.data.Bits","parameters":{"length":"8"})") == "bit(8)");
    BOOST_TEST(type_of(R"("type":"array","items":{"type":"int32","name":"io.debezium.time.Date"})") == "date[]");
}

BOOST_AUTO_TEST_CASE(a_type_that_a_schema_does_not_tell_is_none)
{
    BOOST_TEST(named("io.debezium.data.geometry.Geometry") == "untold: x (io.debezium.data.geometry.Geometry)");
    BOOST_TEST(named("com.example.Money") == "untold: x (com.example.Money)");
    BOOST_TEST(type_of(R"("type":"struct","fields":[])") == "untold: struct");
    BOOST_TEST(type_of(R"("type":"array")") == "untold: array");
    BOOST_TEST(type_of(R"("type":"bytes","name":"io.debezium.data.Bits")") == "untold: bytes (io.debezium.data.Bits)");
}

/// A schema with the column's own type, as column.propagate.source.type sends it.
std::string owned(const char* own, const char* field)
{
    return fmt::format(R"({},"parameters":{{"__debezium.source.column.type":"{}"}})", field, own);
}

BOOST_AUTO_TEST_CASE(types_that_postgres_does_not_have_itself_are_taken_as_far_as_their_schema_tells)
{
    BOOST_TEST(type_of(owned("HSTORE", R"("type":"string","name":"io.debezium.data.Json")")) == "hstore");
    BOOST_TEST(type_of(R"("type":"map")") == "hstore");
    BOOST_TEST(type_of(owned("CITEXT", R"("type":"string")")) == "text");
    BOOST_TEST(type_of(owned("MOOD", R"("type":"string","name":"io.debezium.data.Enum")")) == "text");
    BOOST_TEST(type_of(owned("POSITIVE", R"("type":"int32")")) == "int4");
    BOOST_TEST(type_of(owned("WORD", R"("type":"string")")) == "untold: string (word)");
    BOOST_TEST(type_of(owned("PLACE", R"("type":"bytes")")) == "untold: bytes (place)");
    BOOST_TEST(type_of(owned("_CITEXT", R"("type":"array","items":{"type":"string"})")) == "text[]");
    BOOST_TEST(type_of(owned("_MOOD", R"("type":"array","items":{"type":"string","name":"io.debezium.data.Enum"})")) ==
               "text[]");
    BOOST_TEST(type_of(owned("_WORD", R"("type":"array","items":{"type":"string"})")) == "untold: array (_word)");
    BOOST_TEST(
        type_of(owned("_HSTORE", R"("type":"array","items":{"type":"string","name":"io.debezium.data.Json"})")) ==
        "untold: array (_hstore)");
}

/// What a schema with this field says of it.
schema_column column_told_by(const std::string& field)
{
    json_tape tape;
    auto schema = R"({"fields":[{"field":"c",)" + field + "}]}";
    BOOST_REQUIRE(!tape.read(schema));
    return columns_of(tape.root()).value().at(0);
}

BOOST_AUTO_TEST_CASE(types_that_come_alike_are_named_where_the_columns_own_is_not_told)
{
    auto alike = [](const std::string& field) { return column_told_by(field).mistakable; };
    BOOST_TEST(alike(R"("type":"int32")") == "");
    BOOST_TEST(alike(R"("type":"int64")") == "oid");
    BOOST_TEST(alike(R"("type":"boolean")") == "bit(1)");
    BOOST_TEST(alike(R"("type":"array","items":{"type":"double"})") == "numeric");
    BOOST_TEST(alike(R"("type":"string","name":"io.debezium.data.Json")") == "hstore");
    BOOST_TEST(alike(R"("type":"string","name":"io.debezium.data.Uuid")") == "");
    BOOST_TEST(alike(owned("INT8", R"("type":"int64")")) == "");
    BOOST_TEST(alike(owned("_TEXT", R"("type":"array","items":{"type":"string"})")) == "");
    BOOST_TEST(alike(owned("CITEXT", R"("type":"string")")) == "");
}

BOOST_AUTO_TEST_CASE(arrays_that_a_null_makes_null_are_those_of_enums_and_domains)
{
    auto is = [](const std::string& field) { return column_told_by(field).is_null_with_a_null; };
    BOOST_TEST(is(R"("type":"array","items":{"type":"string","name":"io.debezium.data.Enum"})"));
    BOOST_TEST(is(owned("_POSITIVE", R"("type":"array","items":{"type":"int32"})")));
    BOOST_TEST(!is(owned("_INT4", R"("type":"array","items":{"type":"int32"})")));
    BOOST_TEST(!is(owned("_CITEXT", R"("type":"array","items":{"type":"string"})")));
    BOOST_TEST(!is(owned("MOOD", R"("type":"string","name":"io.debezium.data.Enum")")));
}

BOOST_AUTO_TEST_CASE(what_it_means_that_no_default_is_shown_depends_on_the_type)
{
    auto meaning = [](const std::string& field) { return static_cast<int>(column_told_by(field).without_default); };
    using enum no_default_shown;
    auto is = [](no_default_shown one) { return static_cast<int>(one); };
    BOOST_TEST(meaning(owned("TEXT", R"("type":"string")")) == is(likely_has_none));
    BOOST_TEST(meaning(R"("type":"string")") == is(likely_has_none));
    BOOST_TEST(meaning(owned("INT4", R"("type":"int32")")) == is(likely_has_none));
    BOOST_TEST(meaning(owned("INET", R"("type":"string")")) == is(says_nothing));
    BOOST_TEST(meaning(owned("POSITIVE", R"("type":"int32")")) == is(says_nothing));
    BOOST_TEST(meaning(owned("MOOD", R"("type":"string","name":"io.debezium.data.Enum")")) == is(likely_has_none));
    BOOST_TEST(meaning(R"("type":"array","items":{"type":"int32"})") == is(says_nothing));
    BOOST_TEST(meaning(R"("type":"map")") == is(says_nothing));
}

BOOST_AUTO_TEST_CASE(encodings_are_those_that_a_schema_shows)
{
    auto told = [](const std::string& field) {
        json_tape tape;
        auto schema = "{" + field + "}";
        BOOST_REQUIRE(!tape.read(schema));
        return encodings_of(tape.root(), {});
    };
    BOOST_TEST((told(R"("type":"string")").decimal_handling == decimal_mode::string));
    BOOST_TEST((told(R"("type":"array","items":{"type":"double"})").decimal_handling == decimal_mode::double_));
    BOOST_TEST(
        (told(R"("type":"string","name":"io.debezium.time.Interval")").interval_handling == interval_mode::string));
    BOOST_TEST(
        (told(R"("type":"int64","name":"io.debezium.time.NanoTimestamp")").time_precision == time_mode::nanoseconds));
    BOOST_TEST((told(R"("type":"int64","name":"org.apache.kafka.connect.data.Timestamp")").time_precision ==
                time_mode::connect));
    encodings hex;
    hex.binary_handling = binary_mode::hex;
    BOOST_TEST((encodings_of({}, hex).binary_handling == binary_mode::hex));
}

BOOST_AUTO_TEST_CASE(what_is_no_schema_is_refused)
{
    json_tape tape;
    for (auto json : {"{}", R"({"fields":3})", R"({"fields":[{"type":"int32"}]})"}) {
        BOOST_REQUIRE(!tape.read(json));
        BOOST_TEST(columns_of(tape.root()).error().code == errc::bad_text);
    }
}

BOOST_AUTO_TEST_CASE(the_columns_own_types_are_taken_where_the_connector_sends_them)
{
    event_reader reader;
    auto message = testing::captured("i2.public.src").front();
    BOOST_REQUIRE(!reader.read(message.key, message.value));
    auto columns = columns_of(reader.last().row_schema);
    BOOST_REQUIRE(columns);
    std::string types;
    for (const auto& column : *columns) {
        const auto* found = find_builtin(column.type);
        types += column.name + " " + std::string{found != nullptr ? found->name : "array"};
        types += column.typmod < 0 ? ";" : " " + std::to_string(column.typmod) + ";";
    }
    BOOST_TEST(types.starts_with("id int4;v varchar;n numeric 655366;n0 numeric;ts timestamp 3;tz timestamptz;e text;"
                                 "a array;"),
               types);
}

BOOST_AUTO_TEST_CASE(options_and_defaults_are_told)
{
    json_tape tape;
    BOOST_REQUIRE(!tape.read(R"({"fields":[{"type":"int32","optional":false,"field":"a"},)"
                             R"({"type":"int32","optional":true,"default":42,"field":"b"}]})"));
    auto columns = columns_of(tape.root()).value();
    BOOST_TEST(!columns[0].is_optional);
    BOOST_TEST(!columns[0].has_default);
    BOOST_TEST(columns[1].is_optional);
    BOOST_TEST(columns[1].has_default);
}

BOOST_AUTO_TEST_SUITE_END()
