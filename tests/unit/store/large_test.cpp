#include "store_kit.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace understudy;
using namespace understudy::store_kit;

namespace {

struct large_fixture {
    scratch_directory scratch;
    std::unique_ptr<store> opened = open_store(scratch);
    epoch rows = add_table(*opened);

    change_batch part(int first, int last, std::size_t bytes) const
    {
        change_batch batch;
        std::string body(bytes, 'b');
        for (int number = first; number <= last; ++number)
            batch.put(rows, fmt::format("{:08}", number), tuple({std::to_string(number), body}));
        return batch;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(large_transactions, large_fixture)

BOOST_AUTO_TEST_CASE(parts_are_invisible_until_finished)
{
    require(opened->begin_large(0));
    require(opened->apply_large(part(1, 10, 5)));
    require(opened->apply_large(part(11, 20, 5)));
    BOOST_TEST(rows_of(*opened, rows).empty());
    require(opened->finish_large(position_at(100)));
    BOOST_TEST(rows_of(*opened, rows).size() == 20u);
    BOOST_TEST((opened->state().position == position_at(100)));
}

BOOST_AUTO_TEST_CASE(a_part_sees_the_parts_before_it)
{
    require(opened->begin_large(0));
    require(opened->apply_large(part(1, 1, 5)));
    change_batch later;
    later.move(rows, "00000001", "x", tuple({"9", "~"}));
    require(opened->apply_large(later));
    require(opened->finish_large(position_at(100)));
    BOOST_TEST((rows_of(*opened, rows) == std::vector<std::string>{"9,bbbbb"}));
}

BOOST_AUTO_TEST_CASE(an_abandoned_one_leaves_nothing)
{
    require(opened->begin_large(0));
    require(opened->apply_large(part(1, 10, 5)));
    opened->abandon_large();
    BOOST_TEST(rows_of(*opened, rows).empty());
    require(opened->commit_group(part(1, 2, 5), position_at(100)));
    BOOST_TEST(rows_of(*opened, rows).size() == 2u);
}

BOOST_AUTO_TEST_CASE(no_other_write_comes_between)
{
    require(opened->begin_large(0));
    BOOST_TEST(opened->commit_group({}, position_at(1)).error().code == errc::internal);
    BOOST_TEST(opened->begin_large(0).error().code == errc::internal);
    BOOST_TEST(opened->create_epoch().error().code == errc::internal);
    BOOST_TEST(opened->write_state(opened->state()).error().code == errc::internal);
    BOOST_TEST(opened->compact_if_worthwhile().error().code == errc::internal);
    require(opened->finish_large(position_at(100)));
}

BOOST_AUTO_TEST_CASE(parts_without_a_begin_are_our_own_mistake)
{
    BOOST_TEST(opened->apply_large({}).error().code == errc::internal);
    BOOST_TEST(opened->finish_large(position_at(1)).error().code == errc::internal);
}

BOOST_AUTO_TEST_CASE(one_that_does_not_fit_is_asked_for_again_until_it_fits)
{
    int tries = 0;
    for (bool done = false; !done; ++tries) {
        BOOST_TEST_REQUIRE(tries < 8);
        require(opened->begin_large(0));
        done = true;
        for (int first = 0; first < 60'000 && done; first += 5000) {
            auto applied = opened->apply_large(part(first, first + 4999, 1000));
            if (!applied) BOOST_TEST(applied.error().code == errc::store_full);
            done = applied.has_value();
        }
        BOOST_TEST(rows_of(*opened, rows).empty());
    }
    require(opened->finish_large(position_at(100)));
    BOOST_TEST(tries > 1);
    BOOST_TEST(opened->size().row_count == 60'000u);
}

BOOST_AUTO_TEST_CASE(what_has_grown_for_one_that_did_not_fit_is_not_given_back_before_it_comes_again)
{
    auto apply_all = [&] {
        require(opened->begin_large(0));
        for (int first = 0; first < 60'000; first += 5000)
            if (!opened->apply_large(part(first, first + 4999, 1000))) return false;
        return true;
    };
    int tries = 1;
    for (; !apply_all(); ++tries) {
        BOOST_TEST_REQUIRE(tries < 8);
        auto grown = opened->size().file_bytes;
        require(opened->compact_if_worthwhile());  // as while its source is waited for
        BOOST_TEST(opened->size().file_bytes == grown);
    }
    require(opened->finish_large(position_at(100)));
    BOOST_TEST(tries > 2);
}

BOOST_AUTO_TEST_CASE(one_whose_size_is_known_fits_at_once)
{
    require(opened->begin_large(std::uint64_t{60'000} * 600));
    for (int first = 1; first < 60'000; first += 1000) require(opened->apply_large(part(first, first + 999, 500)));
    require(opened->finish_large(position_at(100)));
    BOOST_TEST(opened->size().row_count == 60'000u);
}

BOOST_AUTO_TEST_CASE(a_guess_that_the_disk_cannot_hold_is_not_followed)
{
    auto before = opened->size().file_bytes;
    require(opened->begin_large(std::uint64_t{1} << 50));
    require(opened->apply_large(part(1, 10, 5)));
    require(opened->finish_large(position_at(100)));
    BOOST_TEST(opened->size().file_bytes == before);
}

BOOST_AUTO_TEST_CASE(a_part_that_fails_ends_the_transaction)
{
    require(opened->begin_large(0));
    require(opened->apply_large(part(1, 10, 5)));
    change_batch wrong;
    wrong.put(rows, "none", tuple({"1", "~"}));
    BOOST_TEST(opened->apply_large(wrong).error().code == errc::table_changed);
    BOOST_TEST(rows_of(*opened, rows).empty());
    require(opened->commit_group({}, position_at(100)));
}

BOOST_AUTO_TEST_SUITE_END()
