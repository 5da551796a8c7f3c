#include "source/kafka/places.hpp"

#include "support/printing.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace understudy;
using namespace understudy::kafka;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

db_time at(int second)
{
    return db_time{seconds{second}};
}

partition_place partition(std::int64_t began, std::int64_t next, std::int64_t target)
{
    partition_place made;
    made.began = began;
    made.next = next;
    made.target = target;
    return made;
}

/// Every member has a value of its own.
log_places full()
{
    partition_place place = partition(3, std::numeric_limits<std::int64_t>::max(), 40);
    place.last = 39;
    place.last_hash = std::numeric_limits<std::uint64_t>::max();
    place.first_event = db_time{microseconds{1'700'000'000'000'001}};
    place.mark = event_mark{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max() - 1};
    place.repeating = true;
    place.has_gap = true;
    table_place table;
    table.topic = "c.public.\"item\"";
    table.partitions = {place, partition(0, 7, 7)};
    table.growing_to = 5;
    table.run = at(10);
    table.run_at = lsn{std::numeric_limits<std::uint64_t>::max()};
    table.has_events = true;
    table.was_made_anew = true;
    table.left_out = {{"made \"up\"", {lsn{std::numeric_limits<std::uint64_t>::max()}, true}}, {"later", {}}};
    table.newest_event = at(11);
    table.unknown_column = "added\n";
    table.has_snapshot_rows = true;
    table.connector = "shop";
    table.nulls = nulls_seen::as_nulls;
    table.doubts = {
        .skipped_records = true, .resnapshot = true, .other_types = true, .untold_history = true, .no_snapshot = true};
    log_places made;
    made.tables = {{{"public", "item"}, table}, {{"sales", "o.rder"}, {}}};
    made.run = at(12);
    made.run_at = lsn{17};
    made.connector_began = at(18);
    made.run_is_ending = true;
    made.run_is_over = false;
    made.began_at = at(13);
    made.read_for = microseconds{14};
    made.read_whole_at = at(15);
    made.border = transaction_border{"c.\"transaction", 16, 17};
    made.is_amid_transaction = true;
    return made;
}

log_places of(std::vector<partition_place> partitions)
{
    log_places made;
    made.tables[{"public", "item"}].partitions = std::move(partitions);
    return made;
}

constexpr retention compacting{.only_compacts = true, .delete_retention = hours{10}, .said_complete = false};
constexpr retention deleting{.only_compacts = false, .delete_retention = hours{10}, .said_complete = false};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_places_test)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back)
{
    for (const auto& places : {full(), log_places{}}) {
        auto read = decode_places(encode(places));
        BOOST_TEST_REQUIRE(read.has_value());
        BOOST_TEST((*read == places));
    }
}

BOOST_AUTO_TEST_CASE(a_text_cut_anywhere_is_damaged)
{
    auto whole = encode(full());
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST_CONTEXT("length " << length)
            BOOST_TEST(decode_places(whole.substr(0, length)).error() == errc::store_damaged);
}

BOOST_AUTO_TEST_CASE(a_member_that_is_missing_is_damage)
{
    auto whole = boost::json::parse(encode(full())).as_object();
    auto without = [&](auto find, std::string_view name) {
        auto damaged = whole;
        find(damaged).erase(name);
        return decode_places(boost::json::serialize(damaged));
    };
    auto table_of = [](boost::json::object& all) -> auto& { return all.at("tables").as_array().at(0).as_object(); };
    auto place_of = [&](boost::json::object& all) -> auto& {
        return table_of(all).at("partitions").as_array().at(0).as_object();
    };
    auto root_of = [](boost::json::object& all) -> auto& { return all; };
    for (const auto& member : root_of(whole))
        if (member.key() != "border")
            BOOST_TEST_CONTEXT(member.key()) BOOST_TEST(without(root_of, member.key()).error() == errc::store_damaged);
    for (const auto& member : table_of(whole))
        BOOST_TEST_CONTEXT(member.key()) BOOST_TEST(without(table_of, member.key()).error() == errc::store_damaged);
    for (const auto& member : place_of(whole))
        if (member.key() != "mark")
            BOOST_TEST_CONTEXT(member.key()) BOOST_TEST(without(place_of, member.key()).error() == errc::store_damaged);
    auto border_of = [](boost::json::object& all) -> auto& { return all.at("border").as_object(); };
    for (const auto& member : border_of(whole))
        BOOST_TEST_CONTEXT(member.key()) BOOST_TEST(without(border_of, member.key()).error() == errc::store_damaged);
}

BOOST_AUTO_TEST_CASE(the_position_is_the_sum_of_all_offsets)
{
    auto places = of({partition(0, 5, 0), partition(0, 7, 0)});
    places.tables[{"public", "other"}].partitions = {partition(0, 100, 0)};
    BOOST_TEST(position_of(places) == lsn{112});
    BOOST_TEST(position_of({}) == lsn{0});
}

BOOST_AUTO_TEST_CASE(progress_counts_what_lies_before_the_targets)
{
    auto places = of({partition(10, 15, 30), partition(0, 99, 40), partition(50, 50, 50)});
    BOOST_TEST((progress_of(places) == load_progress{5 + 40, 20 + 40}));
    BOOST_TEST(!has_reached_targets(places));
    places.tables.begin()->second.partitions[0].next = 30;
    BOOST_TEST(has_reached_targets(places));
}

BOOST_AUTO_TEST_CASE(tables_are_of_one_connector_unless_their_events_bear_two_names)
{
    log_places places;
    auto& item = places.tables[{"public", "item"}];
    auto& order = places.tables[{"public", "order"}];
    places.tables[{"public", "silent"}];
    item.connector = order.connector = "shop";
    BOOST_TEST(kafka::is_of_one_connector(places));
    order.connector = "orders";
    BOOST_TEST(!kafka::is_of_one_connector(places));
}

BOOST_AUTO_TEST_CASE(it_is_settled_when_no_snapshot_and_no_repeat_is_half_way)
{
    auto places = of({partition(0, 1, 1), partition(0, 1, 1)});
    BOOST_TEST(is_settled(places));
    places.run_is_over = false;
    BOOST_TEST(!is_settled(places));
    places.run_is_over = true;
    places.tables.begin()->second.partitions[1].repeating = true;
    BOOST_TEST(!is_settled(places));
}

BOOST_AUTO_TEST_CASE(a_topic_that_only_compacts_is_complete_if_it_was_read_in_time)
{
    table_place place;
    place.partitions = {partition(0, 5, 5), partition(0, 0, 0)};
    BOOST_TEST(!why_incomplete(place, compacting, std::nullopt));
    BOOST_TEST(!why_incomplete(place, compacting, hours{8}));
    BOOST_TEST(why_incomplete(place, compacting, hours{9}).has_value());
}

BOOST_AUTO_TEST_CASE(a_topic_that_was_made_anew_needs_a_snapshot)
{
    table_place place;
    place.partitions = {partition(0, 3, 3)};
    place.was_made_anew = true;
    BOOST_TEST(why_incomplete(place, compacting, std::nullopt)->find("was made anew") != std::string::npos);
    auto said = compacting;
    said.said_complete = true;
    BOOST_TEST(!why_incomplete(place, said, std::nullopt));
    auto flattened = place;
    flattened.doubts.untold_history = true;
    BOOST_TEST(!why_incomplete(flattened, compacting, std::nullopt), "its messages tell of no snapshot");
    place.has_snapshot_rows = true;
    BOOST_TEST(!why_incomplete(place, compacting, std::nullopt));
}

BOOST_AUTO_TEST_CASE(a_topic_that_never_held_a_record_proves_nothing_unless_the_operator_says_so)
{
    table_place place;
    place.partitions = {partition(0, 0, 0), partition(0, 0, 0)};
    BOOST_TEST(why_incomplete(place, compacting, std::nullopt)->find("has never held a record") != std::string::npos);
    auto said = compacting;
    said.said_complete = true;
    BOOST_TEST(!why_incomplete(place, said, std::nullopt));
}

BOOST_AUTO_TEST_CASE(another_topic_is_complete_with_a_whole_snapshot)
{
    table_place place;
    place.partitions = {partition(0, 5, 5), partition(100, 105, 105)};
    BOOST_TEST(why_incomplete(place, deleting, std::nullopt)->find("holds no snapshot") != std::string::npos);
    place.run = at(50);
    BOOST_TEST(why_incomplete(place, deleting, std::nullopt)->find("no longer in it") != std::string::npos);
    place.partitions[1].first_event = at(50);
    BOOST_TEST(why_incomplete(place, deleting, std::nullopt).has_value());
    place.partitions[1].first_event = at(49);
    BOOST_TEST(!why_incomplete(place, deleting, std::nullopt));
}

BOOST_AUTO_TEST_CASE(the_operators_word_makes_any_topic_complete)
{
    auto said = deleting;
    said.said_complete = true;
    BOOST_TEST(!why_incomplete({}, said, hours{1000}));
}

BOOST_AUTO_TEST_CASE(deletes_may_have_gone_after_nine_tenths_of_their_retention)
{
    log_places places;
    places.read_whole_at = at(1000);
    auto later = [](std::chrono::microseconds by) { return at(1000) + by; };
    BOOST_TEST(!may_have_missed_deletes(places, compacting, later(hours{9} - microseconds{1})));
    BOOST_TEST(may_have_missed_deletes(places, compacting, later(hours{9})));
    BOOST_TEST(!may_have_missed_deletes(places, deleting, later(hours{1000})));
}

BOOST_AUTO_TEST_CASE(offsets_are_shown_by_topic)
{
    auto places = of({partition(0, 12, 0), partition(0, 40, 0)});
    places.tables.begin()->second.topic = "shop.public.item";
    BOOST_TEST(offsets_json(places) == R"({"shop.public.item":[12,40]})");
}

BOOST_AUTO_TEST_SUITE_END()
