#include "app/kafka_preparation.hpp"

#include "support/printing.hpp"
#include "unit/render/formats.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace understudy;
using kafka::offset_range;
using std::chrono::hours;

namespace {

const db_time now{hours{1000}};
const table_name items{"public", "items"};
const table_name orders{"public", "orders"};

kafka::topic_table topic_of(const table_name& name, oid relation)
{
    kafka::topic_table made;
    made.topic = "c.public." + name.name;
    made.table.record.name = name;
    made.table.record.relation = relation;
    made.table.record.fingerprint = "as described";
    made.table.record.shape.columns = {{"id", int4_type, -1}};
    made.table.record.shape.key = {0};
    return made;
}

/// A cluster with two topics of two partitions each, and a store that has read them.
struct situation {
    situation()
    {
        wanted.kafka.prefix = "c";
        sources.cluster.id = "cluster";
        follow(topic_of(items, 1));
        follow(topic_of(orders, 2));
        stored.identity.system_id = "cluster";
        stored.identity.database = "prefix c";
        places.read_whole_at = now - hours{1};
        places.began_at = now - hours{100};
        places.read_for = std::chrono::microseconds{5};
        for (const auto& table : sources.tables) {
            auto record = table.table.record;
            record.rows = 10 + record.relation;
            stored.tables.push_back(record);
            kafka::table_place place;
            place.topic = table.topic;
            place.partitions.resize(2);
            for (auto& partition : place.partitions) partition.next = partition.target = 50;
            places.tables[record.name] = place;
        }
    }

    void follow(const kafka::topic_table& table)
    {
        sources.tables.push_back(table);
        sources.configs[table.topic] = {.cleanup_policy = "compact", .delete_retention = hours{24}};
        sources.ranges[table.topic] = {{0, 60}, {0, 60}};
    }

    outcome<kafka_plan> plan()
    {
        if (!stored.identity.system_id.empty()) stored.position.places = kafka::encode(places);
        return plan_reading(stored, sources, wanted, demand, now);
    }

    /// The tables that are read anew and why: `items orders: offsets_lost`; `none` for none.
    std::string anew()
    {
        auto made = plan();
        if (!made) return name_of(made.error().code);
        if (made->anew.empty()) return made->changed ? "none, changed" : "none";
        std::string text;
        for (const auto& name : made->anew) text += name.name + " ";
        text.back() = ':';
        return text + " " + name_of(made->because->code);
    }

    std::vector<offset_range>& ranges() { return sources.ranges.at("c.public.items"); }
    kafka::table_place& place() { return places.tables.at(items); }

    store_state stored;
    kafka_sources sources;
    settings wanted;
    copy_demand demand;
    kafka::log_places places;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reading_plans)

BOOST_AUTO_TEST_CASE(an_empty_store_reads_everything_from_its_beginning)
{
    situation at;
    at.stored = {};
    at.ranges() = {{5, 60}, {0, 0}};
    auto made = at.plan().value();
    BOOST_TEST((made.anew == std::vector<table_name>{items, orders}));
    BOOST_TEST(made.changed);
    BOOST_TEST(made.identity.is_kafka());
    BOOST_TEST(made.identity.database == "prefix c");
    BOOST_TEST((made.places.began_at == now));
    BOOST_TEST(!made.places.read_for);
    const auto& place = made.places.tables.at(items);
    BOOST_TEST(place.topic == "c.public.items");
    BOOST_TEST(place.partitions[0].began == 5);
    BOOST_TEST(place.partitions[0].next == 5);
    BOOST_TEST(place.partitions[0].target == 60);
    BOOST_TEST(place.partitions[1].target == 0);
}

BOOST_AUTO_TEST_CASE(a_store_of_the_same_topics_is_read_on_where_it_is)
{
    situation at;
    auto made = at.plan().value();
    BOOST_TEST(made.anew.empty());
    BOOST_TEST(!made.changed);
    BOOST_TEST((made.places == at.places));
}

// Deletes are kept from when reading began, too.
BOOST_AUTO_TEST_CASE(a_store_that_was_stopped_in_its_first_reading_goes_on_with_it)
{
    situation fresh;
    fresh.stored = {};
    situation at;
    at.places = fresh.plan().value().places;
    for (auto& [name, place] : at.places.tables) place.partitions[0].next = 30;
    BOOST_TEST(at.anew() == "none");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_described_otherwise_is_read_anew_alone)
{
    situation at;
    at.stored.tables[0].fingerprint = "as it was described";
    BOOST_TEST(at.anew() == "items: table_changed");
    situation other;
    other.stored.tables[1].shape.columns[0].name = "number";
    BOOST_TEST(other.anew() == "orders: table_changed");
}

BOOST_AUTO_TEST_CASE(what_is_demanded_is_read_anew)
{
    situation at;
    at.demand.tables = {2};
    BOOST_TEST(at.anew() == "orders: table_changed");
    at.demand.everything_because = failure{errc::store_damaged, "because"};
    BOOST_TEST(at.anew() == "items orders: store_damaged");
}

BOOST_AUTO_TEST_CASE(a_log_that_begins_behind_what_is_next_is_read_anew)
{
    situation at;
    at.ranges()[1] = {50, 60};
    BOOST_TEST(at.anew() == "none");
    at.ranges()[1] = {51, 60};
    BOOST_TEST(at.anew() == "items: offsets_lost");
}

BOOST_AUTO_TEST_CASE(a_log_that_ends_before_what_was_read_is_another_one)
{
    situation at;
    at.ranges()[0] = {0, 50};
    BOOST_TEST(at.anew() == "none");
    at.ranges()[0] = {0, 49};
    BOOST_TEST(at.anew() == "items: topic_replaced");
    BOOST_TEST(at.plan().value().places.tables.at(items).was_made_anew);
}

BOOST_AUTO_TEST_CASE(a_topic_with_fewer_partitions_is_another_one)
{
    situation at;
    at.ranges().pop_back();
    BOOST_TEST(at.anew() == "items: topic_replaced");
}

BOOST_AUTO_TEST_CASE(new_partitions_wait_until_the_old_ones_are_read_to_their_ends_of_then)
{
    situation at;
    at.ranges().push_back({0, 7});
    auto first = at.plan().value();
    const auto& waiting = first.places.tables.at(items);
    BOOST_TEST(first.anew.empty());
    BOOST_TEST(first.changed);
    BOOST_TEST(waiting.growing_to == 3);
    BOOST_TEST(waiting.partitions.size() == 2U);
    BOOST_TEST(waiting.partitions[0].target == 60);
    BOOST_TEST(!kafka::has_reached_targets(first.places));

    at.places = first.places;  // stopped before it got there
    at.ranges()[0].high = 90;
    BOOST_TEST(at.plan().value().places.tables.at(items).partitions.size() == 2U);
    BOOST_TEST(at.plan().value().places.tables.at(items).partitions[0].target == 60);

    for (auto& partition : at.place().partitions) partition.next = 60;
    const auto grown = at.plan().value().places.tables.at(items);
    BOOST_TEST_REQUIRE(grown.partitions.size() == 3U);
    BOOST_TEST(grown.partitions[0].next == 60);
    BOOST_TEST(grown.partitions[2].next == 0);
    BOOST_TEST(grown.partitions[2].target == 7);

    at.places.tables[items] = grown;
    BOOST_TEST(at.anew() == "none");
}

BOOST_AUTO_TEST_CASE(partitions_that_come_while_others_are_awaited_are_awaited_too)
{
    situation at;
    at.ranges().push_back({0, 7});
    at.places = at.plan().value().places;
    for (auto& partition : at.place().partitions) partition.next = 60;
    at.ranges().push_back({0, 7});
    at.ranges()[0].high = 70;
    const auto waiting = at.plan().value().places.tables.at(items);
    BOOST_TEST(waiting.growing_to == 4);
    BOOST_TEST(waiting.partitions.size() == 2U);
    BOOST_TEST(waiting.partitions[0].target == 70);
}

BOOST_AUTO_TEST_CASE(a_topic_whose_deletes_may_have_gone_is_read_anew)
{
    situation at;
    at.sources.configs.at("c.public.orders").delete_retention = hours{1};
    BOOST_TEST(at.anew() == "orders: offsets_lost");
    at.sources.configs.at("c.public.orders").cleanup_policy = "delete";
    BOOST_TEST(at.anew() == "none");
}

BOOST_AUTO_TEST_CASE(a_store_of_another_source_is_foreign)
{
    situation at;
    at.stored.identity.database = "prefix d";
    BOOST_TEST(at.anew() == "store_foreign");
    at.stored.identity.database = "prefix c";
    at.stored.identity.slot = "understudy";
    BOOST_TEST(at.anew() == "store_foreign");
}

BOOST_AUTO_TEST_CASE(a_store_of_another_cluster_is_refused)
{
    situation at;
    at.sources.cluster.id = "other";
    BOOST_TEST(at.anew() == "wrong_system");
}

BOOST_AUTO_TEST_CASE(places_that_cannot_be_read_are_damage)
{
    situation at;
    at.stored.position.places = "{";
    BOOST_TEST(name_of(plan_reading(at.stored, at.sources, at.wanted, at.demand, now).error().code) == "store_damaged");
}

BOOST_AUTO_TEST_CASE(a_border_holds_while_the_topic_of_transactions_has_it)
{
    situation at;
    at.places.border = kafka::transaction_border{"c.transaction", 20, 1};
    at.sources.transactions = std::pair{std::string{"c.transaction"}, kafka::offset_range{10, 30}};
    BOOST_TEST(at.anew() == "none");
    BOOST_TEST(at.plan().value().places.border.value().next == 20);
    at.sources.transactions->second = {20, 30};  // what it is known by is gone
    BOOST_TEST(at.anew() == "none, changed");
    BOOST_TEST(!at.plan().value().places.border.has_value());
    at.sources.transactions->second = {0, 19};  // made anew
    BOOST_TEST(!at.plan().value().places.border.has_value());
    at.sources.transactions = std::pair{std::string{"other.transaction"}, kafka::offset_range{10, 30}};
    BOOST_TEST(!at.plan().value().places.border.has_value());
    at.sources.transactions.reset();
    BOOST_TEST(!at.plan().value().places.border.has_value());
}

BOOST_AUTO_TEST_CASE(without_a_topic_of_transactions_nothing_is_waited_for_of_one)
{
    situation at;
    at.places.is_amid_transaction = true;
    at.sources.transactions = std::pair{std::string{"c.transaction"}, kafka::offset_range{10, 30}};
    BOOST_TEST(at.plan().value().places.is_amid_transaction);
    at.sources.transactions.reset();
    BOOST_TEST(!at.plan().value().places.is_amid_transaction);
}

BOOST_AUTO_TEST_CASE(no_border_holds_for_tables_that_are_read_anew_or_no_longer)
{
    situation at;
    at.places.border = kafka::transaction_border{"c.transaction", 20, 1};
    at.sources.transactions = std::pair{std::string{"c.transaction"}, kafka::offset_range{10, 30}};
    at.follow(topic_of({"public", "added"}, 3));
    BOOST_TEST(at.anew() == "added: no_generation");
    BOOST_TEST(!at.plan().value().places.border.has_value());
}

BOOST_AUTO_TEST_CASE(transactions_are_looked_for_under_the_prefix_unless_their_topic_is_named)
{
    kafka_settings wanted;
    BOOST_TEST(transaction_topic_of(wanted) == "");
    wanted.prefix = "shop";
    BOOST_TEST(transaction_topic_of(wanted) == "shop.transaction");
    wanted.transaction_topic = "commits";
    BOOST_TEST(transaction_topic_of(wanted) == "commits");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_added_is_read_and_the_others_go_on)
{
    situation at;
    at.follow(topic_of({"public", "added"}, 3));
    BOOST_TEST(at.anew() == "added: no_generation");
    auto made = at.plan().value();
    BOOST_TEST(made.places.tables.at(items).partitions[0].next == 50);
    BOOST_TEST((made.places.read_whole_at == at.places.read_whole_at));
}

BOOST_AUTO_TEST_CASE(a_described_table_of_other_types_than_before_is_marked_from_then_on)
{
    for (auto origin : {column_origin::description, column_origin::messages}) {
        situation at;
        auto is_marked = [&] { return at.plan().value().places.tables.at(items).doubts.other_types; };
        auto& table = at.sources.tables.front();
        table.origin = origin;
        table.table.record.shape.columns.push_back({"added", text_type, -1});
        BOOST_TEST(at.anew() == "items: table_changed");
        BOOST_TEST(!is_marked());
        table.table.record.shape.columns.front().type = int8_type;
        BOOST_TEST(is_marked() == (origin == column_origin::description));
        at.stored.tables.front() = table.table.record;
        at.place().doubts.other_types = true;
        at.ranges()[0] = {55, 60};
        BOOST_TEST(is_marked() == (origin == column_origin::description));  // records tell of themselves
    }
}

BOOST_AUTO_TEST_CASE(a_table_that_is_removed_is_forgotten)
{
    situation at;
    at.sources.tables.pop_back();
    BOOST_TEST(at.anew() == "none, changed");
    BOOST_TEST(!at.plan().value().places.tables.contains(orders));
}

BOOST_AUTO_TEST_CASE(the_reason_is_that_of_the_first_table_that_the_store_had)
{
    situation at;
    at.follow(topic_of({"public", "added"}, 3));
    std::swap(at.sources.tables.front(), at.sources.tables.back());
    at.ranges()[0] = {55, 60};
    BOOST_TEST(at.plan().value().because->text == "c.public.items [0] begins at 55 now, and 50 is next");
}

BOOST_AUTO_TEST_CASE(the_heartbeats_are_looked_for_under_the_prefix_unless_they_are_named)
{
    kafka_settings wanted;
    BOOST_TEST(heartbeat_topic_of(wanted) == "");
    wanted.prefix = "shop";
    BOOST_TEST(heartbeat_topic_of(wanted) == "__debezium-heartbeat.shop");
    wanted.heartbeat_topic = "beats";
    BOOST_TEST(heartbeat_topic_of(wanted) == "beats");
}

BOOST_AUTO_TEST_CASE(retention_is_what_the_topic_and_the_operator_say)
{
    situation at;
    auto kept = [&] { return at.sources.retention_of("c.public.items", items, at.wanted.kafka); };
    BOOST_TEST(kept().only_compacts);
    BOOST_TEST(!kept().said_complete);
    at.sources.configs.at("c.public.items").cleanup_policy = "compact,delete";
    at.wanted.kafka.complete = {items};
    BOOST_TEST(!kept().only_compacts);
    BOOST_TEST(kept().said_complete);
}

BOOST_AUTO_TEST_SUITE_END()
