#include "decode/pgoutput.hpp"

#include "core/limits.hpp"
#include "support/pgoutput_builder.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <limits>

using namespace understudy;
namespace build = pgoutput_builder;
using pgoutput::old_image;
using bytes = build::bytes;

namespace {

using check = std::function<error_code(std::string_view)>;

template <class T>
check checks(result<T> (*decode)(std::string_view))
{
    return [decode](std::string_view whole) { return decode(whole).error(); };
}

template <class T>
check checks(error_code (*decode)(std::string_view, T&))
{
    return [decode](std::string_view whole) {
        T into;
        return decode(whole, into);
    };
}

/// Every prefix is truncated, and one byte more than the message is too many.
void check_each_length(const std::string& whole, const check& decode)
{
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length) BOOST_TEST(decode(whole.substr(0, length)) == errc::truncated_message);
    BOOST_TEST(decode(whole) == error_code{});
    BOOST_TEST(decode(whole + '\0') == errc::trailing_bytes);
}

const check insert_check = checks(&pgoutput::decode_insert);
const check update_check = checks(&pgoutput::decode_update);
const check remove_check = checks(&pgoutput::decode_remove);
const check relation_check = checks(&pgoutput::decode_relation);
const check truncate_check = checks(&pgoutput::decode_truncate);

const pgoutput::relation materials{.id = 16394,
                                   .schema = "public",
                                   .name = "materials",
                                   .replica_identity = 'f',
                                   .columns = {{"id", 20, -1, true}, {"price", 1700, 655366, false}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(pgoutput_messages)

BOOST_AUTO_TEST_CASE(kind_of_knows_each_message_by_its_first_byte)
{
    for (char type : std::string_view{"BCRYIUDTMO"})
        BOOST_TEST(static_cast<char>(pgoutput::kind_of(std::string(1, type)).value()) == type);
}

BOOST_AUTO_TEST_CASE(kind_of_refuses_messages_of_protocols_that_we_did_not_ask_for)
{
    for (char type : std::string_view{"SEcbPKrpwk\0", 11})
        BOOST_TEST(pgoutput::kind_of(std::string(1, type)).error() == errc::unknown_message);
    BOOST_TEST(pgoutput::kind_of("").error() == errc::truncated_message);
}

BOOST_AUTO_TEST_CASE(begin_carries_position_time_and_xid)
{
    auto decoded = pgoutput::decode_begin(build::begin(lsn{0x1002}, -5, 0xfffffff0)).value();
    BOOST_TEST(decoded.final_lsn == lsn{0x1002});
    BOOST_TEST(decoded.commit_us == -5);
    BOOST_TEST(decoded.xid == 0xfffffff0);
}

BOOST_AUTO_TEST_CASE(commit_carries_both_positions_and_the_time)
{
    auto decoded = pgoutput::decode_commit(build::commit(lsn{0x1002}, lsn{0x1032}, 77)).value();
    BOOST_TEST(decoded.commit_lsn == lsn{0x1002});
    BOOST_TEST(decoded.end_lsn == lsn{0x1032});
    BOOST_TEST(decoded.commit_us == 77);
}

BOOST_AUTO_TEST_CASE(relation_carries_names_identity_and_columns)
{
    auto whole = build::relation(materials);
    auto decoded = pgoutput::decode_relation(whole).value();
    BOOST_TEST(decoded.id == 16394u);
    BOOST_TEST(decoded.schema == "public");
    BOOST_TEST(decoded.name == "materials");
    BOOST_TEST(decoded.replica_identity == 'f');
    BOOST_REQUIRE(decoded.columns.size() == 2u);
    BOOST_TEST(decoded.columns[0].in_identity);
    BOOST_TEST(!decoded.columns[1].in_identity);
    BOOST_TEST(decoded.columns[1].name == "price");
    BOOST_TEST(decoded.columns[1].type == 1700u);
    BOOST_TEST(decoded.columns[0].typmod == -1);
    BOOST_TEST(decoded.columns[1].typmod == 655366);
}

BOOST_AUTO_TEST_CASE(insert_carries_text_null_and_empty_text)
{
    pgoutput::insert decoded;
    auto whole = build::insert(7, {text("a\tb"), null(), text("")});
    BOOST_REQUIRE(!pgoutput::decode_insert(whole, decoded));
    BOOST_TEST(decoded.relation == 7u);
    BOOST_REQUIRE(decoded.row.size() == 3u);
    BOOST_TEST(decoded.row[0].text == "a\tb");
    BOOST_TEST((decoded.row[1].what == tuple_column::kind::null));
    BOOST_TEST((decoded.row[2].what == tuple_column::kind::text));
    BOOST_TEST(decoded.row[2].text == "");
}

BOOST_AUTO_TEST_CASE(update_tells_the_old_key_from_the_old_row_and_from_neither)
{
    pgoutput::update decoded;
    for (auto kind : {old_image::key, old_image::whole}) {
        auto whole = build::update(7, kind, {text("1"), null()}, {text("2"), unchanged()});
        BOOST_REQUIRE(!pgoutput::decode_update(whole, decoded));
        BOOST_TEST((decoded.before_kind == kind));
        BOOST_TEST(decoded.before.at(0).text == "1");
        BOOST_TEST((decoded.row.at(1).what == tuple_column::kind::unchanged));
    }
    auto whole = build::update(8, {text("3")});
    BOOST_REQUIRE(!pgoutput::decode_update(whole, decoded));
    BOOST_TEST((decoded.before_kind == old_image::none));
    BOOST_TEST(decoded.before.empty());
    BOOST_TEST(decoded.row.at(0).text == "3");
}

BOOST_AUTO_TEST_CASE(remove_carries_the_key_or_the_whole_row)
{
    pgoutput::remove decoded;
    for (auto kind : {old_image::key, old_image::whole}) {
        auto whole = build::remove(9, kind, {text("1")});
        BOOST_REQUIRE(!pgoutput::decode_remove(whole, decoded));
        BOOST_TEST(decoded.relation == 9u);
        BOOST_TEST((decoded.before_kind == kind));
        BOOST_TEST(decoded.before.at(0).text == "1");
    }
}

BOOST_AUTO_TEST_CASE(truncate_carries_relations_and_both_options)
{
    for (bool cascade : {false, true})
        for (bool restart : {false, true}) {
            auto decoded = pgoutput::decode_truncate(build::truncate({{1, 2, 3}, cascade, restart})).value();
            BOOST_TEST(decoded.relations == (std::vector<oid>{1, 2, 3}));
            BOOST_TEST(decoded.cascade == cascade);
            BOOST_TEST(decoded.restart_identity == restart);
        }
}

BOOST_AUTO_TEST_CASE(message_carries_prefix_and_content)
{
    auto whole = build::message({true, lsn{0x55}, "understudy", std::string_view{"a\0b", 3}});
    auto decoded = pgoutput::decode_message(whole).value();
    BOOST_TEST(decoded.transactional);
    BOOST_TEST(decoded.position == lsn{0x55});
    BOOST_TEST(decoded.prefix == "understudy");
    BOOST_TEST(decoded.content == (std::string_view{"a\0b", 3}));
}

BOOST_AUTO_TEST_CASE(every_message_cut_at_any_byte_is_truncated)
{
    check_each_length(build::begin(lsn{1}, 2, 3), checks(&pgoutput::decode_begin));
    check_each_length(build::commit(lsn{1}, lsn{2}, 3), checks(&pgoutput::decode_commit));
    check_each_length(build::relation(materials), relation_check);
    check_each_length(build::insert(1, {text("abc"), null(), text("")}), insert_check);
    check_each_length(build::update(1, {text("abc"), unchanged()}), update_check);
    check_each_length(build::update(1, old_image::key, {text("a"), null()}, {text("b"), null()}), update_check);
    check_each_length(build::remove(1, old_image::whole, {text("abc"), null()}), remove_check);
    check_each_length(build::truncate({{1, 2}, true, false}), truncate_check);
    check_each_length(build::message({false, lsn{1}, "p", "content"}), checks(&pgoutput::decode_message));
    check_each_length(build::origin(lsn{1}, "elsewhere"), &pgoutput::check_origin);
    check_each_length(build::type(16400, "public", "mood"), &pgoutput::check_type);
    check_each_length(build::stream_abort(765, 766), &pgoutput::check_stream_abort);
}

BOOST_AUTO_TEST_CASE(decoders_refuse_each_others_messages)
{
    auto other = build::type(1, "public", "mood");
    for (const auto& decode :
         {checks(&pgoutput::decode_begin), checks(&pgoutput::decode_commit), relation_check, insert_check, update_check,
          remove_check, truncate_check, checks(&pgoutput::decode_message), check{&pgoutput::check_origin},
          check{&pgoutput::check_stream_abort}})
        BOOST_TEST(decode(other) == errc::unknown_message);
    BOOST_TEST(pgoutput::check_type(build::insert(1, {})) == errc::unknown_message);
}

BOOST_AUTO_TEST_CASE(unknown_flags_are_errors)
{
    BOOST_TEST(truncate_check(bytes{}.byte('T').u32(0).u8(4).take()) == errc::unknown_message);
    BOOST_TEST(relation_check(bytes{}
                                  .byte('R')
                                  .u32(1)
                                  .c_string("s")
                                  .c_string("t")
                                  .byte('d')
                                  .u16(1)
                                  .u8(2)
                                  .c_string("c")
                                  .u32(23)
                                  .u32(0)
                                  .take()) == errc::unknown_message);
    BOOST_TEST(checks(&pgoutput::decode_commit)(bytes{}.byte('C').u8(1).u64(1).u64(2).u64(3).take()) ==
               errc::unknown_message);
    BOOST_TEST(checks(&pgoutput::decode_message)(bytes{}.byte('M').u8(2).u64(1).c_string("p").u32(0).take()) ==
               errc::unknown_message);
}

BOOST_AUTO_TEST_CASE(unknown_markers_are_errors)
{
    BOOST_TEST(relation_check(bytes{}.byte('R').u32(1).c_string("s").c_string("t").byte('x').u16(0).take()) ==
               errc::unknown_message);
    BOOST_TEST(insert_check(bytes{}.byte('I').u32(1).byte('O').tuple({}).take()) == errc::unknown_message);
    BOOST_TEST(update_check(bytes{}.byte('U').u32(1).byte('Q').tuple({}).take()) == errc::unknown_message);
    BOOST_TEST(update_check(bytes{}.byte('U').u32(1).byte('K').tuple({}).byte('K').tuple({}).take()) ==
               errc::unknown_message);
    BOOST_TEST(remove_check(bytes{}.byte('D').u32(1).byte('N').tuple({}).take()) == errc::unknown_message);
}

BOOST_AUTO_TEST_CASE(binary_values_are_refused)
{
    auto whole = bytes{}.byte('I').u32(1).byte('N').u16(1).byte('b').u32(1).raw("x").take();
    BOOST_TEST(insert_check(whole) == errc::unknown_message);
}

BOOST_AUTO_TEST_CASE(negative_sizes_are_truncated_messages)
{
    auto value = bytes{}.byte('I').u32(1).byte('N').u16(1).byte('t').u32(0xffffffff).raw("x").take();
    BOOST_TEST(insert_check(value) == errc::truncated_message);
    auto content = bytes{}.byte('M').u8(0).u64(1).c_string("p").u32(0x80000000).raw("x").take();
    BOOST_TEST(checks(&pgoutput::decode_message)(content) == errc::truncated_message);
}

BOOST_AUTO_TEST_CASE(counts_past_their_limits_are_errors_whatever_follows)
{
    auto columns = limits::columns_max + 1;
    BOOST_TEST(insert_check(bytes{}.byte('I').u32(1).byte('N').u16(columns).take()) == errc::over_limit);
    BOOST_TEST(relation_check(bytes{}.byte('R').u32(1).c_string("s").c_string("t").byte('d').u16(columns).take()) ==
               errc::over_limit);
    BOOST_TEST(truncate_check(bytes{}.byte('T').u32(limits::truncated_relations_max + 1).u8(0).take()) ==
               errc::over_limit);
    BOOST_TEST(truncate_check(bytes{}.byte('T').u32(0xffffffff).u8(0).take()) == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(a_tuple_of_as_many_columns_as_postgres_allows_is_fine)
{
    bytes whole;
    whole.byte('I').u32(1).byte('N').u16(limits::columns_max);
    for (std::size_t i = 0; i < limits::columns_max; ++i) whole.byte('n');
    BOOST_TEST(insert_check(whole.take()) == error_code{});
}

BOOST_AUTO_TEST_CASE(names_longer_than_postgres_allows_are_over_limit)
{
    std::string fits(limits::name_bytes_max, 'n');
    BOOST_TEST(pgoutput::check_type(build::type(1, fits, fits)) == error_code{});
    BOOST_TEST(pgoutput::check_type(build::type(1, fits + 'n', fits)) == errc::over_limit);
    BOOST_TEST(pgoutput::check_type(build::type(1, fits, fits + 'n')) == errc::over_limit);
}

BOOST_AUTO_TEST_CASE(a_decoder_keeps_nothing_of_the_message_before)
{
    pgoutput::update decoded;
    auto first = build::update(1, old_image::whole, {text("a"), text("b")}, {text("c"), text("d")});
    auto second = build::update(1, {text("e")});
    BOOST_REQUIRE(!pgoutput::decode_update(first, decoded));
    BOOST_REQUIRE(!pgoutput::decode_update(second, decoded));
    BOOST_TEST(decoded.before.empty());
    BOOST_TEST(decoded.row.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_decoder_reuses_the_callers_vectors)
{
    pgoutput::insert decoded;
    BOOST_REQUIRE(!pgoutput::decode_insert(build::insert(1, {text("a"), text("b"), null()}), decoded));
    const auto* storage = decoded.row.data();
    auto whole = build::insert(1, {text("c"), null()});
    BOOST_REQUIRE(!pgoutput::decode_insert(whole, decoded));
    BOOST_TEST(decoded.row.data() == storage);
}

BOOST_AUTO_TEST_SUITE_END()
