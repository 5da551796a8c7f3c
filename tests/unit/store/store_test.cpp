#include "store/store.hpp"

#include "child.hpp"
#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

using texts = std::vector<std::string>;

void commit(store& to, const change_batch& batch, std::uint64_t at)
{
    require(to.commit_group(batch, position_at(at)));
}

/// Rows `first` to `last`, each with a body of `bytes`.
change_batch numbered_rows(epoch rows, int first, int last, std::size_t bytes)
{
    change_batch batch;
    std::string body(bytes, 'b');
    for (int number = first; number <= last; ++number)
        batch.put(rows, fmt::format("{:08}", number), tuple({std::to_string(number), body}));
    return batch;
}

std::uint64_t blocks_of(const std::filesystem::path& file)
{
    struct stat found{};
    BOOST_TEST_REQUIRE(::stat(file.c_str(), &found) == 0);
    return static_cast<std::uint64_t>(found.st_blocks) * 512;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lmdb_store)

BOOST_AUTO_TEST_CASE(a_new_store_is_empty_and_for_us_alone)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    BOOST_TEST((opened->state() == store_state{}));
    struct stat found{};
    BOOST_TEST_REQUIRE(::stat(scratch.data_file().c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 07777) == 0600u);
}

BOOST_AUTO_TEST_CASE(a_second_open_is_busy)
{
    scratch_directory scratch;
    auto first = open_store(scratch);
    auto second = store::open({.directory = scratch.path(), .any_filesystem = true});
    BOOST_TEST_REQUIRE(second.has_error());
    BOOST_TEST(second.error().code == errc::store_busy);
}

BOOST_AUTO_TEST_CASE(rows_and_state_are_the_same_after_reopening)
{
    scratch_directory scratch;
    epoch rows = 0;
    store_state before;
    {
        auto opened = open_store(scratch);
        rows = add_table(*opened);
        change_batch batch;
        batch.put(rows, "b", tuple({"2", "two"}));
        batch.put(rows, "a", tuple({"1", ""}));
        commit(*opened, batch, 100);
        before = opened->state();
    }
    auto opened = open_store(scratch);
    BOOST_TEST((opened->state() == before));
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST(rows_of(*opened, rows) == (texts{"1,", "2,two"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_group_with_an_unchanged_field_is_spliced_from_the_stored_row)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    batch.put(rows, "a", tuple({"1", "long"}));
    commit(*opened, batch, 100);
    batch.reset();
    batch.move(rows, "a", "b", tuple({"2", "~"}));
    commit(*opened, batch, 200);
    BOOST_TEST(rows_of(*opened, rows) == (texts{"2,long"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_group_that_fails_changes_nothing)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    batch.put(rows, "a", tuple({"1", "x"}));
    commit(*opened, batch, 100);
    batch.reset();
    batch.put(rows, "b", tuple({"2", "y"}));
    batch.put(rows, "c", tuple({"3", "~"}));
    auto failed = opened->commit_group(batch, position_at(200));
    BOOST_TEST_REQUIRE(failed.has_error());
    BOOST_TEST(failed.error().code == errc::table_changed);
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST(rows_of(*opened, rows) == (texts{"1,x"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_unknown_epoch_is_our_own_mistake)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    change_batch batch;
    batch.put(77, "a", tuple({"1"}));
    BOOST_TEST(opened->commit_group(batch, position_at(9)).error().code == errc::internal);
    batch.reset();
    batch.clear_table(77);
    BOOST_TEST(opened->commit_group(batch, position_at(9)).error().code == errc::internal);
}

BOOST_AUTO_TEST_CASE(a_multiset_counts_equal_rows)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened, row_identity::multiset);
    change_batch batch;
    for (const char* key : {"a", "b", "a", "a"}) batch.add(rows, key, tuple({key}));
    batch.subtract(rows, "b");
    commit(*opened, batch, 100);
    BOOST_TEST(rows_of(*opened, rows) == (texts{"a*3"}), boost::test_tools::per_element());
    batch.reset();
    batch.subtract(rows, "a");
    commit(*opened, batch, 200);
    BOOST_TEST(rows_of(*opened, rows) == (texts{"a*2"}), boost::test_tools::per_element());
    auto snapshot = opened->read();
    require(snapshot);
    BOOST_TEST(*(*snapshot)->row_count(rows) == 2u);
}

BOOST_AUTO_TEST_CASE(taking_away_a_row_that_is_not_there_is_damage)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened, row_identity::multiset);
    change_batch batch;
    batch.add(rows, "a", tuple({"a"}));
    commit(*opened, batch, 100);
    batch.reset();
    batch.subtract(rows, "a");
    batch.subtract(rows, "a");
    batch.add(rows, "a", tuple({"a"}));  // the sum would be right, the way is not
    auto failed = opened->commit_group(batch, position_at(200));
    BOOST_TEST_REQUIRE(failed.has_error());
    BOOST_TEST(failed.error().code == errc::table_changed);
}

BOOST_AUTO_TEST_CASE(a_clear_empties_one_table_only)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto one = add_table(*opened);
    auto other = add_table(*opened);
    commit(*opened, numbered_rows(one, 1, 500, 100), 100);
    commit(*opened, numbered_rows(other, 1, 1, 1), 200);
    change_batch batch;
    batch.clear_table(one);
    batch.put(one, "n", tuple({"new"}));
    commit(*opened, batch, 300);
    BOOST_TEST(rows_of(*opened, one) == (texts{"new"}), boost::test_tools::per_element());
    BOOST_TEST(rows_of(*opened, other) == (texts{"1,b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(loads_in_any_order_end_in_key_order)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = opened->create_epoch();
    require(rows);
    for (auto [first, last] : {std::pair{200, 299}, {300, 399}, {1, 99}, {100, 199}, {350, 360}})
        require(opened->load(*rows, numbered_rows(*rows, first, last, 10)));
    auto state = opened->state();
    state.tables = {table_of(*rows)};
    require(opened->write_state(state));
    auto found = rows_of(*opened, *rows);
    BOOST_TEST_REQUIRE(found.size() == 399u);
    for (std::size_t index = 0; index < found.size(); ++index)
        BOOST_TEST(found[index] == fmt::format("{},bbbbbbbbbb", index + 1));
}

BOOST_AUTO_TEST_CASE(a_load_takes_only_copied_rows_of_its_epoch)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = opened->create_epoch();
    require(rows);
    change_batch removing;
    removing.remove(*rows, "a");
    BOOST_TEST(opened->load(*rows, removing).error().code == errc::internal);
    change_batch other;
    other.put(*rows + 1, "a", tuple({"1"}));
    BOOST_TEST(opened->load(*rows, other).error().code == errc::internal);
}

BOOST_AUTO_TEST_CASE(an_epoch_that_no_state_names_is_dropped_and_its_number_never_comes_back)
{
    scratch_directory scratch;
    epoch forgotten = 0;
    {
        auto opened = open_store(scratch);
        forgotten = *opened->create_epoch();
        require(opened->load(forgotten, numbered_rows(forgotten, 1, 100, 100)));
    }
    auto opened = open_store(scratch);
    auto snapshot = opened->read();
    require(snapshot);
    BOOST_TEST((*snapshot)->row_count(forgotten).error().code == errc::internal);
    snapshot->reset();
    BOOST_TEST(*opened->create_epoch() > forgotten);
}

BOOST_AUTO_TEST_CASE(swapping_an_epoch_drops_the_old_one)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto old = add_table(*opened);
    commit(*opened, numbered_rows(old, 1, 10, 10), 100);
    auto fresh = opened->create_epoch();
    require(fresh);
    require(opened->load(*fresh, numbered_rows(*fresh, 1, 3, 10)));
    commit(*opened, numbered_rows(old, 11, 20, 10), 200);  // the stream goes on meanwhile
    auto state = opened->state();
    state.tables = {table_of(*fresh)};
    require(opened->write_state(state));
    BOOST_TEST(opened->size().row_count == 3u);
    BOOST_TEST((opened->state().position == position_at(200)));
    change_batch late;
    late.put(old, "x", tuple({"1"}));
    BOOST_TEST(opened->commit_group(late, position_at(300)).error().code == errc::internal);
}

BOOST_AUTO_TEST_CASE(a_state_that_names_an_unknown_epoch_is_refused)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    store_state state;
    state.tables = {table_of(55)};
    BOOST_TEST(opened->write_state(state).error().code == errc::internal);
    BOOST_TEST((opened->state() == store_state{}));
}

BOOST_AUTO_TEST_CASE(a_reader_sees_its_own_commit_while_writes_go_on)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    commit(*opened, numbered_rows(rows, 1, 3, 1), 100);
    auto snapshot = opened->read();
    require(snapshot);
    for (std::uint64_t round = 2; round < 10; ++round) {
        change_batch batch;
        batch.clear_table(rows);
        commit(*opened, batch, round * 100);
    }
    BOOST_TEST(rows_of(**snapshot, rows).size() == 3u);
    BOOST_TEST(((*snapshot)->state().position == position_at(100)));
    snapshot->reset();
    BOOST_TEST(rows_of(*opened, rows).empty());
}

BOOST_AUTO_TEST_CASE(a_map_that_is_full_waits_for_the_reader_and_grows)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    commit(*opened, numbered_rows(rows, 1, 10, 100), 100);
    auto snapshot = opened->read();
    require(snapshot);
    // 16 MiB cannot hold this, and the map cannot grow under the reader.
    auto batch = numbered_rows(rows, 1, 40'000, 1000);
    auto writing = std::async(std::launch::async, [&] { return opened->commit_group(batch, position_at(200)); });
    BOOST_TEST(rows_of(**snapshot, rows).size() == 10u);
    snapshot->reset();
    require(writing.get());
    BOOST_TEST(rows_of(*opened, rows).size() == 40'000u);
}

BOOST_AUTO_TEST_CASE(a_store_grows_under_many_groups_and_has_no_holes)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    for (int group = 0; group < 30; ++group)
        commit(*opened, numbered_rows(rows, group * 1000, group * 1000 + 999, 1000),
               static_cast<std::uint64_t>(group + 1) * 100);
    auto size = opened->size();
    BOOST_TEST(size.row_count == 30'000u);
    BOOST_TEST(size.live_bytes >= 30'000u * 1000);
    BOOST_TEST(size.file_bytes >= size.live_bytes);
    BOOST_TEST(size.file_bytes == std::filesystem::file_size(scratch.data_file()));
    BOOST_TEST(blocks_of(scratch.data_file()) >= size.file_bytes);
    opened.reset();
    BOOST_TEST(rows_of(*open_store(scratch), rows).size() == 30'000u);
}

BOOST_AUTO_TEST_CASE(rows_larger_than_a_page_are_kept_whole)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    change_batch batch;
    std::string large(3'000'000, 'L');
    batch.put(rows, "a", tuple({large, "x"}));
    commit(*opened, batch, 100);
    batch.reset();
    batch.put(rows, "a", tuple({"~", "y"}));
    commit(*opened, batch, 200);
    BOOST_TEST((rows_of(*opened, rows) == texts{large + ",y"}));
}

BOOST_AUTO_TEST_CASE(a_visitor_that_fails_stops_the_visit)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    commit(*opened, numbered_rows(rows, 1, 10, 1), 100);
    auto snapshot = opened->read();
    require(snapshot);
    int visits = 0;
    auto visited = (*snapshot)->each_row(rows, [&](std::string_view, std::string_view, std::uint64_t) -> outcome<void> {
        if (++visits == 4) return failure{errc::disk_full, "stop"};
        return {};
    });
    BOOST_TEST(visited.error().code == errc::disk_full);
    BOOST_TEST(visits == 4);
}

BOOST_AUTO_TEST_CASE(a_file_much_larger_than_its_data_is_compacted)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    for (int group = 0; group < 10; ++group)
        commit(*opened, numbered_rows(rows, group * 5000, group * 5000 + 4999, 1000),
               static_cast<std::uint64_t>(group + 1) * 100);
    change_batch batch;
    batch.clear_table(rows);
    batch.put(rows, "a", tuple({"kept"}));
    commit(*opened, batch, 2000);
    auto before = opened->size().file_bytes;
    BOOST_TEST_REQUIRE(before > 64u << 20);
    require(opened->compact_if_worthwhile());
    BOOST_TEST(opened->size().file_bytes < before / 3);
    BOOST_TEST(blocks_of(scratch.data_file()) >= opened->size().file_bytes);
    BOOST_TEST(rows_of(*opened, rows) == (texts{"kept"}), boost::test_tools::per_element());
    commit(*opened, numbered_rows(rows, 1, 10, 10), 2100);
    opened.reset();
    opened = open_store(scratch);
    BOOST_TEST(rows_of(*opened, rows).size() == 11u);
    BOOST_TEST((opened->state().position == position_at(2100)));
}

BOOST_AUTO_TEST_CASE(a_store_of_the_usual_size_is_not_compacted)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto before = opened->size().file_bytes;
    require(opened->compact_if_worthwhile());
    BOOST_TEST(opened->size().file_bytes == before);
}

BOOST_AUTO_TEST_CASE(a_store_kept_aside_makes_place_for_a_new_one)
{
    scratch_directory scratch;
    add_table(*open_store(scratch));
    auto first = store::keep_aside(scratch.path());
    require(first);
    BOOST_TEST(std::filesystem::exists(*first / "data.mdb"));
    BOOST_TEST(!std::filesystem::exists(scratch.data_file()));
    BOOST_TEST((open_store(scratch)->state() == store_state{}));
    auto second = store::keep_aside(scratch.path());
    require(second);
    BOOST_TEST(*second != *first);
}

BOOST_AUTO_TEST_CASE(only_the_newest_damaged_stores_are_kept)
{
    scratch_directory scratch;
    for (int damage = 0; damage < 12; ++damage) {
        add_table(*open_store(scratch));
        auto aside = store::keep_aside(scratch.path());
        require(aside);
        std::ofstream{*aside / "number"} << damage;
    }
    texts kept;
    for (const auto& entry : std::filesystem::directory_iterator{scratch.path()})
        if (std::string number; std::ifstream{entry.path() / "number"} >> number) kept.push_back(number);
    std::sort(kept.begin(), kept.end());
    BOOST_TEST(kept == (texts{"10", "11"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(epochs_of_two_stores_are_never_equal)
{
    scratch_directory first;
    scratch_directory second;
    BOOST_TEST(*open_store(first)->create_epoch() != *open_store(second)->create_epoch());
}

BOOST_AUTO_TEST_CASE(what_a_given_up_copy_left_is_dropped_and_its_space_used_again)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    commit(*opened, numbered_rows(rows, 0, 9, 10), 100);
    auto live = opened->size().live_bytes;
    std::uint64_t after_first = 0;
    for (int copy = 0; copy < 4; ++copy) {
        auto fresh = opened->create_epoch();
        require(fresh);
        for (int part = 0; part < 4; ++part)
            require(opened->load(*fresh, numbered_rows(*fresh, part * 5000, part * 5000 + 4999, 1000)));
        require(opened->drop_unnamed());
        if (copy == 0) after_first = opened->size().file_bytes;
    }
    BOOST_TEST(opened->size().live_bytes < live + (1u << 20));
    BOOST_TEST(opened->size().file_bytes <= after_first * 3 / 2);
    BOOST_TEST(rows_of(*opened, rows).size() == 10u);
}

BOOST_AUTO_TEST_CASE(while_somebody_reads_nothing_is_compacted)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    for (int group = 0; group < 20; ++group)
        commit(*opened, numbered_rows(rows, group * 5000, group * 5000 + 4999, 1000),
               static_cast<std::uint64_t>(group + 1) * 100);
    change_batch batch;
    batch.clear_table(rows);
    commit(*opened, batch, 3000);
    auto before = opened->size().file_bytes;
    auto reader = opened->read();
    require(reader);
    require(opened->compact_if_worthwhile());
    BOOST_TEST(opened->size().file_bytes == before);
    reader->reset();
    require(opened->compact_if_worthwhile());
    BOOST_TEST(opened->size().file_bytes < before);
}

BOOST_AUTO_TEST_CASE(what_a_killed_compaction_left_is_removed)
{
    scratch_directory scratch;
    add_table(*open_store(scratch));
    std::ofstream{scratch.path() / "data.mdb.new"} << "half a copy";
    open_store(scratch);
    BOOST_TEST(!std::filesystem::exists(scratch.path() / "data.mdb.new"));
}

// A sanitizer's own maps are far over any limit of ours.
#ifndef UNDERSTUDY_SANITIZED
BOOST_AUTO_TEST_CASE(a_store_that_lost_its_map_says_so_until_it_is_opened_again)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    auto rows = add_table(*opened);
    commit(*opened, numbered_rows(rows, 0, 99, 10), 100);
    opened.reset();
    auto status = in_child([&] {
        auto used = open_store(scratch);
        auto large = numbered_rows(rows, 0, 20'000, 1000);
        std::uint64_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        rlimit space{(pages * 4096) + (4u << 20), RLIM_INFINITY};
        ::setrlimit(RLIMIT_AS, &space);
        auto lost = used->commit_group(large, position_at(200));
        auto after = used->commit_group(numbered_rows(rows, 0, 1, 10), position_at(300));
        auto read = used->read();
        space.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_AS, &space);
        auto code = [](auto& done) { return done ? errc::internal : done.error().code; };
        return code(lost) == errc::store_lost && code(after) == errc::store_lost && code(read) == errc::store_lost ? 0
                                                                                                                   : 1;
    });
    BOOST_TEST(status == 0);
    opened = open_store(scratch);
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST(rows_of(*opened, rows).size() == 100u);
}
#endif

BOOST_AUTO_TEST_CASE(a_store_in_use_cannot_be_kept_aside)
{
    scratch_directory scratch;
    auto opened = open_store(scratch);
    BOOST_TEST(store::keep_aside(scratch.path()).error().code == errc::store_busy);
}

BOOST_AUTO_TEST_SUITE_END()
