#include "child.hpp"
#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <csignal>
#include <random>

// Groups that become durable together.
using namespace understudy;
using namespace understudy::store_kit;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

struct added_fixture {
    scratch_directory scratch;
    std::unique_ptr<store> opened = open_store(scratch);
    epoch rows = add_table(*opened);

    /// The rows of these numbers, each with `body` behind it.
    change_batch group(int first, int last, const std::string& body) const
    {
        change_batch batch;
        for (int number = first; number <= last; ++number)
            batch.put(rows, fmt::format("{:08}", number), tuple({std::to_string(number), body}));
        return batch;
    }

    void reopen()
    {
        opened.reset();
        opened = open_store(scratch);
    }

    /// Whether the rows are those of the group that the position is of, the way add_numbered() numbers them.
    void check_rows_match_position()
    {
        auto number = opened->state().position.position.value;
        auto found = rows_of(*opened, rows);
        BOOST_TEST(found.size() == (number == 0 ? 0u : 50u));
        for (std::size_t row = 0; row < found.size(); ++row)
            BOOST_TEST(found[row] == fmt::format("{},n{}", row, number));
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(added_groups, added_fixture)

BOOST_AUTO_TEST_CASE(they_are_seen_with_the_commit_behind_them)
{
    require(opened->add_group(group(1, 10, "a"), position_at(100)));
    require(opened->add_group(group(6, 15, "b"), position_at(200)));
    BOOST_TEST((opened->state().position == stored_position{}));
    BOOST_TEST(rows_of(*opened, rows).empty());
    require(opened->commit_group(group(15, 16, "c"), position_at(300)));
    BOOST_TEST((opened->state().position == position_at(300)));
    auto found = rows_of(*opened, rows);
    BOOST_TEST_REQUIRE(found.size() == 16u);
    BOOST_TEST(found[4] == "5,a");
    BOOST_TEST(found[5] == "6,b");
    BOOST_TEST(found[14] == "15,c");
    reopen();
    BOOST_TEST((opened->state().position == position_at(300)));
    BOOST_TEST((rows_of(*opened, rows) == found));
}

BOOST_AUTO_TEST_CASE(a_group_sees_those_that_were_added_before_it)
{
    require(opened->add_group(group(1, 1, "a"), position_at(100)));
    change_batch later;
    later.put(rows, "00000001", tuple({"9", "~"}));
    require(opened->add_group(later, position_at(200)));
    require(opened->commit_group({}, position_at(200)));
    BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"9,a"}));
}

BOOST_AUTO_TEST_CASE(what_was_added_and_never_committed_is_forgotten)
{
    require(opened->commit_group(group(1, 1, "a"), position_at(100)));
    require(opened->add_group(group(1, 5, "b"), position_at(200)));
    opened->abandon_large();
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"1,a"}));
    require(opened->add_group(group(1, 5, "c"), position_at(300)));
    reopen();
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"1,a"}));
}

BOOST_AUTO_TEST_CASE(no_other_write_comes_between)
{
    require(opened->add_group(group(1, 5, "a"), position_at(100)));
    BOOST_TEST(opened->begin_large(0).error().code == errc::internal);
    BOOST_TEST(opened->create_epoch().error().code == errc::internal);
    BOOST_TEST(opened->write_state(opened->state()).error().code == errc::internal);
    BOOST_TEST(opened->compact_if_worthwhile().error().code == errc::internal);
    const row_index index{.rows = rows, .columns = {{0, 23, false}}, .matched = 1};
    BOOST_TEST(opened->keep_indexes({index}).error().code == errc::catching_up);
    require(opened->commit_group({}, position_at(100)));
    BOOST_TEST(rows_of(*opened, rows).size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_group_that_cannot_follow_takes_all_that_was_added_with_it)
{
    require(opened->commit_group(group(1, 1, "a"), position_at(100)));
    require(opened->add_group(group(1, 5, "b"), position_at(200)));
    change_batch wrong;
    wrong.remove(rows, "00000077", row_before::present);
    BOOST_TEST(opened->add_group(wrong, position_at(300)).error().code == errc::table_changed);
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"1,a"}));
    require(opened->commit_group(group(2, 2, "c"), position_at(400)));
}

BOOST_AUTO_TEST_CASE(while_somebody_reads_each_is_durable_by_itself)
{
    auto reading = opened->read();
    require(reading);
    require(opened->add_group(group(1, 5, "a"), position_at(100)));
    BOOST_TEST((opened->state().position == position_at(100)));
    BOOST_TEST((*reading)->row_count(rows).value() == 0u);
    reading->reset();
    require(opened->add_group(group(1, 5, "b"), position_at(200)));
    BOOST_TEST((opened->state().position == position_at(100)));
}

BOOST_AUTO_TEST_CASE(who_begins_to_read_amid_them_sees_what_was_durable_before)
{
    require(opened->commit_group(group(1, 1, "a"), position_at(100)));
    require(opened->add_group(group(1, 5, "b"), position_at(200)));
    auto reading = opened->read();
    require(reading);
    require(opened->add_group(group(1, 9, "c"), position_at(300)));
    require(opened->commit_group({}, position_at(300)));
    BOOST_TEST(((*reading)->state().position == position_at(100)));
    BOOST_TEST((rows_of(**reading, rows) == std::vector<std::string>{"1,a"}));
}

// More than the file has room for becomes durable on the way, and nothing is asked for again.
BOOST_AUTO_TEST_CASE(as_many_as_there_are_fit)
{
    constexpr int groups = 120;
    std::mt19937 random{7};
    std::uint64_t commits = 0;
    lsn durable;
    for (int number = 1; number <= groups; ++number) {
        change_batch batch;
        for (int row = 0; row < 2000; ++row)
            batch.put(rows, fmt::format("{:08}", random() % 60'000),
                      tuple({std::to_string(number), std::string(500, 'b')}));
        require(opened->add_group(batch, position_at(static_cast<std::uint64_t>(number))));
        if (opened->state().position.position != durable) ++commits;
        durable = opened->state().position.position;
    }
    require(opened->commit_group({}, position_at(groups)));
    BOOST_TEST(opened->size().row_count > 50'000u);
    BOOST_TEST(commits < 10u);
    BOOST_TEST(opened->size().file_bytes < 4 * opened->size().live_bytes);
}

BOOST_AUTO_TEST_CASE(one_group_that_is_larger_than_a_backlogs_room_is_written_all_the_same)
{
    require(opened->add_group(group(1, 90'000, std::string(500, 'b')), position_at(100)));
    require(opened->commit_group({}, position_at(100)));
    BOOST_TEST(opened->size().row_count == 90'000u);
    BOOST_TEST(opened->size().file_bytes > 45 * mebibyte);
}

BOOST_AUTO_TEST_CASE(a_table_that_is_emptied_amid_them_is_filled_anew)
{
    require(opened->commit_group(group(1, 20'000, std::string(500, 'a')), position_at(100)));
    for (std::uint64_t round = 1; round <= 6; ++round) {
        change_batch batch;
        batch.clear_table(rows);
        batch.append(group(1, 20'000, std::string(500, 'b')));
        auto added = opened->add_group(batch, position_at(100 + round));
        if (!added) {
            BOOST_TEST(added.error().code == errc::store_full);
            require(opened->add_group(batch, position_at(100 + round)));
        }
    }
    require(opened->commit_group({}, position_at(200)));
    BOOST_TEST(opened->size().row_count == 20'000u);
}

BOOST_AUTO_TEST_CASE(a_process_killed_amid_them_leaves_rows_that_match_their_position)
{
    for (std::uint64_t commit_each : {3u, 5u, 100u})
        for (std::uint64_t last : {1u, 4u, 9u, 10u}) {
            auto before = opened->state().position.position.value;
            opened.reset();
            auto status = in_child([&] {
                auto child = store::open({.directory = scratch.path(), .any_filesystem = true});
                if (!child) return 1;
                for (auto number = before + 1; number <= before + last; ++number) {
                    auto batch = group(0, 49, fmt::format("n{}", number));
                    auto position = position_at(number);
                    auto done = number % commit_each == 0 ? (*child)->commit_group(batch, position)
                                                          : (*child)->add_group(batch, position);
                    if (!done) return 2;
                }
                ::raise(SIGKILL);
                return 3;
            });
            BOOST_TEST(WIFSIGNALED(status));
            opened = open_store(scratch);
            auto whole = before + last;
            while (whole > before && whole % commit_each != 0) --whole;
            BOOST_TEST(opened->state().position.position.value == whole);
            check_rows_match_position();
        }
}

BOOST_AUTO_TEST_SUITE_END()
