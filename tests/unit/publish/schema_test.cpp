#include "publish_fixture.hpp"
#include "full_status.hpp"

#include <boost/json.hpp>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

using namespace understudy;

namespace {

struct schema_fixture : publish_fixture {
    /// What the schema of that name says against it; empty if nothing.
    static std::string objections(const std::string& name, const std::string& text)
    {
        auto schema_text = boost::json::parse(slurp(fs::path{UNDERSTUDY_SCHEMAS} / (name + ".schema.json")));
        valijson::Schema schema;
        valijson::SchemaParser parser;
        valijson::adapters::BoostJsonAdapter schema_adapter{schema_text};
        parser.populateSchema(schema_adapter, schema);
        auto value = boost::json::parse(text);
        valijson::adapters::BoostJsonAdapter adapter{value};
        valijson::ValidationResults results;
        valijson::Validator validator;
        validator.validate(schema, adapter, &results);
        std::string all;
        for (valijson::ValidationResults::Error error; results.popError(error);) all += error.description + "\n";
        return all;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(schema_test, schema_fixture)

BOOST_AUTO_TEST_CASE(every_manifest_and_default_document_obeys_its_schema)
{
    auto directory = open();
    auto first = write(directory, 1);
    require(first);
    rows.change_state().position.content_as_of = db_time{};
    require(write(directory, 2, &*first));
    rows.add_row(orders, {"1", "[1,{\"a\":null}]"});
    require(write(directory, 3, &*first));
    for (std::uint64_t number : {1u, 2u, 3u}) {
        BOOST_TEST(objections("manifest", slurp(generation(number) / "manifest.json")) == "");
        BOOST_TEST(objections("snapshot", slurp(generation(number) / "snapshot.json")) == "");
    }
}

BOOST_AUTO_TEST_CASE(every_status_obeys_its_schema)
{
    auto bare = status_report{};
    bare.state = "starting";
    BOOST_TEST(objections("status", to_json(bare)) == "");
    BOOST_TEST(objections("status", to_json(full_status())) == "");
}

BOOST_AUTO_TEST_CASE(the_schemas_object_to_what_is_wrong)
{
    BOOST_TEST(objections("manifest", "{}") != "");
    BOOST_TEST(objections("status", "{}") != "");
    BOOST_TEST(objections("snapshot", "{}") != "");
    BOOST_TEST(
        objections("snapshot",
                   R"({"understudy":{"format":1,"generation":1,"position":"0/1","content_as_of":null},"t":[1]})") !=
        "");
    auto value = boost::json::parse(to_json(full_status())).as_object();
    value["position"] = "0x12";
    BOOST_TEST(objections("status", boost::json::serialize(value)) != "");
}

BOOST_AUTO_TEST_SUITE_END()
