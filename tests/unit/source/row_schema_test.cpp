#include "source/kafka/row_schema.hpp"

#include "decode/debezium.hpp"
#include "render/type_table.hpp"
#include "support/printing.hpp"
#include "unit/source/kafka_kit.hpp"

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_CASE(what_does_not_tell_the_type_is_refused)
{
    BOOST_TEST(named("io.debezium.data.geometry.Geometry") == "unsupported_type");
    BOOST_TEST(named("com.example.Money") == "unsupported_type");
    BOOST_TEST(type_of(R"("type":"map")") == "unsupported_type");
    BOOST_TEST(type_of(R"("type":"struct","fields":[])") == "unsupported_type");
    BOOST_TEST(type_of(R"("type":"array")") == "unsupported_type");
    BOOST_TEST(type_of(R"("type":"bytes","name":"io.debezium.data.Bits")") == "unsupported_type");
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
