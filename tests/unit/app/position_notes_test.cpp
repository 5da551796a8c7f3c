#include "app/position_notes.hpp"

#include "source/kafka/places.hpp"
#include "unit/publish/memory_rows.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace understudy;

BOOST_AUTO_TEST_SUITE(position_notes)

BOOST_AUTO_TEST_CASE(offsets_and_doubts_of_several_logs_are_noted)
{
    kafka::log_places places;
    auto& items = places.tables[{"public", "items"}];
    items.topic = "c.public.items";
    items.partitions.resize(2);
    items.partitions[1].next = 7;
    items.doubts = {.skipped_records = true, .resnapshot = true, .untold_history = true};
    places.tables[{"public", "orders"}].topic = "c.public.orders";
    stored_position at;
    at.places = kafka::encode(places);
    memory_rows rows;
    std::vector<document_plan> documents;
    generation_request to{.rows = rows, .documents = documents};
    add_position_notes(at, to);
    BOOST_TEST(to.offsets == R"({"c.public.items":[0,7],"c.public.orders":[]})");
    BOOST_TEST((to.catalog[{"public", "items"}].doubts ==
                std::vector<std::string>{"skipped_records", "untold_history", "resnapshot"}));
    BOOST_TEST((to.catalog[{"public", "orders"}].doubts.empty()));
}

BOOST_AUTO_TEST_CASE(a_position_of_one_log_has_no_notes)
{
    memory_rows rows;
    std::vector<document_plan> documents;
    generation_request to{.rows = rows, .documents = documents};
    add_position_notes({}, to);
    BOOST_TEST(to.offsets == "");
    BOOST_TEST(to.catalog.empty());
}

BOOST_AUTO_TEST_SUITE_END()
