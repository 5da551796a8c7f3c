#include "publish/generation_check.hpp"
#include "support/child_process.hpp"
#include "support/files.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The vectors of schemas/reader-vectors against the program: they are what it writes, and it judges them likewise.
namespace understudy {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::read_file;

const fs::path schemas{UNDERSTUDY_SCHEMAS};
const fs::path vectors = schemas / "reader-vectors";

std::vector<std::string> names_of_vectors()
{
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator{vectors})
        if (entry.is_directory()) names.insert(entry.path().filename());
    return {names.begin(), names.end()};
}

/// Nothing for what is no JSON.
std::optional<json::value> parsed(const fs::path& file)
{
    json::parse_options options;
    options.max_depth = 4096;
    json::error_code damaged;
    auto value = json::parse(read_file(file), damaged, {}, options);
    return damaged ? std::nullopt : std::optional{value};
}

json::value case_of(const std::string& name)
{
    return parsed(vectors / name / "case.json").value();
}

std::string outcome_of(const std::string& name)
{
    return json::value_to<std::string>(case_of(name).at("answer").at("outcome"));
}

/// What a schema says against a file; empty if nothing.
std::string objections(const std::string& name, const fs::path& file)
{
    auto value = parsed(file);
    if (!value) return "no JSON\n";
    auto text = json::parse(read_file(schemas / (name + ".schema.json")));
    valijson::Schema schema;
    valijson::SchemaParser parser;
    valijson::adapters::BoostJsonAdapter schema_adapter{text};
    parser.populateSchema(schema_adapter, schema);
    valijson::adapters::BoostJsonAdapter adapter{*value};
    valijson::ValidationResults results;
    valijson::Validator validator;
    validator.validate(schema, adapter, &results);
    std::string all;
    for (valijson::ValidationResults::Error error; results.popError(error);) all += error.description + "\n";
    return all;
}

/// Whether the program itself would take what is announced: its number, its manifest, every byte.
bool is_whole(const fs::path& snapshot)
{
    return load_current(snapshot) && verify_generation(snapshot / "current", check_depth::full).good();
}

const std::set<std::string> not_whole{"torn", "newer_format", "no_generation"};
const std::set<std::string> damaged_manifest{"torn-manifest-cut", "torn-manifest-empty", "torn-manifest-incomplete",
                                             "torn-manifest-missing"};
const std::set<std::string> damaged_status{"age-status-cut", "age-status-incomplete", "age-status-newer-format"};

}  // namespace

BOOST_AUTO_TEST_SUITE(reader_vectors)

BOOST_AUTO_TEST_CASE(the_program_takes_a_generation_exactly_when_a_reader_must)
{
    for (const auto& name : names_of_vectors())
        BOOST_TEST_CONTEXT(name)
            BOOST_TEST(is_whole(vectors / name / "snapshot") != not_whole.contains(outcome_of(name)));
}

BOOST_AUTO_TEST_CASE(what_a_reader_read_before_was_whole)
{
    for (const auto& name : names_of_vectors())
        if (!case_of(name).at("ask").at("read_before").is_null())
            BOOST_TEST_CONTEXT(name) BOOST_TEST(is_whole(vectors / name / "before"));
}

BOOST_AUTO_TEST_CASE(every_manifest_obeys_its_schema_unless_it_is_what_is_wrong)
{
    for (const auto& name : names_of_vectors()) {
        auto manifest = vectors / name / "snapshot/current/manifest.json";
        auto wrong = damaged_manifest.contains(name) || outcome_of(name) == "newer_format";
        if (outcome_of(name) != "no_generation")
            BOOST_TEST_CONTEXT(name) BOOST_TEST(objections("manifest", manifest).empty() != wrong);
    }
}

BOOST_AUTO_TEST_CASE(every_status_obeys_its_schema_unless_it_is_what_is_wrong)
{
    for (const auto& name : names_of_vectors()) {
        auto status = vectors / name / "snapshot/status.json";
        if (fs::exists(status))
            BOOST_TEST_CONTEXT(name) BOOST_TEST(objections("status", status).empty() != damaged_status.contains(name));
    }
}

// The default documents; another one has a shape of its own.
BOOST_AUTO_TEST_CASE(every_document_of_a_good_vector_obeys_its_schema)
{
    for (const auto& name : names_of_vectors())
        if (is_whole(vectors / name / "snapshot"))
            BOOST_TEST_CONTEXT(name)
                BOOST_TEST(objections("snapshot", vectors / name / "snapshot/current/snapshot.json") == "");
}

BOOST_AUTO_TEST_CASE(every_outcome_of_the_contract_has_a_vector)
{
    std::set<std::string> outcomes;
    for (const auto& name : names_of_vectors()) outcomes.insert(outcome_of(name));
    const std::set<std::string> known{"good",          "rolled_back",   "too_old",
                                      "torn",          "foreign",       "newer_format",
                                      "no_generation", "unknown_table", "unknown_document"};
    BOOST_TEST(outcomes == known, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_program_that_made_the_vectors_makes_the_same_cases)
{
    testing::temp_directory scratch;
    testing::run_program({.command = {UNDERSTUDY_MAKE_VECTORS, scratch.path()}});
    std::set<std::string> made;
    for (const auto& entry : fs::directory_iterator{scratch.path()}) {
        made.insert(entry.path().filename());
        BOOST_TEST_CONTEXT(entry.path().filename())
            BOOST_TEST(read_file(entry.path() / "case.json") ==
                       read_file(vectors / entry.path().filename() / "case.json"));
    }
    auto kept = names_of_vectors();
    BOOST_TEST(made == std::set<std::string>(kept.begin(), kept.end()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
