#include "publish/document_index.hpp"

#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

using namespace understudy;

namespace {

std::string text_of(const fs::path& path)
{
    std::ostringstream text;
    text << std::ifstream{path, std::ios::binary}.rdbuf();
    return text.str();
}

/// A key of four digits, as it stands for row `number` of memory_rows.
std::string key_of(int number)
{
    return fmt::format("{:04}", number);
}

struct index_fixture : publish_fixture {
    index_fixture() : directory{open()} {}

    /// `more` is what their keys have behind the four digits.
    void fill(int count, const std::string& more = {})
    {
        rows.clear(materials);
        for (int number = 0; number < count; ++number)
            rows.add_row(materials,
                         {key_of(number) + more, '"' + std::string(static_cast<std::size_t>(number % 97), 'x') + '"'});
    }

    manifest publish(std::uint64_t number, const manifest* previous = nullptr, unchanged_tables unchanged = {})
    {
        auto made = plan_documents(documents, rows.state().tables, row_files::wanted);
        require(made);
        auto written = write_generation(directory, {.rows = rows,
                                                    .documents = *made,
                                                    .number = number,
                                                    .created_at = {},
                                                    .previous = previous,
                                                    .unchanged = std::move(unchanged)});
        require(written);
        return *written;
    }

    document_index index_of(const manifest& made, std::size_t document = 0) const
    {
        const auto& facts = made.documents.at(document);
        BOOST_TEST_REQUIRE(facts.index.has_value());
        auto bytes = text_of(generation(made.generation) / facts.index->file);
        BOOST_TEST(bytes.size() == facts.index->bytes);
        BOOST_TEST(sha256_hex(bytes) == facts.index->sha256);
        auto parsed = document_index::parse(bytes, facts.bytes);
        require(parsed);
        return std::move(*parsed);
    }

    snapshot_directory directory;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(document_index_test, index_fixture)

BOOST_AUTO_TEST_CASE(every_row_is_in_the_block_that_its_key_leads_to)
{
    fill(3000);
    auto made = publish(1);
    auto index = index_of(made);
    auto text = text_of(generation(1) / "snapshot.json");
    const auto& found = index.tables().at(0).rows;
    BOOST_TEST(found.rows == 3000u);
    for (int number = 0; number < 3000; ++number) {
        auto block = found.find(key_of(number));
        BOOST_TEST_REQUIRE(block.has_value());
        BOOST_TEST(block->end - block->start < 2 * index_block_bytes);
        auto rows_there = std::string_view{text}.substr(block->start, block->end - block->start);
        BOOST_TEST(rows_there.find("{\"id\":" + key_of(number) + ",") != rows_there.npos);
    }
}

BOOST_AUTO_TEST_CASE(a_block_begins_with_a_row_and_ends_behind_one)
{
    fill(3000);
    auto made = publish(1);
    auto index = index_of(made);
    auto text = text_of(generation(1) / "snapshot.json");
    const auto& found = index.tables().at(0).rows;
    for (auto block = *found.find("0000"); block.start < found.end;) {
        BOOST_TEST(text.substr(block.start, 6) == "{\"id\":");
        auto before = text[block.end - 1];
        BOOST_TEST((block.end == found.end ? before == '}' : before == '\n'));
        if (block.end == found.end) break;
        block = *found.find(text.substr(block.end + 6, 4));
    }
}

BOOST_AUTO_TEST_CASE(the_blocks_between_two_keys_hold_all_rows_between_them)
{
    fill(3000);
    auto made = publish(1);
    auto index = index_of(made);
    auto text = text_of(generation(1) / "snapshot.json");
    const auto& found = index.tables().at(0).rows;
    std::mt19937 dice{7};
    for (int round = 0; round < 200; ++round) {
        int low = static_cast<int>(dice() % 3000);
        int high = low + static_cast<int>(dice() % static_cast<unsigned>(3000 - low));
        auto range = found.between(key_of(low), key_of(high));
        auto part = std::string_view{text}.substr(range.start, range.end - range.start);
        BOOST_TEST(part.find("{\"id\":" + key_of(low) + ",") != part.npos);
        BOOST_TEST(part.find("{\"id\":" + key_of(high) + ",") != part.npos);
    }
    BOOST_TEST(found.between("", "").start == found.first);
    BOOST_TEST(found.between("", "").end == found.end);
}

// As those of a store that follows Kafka do behind numbers that have several spellings.
BOOST_AUTO_TEST_CASE(keys_that_go_on_behind_their_columns_are_found_by_these)
{
    fill(3000, "5");
    auto made = publish(1);
    auto index = index_of(made);
    auto text = text_of(generation(1) / "snapshot.json");
    const auto& found = index.tables().at(0).rows;
    auto holds = [&](row_range range, int number) {
        auto part = std::string_view{text}.substr(range.start, range.end - range.start);
        return part.find("{\"id\":" + key_of(number) + "5,") != part.npos;
    };
    for (int number = 0; number < 3000; ++number) {
        auto block = found.find(key_of(number));
        BOOST_TEST_REQUIRE(block.has_value());
        BOOST_TEST(holds(*block, number));
        BOOST_TEST(holds(found.between(key_of(number), key_of(number)), number));
    }
}

BOOST_AUTO_TEST_CASE(a_key_below_all_others_leads_nowhere)
{
    fill(10);
    auto made = publish(1);
    BOOST_TEST(!index_of(made).tables().at(0).rows.find("/").has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_table_has_no_rows)
{
    rows.clear(materials);
    auto made = publish(1);
    auto index = index_of(made);
    const auto& found = index.tables().at(0).rows;
    BOOST_TEST(found.rows == 0u);
    BOOST_TEST(found.all().start == found.all().end);
    BOOST_TEST(!found.find("0000").has_value());
}

BOOST_AUTO_TEST_CASE(a_table_that_no_document_holds_whole_gets_a_file_of_its_own)
{
    document_table shaped;
    shaped.table = "public.materials";
    shaped.columns = {{"name", "title"}};
    document_table whole;
    whole.table = "sales.orders";
    documents[0].tables = {shaped, whole};
    auto made = publish(1);
    BOOST_TEST_REQUIRE(made.documents.size() == 2u);
    BOOST_TEST(made.documents[1].file == "rows.public.materials.json");
    BOOST_TEST((index_of(made, 0).tables().at(0).name == table_name{"sales", "orders"}));
    BOOST_TEST((index_of(made, 1).tables().at(0).name == table_name{"public", "materials"}));
}

BOOST_AUTO_TEST_CASE(without_readers_there_is_no_index)
{
    auto made = write(directory, 1);
    require(made);
    BOOST_TEST(!made->documents[0].index.has_value());
    BOOST_TEST(names_under(generation(1)).size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_unchanged_document_is_linked_with_its_index)
{
    auto first = publish(1);
    auto second = publish(2, &first, {1, {materials, orders}});
    BOOST_TEST((second.documents[0] == first.documents[0]));
    for (const char* file : {"snapshot.json", "snapshot.json.index"})
        BOOST_TEST(facts_of(generation(1) / file).st_ino == facts_of(generation(2) / file).st_ino);
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(an_index_is_made_when_readers_come_though_no_row_changed)
{
    auto plain = write(directory, 1);
    require(plain);
    auto made = publish(2, &*plain, {1, {materials, orders}});
    BOOST_TEST(index_of(made).tables().size() == 2u);
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
    auto gone = write(directory, 3, &made);
    require(gone);
    BOOST_TEST(!gone->documents[0].index.has_value());
}

BOOST_AUTO_TEST_CASE(a_damaged_index_is_found_by_verify)
{
    auto made = publish(1);
    auto path = generation(1) / "snapshot.json.index";
    fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
    std::fstream{path, std::ios::in | std::ios::out | std::ios::binary}.seekp(30).put('!');
    auto report = verify_generation(generation(1), check_depth::full);
    BOOST_TEST_REQUIRE(report.differences.size() == 1u);
    BOOST_TEST(report.differences[0].find("snapshot.json.index") != std::string::npos);
    fs::resize_file(path, 10);
    BOOST_TEST(!verify_generation(generation(1), check_depth::quick).good());
}

BOOST_AUTO_TEST_CASE(an_index_cut_at_any_byte_is_refused)
{
    fill(300);
    auto made = publish(1);
    auto bytes = text_of(generation(1) / made.documents[0].index->file);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_TEST(!document_index::parse(bytes.substr(0, size), made.documents[0].bytes).has_value());
}

BOOST_AUTO_TEST_CASE(an_index_with_any_byte_changed_is_refused_or_stays_inside_its_document)
{
    fill(300);
    auto made = publish(1);
    auto bytes = text_of(generation(1) / made.documents[0].index->file);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
        auto parsed = document_index::parse(damaged, made.documents[0].bytes);
        if (!parsed) continue;
        for (const auto& table : parsed->tables()) {
            auto range = table.rows.between("", "");
            BOOST_TEST(range.start <= range.end);
            BOOST_TEST(range.end <= made.documents[0].bytes);
            if (auto block = table.rows.find("0100")) BOOST_TEST(block->end <= made.documents[0].bytes);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
