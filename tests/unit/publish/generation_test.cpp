#include "publish_fixture.hpp"

#include "publish/generation_check.hpp"
#include "support/cut_short.hpp"

#include <boost/json.hpp>

using namespace understudy;

namespace {

struct generation_fixture : publish_fixture {
    generation_fixture() : directory{open()} {}

    manifest written(std::uint64_t number, const manifest* previous = nullptr, unchanged_tables unchanged = {})
    {
        auto made = write(directory, number, previous, std::move(unchanged));
        require(made);
        return *made;
    }

    bool linked(std::uint64_t first, std::uint64_t second, const char* file = "snapshot.json") const
    {
        return facts_of(generation(first) / file).st_ino == facts_of(generation(second) / file).st_ino;
    }

    unchanged_tables all_since(std::uint64_t number) const { return {number, {materials, orders}}; }

    void two_documents()
    {
        for (const char* name : {"materials", "orders"}) {
            document_settings document;
            document.file = std::string{name} + ".json";
            document_table wanted;
            wanted.table = name == std::string_view{"orders"} ? "sales.orders" : "public.materials";
            document.tables = {wanted};
            documents.push_back(document);
        }
        documents.erase(documents.begin());
    }

    snapshot_directory directory;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(generation_test, generation_fixture)

/// A row of which the source lost a value.
std::string tuple_with_lost_value(const char* id)
{
    std::string tuple;
    append_fragment(tuple, id);
    append_unchanged(tuple);
    return tuple;
}

BOOST_AUTO_TEST_CASE(a_row_of_which_a_value_is_not_known_is_withheld_and_counted)
{
    rows.add_tuple(materials, tuple_with_lost_value("3"));
    rows.add_tuple(orders, tuple_with_lost_value("4"));
    rows.add_row(materials, {"5", "\"tin\""});
    auto made = written(1);
    BOOST_TEST(made.documents[0].withheld == 2u);
    BOOST_TEST(made.documents[0].rows == 3u);
    auto document = boost::json::parse(slurp(generation(1) / "snapshot.json")).as_object();
    BOOST_TEST(boost::json::serialize(document.at("materials")) ==
               R"([{"id":1,"name":"steel"},{"id":2,"name":null},{"id":5,"name":"tin"}])");
    BOOST_TEST(boost::json::serialize(document.at("sales.orders")) == "[]");
    BOOST_TEST(verify_generation(generation(1), check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(a_document_that_is_used_again_withholds_as_many_rows)
{
    rows.add_tuple(materials, tuple_with_lost_value("3"));
    auto first = written(1);
    auto second = written(2, &first, all_since(1));
    BOOST_TEST(linked(1, 2));
    BOOST_TEST(second.documents[0].withheld == 1u);
}

// A row that comes without a value, and had not been there, leaves the text as it was.
BOOST_AUTO_TEST_CASE(a_document_of_equal_text_withholds_what_is_withheld_now)
{
    auto first = written(1);
    rows.add_tuple(materials, tuple_with_lost_value("3"));
    auto second = written(2, &first);
    BOOST_TEST(linked(1, 2));
    BOOST_TEST(second.documents[0].withheld == 1u);
    BOOST_TEST(second.documents[0].generation == 1u);
}

BOOST_AUTO_TEST_CASE(a_written_generation_matches_its_manifest_on_disk)
{
    auto made = written(1);
    auto report = verify_generation(generation(1), check_depth::full);
    BOOST_TEST(report.good());
    BOOST_TEST_REQUIRE(report.found.has_value());
    BOOST_TEST((*report.found == made));
    BOOST_TEST(made.tables.size() == 2u);
    BOOST_TEST(made.tables[0].rows == 2u);
    BOOST_TEST(made.tables[0].key == std::vector<std::string>{"id"}, boost::test_tools::per_element());
    BOOST_TEST(made.source.system_id == "7123");
    BOOST_TEST(made.documents[0].rows == 2u);
}

BOOST_AUTO_TEST_CASE(files_and_directories_have_exactly_the_configured_mode_under_any_umask)
{
    for (mode_t mask : {0u, 0077u, 0777u}) {
        auto before = ::umask(mask);
        auto number = 1 + mask;
        auto made = write(directory, number);
        ::umask(before);
        require(made);
        BOOST_TEST((facts_of(generation(number)).st_mode & 07777) == 0750u);
        for (const char* file : {"snapshot.json", "manifest.json"})
            BOOST_TEST((facts_of(generation(number) / file).st_mode & 07777) == 0440u);
    }
}

BOOST_AUTO_TEST_CASE(nothing_but_the_generation_is_left_in_the_directory)
{
    written(1);
    BOOST_TEST(names_under(settings.directory / "generations") == std::vector<std::string>{"0000000001"},
               boost::test_tools::per_element());
    BOOST_TEST(names_under(settings.directory) == (std::vector<std::string>{".lock", "generations"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(equal_content_is_linked_and_keeps_the_header_of_its_last_change)
{
    auto first = written(1);
    auto second = written(2, &first);
    BOOST_TEST(linked(1, 2));
    BOOST_TEST(second.generation == 2u);
    BOOST_TEST(second.documents[0].generation == 1u);
    auto header = boost::json::parse(slurp(generation(2) / "snapshot.json")).at("understudy");
    BOOST_TEST(header.at("generation").to_number<int>() == 1);
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(changed_content_is_a_new_file_and_the_former_stays_as_it_was)
{
    auto first = written(1);
    auto before = slurp(generation(1) / "snapshot.json");
    rows.add_row(materials, {"3", "\"wood\""});
    auto second = written(2, &first);
    BOOST_TEST(!linked(1, 2));
    BOOST_TEST(second.documents[0].generation == 2u);
    BOOST_TEST(slurp(generation(1) / "snapshot.json") == before);
}

BOOST_AUTO_TEST_CASE(documents_known_to_be_unchanged_are_linked_without_reading_a_row)
{
    auto first = written(1);
    auto scans = rows.scans;
    written(2, &first, all_since(1));
    BOOST_TEST(linked(1, 2));
    BOOST_TEST(rows.scans == scans);
}

BOOST_AUTO_TEST_CASE(only_the_document_of_a_changed_table_is_written_again)
{
    two_documents();
    auto first = written(1);
    rows.add_row(orders, {"1", "\"new\""});
    auto second = written(2, &first, {1, {materials}});
    BOOST_TEST(linked(1, 2, "materials.json"));
    BOOST_TEST(!linked(1, 2, "orders.json"));
    BOOST_TEST(second.documents[0].generation == 1u);
    BOOST_TEST(second.documents[1].generation == 2u);
}

BOOST_AUTO_TEST_CASE(a_hint_about_another_generation_is_not_believed)
{
    auto first = written(1);
    auto second = written(2, &first);
    rows.add_row(materials, {"3", "\"wood\""});
    written(3, &second, all_since(1));
    BOOST_TEST(!linked(2, 3));
}

BOOST_AUTO_TEST_CASE(a_hint_is_not_believed_when_the_plan_is_another)
{
    auto first = written(1);
    rows.change_state().tables[0].shape.columns[1].name = "title";
    written(2, &first, all_since(1));
    BOOST_TEST(!linked(1, 2));
    BOOST_TEST(slurp(generation(2) / "snapshot.json").find("\"title\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hint_is_not_believed_when_the_epoch_is_another)
{
    auto first = written(1);
    auto fresh = rows.add_table({"public", "materials"}, {"id", "name"});
    rows.add_row(fresh, {"9", "\"other\""});
    auto& tables = rows.change_state().tables;
    tables[0] = tables.back();
    tables.pop_back();
    written(2, &first, {1, {materials, orders, fresh}});
    BOOST_TEST(slurp(generation(2) / "snapshot.json").find("\"other\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_former_file_that_was_cut_gone_or_opened_up_is_written_anew)
{
    auto cut = [&](std::uint64_t n) { testing::cut_short(generation(n) / "snapshot.json", 10); };
    auto gone = [&](std::uint64_t n) { fs::remove(generation(n) / "snapshot.json"); };
    auto opened_up = [&](std::uint64_t n) { ::chmod((generation(n) / "snapshot.json").c_str(), 0666); };
    auto symlinked = [&](std::uint64_t n) {
        fs::rename(generation(n) / "snapshot.json", parent.path() / "moved");
        fs::create_symlink(parent.path() / "moved", generation(n) / "snapshot.json");
    };
    std::uint64_t number = 1;
    for (std::function<void(std::uint64_t)> harm :
         {std::function<void(std::uint64_t)>{cut}, {gone}, {opened_up}, {symlinked}})
        for (bool hinted : {true, false})
            BOOST_TEST_CONTEXT("from generation " << number) {
                auto former = written(number);
                harm(number);
                written(number + 1, &former, hinted ? all_since(number) : unchanged_tables{});
                BOOST_TEST(verify_generation(generation(number + 1), check_depth::full).good());
                BOOST_TEST((facts_of(generation(number + 1) / "snapshot.json").st_mode & 07777) == 0440u);
                number += 2;
            }
}

BOOST_AUTO_TEST_CASE(a_former_file_whose_bytes_changed_on_the_disk_is_not_linked)
{
    auto first = written(1);
    auto path = generation(1) / "snapshot.json";
    auto text = slurp(path);
    text[text.size() / 2] ^= 1;
    ::chmod(path.c_str(), 0640);
    std::ofstream{path, std::ios::binary} << text;
    ::chmod(path.c_str(), 0440);
    written(2, &first);
    BOOST_TEST(!verify_generation(generation(1), check_depth::full).good());
    BOOST_TEST(!linked(1, 2));
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(a_generation_that_is_there_is_never_overwritten)
{
    written(1);
    auto before = slurp(generation(1) / "manifest.json");
    rows.add_row(materials, {"3", ""});
    require_failure(write(directory, 1), errc::storage_failed);
    BOOST_TEST(slurp(generation(1) / "manifest.json") == before);
    BOOST_TEST(names_under(settings.directory / "generations").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_number_that_is_not_above_the_previous_is_our_own_mistake)
{
    auto first = written(5);
    require_failure(write(directory, 5, &first), errc::internal);
    require_failure(write(directory, 4, &first), errc::internal);
}

BOOST_AUTO_TEST_CASE(a_refused_document_leaves_nothing_behind)
{
    document_table keyed;
    keyed.table = "public.materials";
    keyed.keyed_by = "name";
    documents[0].tables = {keyed};
    require_failure(write(directory, 1), errc::bad_config);
    BOOST_TEST(names_under(settings.directory / "generations").empty());
}

BOOST_AUTO_TEST_CASE(a_document_that_only_gets_or_loses_its_header_is_written_anew)
{
    auto first = written(1);
    documents[0].header = false;
    auto second = written(2, &first);
    BOOST_TEST(!linked(1, 2));
    BOOST_TEST(second.documents[0].bytes < first.documents[0].bytes);
    BOOST_TEST(verify_generation(generation(2), check_depth::full).good());
}

BOOST_AUTO_TEST_CASE(left_out_columns_are_named_with_their_reason)
{
    auto made = plans();
    generation_request request{.rows = rows, .documents = made, .number = 1};
    request.catalog[{"sales", "orders"}].left_out = {{"card", "excluded"}};
    auto result = write_generation(directory, request);
    require(result);
    BOOST_TEST(result->tables[1].left_out.size() == 1u);
    BOOST_TEST(result->tables[1].left_out[0].reason == "excluded");
}

BOOST_AUTO_TEST_SUITE_END()
