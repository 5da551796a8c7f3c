#include "source/kafka/value_text.hpp"

#include "support/printing.hpp"
#include "unit/source/kafka_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

using namespace understudy;
using namespace understudy::debezium;

namespace {

constexpr oid int2_type = 21;
constexpr oid oid_type = 26;
constexpr oid tstzrange_type = 3910;
constexpr oid tstzrange_array = 3911;
constexpr oid tstzmultirange_type = 4534;
constexpr oid int4_array = 1007;
constexpr oid text_array = 1009;
constexpr oid bytea_array = 1001;
constexpr oid int2_array = 1005;
constexpr oid date_array = 1182;
constexpr oid uuid_array = 2951;
constexpr oid jsonb_array = 3807;
constexpr oid interval_array = 1187;
constexpr oid bit_type = 1560;
constexpr oid time_type = 1083;
constexpr oid composite_type = 20000;
constexpr oid hstore_type = 20001;
constexpr oid vector_type = 20002;
constexpr std::int32_t numeric_10_2 = 655366;

constexpr std::string_view placeholder = "__debezium_unavailable_value";

type_catalog extension_types()
{
    type_catalog types;
    types.add({.id = composite_type, .name = "comp", .kind = 'c'});
    types.add({.id = hstore_type, .name = "hstore", .casts_to_json = true});
    types.add({.id = vector_type, .name = "vector"});
    return types;
}

/// What a value becomes: its text, or <null>, <unchanged> or the name of the error.
std::string converted(const value_text& column, std::string_view json)
{
    json_tape tape;
    if (tape.read(json)) return "no JSON";
    std::string scratch;
    tuple_column value;
    if (auto ec = column.convert(tape.root(), scratch, value)) return ec.message();
    if (value.what == tuple_column::kind::null) return "<null>";
    return value.what == tuple_column::kind::unchanged ? "<unchanged>" : std::string{value.text};
}

std::string text_of(oid type, std::string_view json, const encodings& settings = {}, std::int32_t typmod = -1)
{
    return converted(value_text::compile(extension_types(), type, typmod, settings).value(), json);
}

/// The same as a schema in the message says it, whatever the settings are.
std::string described(oid type, std::string_view schema, std::string_view json, std::int32_t typmod = -1)
{
    json_tape tape;
    if (tape.read(schema)) return "no schema";
    auto column = value_text::compile(extension_types(), type, typmod, {}, tape.root());
    return column ? converted(*column, json) : name_of(column.error().code);
}

std::string quoted(std::string_view text)
{
    return "\"" + std::string{text} + "\"";
}

/// The settings that each topic of the type table was captured with.
std::map<std::string, encodings> captured_modes()
{
    std::map<std::string, encodings> modes;
    modes["c1"] = {};
    modes["c2"] = {.decimal_handling = decimal_mode::string,
                   .time_precision = time_mode::isostring,
                   .interval_handling = interval_mode::string,
                   .binary_handling = binary_mode::base64,
                   .hstore_handling = hstore_mode::map};
    modes["c3"] = {.decimal_handling = decimal_mode::double_,
                   .time_precision = time_mode::connect,
                   .binary_handling = binary_mode::hex};
    modes["c4"] = {.time_precision = time_mode::microseconds, .binary_handling = binary_mode::base64_url_safe};
    modes["c5"] = {};
    modes["c6"] = {.time_precision = time_mode::nanoseconds};
    return modes;
}

json_node schema_of(json_node row_schema, std::string_view name)
{
    for (auto field : row_schema ? row_schema.find("fields") : json_node{})
        if (field.find("field").text() == name) return field;
    return {};
}

/// Compares one captured value with what Postgres holds. Returns whether they are the same.
bool check_value(const kafka_kit::type_table& whole, std::size_t at, const encodings& settings, const event& said)
{
    const auto& column = whole.table.record.shape.columns[at];
    auto value = said.row.find(column.name);
    auto known = whole.rows.at(std::stoi(std::string{said.row.find("id").text()}));
    auto expected = known.find(column.name);
    auto loss = loses(whole.types, column.type, column.typmod, settings);
    if (!value) BOOST_TEST(loss.has_value());
    if (!value) return false;
    auto schema = said.row_schema ? schema_of(said.row_schema, column.name) : json_node{};
    auto compiled = value_text::compile(whole.types, column.type, column.typmod, settings, schema);
    BOOST_REQUIRE(compiled);
    std::string scratch;
    tuple_column got;
    if (compiled->convert(value, scratch, got)) return false;
    auto is_null = got.what == tuple_column::kind::null;
    auto is_same = expected == known.end() ? is_null : !is_null && got.text == expected->second.text;
    if (!is_same) BOOST_TEST(loss.has_value(), "silently different: " << got.text);
    if (is_same && !is_null) BOOST_TEST(json_of(whole.table.formats[at], got.text) == expected->second.json);
    return is_same;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(value_texts)

// The heart of it: for every type, value and mode of the captures, the text is the one that Postgres prints and the
// JSON the one that to_json makes, or the value is refused, or loses() has warned of it.
BOOST_AUTO_TEST_CASE(no_captured_value_is_silently_different_from_what_postgres_holds)
{
    auto whole = kafka_kit::read_type_table({"aiv", "amon", "apo", "gen"});
    for (const auto& [topic, settings] : captured_modes()) {
        event_reader reader;
        std::size_t same = 0;
        std::size_t different = 0;
        for (const auto& message : testing::captured(topic + ".public.ty")) {
            BOOST_REQUIRE(!reader.read(message.key, message.value));
            for (std::size_t at = 0; at < whole.table.record.shape.columns.size(); ++at)
                BOOST_TEST_CONTEXT(topic << " " << *message.key << " " << whole.table.record.shape.columns[at].name)
                    ++(check_value(whole, at, settings, reader.last()) ? same : different);
        }
        BOOST_TEST_CONTEXT(topic) {
            BOOST_TEST(same > 8 * different);
            BOOST_TEST(same >= (topic == "c5" ? 150u : 1300u));
        }
    }
}

BOOST_AUTO_TEST_CASE(integers_have_to_fit_their_type)
{
    BOOST_TEST(text_of(int2_type, "-32768") == "-32768");
    BOOST_TEST(text_of(int2_type, "32768") == "bad_text");
    BOOST_TEST(text_of(int4_type, "2147483648") == "bad_text");
    BOOST_TEST(text_of(int8_type, "9223372036854775807") == "9223372036854775807");
    BOOST_TEST(text_of(int8_type, "9223372036854775808") == "bad_text");
    BOOST_TEST(text_of(oid_type, "4294967295") == "4294967295");
    BOOST_TEST(text_of(oid_type, "-1") == "bad_text");
    for (auto json : {"1.0", "1e3", "-0", "\"1\"", "true", "[]", "{}"})
        BOOST_TEST_CONTEXT(json) BOOST_TEST(text_of(int4_type, json) == "bad_text");
}

BOOST_AUTO_TEST_CASE(a_value_of_another_kind_is_bad_text_for_every_type)
{
    for (oid type : {bool_type,   bytea_type, int8_type,      int4_type,        text_type,    json_type,
                     float8_type, date_type,  timestamp_type, timestamptz_type, numeric_type, uuid_type,
                     time_type,   int4_array, text_array,     oid{600},         oid{601},     oid{603},
                     oid{718},    oid{1186},  oid{1266},      oid{1562},        hstore_type,  composite_type})
        for (auto json : {"true", "1.5e1", "\"~\"", "[{}]", "{\"a\":{}}"}) {
            auto got = text_of(type, json);
            bool fits = (type == bool_type && got == "t") || (type == text_type && got == "~") ||
                        (type == json_type && got == "~") || (type == uuid_type && got == "~") ||
                        (type == float8_type && got == "15");
            BOOST_TEST_CONTEXT(type << " " << json) BOOST_TEST((got == "bad_text" || fits), got);
        }
}

BOOST_AUTO_TEST_CASE(decimals_are_read_as_their_mode_writes_them)
{
    encodings doubles{.decimal_handling = decimal_mode::double_};
    encodings strings{.decimal_handling = decimal_mode::string};
    BOOST_TEST(text_of(numeric_type, R"("BOI=")", {}, numeric_10_2) == "12.50");
    BOOST_TEST(text_of(numeric_type, "12.5", {}, numeric_10_2) == "12.50");  // decimal.format=NUMERIC
    BOOST_TEST(text_of(numeric_type, "12.505", {}, numeric_10_2) == "bad_text");
    BOOST_TEST(text_of(numeric_type, R"({"scale":9,"value":"J+QbMka+ybFuOYEV"})") == "12345678901234567890.123456789");
    BOOST_TEST(text_of(numeric_type, R"("BOI=")") == "bad_text");
    BOOST_TEST(text_of(numeric_type, R"({"scale":1e9,"value":"AQ=="})") == "bad_text");
    BOOST_TEST(text_of(numeric_type, R"({"scale":2147483647,"value":"AQ=="})") == "bad_text");
    BOOST_TEST(text_of(numeric_type, "12.5", doubles, numeric_10_2) == "12.50");
    BOOST_TEST(text_of(numeric_type, "12300.0", doubles) == "12300");
    BOOST_TEST(text_of(numeric_type, R"("NaN")", doubles) == "NaN");
    BOOST_TEST(text_of(numeric_type, R"("12.5")", doubles) == "bad_text");
    BOOST_TEST(text_of(numeric_type, R"("12.50")", strings) == "12.50");
    BOOST_TEST(text_of(numeric_type, R"("1E-7")", strings) == "0.0000001");
    BOOST_TEST(text_of(numeric_type, R"("NAN")", strings) == "NaN");
    BOOST_TEST(text_of(numeric_type, R"("NEGATIVE_INFINITY")", strings) == "-Infinity");
    BOOST_TEST(text_of(numeric_type, R"("twelve")", strings) == "bad_text");
}

BOOST_AUTO_TEST_CASE(a_domain_brings_its_own_typmod)
{
    type_catalog types;
    types.add({.id = 20003, .name = "dnum", .kind = 'd', .base = numeric_type, .base_typmod = numeric_10_2});
    auto column = value_text::compile(types, 20003, -1, {});
    BOOST_TEST(converted(column.value(), R"("BOI=")") == "12.50");
}

BOOST_AUTO_TEST_CASE(the_placeholder_is_known_in_each_encoding)
{
    for (oid type : {text_type, oid{1043}, json_type, oid{3802}, oid{142}, uuid_type, hstore_type, bytea_type})
        BOOST_TEST_CONTEXT(type) BOOST_TEST(text_of(type, quoted(placeholder)) == "<unchanged>");
    BOOST_TEST(text_of(bytea_type, R"("X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==")") == "<unchanged>");
    encodings hex{.binary_handling = binary_mode::hex};
    BOOST_TEST(text_of(bytea_type, quoted(placeholder), hex) == "<unchanged>");
    BOOST_TEST(text_of(bytea_type, R"("5f5f646562657a69756d5f756e617661696c61626c655f76616c7565")", hex) ==
               "<unchanged>");
    encodings map{.hstore_handling = hstore_mode::map};
    auto pair = "{" + quoted(placeholder) + ":" + quoted(placeholder) + "}";
    BOOST_TEST(text_of(hstore_type, pair, map) == "<unchanged>");
    BOOST_TEST(text_of(hstore_type, R"("{\"__debezium_unavailable_value\":\"__debezium_unavailable_value\"}")") ==
               "<unchanged>");
    for (oid type : {text_array, jsonb_array, bytea_array})
        BOOST_TEST_CONTEXT(type) BOOST_TEST(text_of(type, "[" + quoted(placeholder) + "]") == "<unchanged>");
    BOOST_TEST(text_of(bytea_array, R"(["X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="])") == "<unchanged>");
    BOOST_TEST(text_of(uuid_array, R"(["b68a35a7-17ad-35b3-af2a-ae46edb4545a"])") == "<unchanged>");
    for (oid type : {int4_array, int2_array, date_array})
        BOOST_TEST_CONTEXT(type)
            BOOST_TEST(text_of(type,
                               "[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97,105,108,97,98,108,101,95,"
                               "118,97,108,117,101]") == "<unchanged>");
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_the_placeholder_is_a_value)
{
    auto twice = "[" + quoted(placeholder) + "," + quoted(placeholder) + "]";
    BOOST_TEST(text_of(text_array, twice) == "{__debezium_unavailable_value,__debezium_unavailable_value}");
    BOOST_TEST(text_of(int4_array, "[95]") == "{95}");
    BOOST_TEST(text_of(text_type, R"("__debezium_unavailable_value ")") == "__debezium_unavailable_value ");
    BOOST_TEST(text_of(bytea_type, R"("X19kZWI=")") == "\\x5f5f646562");
}

BOOST_AUTO_TEST_CASE(the_placeholder_is_the_one_of_the_setting)
{
    encodings own{.unavailable_value_placeholder = "gone"};
    BOOST_TEST(text_of(text_type, "\"gone\"", own) == "<unchanged>");
    BOOST_TEST(text_of(text_type, quoted(placeholder), own) == placeholder);
    BOOST_TEST(text_of(bytea_type, "\"Z29uZQ==\"", own) == "<unchanged>");
    BOOST_TEST(text_of(int4_array, "[103,111,110,101]", own) == "<unchanged>");
    encodings hex{.unavailable_value_placeholder = "hex:676f6e65"};
    BOOST_TEST(text_of(text_type, "\"gone\"", hex) == "<unchanged>");
    BOOST_TEST((value_text::compile({}, uuid_array, -1, own).error().code == errc::unsupported_type));
}

BOOST_AUTO_TEST_CASE(captured_rows_with_unchanged_values_are_told_from_nulls)
{
    for (const auto* topic : {"t1.public.toast", "t2.public.toast"}) {
        event_reader reader;
        auto message = testing::captured(topic).front();
        BOOST_REQUIRE(!reader.read(message.key, message.value));
        encodings settings;
        if (topic == std::string{"t2.public.toast"})
            settings = {.decimal_handling = decimal_mode::string, .binary_handling = binary_mode::hex};
        std::map<std::string, oid> columns{
            {"t", text_type},   {"v", 1043},         {"by", bytea_type},   {"jb", 3802},       {"j", json_type},
            {"x", 142},         {"hs", hstore_type}, {"ta", text_array},   {"ia", int4_array}, {"la", 1016},
            {"ua", uuid_array}, {"da", date_array},  {"jba", jsonb_array}, {"ta2", text_array}};
        for (const auto& [name, type] : columns) {
            std::string scratch;
            tuple_column value;
            auto column = value_text::compile(extension_types(), type, -1, settings);
            BOOST_REQUIRE(!column->convert(reader.last().row.find(name), scratch, value));
            BOOST_TEST_CONTEXT(topic << " " << name) BOOST_TEST((value.what == tuple_column::kind::unchanged));
        }
    }
}

BOOST_AUTO_TEST_CASE(arrays_become_the_text_of_an_array)
{
    BOOST_TEST(text_of(text_array, R"(["a",null,"b,c","NULL",""])") == R"({a,NULL,"b,c","NULL",""})");
    BOOST_TEST(text_of(text_array, "[]") == "{}");
    BOOST_TEST(text_of(int4_array, "[[1,2],[3,4]]") == "bad_text");
    BOOST_TEST(text_of(text_array, R"(["[Ljava.lang.String;@718c236b"])") == "bad_text");
    BOOST_TEST(text_of(text_array, R"(["[Lx"])") == "{[Lx}");
}

BOOST_AUTO_TEST_CASE(bits_take_their_length_from_the_typmod)
{
    BOOST_TEST(text_of(bit_type, "true", {}, 1) == "1");
    BOOST_TEST(text_of(bit_type, R"("FQ==")", {}, 8) == "00010101");
    BOOST_TEST(text_of(bit_type, R"("")", {}, 8) == "00000000");
    BOOST_TEST(text_of(bit_type, R"("FQ==")", {}, 4) == "bad_text");
}

BOOST_AUTO_TEST_CASE(types_that_debezium_does_not_know_are_text_in_bytes)
{
    BOOST_TEST(text_of(composite_type, R"("KDEsIngsIHkiKQ==")") == R"((1,"x, y"))");
    BOOST_TEST(text_of(pg_lsn_type, R"("MC8xNkIzNzQ4")") == "0/16B3748");
    BOOST_TEST(text_of(composite_type, R"("/w==")") == "bad_text");  // no UTF-8
    BOOST_TEST(text_of(composite_type, R"("AA==")") == "bad_text");
}

BOOST_AUTO_TEST_CASE(ranges_of_times_come_in_the_zone_of_connect_and_are_shown_in_utc)
{
    BOOST_TEST(text_of(tstzrange_type, R"j("(,\"2024-02-03 20:30:00-03:30\")")j") ==
               R"j((,"2024-02-04 00:00:00+00"))j");
    BOOST_TEST(text_of(tstzrange_type, R"j("(,\"2024-02-03\")")j") == "bad_text");
    BOOST_TEST(text_of(tstzrange_array, R"j(["(,\"2024-02-04 01:00:00+01\")"])j") ==
               R"j({"(,\"2024-02-04 00:00:00+00\")"})j");
    // {["2024-02-04 01:00:00+01",)}
    BOOST_TEST(text_of(tstzmultirange_type, R"j("e1siMjAyNC0wMi0wNCAwMTowMDowMCswMSIsKX0=")j") ==
               R"j({["2024-02-04 00:00:00+00",)})j");
}

BOOST_AUTO_TEST_CASE(a_schema_decides_instead_of_the_settings)
{
    BOOST_TEST(described(timestamp_type, R"({"type":"int64","name":"io.debezium.time.NanoTimestamp"})", "1000") ==
               "1970-01-01 00:00:00.000001");
    BOOST_TEST(described(timestamp_type, R"({"type":"string","name":"io.debezium.time.IsoTimestamp"})",
                         R"("1970-01-01T00:00:00Z")") == "1970-01-01 00:00:00");
    BOOST_TEST(described(time_type, R"({"type":"int32","name":"org.apache.kafka.connect.data.Time"})", "1") ==
               "00:00:00.001");
    BOOST_TEST(described(date_type, R"({"type":"int32","name":"org.apache.kafka.connect.data.Date"})", "1") ==
               "1970-01-02");
    BOOST_TEST(described(oid{1186}, R"({"type":"string","name":"io.debezium.time.Interval"})", R"("P1D")") == "1 day");
    BOOST_TEST(
        described(numeric_type,
                  R"({"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}})",
                  R"("BOI=")") == "12.50");
    BOOST_TEST(described(numeric_type, R"({"type":"string"})", R"("12.50")") == "12.50");
    BOOST_TEST(described(numeric_type, R"({"type":"double"})", "12.5", numeric_10_2) == "12.50");
    BOOST_TEST(described(hstore_type, R"({"type":"map"})", R"({"a":"1"})") == R"("a"=>"1")");
    BOOST_TEST(described(bytea_type, R"({"type":"bytes"})", R"("AA==")") == "\\x00");
    BOOST_TEST(described(composite_type, R"({"type":"string"})", "\"(1)\"") == "(1)");
    BOOST_TEST(described(date_array, R"({"type":"array","items":{"type":"int32","name":"io.debezium.time.Date"}})",
                         "[0]") == "{1970-01-01}");
}

BOOST_AUTO_TEST_CASE(a_string_of_a_type_that_debezium_does_not_know_is_encoded_as_its_bytes_are)
{
    encodings hex;
    hex.binary_handling = binary_mode::hex;
    json_tape schema;
    BOOST_REQUIRE(!schema.read(R"({"type":"string"})"));
    auto as = [&](const encodings& settings, std::string_view json) {
        return converted(value_text::compile(extension_types(), composite_type, -1, settings, schema.root()).value(),
                         json);
    };
    BOOST_TEST(as(hex, R"("28312c7829")") == "(1,x)");
    BOOST_TEST(as({}, "\"(1,x)\"") == "(1,x)");
}

BOOST_AUTO_TEST_CASE(a_schema_that_does_not_belong_to_the_type_is_refused)
{
    BOOST_TEST(described(timestamp_type, R"({"type":"int64"})", "1") == "column_mismatch");
    BOOST_TEST(described(timestamp_type, R"({"type":"int32","name":"io.debezium.time.Date"})", "1") ==
               "column_mismatch");
    BOOST_TEST(described(numeric_type, R"({"type":"int32"})", "1") == "column_mismatch");
    BOOST_TEST(described(bytea_type, R"({"type":"string"})", "\"00\"") == "column_mismatch");
    BOOST_TEST(described(bytea_type, R"({"type":"int32"})", "1") == "column_mismatch");
    BOOST_TEST(described(int4_array, R"({"type":"string"})", "\"{1}\"") == "column_mismatch");
}

BOOST_AUTO_TEST_CASE(types_whose_values_cannot_be_read_are_refused)
{
    for (oid type : {interval_array, oid{791}, oid{1017}, vector_type, oid{4711}}) {
        auto column = value_text::compile(extension_types(), type, -1, {});
        BOOST_REQUIRE(!column);
        BOOST_TEST(column.error().code == errc::unsupported_type);
        BOOST_TEST(!column.error().text.empty());
    }
}

BOOST_AUTO_TEST_CASE(losses_depend_on_the_settings)
{
    auto lossy = [](oid type, const encodings& settings = {}, std::int32_t typmod = -1) {
        return loses(extension_types(), type, typmod, settings).has_value();
    };
    encodings strings{.decimal_handling = decimal_mode::string, .interval_handling = interval_mode::string};
    encodings doubles{.decimal_handling = decimal_mode::double_};
    encodings connect{.time_precision = time_mode::connect};
    BOOST_TEST(lossy(numeric_type));
    BOOST_TEST(!lossy(numeric_type, strings));
    BOOST_TEST(lossy(numeric_type, doubles));
    BOOST_TEST(!lossy(numeric_type, doubles, numeric_10_2));
    BOOST_TEST(!lossy(timestamp_type));
    BOOST_TEST(lossy(timestamp_type, connect));
    BOOST_TEST(!lossy(timestamp_type, connect, 3));
    BOOST_TEST(lossy(time_type, connect));
    BOOST_TEST(lossy(oid{1186}));
    BOOST_TEST(!lossy(oid{1186}, strings));
    BOOST_TEST(lossy(oid{1266}));
    BOOST_TEST(lossy(text_array));
    BOOST_TEST(lossy(composite_type));
    auto of_money = [](const encodings& settings) { return loses(extension_types(), oid{790}, -1, settings).value(); };
    BOOST_TEST(of_money(strings).find("zeros") == std::string::npos);
    BOOST_TEST(of_money(doubles).find("zeros at the end") != std::string::npos);
    for (oid type : {bool_type, bytea_type, int8_type, text_type, json_type, float8_type, timestamptz_type, uuid_type,
                     hstore_type, bit_type})
        BOOST_TEST_CONTEXT(type) BOOST_TEST(!lossy(type));
}

BOOST_AUTO_TEST_SUITE_END()
