#include "store/map_size.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

}  // namespace

BOOST_AUTO_TEST_SUITE(map_size)

BOOST_AUTO_TEST_CASE(few_changes_touch_a_page_each_and_many_touch_no_page_twice)
{
    map_use now{.page_bytes = 4096, .live_pages = 1'000'000};
    auto few = pages_touched(now, {.changes = 100, .bytes = 0});
    BOOST_TEST(few >= 99u);
    BOOST_TEST(few <= 100u);
    BOOST_TEST(pages_touched(now, {.changes = 1'000'000'000, .bytes = 0}) == 1'000'000u);
}

BOOST_AUTO_TEST_CASE(an_empty_map_wants_room_for_the_bytes_twice)
{
    auto wanted = bytes_wanted({.page_bytes = 4096, .live_pages = 0}, {.changes = 10, .bytes = 8 * mib});
    BOOST_TEST(wanted >= 16 * mib);
}

BOOST_AUTO_TEST_CASE(a_large_transaction_that_changes_every_row_needs_each_page_once_more_and_no_page_thrice)
{
    map_use now{.page_bytes = 4096, .live_pages = 1024 * mib / 4096};
    auto all_rows = bytes_wanted_at_once(now, {.changes = 1'000'000'000, .bytes = 0});
    BOOST_TEST(all_rows >= 2048 * mib);
    BOOST_TEST(all_rows < 2100 * mib);
    BOOST_TEST(bytes_wanted_at_once(now, estimate_of_wal(0)) < 1100 * mib);
}

BOOST_AUTO_TEST_CASE(a_backlog_has_room_to_copy_every_page_and_for_half_as_many_new_ones)
{
    map_use now{.page_bytes = 4096, .live_pages = 1024 * mib / 4096};
    transaction_room room{.at_begin = now, .map_bytes = bytes_wanted_at_once(now, estimate_of_backlog(now))};
    BOOST_TEST(room.map_bytes > 2560 * mib);
    BOOST_TEST(room.map_bytes < 2600 * mib);
    room.changes = 1'000'000'000;
    BOOST_TEST(has_room_for(room, {.changes = 50'000, .bytes = 8 * mib}));
    room.new_pages = 300 * mib / 4096;
    BOOST_TEST(has_room_for(room, {.changes = 50'000, .bytes = 8 * mib}));
    room.new_pages = 512 * mib / 4096;
    BOOST_TEST(!has_room_for(room, {.changes = 50'000, .bytes = 8 * mib}));
}

BOOST_AUTO_TEST_CASE(a_backlog_has_room_in_a_new_store_too)
{
    map_use now{.page_bytes = 4096, .live_pages = 8};
    transaction_room room{.at_begin = now, .map_bytes = bytes_wanted_at_once(now, estimate_of_backlog(now))};
    BOOST_TEST(has_room_for(room, {.changes = 50'000, .bytes = 8 * mib}));
}

BOOST_AUTO_TEST_CASE(a_map_that_is_large_enough_does_not_grow)
{
    BOOST_TEST(next_map_bytes(100 * mib, 100 * mib) == 100 * mib);
    BOOST_TEST(next_map_bytes(100 * mib, 0) == 100 * mib);
}

BOOST_AUTO_TEST_CASE(a_small_map_grows_by_16_mib_and_a_large_one_by_an_eighth)
{
    BOOST_TEST(next_map_bytes(16 * mib, 16 * mib + 1) == 32 * mib);
    BOOST_TEST(next_map_bytes(16 * mib, 40 * mib) == 48 * mib);
    BOOST_TEST(next_map_bytes(1024 * mib, 1024 * mib + 1) == 1152 * mib);
}

BOOST_AUTO_TEST_CASE(a_full_map_at_least_doubles_what_was_unused)
{
    map_use now{.page_bytes = 4096, .live_pages = 24 * mib / 4096};
    BOOST_TEST(map_bytes_after_full(124 * mib, now) >= 224 * mib);
    BOOST_TEST(map_bytes_after_full(24 * mib, now) == 40 * mib);
}

BOOST_AUTO_TEST_SUITE_END()
