#include "serve/served_generation.hpp"

#include "../publish/publish_fixture.hpp"
#include "publish/digest.hpp"

using namespace understudy;

namespace {

struct served_fixture : publish_fixture {
    served_fixture() : directory{open()} {}

    void fill(std::size_t count, std::size_t width)
    {
        rows.clear(materials);
        for (std::size_t number = 0; number < count; ++number)
            rows.add_row(materials, {std::to_string(10'000'000 + number), '"' + std::string(width, 'x') + '"'});
    }

    manifest publish(std::uint64_t number, const manifest* previous = nullptr)
    {
        auto made = plan_documents(documents, rows.state().tables, row_files::wanted);
        require(made);
        auto written = write_generation(directory, {.rows = rows,
                                                    .documents = *made,
                                                    .number = number,
                                                    .created_at = {},
                                                    .previous = previous,
                                                    .unchanged = {}});
        require(written);
        return *written;
    }

    outcome<std::shared_ptr<const served_generation>> serve(std::uint64_t number,
                                                            const served_generation* former = nullptr) const
    {
        return served_generation::open(settings.directory, number, former);
    }

    std::shared_ptr<const served_generation> served(std::uint64_t number,
                                                    const served_generation* former = nullptr) const
    {
        auto made = serve(number, former);
        require(made);
        return *made;
    }

    fs::path document(std::uint64_t number) const { return generation(number) / "snapshot.json"; }

    /// Changes one byte, in a file of its own.
    static void damage(const fs::path& path, std::size_t at)
    {
        auto bytes = slurp(path);
        bytes.at(at) ^= 1;
        spill(path, bytes);
    }

    snapshot_directory directory;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(served_generation_test, served_fixture)

BOOST_AUTO_TEST_CASE(tables_are_found_by_either_name)
{
    publish(1);
    auto opened = served(1);
    BOOST_TEST(opened->has_row_files());
    BOOST_TEST(opened->find_table("materials") == opened->find_table("public.materials"));
    BOOST_TEST_REQUIRE(opened->find_table("sales.orders") != nullptr);
    BOOST_TEST(opened->find_table("orders") == nullptr);
    BOOST_TEST(opened->find_table("") == nullptr);
    BOOST_TEST(opened->find_table("materials")->rows.rows == 2u);
}

BOOST_AUTO_TEST_CASE(rows_stay_readable_when_the_generation_is_removed)
{
    publish(1);
    auto opened = served(1);
    fs::remove_all(generation(1));
    const auto& table = *opened->find_table("materials");
    std::string bytes;
    require(table.file->read(table.rows.first, table.rows.end - table.rows.first, bytes));
    BOOST_TEST(bytes.starts_with("{\"id\":1,"));
    BOOST_TEST(bytes.ends_with("}"));
}

BOOST_AUTO_TEST_CASE(a_read_beyond_the_end_gives_what_there_is)
{
    auto made = publish(1);
    auto opened = served(1);
    auto& file = *opened->files().front();
    std::string bytes = "old";
    require(file.read(made.documents[0].bytes - 3, 100, bytes));
    BOOST_TEST(bytes.size() == 3u);
    require(file.read(made.documents[0].bytes + 10, 100, bytes));
    BOOST_TEST(bytes.empty());
    require(file.read(~std::uint64_t{0}, 100, bytes));
    BOOST_TEST(bytes.empty());
}

BOOST_AUTO_TEST_CASE(a_damaged_block_is_found_by_the_read_that_touches_it_and_by_no_other)
{
    fill(40'000, 60);  // some 4 MiB
    auto made = publish(1);
    BOOST_TEST_REQUIRE(made.documents[0].blocks.size() > 2u);
    damage(document(1), block_bytes + 100);
    auto opened = served(1);
    auto& file = *opened->files().front();
    std::string bytes;
    require(file.read(0, 1000, bytes));
    require(file.read(2 * block_bytes, 1000, bytes));
    auto read = file.read(block_bytes - 10, 20, bytes);
    require_failure(read, errc::generation_damaged);
    BOOST_TEST(read.error().text.find("block 1 (from byte 1048576)") != std::string::npos);
    require_failure(file.read(block_bytes, 1, bytes), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(the_look_at_all_blocks_comes_past_each_and_begins_anew)
{
    fill(40'000, 60);
    auto made = publish(1);
    auto opened = served(1);
    auto& file = *opened->files().front();
    for (int round = 0; round < 2; ++round)
        for (std::size_t block = 1; block <= made.documents[0].blocks.size(); ++block) {
            auto more = file.check_next_block();
            require(more);
            BOOST_TEST(*more == (block < made.documents[0].blocks.size()));
        }
}

BOOST_AUTO_TEST_CASE(the_look_finds_damage_that_came_after_the_first_read)
{
    publish(1);
    auto opened = served(1);
    auto& file = *opened->files().front();
    std::string bytes;
    require(file.read(0, 10, bytes));
    auto rights = fs::status(document(1)).permissions();
    fs::permissions(document(1), rights | fs::perms::owner_write);
    {
        std::fstream in_place{document(1), std::ios::in | std::ios::out | std::ios::binary};
        in_place.seekp(5);
        in_place.put('#');
    }
    require_failure(file.check_next_block(), errc::generation_damaged);
    require_failure(file.read(0, 10, bytes), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_or_replaced_or_is_missing_is_not_served)
{
    publish(1);
    auto whole = slurp(document(1));
    for (auto text : {whole.substr(0, whole.size() - 1), std::string{}, whole + " "}) {
        spill(document(1), text);
        require_failure(serve(1), errc::generation_damaged);
    }
    fs::remove(document(1));
    require_failure(serve(1), errc::generation_damaged);
    fs::create_symlink("/etc/passwd", document(1));
    require_failure(serve(1), errc::generation_damaged);
    fs::remove(document(1));
    fs::create_directory(document(1));
    require_failure(serve(1), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_while_it_is_served_fails_the_read)
{
    fill(40'000, 60);
    publish(1);
    auto opened = served(1);
    auto& file = *opened->files().front();
    std::string bytes;
    require(file.read(0, 10, bytes));
    fs::permissions(document(1), fs::perms::owner_all);
    fs::resize_file(document(1), 100);
    require_failure(file.read(0, 1000, bytes), errc::generation_damaged);
    require_failure(file.read(block_bytes, 10, bytes), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(a_damaged_index_or_manifest_is_not_served)
{
    auto made = publish(1);
    auto index = generation(1) / made.documents[0].index->file;
    auto bytes = slurp(index);
    for (std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
        auto bad = bytes;
        bad[at] ^= 1;
        spill(index, bad);
        require_failure(serve(1), errc::generation_damaged);
    }
    spill(index, bytes);
    served(1);
    spill(generation(1) / "manifest.json", "{}");
    require_failure(serve(1), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(the_generation_of_another_number_is_not_served)
{
    publish(1);
    fs::rename(generation(1), generation(2));
    require_failure(serve(2), errc::generation_damaged);
    require_failure(serve(1), errc::generation_damaged);
}

BOOST_AUTO_TEST_CASE(a_file_that_two_generations_share_is_opened_and_checked_once)
{
    documents = {{"a.json", true, {{"public.materials", {}, {}, {}}}},
                 {"b.json", true, {{"sales.orders", {}, {}, {}}}}};
    auto first = publish(1);
    auto one = served(1);
    rows.add_row(orders, {"7", "\"new\""});
    publish(2, &first);
    auto two = served(2, one.get());
    BOOST_TEST(one->find_table("materials")->file == two->find_table("materials")->file);
    BOOST_TEST(one->find_table("sales.orders")->file != two->find_table("sales.orders")->file);
    BOOST_TEST(two->find_table("sales.orders")->rows.rows == 1u);
    one.reset();
    fs::remove_all(generation(1));
    std::string bytes;
    require(two->find_table("materials")->file->read(0, 10, bytes));
}

BOOST_AUTO_TEST_SUITE_END()
