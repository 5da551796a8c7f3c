#include "writer_fixture.hpp"

#include "publish/generation_check.hpp"

#include <boost/json.hpp>

#include <random>

using namespace understudy;

namespace {

std::string trimmed_header(std::string text)
{
    auto line_end = text.find('\n');
    auto last = text.find_last_not_of(' ', line_end - 1);
    return text.erase(last + 1, line_end - last - 1);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(document_writer_test, writer_fixture)

BOOST_AUTO_TEST_CASE(the_default_document_has_exactly_these_bytes)
{
    BOOST_TEST(trimmed_header(text()) == "{\"understudy\":{\"format\":1,\"generation\":7,\"position\":\"16/B374D848\","
                                         "\"content_as_of\":\"2023-11-14T22:13:20.000000Z\"},\n"
                                         "\"materials\":[\n"
                                         "{\"id\":1,\"name\":\"steel\"},\n"
                                         "{\"id\":2,\"name\":null}\n"
                                         "],\n"
                                         "\"sales.orders\":[\n"
                                         "]\n"
                                         "}\n");
    BOOST_TEST(row_total == 2u);
}

BOOST_AUTO_TEST_CASE(the_header_has_one_size_whatever_it_says)
{
    auto small = text(1).find('\n');
    rows.change_state().position.position = lsn{~0ull};
    BOOST_TEST(text(~0ull).find('\n') == small);
    BOOST_TEST(trimmed_header(text(~0ull)).find('\n') < small);
}

BOOST_AUTO_TEST_CASE(content_as_of_is_null_before_the_first_commit)
{
    rows.change_state().position.content_as_of = db_time{};
    auto settled = rows.state().position.content_as_of == db_time{};
    BOOST_TEST(settled);
    auto directory = open();
    require(write(directory, 1));
    BOOST_TEST(slurp(generation(1) / "snapshot.json").find("\"content_as_of\":null}") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_content_hash_is_blind_to_the_header_and_to_nothing_else)
{
    text(9);
    auto before = digest;
    text(10);
    BOOST_TEST(digest.content == before.content);
    BOOST_TEST(digest.sha256 != before.sha256);
    rows.add_row(orders, {"1", ""});
    text(10);
    BOOST_TEST(digest.content != before.content);
}

BOOST_AUTO_TEST_CASE(a_change_behind_the_first_block_changes_the_content_hash)
{
    for (int i = 0; i < 3; ++i)
        rows.add_row(materials, {std::to_string(10 + i), '"' + std::string(1u << 20, 'a') + '"'});
    rows.add_row(orders, {"1", "\"x\""});
    text();
    auto before = digest.content;
    rows.clear(orders);
    rows.add_row(orders, {"1", "\"y\""});
    text();
    BOOST_TEST(digest.content != before);
}

BOOST_AUTO_TEST_CASE(chosen_columns_come_in_their_order_under_their_names)
{
    shape_materials("", {{"name", "tit\"le"}, {"id", ""}});
    BOOST_TEST(text() ==
               "{\n\"materials\":[\n{\"tit\\\"le\":\"steel\",\"id\":1},\n{\"tit\\\"le\":null,\"id\":2}\n]\n}\n");
}

BOOST_AUTO_TEST_CASE(an_object_is_keyed_by_numbers_as_text_and_by_strings_as_they_are)
{
    shape_materials("id", {{"id", ""}});
    rows.add_row(materials, {"\"a\\\"b\"", ""});
    BOOST_TEST(text() ==
               "{\n\"materials\":{\n\"1\":{\"id\":1},\n\"2\":{\"id\":2},\n\"a\\\"b\":{\"id\":\"a\\\"b\"}\n}\n}\n");
}

BOOST_AUTO_TEST_CASE(a_null_name_is_refused_and_tells_no_data)
{
    shape_materials("name");
    auto why = refusal();
    BOOST_TEST(why.find("public.materials") != why.npos);
    BOOST_TEST(why.find("keyed by name") != why.npos);
    BOOST_TEST(why.find("steel") == why.npos);
}

BOOST_AUTO_TEST_CASE(a_repeated_name_is_refused_and_tells_no_data)
{
    shape_materials("name");
    rows.clear(materials);
    rows.add_row(materials, {"1", "\"steel\""});
    rows.add_row(materials, {"2", "\"wood\""});
    text();
    rows.add_row(materials, {"3", "\"steel\""});
    BOOST_TEST(refusal().find("steel") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_number_and_a_string_of_one_text_are_one_name)
{
    shape_materials("name");
    rows.clear(materials);
    rows.add_row(materials, {"1", "\"5\""});
    rows.add_row(materials, {"2", "5"});
    refusal();
}

BOOST_AUTO_TEST_CASE(a_name_that_is_an_array_or_object_is_refused)
{
    shape_materials("name");
    for (std::string bad : {"[1]", "{\"a\":1}"}) {
        rows.clear(materials);
        rows.add_row(materials, {"1", bad});
        refusal();
    }
}

BOOST_AUTO_TEST_CASE(a_row_of_a_multiset_stands_as_often_as_it_is_counted)
{
    rows.clear(materials);
    rows.add_row(materials, {"1", "\"a\""}, 3);
    shape_materials("");
    BOOST_TEST(text() == "{\n\"materials\":[\n{\"id\":1,\"name\":\"a\"},\n{\"id\":1,\"name\":\"a\"},\n"
                         "{\"id\":1,\"name\":\"a\"}\n]\n}\n");
    BOOST_TEST(row_total == 3u);
}

BOOST_AUTO_TEST_CASE(a_document_without_tables_is_still_json)
{
    rows.change_state().tables.clear();
    boost::json::parse(text());
    documents[0].header = false;
    boost::json::parse(text());
}

BOOST_AUTO_TEST_CASE(a_table_without_columns_gives_empty_objects)
{
    auto bare = rows.add_table({"public", "bare"}, {});
    rows.change_state().tables.back().shape.key.clear();
    rows.add_row(bare, {}, 2);
    BOOST_TEST(text().find("\"bare\":[\n{},\n{}\n]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stored_row_cut_at_any_byte_is_damage_and_never_a_document)
{
    std::string tuple;
    append_fragment(tuple, "3");
    append_fragment(tuple, "\"copper\"");
    for (std::size_t length = 0; length < tuple.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length) {
            rows.clear(materials);
            rows.add_tuple(materials, tuple.substr(0, length));
            require_failure(written(), errc::store_damaged);
        }
}

BOOST_AUTO_TEST_CASE(a_stored_row_with_an_extra_field_is_damage_also_beside_one_that_is_not_known)
{
    std::string tuple;
    append_fragment(tuple, "3");
    append_unchanged(tuple);
    append_fragment(tuple, "5");
    rows.add_tuple(materials, tuple);
    require_failure(written(), errc::store_damaged);
    rows.clear(materials);
    rows.add_row(materials, {"3", "4", "5"});
    require_failure(written(), errc::store_damaged);
}

BOOST_AUTO_TEST_CASE(hashes_and_rows_are_right_whatever_the_sizes)
{
    auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST_CONTEXT("seed " << seed) {
        std::mt19937 random{seed};
        std::uniform_int_distribution<std::size_t> size{0, 3u << 20};
        rows.clear(materials);
        for (int i = 0; i < 12; ++i)
            rows.add_row(materials, {std::to_string(i), '"' + std::string(size(random), 'z') + '"'});
        auto bytes = text();
        BOOST_TEST(digest.bytes == bytes.size());
        BOOST_TEST(digest.sha256 == sha256_hex(bytes));
        std::vector<std::string> blocks;
        for (std::size_t at = 0; at < bytes.size(); at += block_bytes)
            blocks.push_back(sha256_hex(std::string_view{bytes}.substr(at, block_bytes)));
        BOOST_TEST(digest.blocks == blocks, boost::test_tools::per_element());
        BOOST_TEST(boost::json::parse(bytes).at("materials").as_array().size() == 12u);
    }
}

BOOST_AUTO_TEST_CASE(values_of_every_length_are_written_whole)
{
    std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    while (letters.size() < 300) letters += letters;
    rows.clear(materials);
    for (std::size_t size = 0; size <= 300; ++size)
        rows.add_row(materials, {std::to_string(size), '"' + letters.substr(0, size) + '"'});
    auto document = boost::json::parse(text());
    const auto& written_rows = document.at("materials").as_array();
    BOOST_REQUIRE(written_rows.size() == 301u);
    for (std::size_t size = 0; size <= 300; ++size)
        BOOST_TEST(written_rows[size].at("name").as_string() == letters.substr(0, size));
}

BOOST_AUTO_TEST_CASE(sha256_is_the_published_one)
{
    BOOST_TEST(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_SUITE_END()
