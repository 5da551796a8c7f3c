#include "settings/config_schema.hpp"
#include "settings/keys.hpp"
#include "settings/load.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <string>

namespace understudy {

namespace {

const std::string config_directory = UNDERSTUDY_CONFIG_DIRECTORY;

std::string text_of(const std::string& file)
{
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// True when a line of the file starts with the key's last name, commented out or not.
bool mentions(const std::string& text, std::string_view key)
{
    auto name = std::string{key.substr(key.rfind('.') + 1)} + ":";
    return text.find("\n" + name) != text.npos || text.find(" " + name) != text.npos;
}

void collect_list_keys(const boost::json::object& schema, std::vector<std::string>& keys)
{
    if (const auto* properties = schema.if_contains("properties"))
        for (const auto& [name, inner] : properties->as_object()) {
            keys.emplace_back(name);
            collect_list_keys(inner.as_object(), keys);
        }
    if (const auto* items = schema.if_contains("items")) collect_list_keys(items->as_object(), keys);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(examples)

BOOST_AUTO_TEST_CASE(every_example_loads_without_a_warning)
{
    for (auto name : {"understudy.minimal.yaml", "understudy.full.yaml", "understudy.documents.yaml",
                      "understudy.kafka.yaml", "examples/legacy/understudy.yaml"}) {
        BOOST_TEST_CONTEXT(name) {
            auto loaded = load(config_directory + "/" + name, {}, secrets::unneeded);
            BOOST_TEST(loaded.has_value());
            if (loaded) BOOST_TEST(loaded->warnings.empty());
            if (!loaded) BOOST_TEST_MESSAGE(to_string(loaded.error()));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_full_example_mentions_every_key_of_the_schema)
{
    auto text = text_of(config_directory + "/understudy.full.yaml");
    for (const auto& key : schema_keys())
        BOOST_TEST_CONTEXT(key) BOOST_TEST(mentions(text, key));
}

BOOST_AUTO_TEST_CASE(the_examples_together_mention_every_key_of_lists)
{
    auto text =
        text_of(config_directory + "/understudy.full.yaml") + text_of(config_directory + "/understudy.documents.yaml");
    std::vector<std::string> keys;
    collect_list_keys(*schema_of_key("tables"), keys);
    collect_list_keys(*schema_of_key("documents"), keys);
    BOOST_TEST(keys.size() > 8u);
    for (const auto& key : keys)
        BOOST_TEST_CONTEXT(key) BOOST_TEST(text.find(key + ":") != text.npos);
}

BOOST_AUTO_TEST_CASE(the_full_example_shows_the_defaults)
{
    auto full = load(config_directory + "/understudy.full.yaml", {}).value().values;
    auto minimal = load(config_directory + "/understudy.minimal.yaml", {}).value().values;
    for (const auto& key : setting_keys())
        if (key.name != "tables")
            BOOST_TEST_CONTEXT(key.name) BOOST_TEST(serialize(key.show(full)) == serialize(key.show(minimal)));
}

BOOST_AUTO_TEST_CASE(the_defaults_of_the_schema_are_those_of_the_program)
{
    settings defaults;
    for (const auto& key : setting_keys()) {
        const auto* written = schema_of_key(key.name)->if_contains("default");
        if (written == nullptr) continue;
        settings read_from_schema;
        key.read(read_from_schema, *written);
        BOOST_TEST_CONTEXT(key.name) BOOST_TEST(serialize(key.show(read_from_schema)) == serialize(key.show(defaults)));
    }
}

BOOST_AUTO_TEST_CASE(the_table_of_keys_and_the_schema_agree)
{
    std::vector<std::string> from_table;
    for (const auto& key : setting_keys()) from_table.emplace_back(key.name);
    auto from_schema = schema_keys();
    for (const auto* file : {"source.postgres.connection_file", "source.kafka.properties_file"})
        std::erase(from_schema, file);
    BOOST_TEST(from_table == from_schema, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_schema_in_the_program_is_the_file)
{
    BOOST_TEST(config_schema_text() == text_of(UNDERSTUDY_SCHEMA_FILE));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
