#include "decode/debezium.hpp"

#include "support/kafka_capture.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace understudy;
using namespace understudy::debezium;
using testing::captured;
using testing::captured_message;

namespace {

/// The kinds of all messages of a topic, as letters: u(psert), d, 0 (tombstone), t, m, b(egin and end), h.
std::string kinds(const std::string& topic)
{
    static constexpr std::string_view letters = "ud0tmbh";
    event_reader reader;
    std::string out;
    for (const auto& message : captured(topic)) {
        auto ec = reader.read(message.key, message.value);
        out.push_back(ec ? '!' : letters.at(static_cast<std::size_t>(reader.last().kind)));
    }
    return out;
}

/// An envelope of these members, which a caller may leave out or make wrong.
std::string envelope(std::string_view op, std::string_view before, std::string_view after,
                     std::string_view source = R"("source":{"schema":"public","table":"t"})")
{
    std::string text = "{";
    for (auto member : {before, after, source}) text.append(member).append(member.empty() ? "" : ",");
    return text.append("\"op\":").append(op).append("}");
}

/// A reader with the message that its event borrows from.
struct reading {
    error_code read(std::string whole)
    {
        value = std::move(whole);
        return reader.read(std::nullopt, value);
    }

    const event& last() const noexcept { return reader.last(); }

    event_reader reader;
    std::string value;
};

struct refusal {
    error_code code;
    std::string text;
};

refusal refused(std::string_view value, std::optional<std::string_view> key = R"({"id":1})")
{
    event_reader reader;
    auto code = reader.read(key, value);
    return {code, reader.wrong()};
}

refusal refused_source(std::string_view members)
{
    return refused(envelope(R"("c")", "", R"("after":{"id":1})", "\"source\":{" + std::string{members} + "}"));
}

constexpr std::string_view after = R"("after":{"id":1})";

}  // namespace

BOOST_AUTO_TEST_SUITE(debezium_events)

BOOST_AUTO_TEST_CASE(each_operation_of_real_topics_is_recognised)
{
    BOOST_TEST(kinds("a.public.item") == "uuuuuud0d0uuuuuutu");
    BOOST_TEST(kinds("a.message") == "m");
    BOOST_TEST(kinds("a.transaction") == "bbbbbb");
    BOOST_TEST(kinds("__debezium-heartbeat.a") == "hh");
    BOOST_TEST(kinds("t1.public.k").find('!') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(flattened_topics_remove_rows_in_each_way_that_the_connector_has)
{
    BOOST_TEST(kinds("af.public.item") == "uuuuuu00uuuuuuu");
    BOOST_TEST(kinds("afr.public.item").find('0') == std::string::npos);
    BOOST_TEST(kinds("f_tomb.public.k").find('!') == std::string::npos);
    BOOST_TEST(kinds("f_rewtomb.public.k").find("d0") != std::string::npos);
    BOOST_TEST(kinds("f_deltomb.public.k").find('0') != std::string::npos);
    BOOST_TEST(kinds("f_sch.public.k").find('0') != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_insert_says_where_it_comes_from)
{
    event_reader reader;
    auto message = captured("a.public.item").at(3);
    BOOST_REQUIRE(!reader.read(message.key, message.value));
    const auto& said = reader.last();
    BOOST_TEST((said.op == operation::create));
    BOOST_TEST(!said.is_flattened);
    BOOST_TEST(said.key.find("id").text() == "4");
    BOOST_TEST(said.row.find("name").text() == "four");
    BOOST_TEST(!said.before);
    BOOST_TEST(said.source.name == "a");
    BOOST_TEST(said.source.db == "cdca");
    BOOST_TEST(said.source.schema == "public");
    BOOST_TEST(said.source.table == "item");
    BOOST_TEST((said.source.snapshot == snapshot_mark::none));
    BOOST_TEST(said.source.position.value() == lsn{40695576});
    BOOST_TEST(said.source.sequence.value() == lsn{40695576});
    BOOST_TEST(!said.source.last_commit);
    BOOST_TEST(said.source.xid.value() == 873u);
    BOOST_TEST(said.source.commit_us.value() == 1795379039866573);
    BOOST_REQUIRE(said.within.has_value());
    BOOST_TEST(said.within->id.xid == "873");
    BOOST_TEST(said.within->id.position.value() == lsn{40695576});
    BOOST_TEST(said.within->total_order.value() == 1u);
    BOOST_TEST(said.within->table_order.value() == 1u);
    BOOST_TEST(said.sent_ms.value() == 1795379039926);
    BOOST_TEST(!said.row_schema);
    BOOST_TEST(said.row_schema_number == 0u);
}

BOOST_AUTO_TEST_CASE(a_snapshot_marks_its_rows)
{
    std::vector<snapshot_mark> marks;
    event_reader reader;
    for (const auto* mark : {R"("true")", R"("first")", R"("first_in_data_collection")", R"("last_in_data_collection")",
                             R"("last")", R"("incremental")", R"("false")", "null", "false", "true"}) {
        auto value = envelope(R"("r")", "", after, R"("source":{"snapshot":)" + std::string{mark} + "}");
        BOOST_REQUIRE(!reader.read(std::nullopt, value));
        marks.push_back(reader.last().source.snapshot);
    }
    BOOST_TEST(
        (marks == std::vector{snapshot_mark::inside, snapshot_mark::first, snapshot_mark::first_in_table,
                              snapshot_mark::last_in_table, snapshot_mark::last, snapshot_mark::incremental,
                              snapshot_mark::none, snapshot_mark::none, snapshot_mark::none, snapshot_mark::inside}));
}

BOOST_AUTO_TEST_CASE(a_change_is_in_no_snapshot_whatever_its_mark)
{
    event_reader reader;
    for (const auto* value : {R"({"before":null,"after":{"id":1},"source":{"snapshot":"true"},"op":"u"})",
                              R"({"before":{"id":1},"after":null,"source":{"snapshot":"true"},"op":"d"})",
                              R"({"id":1,"__source_snapshot":"true","__op":"c"})"}) {
        BOOST_REQUIRE(!reader.read(R"({"id":1})", value));
        BOOST_TEST((reader.last().source.snapshot == snapshot_mark::none));
    }
}

BOOST_AUTO_TEST_CASE(an_incremental_row_has_a_sequence_but_no_position)
{
    event_reader reader;
    for (const auto& message : captured("e1.public.inc.longtx")) {
        BOOST_REQUIRE(!reader.read(message.key, message.value));
        const auto& source = reader.last().source;
        BOOST_TEST(source.position.has_value() == (source.snapshot != snapshot_mark::incremental));
        BOOST_TEST(source.sequence.has_value());
        BOOST_TEST(source.last_commit.has_value());
    }
}

BOOST_AUTO_TEST_CASE(the_end_of_a_transaction_counts_its_events)
{
    event_reader reader;
    auto messages = captured("a.transaction");
    BOOST_REQUIRE(!reader.read(messages.at(0).key, messages.at(0).value));
    BOOST_TEST(!reader.last().boundary.is_end);
    BOOST_TEST(reader.last().boundary.id.xid == "878");
    BOOST_TEST(!reader.last().boundary.events);
    BOOST_REQUIRE(!reader.read(messages.at(1).key, messages.at(1).value));
    const auto& boundary = reader.last().boundary;
    BOOST_TEST(boundary.is_end);
    BOOST_TEST(boundary.id.xid == "878");
    BOOST_TEST(boundary.id.position.value() == lsn{40696432});
    BOOST_TEST(boundary.events.value() == 1u);
    BOOST_REQUIRE(boundary.tables.size() == 1u);
    BOOST_TEST(boundary.tables[0].table == "public.itemf");
    BOOST_TEST(boundary.tables[0].events == 1u);
}

BOOST_AUTO_TEST_CASE(counts_and_positions_may_come_as_strings)
{
    event_reader reader;
    BOOST_REQUIRE(!reader.read(R"({"id":"5:6"})", R"({"status":"END","id":"5:6","event_count":"2","data_collections":)"
                                                  R"([{"data_collection":"public.t","event_count":"2"}]})"));
    BOOST_TEST(reader.last().boundary.events.value() == 2u);
    BOOST_TEST(reader.last().boundary.tables[0].events == 2u);
}

BOOST_AUTO_TEST_CASE(a_position_past_two_to_the_63_comes_as_a_negative_number)
{
    reading got;
    BOOST_REQUIRE(!got.read(envelope(
        R"("c")", "", after, R"("source":{"lsn":"-1","txId":"7"},"transaction":{"id":"9","total_order":"3"})")));
    BOOST_TEST(got.last().source.position.value() == lsn{~std::uint64_t{0}});
    BOOST_TEST(got.last().source.xid.value() == 7u);
    BOOST_TEST(got.last().within->id.xid == "9");
    BOOST_TEST(!got.last().within->id.position);
    BOOST_TEST(got.last().within->total_order.value() == 3u);
}

BOOST_AUTO_TEST_CASE(a_rewritten_flattened_row_says_what_the_connector_adds)
{
    event_reader reader;
    auto messages = captured("afr.public.item");
    BOOST_REQUIRE(!reader.read(messages.at(0).key, messages.at(0).value));
    BOOST_TEST(reader.last().is_flattened);
    BOOST_TEST((reader.last().op == operation::read));
    BOOST_TEST(reader.last().row.find("name").text() == "one");
    BOOST_TEST(reader.last().source.table == "item");
    BOOST_TEST(reader.last().source.position.value() == lsn{40695536});
    BOOST_TEST(reader.last().source.xid.value() == 872u);
    BOOST_TEST(reader.last().source.commit_us.value() == 1795379037074000);
    BOOST_TEST(is_added(reader.last(), "__lsn"));
    BOOST_TEST(is_added(reader.last(), "__deleted"));
    BOOST_TEST(!is_added(reader.last(), "name"));
    BOOST_REQUIRE(!reader.read(messages.at(6).key, messages.at(6).value));
    BOOST_TEST((reader.last().kind == event_kind::remove));
    BOOST_TEST(!reader.last().row);
    BOOST_TEST(reader.last().before.find("id").text() == "4");
}

BOOST_AUTO_TEST_CASE(added_members_may_have_another_prefix_and_their_blocks_in_their_names)
{
    event_reader reader{{.added_prefix = "dbz."}};
    BOOST_REQUIRE(!reader.read(R"({"id":1})",
                               R"({"id":1,"dbz.op":"r","dbz.source_lsn":7,"dbz.source_ts_us":5,"dbz.source_ts_ms":1,)"
                               R"("dbz.source_snapshot":"last","dbz.transaction_id":"3:4","dbz.total_order":2,)"
                               R"("dbz.ts_ms":9,"dbz.other":[],"__lsn":{},"__deleted":"false"})"));
    const auto& said = reader.last();
    BOOST_TEST((said.kind == event_kind::upsert));
    BOOST_TEST((said.op == operation::read));
    BOOST_TEST(said.source.position.value() == lsn{7});
    BOOST_TEST(said.source.commit_us.value() == 5);
    BOOST_TEST((said.source.snapshot == snapshot_mark::last));
    BOOST_TEST(said.within->id.xid == "3");
    BOOST_TEST(said.within->total_order.value() == 2u);
    BOOST_TEST(!is_added(said, "__lsn"));
    BOOST_TEST(is_added(said, "__deleted"));
}

BOOST_AUTO_TEST_CASE(a_flattened_row_may_have_columns_named_like_an_envelopes_members)
{
    event_reader reader;
    for (const auto* row :
         {R"({"op":"x","before":"b","after":null,"source":"s"})", R"({"op":1,"source":{"a":"hstore"}})",
          R"({"schema":"public","payload":"x"})", R"({"schema":null,"payload":3})", R"({"ts_ms":1})",
          R"({"status":"END","id":"1","event_count":2})", R"({"source":{},"after":{}})"}) {
        BOOST_TEST_CONTEXT(row) {
            BOOST_REQUIRE(!reader.read(R"({"op":"x"})", row));
            BOOST_TEST(reader.last().is_flattened);
            BOOST_TEST((reader.last().kind == event_kind::upsert));
        }
    }
}

BOOST_AUTO_TEST_CASE(key_and_value_have_their_schemas_independently)
{
    event_reader reader;
    auto with = captured("asch.public.item").at(0);
    BOOST_REQUIRE(!reader.read(with.key, with.value));
    BOOST_TEST(reader.last().key.find("id").text() == "1");
    BOOST_TEST(reader.last().row.find("name").text() == "one");
    BOOST_TEST(reader.last().key_schema.find("name").text() == "asch.public.item.Key");
    BOOST_TEST(reader.last().row_schema.find("name").text() == "asch.public.item.Value");
    BOOST_TEST(reader.last().row_schema.find("field").text() == "after");
    auto without = captured("a.public.item").at(0);
    BOOST_REQUIRE(!reader.read(without.key, with.value));
    BOOST_TEST(!reader.last().key_schema);
    BOOST_TEST(bool(reader.last().row_schema));
    BOOST_REQUIRE(!reader.read(with.key, without.value));
    BOOST_TEST(bool(reader.last().key_schema));
    BOOST_TEST(!reader.last().row_schema);
    auto flattened = captured("f_sch.public.k").at(0);
    BOOST_REQUIRE(!reader.read(flattened.key, flattened.value));
    BOOST_TEST(reader.last().is_flattened);
    BOOST_TEST(reader.last().row_schema.find("name").text() == "f_sch.public.k.Value");
}

BOOST_AUTO_TEST_CASE(a_schema_keeps_its_number_until_it_changes)
{
    reading got;
    auto read = [&](std::string_view schema, std::string_view payload) {
        BOOST_REQUIRE(!got.read("{\"schema\":" + std::string{schema} + ",\"payload\":" + std::string{payload} + "}"));
        BOOST_TEST(got.last().row_schema.find("type").text() == "struct");
        return got.last().row_schema_number;
    };
    auto first = read(R"({"type":"struct","v":1})", R"({"id":1})");
    BOOST_TEST(read(R"({"type":"struct","v":1})", R"({"id":2})") == first);
    BOOST_TEST(got.last().row.find("id").text() == "2");
    auto second = read(R"({"type":"struct","v":2})", R"({"id":3})");
    BOOST_TEST(second != first);
    BOOST_TEST(read(R"({"type":"struct","v":2})", R"({"id":31})") == second);
    BOOST_TEST(read(R"({"type":"struct","v":2} )", R"({"id":4})") != second);
    BOOST_TEST(got.last().row.find("id").text() == "4");
}

BOOST_AUTO_TEST_CASE(what_follows_a_known_schema_is_read_as_a_whole_message_would_be)
{
    reading got;
    std::string start = R"({"schema":{"type":"struct"},"payload":)";
    for (int known = 0; known < 2; ++known) {
        BOOST_TEST(bool(got.read(start + R"({"id":1})")));
        BOOST_TEST(bool(got.read(start + "}")));
        BOOST_TEST(bool(got.read(start + R"({"id":1}}})")));
        BOOST_REQUIRE(!got.read(start + "null}"));
        BOOST_TEST((got.last().kind == event_kind::tombstone));
        BOOST_REQUIRE(!got.read(start + R"({"id":1},"more":{}})"));
        BOOST_TEST(bool(got.last().row.find("payload")));  // three members are a row
        BOOST_REQUIRE(!got.read(start + R"({"id":1}}  )"));
        BOOST_TEST(got.last().row.find("id").text() == "1");
    }
}

BOOST_AUTO_TEST_CASE(a_value_that_is_absent_or_null_is_a_tombstone)
{
    event_reader reader;
    for (std::optional<std::string_view> value :
         {std::optional<std::string_view>{}, std::optional<std::string_view>{"null"},
          std::optional<std::string_view>{R"({"schema":{"type":"struct"},"payload":null})"},
          std::optional<std::string_view>{R"({"schema":null,"payload":null})"}}) {
        BOOST_REQUIRE(!reader.read(R"({"id":1})", value));
        BOOST_TEST((reader.last().kind == event_kind::tombstone));
        BOOST_TEST(reader.last().key.find("id").text() == "1");
    }
    BOOST_REQUIRE(!reader.read(std::nullopt, std::nullopt));
    BOOST_TEST(!reader.last().key);
}

BOOST_AUTO_TEST_CASE(messages_of_other_converters_are_refused_with_the_setting_to_change)
{
    using namespace std::string_view_literals;
    for (auto bytes : {"\0\0\0\0\x07\x02"sv, "\1abcdefghijklmnop{}"sv, "\0\0\0\0\x07{\"id\":1}"sv, "Struct{id=1}"sv,
                       "\x02\x06"sv, "\xFF"sv}) {
        auto value = refused(bytes);
        BOOST_TEST(value.code == errc::unsupported_format);
        BOOST_TEST(value.text.find("value.converter") != std::string::npos, value.text);
        auto key = refused("{}", bytes);
        BOOST_TEST(key.code == errc::unsupported_format);
        BOOST_TEST(key.text.find("key.converter") != std::string::npos, key.text);
    }
    BOOST_TEST(refused("\0\0\0\0\x07\x02"sv).text.find("registry") != std::string::npos);
    BOOST_TEST(refused("").code == errc::bad_text);
    BOOST_TEST(refused("{").text == "the value is not JSON");
    BOOST_TEST(refused("[]").text == "the value is not an object");
    BOOST_TEST(refused("{}", "[3]").text == "the key is neither an object nor one value");
}

BOOST_AUTO_TEST_CASE(what_an_envelope_lacks_or_has_wrong_is_named)
{
    BOOST_TEST(refused(envelope(R"("c")", "", "")).text == "member `after` is missing");
    BOOST_TEST(refused(envelope(R"("u")", "", R"("after":null)")).text == "member `after` is null");
    BOOST_TEST(refused(envelope(R"("r")", "", R"("after":[])")).text == "member `after` is not an object");
    BOOST_TEST(refused(envelope(R"("d")", R"("before":3)", "")).text == "member `before` is not an object");
    BOOST_TEST(refused(envelope(R"("d")", "", after)).text == "member `after` belongs to no such operation");
    BOOST_TEST(refused(envelope(R"("t")", "", after)).text == "member `after` belongs to no such operation");
    BOOST_TEST(refused(envelope(R"("x")", "", after)).text == "member `op` is not an operation that we know");
    BOOST_TEST(refused(envelope(R"("c")", "", after, R"("source":3)")).text == "member `source` is not an object");
    BOOST_TEST(refused(envelope(R"("c")", R"("after":{})", after)).text == "member `after` is there twice");
    BOOST_TEST(refused(envelope(R"("c")", R"("transaction":{})", after)).text ==
               "member `transaction.id` is missing or empty");
    BOOST_TEST(refused(envelope(R"("c")", R"("transaction":{"id":"1:x"})", after)).text ==
               "member `transaction.id` does not end with a position");
}

BOOST_AUTO_TEST_CASE(what_a_source_has_wrong_is_named)
{
    BOOST_TEST(refused_source(R"("lsn":1.5)").text == "member `source.lsn` is not an integer");
    BOOST_TEST(refused_source(R"("lsn":9223372036854775808)").text == "member `source.lsn` is not an integer");
    BOOST_TEST(refused_source(R"("lsn":true)").text == "member `source.lsn` is not an integer");
    BOOST_TEST(refused_source(R"("txId":-1)").text == "member `source.txId` is negative");
    BOOST_TEST(refused_source(R"("table":7)").text == "member `source.table` is not a string");
    BOOST_TEST(refused_source(R"("snapshot":"maybe")").text == "member `source.snapshot` is not a known marker");
    BOOST_TEST(refused_source(R"("snapshot":0)").text == "member `source.snapshot` is not a known marker");
    BOOST_TEST(refused_source(R"("table":"a","table":"b")").text == "member `source.table` is there twice");
    for (std::string sequence : {"x", "[]", "[null]", "[null,null]x", R"([\"1\",\"x\"])", R"([\"1\",2])", R"([\"1)"})
        BOOST_TEST(refused_source(R"("sequence":")" + sequence + "\"").text ==
                   "member `source.sequence` is not a pair of positions");
    BOOST_TEST(!refused_source(R"("sequence":"[null,null]")").code);
}

BOOST_AUTO_TEST_CASE(what_a_flattened_row_has_wrong_is_named)
{
    BOOST_TEST(refused(R"({"id":1,"__deleted":true})").text == "member `__deleted` is not a string");
    BOOST_TEST(refused(R"({"id":1,"__deleted":"yes"})").text == "member `__deleted` is neither \"true\" nor \"false\"");
    BOOST_TEST(refused(R"({"id":1,"__op":"t"})").text == "member `__op` is not an operation on a row");
    BOOST_TEST(refused(R"({"id":1,"__lsn":"x"})").text == "member `__lsn` is not an integer");
}

BOOST_AUTO_TEST_CASE(what_a_boundary_has_wrong_is_named)
{
    auto boundary = [](std::string_view tables) {
        return refused(R"({"status":"END","id":"1:2","event_count":1,"data_collections":)" + std::string{tables} + "}")
            .text;
    };
    BOOST_TEST(boundary("3") == "member `data_collections` is not an array");
    BOOST_TEST(boundary("[{}]") == "member `data_collections.data_collection` is missing");
    BOOST_TEST(boundary(R"([{"data_collection":"t"}])") == "member `data_collections.event_count` is missing");
    BOOST_TEST(boundary("null") == "");
}

BOOST_AUTO_TEST_CASE(a_message_cut_at_any_byte_is_an_error)
{
    for (const auto& message : {captured("a.public.item").at(3), captured("afr.public.item").at(0),
                                captured("a.transaction").at(1), captured("asch.public.item").at(0)}) {
        event_reader fresh;
        event_reader knowing;
        BOOST_REQUIRE(!knowing.read(message.key, message.value));
        for (std::size_t length = 0; length < message.value->size(); ++length) {
            std::string cut{*message.value, 0, length};
            BOOST_TEST_REQUIRE(bool(fresh.read(message.key, cut)));
            BOOST_TEST_REQUIRE(bool(knowing.read(message.key, cut)));
        }
        for (std::size_t length = 0; length < message.key->size(); ++length)
            BOOST_TEST_REQUIRE(bool(fresh.read(std::string{*message.key, 0, length}, message.value)));
    }
}

BOOST_AUTO_TEST_SUITE_END()
