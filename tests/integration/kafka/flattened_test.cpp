#include "topic_mirror.hpp"

#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

// Other shapes in which a real connector writes.
using namespace understudy::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* table =
    "CREATE TABLE item (id int PRIMARY KEY, n numeric(8,2) DEFAULT 3, note text, at timestamptz);"
    "INSERT INTO item SELECT i, i / 4.0, 'row ' || i, now() FROM generate_series(1, 5) i;";

void check_changes(topic_mirror& through)
{
    through.capture();
    through.start();
    BOOST_TEST(through.lasting_difference() == "");
    through.exec(
        "UPDATE item SET n = NULL WHERE id = 1; DELETE FROM item WHERE id = 2; UPDATE item SET id = 30 WHERE id = 3;"
        "INSERT INTO item VALUES (6, 6, NULL, 'infinity'); INSERT INTO item VALUES (2, 2, 'again', NULL);"
        "DELETE FROM item WHERE id = 4");
    BOOST_TEST(through.lasting_difference() == "");
}

/// Keys that are the value of their column alone, in messages of this topic.
connector_properties extracted_keys(bool with_schemas)
{
    return {{"transforms", "key"},
            {"transforms.key.type", "org.apache.kafka.connect.transforms.ExtractField$Key"},
            {"transforms.key.field", "id"},
            {"transforms.key.predicate", "rows"},
            {"predicates", "rows"},
            {"predicates.rows.type", "org.apache.kafka.connect.transforms.predicates.TopicNameMatches"},
            {"predicates.rows.pattern", ".*[.]item"},
            {"key.converter.schemas.enable", with_schemas ? "true" : "false"},
            {"decimal.handling.mode", "precise"}};
}

connector_properties flattened(const std::string& mode)
{
    return {{"transforms", "flat"},
            {"transforms.flat.type", "io.debezium.transforms.ExtractNewRecordState"},
            {"transforms.flat.replace.null.with.default", "false"},
            {"transforms.flat.delete.tombstone.handling.mode", mode}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shapes)

BOOST_AUTO_TEST_CASE(messages_with_their_schemas_hold_the_same_rows)
{
    topic_mirror through{
        {.name = "with_schemas",
         .setup = table,
         .tables = {"public.item"},
         .connector = {{"key.converter.schemas.enable", "true"}, {"value.converter.schemas.enable", "true"}}}};
    check_changes(through);
}

BOOST_AUTO_TEST_CASE(flattened_rows_hold_the_same_whatever_a_delete_is)
{
    int count = 0;
    for (const char* mode : {"tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"})
        BOOST_TEST_CONTEXT(mode) {
            topic_mirror through{{.name = "flat_" + std::to_string(++count),
                                  .setup = table,
                                  .tables = {"public.item"},
                                  .connector = flattened(mode)}};
            check_changes(through);
            BOOST_TEST(through.manifest().at("tables").at(0).at("doubts").at(0) == "untold_history");
        }
}

BOOST_AUTO_TEST_CASE(keys_that_are_values_alone_are_those_of_the_key_column)
{
    constexpr const char* decimal_key =
        "CREATE TABLE item (id numeric(8,2) PRIMARY KEY, n numeric(8,2) DEFAULT 3, note text, at timestamptz);"
        "INSERT INTO item SELECT i, i / 4.0, 'row ' || i, now() FROM generate_series(1, 5) i;";
    for (bool with_schemas : {false, true}) {
        topic_mirror through{{.name = with_schemas ? "lone_keys_told" : "lone_keys",
                              .setup = with_schemas ? decimal_key : table,
                              .tables = {"public.item"},
                              .connector = extracted_keys(with_schemas),
                              .encodings = "      decimal_handling_mode: precise\n"}};
        check_changes(through);
    }
}

BOOST_AUTO_TEST_CASE(debeziums_own_defaults_for_values_hold_what_check_does_not_warn_of)
{
    topic_mirror through{
        {.name = "defaults",
         .setup = "CREATE TABLE item (id int PRIMARY KEY, n numeric(8,2), b bytea, at timestamp(3), t time);"
                  "INSERT INTO item VALUES (1, 1.50, '\\x00ff', '2024-02-29 12:34:56.789', '12:34:56.7')",
         .tables = {"public.item"},
         .connector = {{"decimal.handling.mode", "precise"},
                       {"time.precision.mode", "adaptive"},
                       {"binary.handling.mode", "bytes"},
                       {"interval.handling.mode", "numeric"}},
         .encodings = "      decimal_handling_mode: precise\n"}};
    through.capture();
    through.start();
    BOOST_TEST(through.lasting_difference() == "");
    through.exec("INSERT INTO item VALUES (2, -12345.05, '', '1969-12-31 23:59:59.999', '24:00')");
    BOOST_TEST(through.lasting_difference() == "");
}

BOOST_AUTO_TEST_SUITE_END()
