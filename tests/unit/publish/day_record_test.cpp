#include "publish/day_record.hpp"

#include "publish_fixture.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace std::chrono_literals;

namespace {

const db_time noon{std::chrono::seconds{1'700'049'600}};  // 2023-11-15 12:00

std::size_t shown(const std::vector<day_slot>& slots, day_event what)
{
    return static_cast<std::size_t>(
        std::count_if(slots.begin(), slots.end(), [&](const day_slot& slot) { return slot.shown == what; }));
}

std::uint32_t count(const day_slot& slot, day_event what)
{
    return slot.counts[static_cast<std::size_t>(what)];
}

const std::string& reason(const day_slot& slot, day_event what)
{
    return slot.reasons[static_cast<std::size_t>(what)];
}

day_record busy_day()
{
    day_record day;
    for (int minute = 0; minute < 24 * 60; minute += 2) {
        day.note(day_event::published, "every", noon + std::chrono::minutes{minute});
        day.see(day_event::skipped, "min_interval", noon + std::chrono::minutes{minute});
    }
    day.note(day_event::failed, "disk_full", noon + 23h);
    return day;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(day_record_test)

BOOST_AUTO_TEST_CASE(a_new_record_shows_a_whole_day_of_which_nothing_is_known)
{
    auto slots = day_record{}.window(noon + 7min);
    BOOST_TEST_REQUIRE(slots.size() == day_record::slots_max);
    BOOST_TEST((slots.front().from == noon - 24h + 10min));
    BOOST_TEST((slots.back().from == noon + 5min));
    for (const auto& slot : slots) BOOST_TEST(!slot.shown.has_value());
}

BOOST_AUTO_TEST_CASE(a_slot_counts_what_happened_in_its_five_minutes_and_keeps_the_last_reason)
{
    day_record day;
    day.note(day_event::published, "every", noon);
    day.note(day_event::published, "after_changes", noon + 4min + 59s);
    day.note(day_event::published, "requested", noon + 5min);
    auto slots = day.window(noon + 5min);
    BOOST_TEST(count(slots[286], day_event::published) == 2u);
    BOOST_TEST(reason(slots[286], day_event::published) == "after_changes");
    BOOST_TEST(count(slots[287], day_event::published) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_seen_again_and_again_counts_once)
{
    day_record day;
    for (int second = 0; second < 60; ++second)
        day.see(day_event::database_down, "unreachable", noon + std::chrono::seconds{second});
    BOOST_TEST(count(day.window(noon).back(), day_event::database_down) == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_seen_again_is_no_change_that_has_to_be_written)
{
    day_record day;
    day.see(day_event::skipped, "every", noon);
    auto before = day.changes();
    day.see(day_event::skipped, "every", noon + 1s);
    day.see(day_event::skipped, "", noon + 2s);
    BOOST_TEST(day.changes() == before);
    day.see(day_event::skipped, "min_interval", noon + 3s);
    BOOST_TEST(day.changes() > before);
}

BOOST_AUTO_TEST_CASE(a_slot_shows_the_worst_that_there_was)
{
    day_record day;
    for (auto what : {day_event::not_running, day_event::skipped, day_event::published, day_event::blocked,
                      day_event::database_down, day_event::failed}) {
        day.note(what, "", noon);
        BOOST_TEST((day.window(noon).back().shown == what));
    }
}

BOOST_AUTO_TEST_CASE(what_lies_between_two_entries_was_a_time_without_a_daemon)
{
    day_record day;
    day.note(day_event::published, "first", noon);
    day.note(day_event::published, "every", noon + 1h);
    auto slots = day.window(noon + 2h);
    BOOST_TEST(shown(slots, day_event::published) == 2u);
    BOOST_TEST(shown(slots, day_event::not_running) == 11u + 12u);
}

BOOST_AUTO_TEST_CASE(after_a_day_away_all_of_it_was_a_time_without_a_daemon)
{
    day_record day;
    day.note(day_event::published, "first", noon);
    BOOST_TEST(shown(day.window(noon + 48h), day_event::not_running) == day_record::slots_max);
}

BOOST_AUTO_TEST_CASE(it_keeps_a_day_and_no_more)
{
    day_record day;
    for (int slot = 0; slot < 2000; ++slot)
        day.note(day_event::published, "every", noon + slot * day_record::slot_length);
    auto kept = boost::json::parse(to_json(day)).at("slots").as_array();
    BOOST_TEST(kept.size() == day_record::slots_max);
    day.note(day_event::published, "every", noon + 24h * 365);
    BOOST_TEST(boost::json::parse(to_json(day)).at("slots").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_put_back_forgets_what_was_ahead)
{
    day_record day;
    day.note(day_event::published, "every", noon);
    day.note(day_event::failed, "disk_full", noon + 10h);
    day.note(day_event::published, "every", noon + 1min);
    auto slots = day.window(noon + 1min);
    BOOST_TEST(count(slots.back(), day_event::published) == 2u);
    BOOST_TEST(shown(day.window(noon + 10h), day_event::failed) == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_is_written_is_read_back, publish_fixture)
{
    auto directory = parent.path() / "state";
    fs::create_directory(directory);
    BOOST_TEST(read_day(directory).value().is_empty());
    auto day = busy_day();
    BOOST_TEST_REQUIRE(write_day(directory, day).has_value());
    BOOST_TEST((read_day(directory).value() == day));
    BOOST_TEST(std::distance(std::filesystem::directory_iterator{directory}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_an_error_at_whatever_byte_it_ends)
{
    auto whole = to_json(busy_day());
    for (std::size_t length = 0; length < whole.size(); length += 97)
        BOOST_TEST_REQUIRE(!day_from_json(std::string_view{whole}.substr(0, length)).has_value());
    for (const auto* wrong : {"[]", "{}", R"({"format":2,"slots":[]})", R"({"format":1,"slots":[{}]})",
                              R"({"format":1,"slots":[{"from":"2023-11-15T12:01:00.000000Z"}]})",
                              R"({"format":1,"slots":[{"from":"2023-11-15T12:05:00.000000Z"},)"
                              R"({"from":"2023-11-15T12:00:00.000000Z"}]})",
                              R"({"format":1,"slots":[{"from":"2023-11-15T12:00:00.000000Z","failed":-1}]})"})
        BOOST_TEST_CONTEXT(wrong) BOOST_TEST(!day_from_json(wrong).has_value());
}

BOOST_AUTO_TEST_CASE(each_kind_of_failure_is_somebodys)
{
    BOOST_TEST((day_event_of(errc::unreachable) == day_event::database_down));
    BOOST_TEST((day_event_of(errc::disk_full) == day_event::failed));
    BOOST_TEST((day_event_of(errc::table_locked) == day_event::blocked));
    BOOST_TEST((day_event_of(errc::prerequisite_missing) == day_event::blocked));
}

BOOST_AUTO_TEST_SUITE_END()
