#include "settings/kafka.hpp"

#include "config_builder.hpp"
#include "settings/keys.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

const std::string head = "tables: [public.a, public.b]\nstate: {directory: /s}\nsnapshot: {directory: /p}\n";

/// A configuration whose line 4 is this section.
std::string with_kafka(const std::string& section)
{
    return head + "source: {kafka: {" + section + "}}\n";
}

std::string with_topics(const std::string& topics)
{
    return with_kafka("brokers: 'k:9092', description: /d, topics: {" + topics + "}");
}

/// As with_topics, with more keys.
std::string with_more(const std::string& more)
{
    return with_kafka("brokers: 'k:9092', description: /d, topics: {prefix: c}, " + more);
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != text.npos;
}

/// A file of secrets, gone with its test.
class properties_file {
public:
    explicit properties_file(std::string_view text)
        : path_{std::filesystem::temp_directory_path() / ("understudy-properties-" + std::to_string(::getpid()))}
    {
        std::ofstream{path_, std::ios::binary | std::ios::trunc} << text;
        ::chmod(path_.c_str(), 0600);
    }
    properties_file(const properties_file&) = delete;
    properties_file& operator=(const properties_file&) = delete;
    ~properties_file() { std::filesystem::remove(path_); }

    std::string config() const { return with_more("properties_file: " + path_.string()); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::string shown(std::string_view key, const settings& values)
{
    for (const auto& each : setting_keys())
        if (each.name == key) return boost::json::serialize(each.show(values));
    return "no such key";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kafka_section)

BOOST_AUTO_TEST_CASE(the_smallest_section_loads_with_its_defaults)
{
    auto kafka = values_of(with_topics("prefix: c")).kafka;
    BOOST_TEST(kafka.is_on());
    BOOST_TEST(kafka.prefix == "c");
    BOOST_TEST(kafka.encodings.decimal == "precise");
    BOOST_TEST((kafka.on_bad_message == bad_message_policy::halt));
    BOOST_TEST((kafka.on_resnapshot == resnapshot_policy::keep));
    BOOST_TEST(!values_of(minimal_lines).kafka.is_on());
}

BOOST_AUTO_TEST_CASE(one_source_is_needed_and_no_more)
{
    auto both =
        head + "source: {postgres: {connection: host=db}, kafka: {brokers: k, description: /d, topics: {prefix: c}}}\n";
    BOOST_TEST(has(complaints(both), "source: expected a section with either postgres or kafka"), complaints(both));
    BOOST_TEST(has(complaints(head + "source: {}\n"), "source"), complaints(head + "source: {}\n"));
    BOOST_TEST(complaints(with_topics("prefix: c")) == "loaded");
}

BOOST_AUTO_TEST_CASE(one_way_to_find_topics_is_needed_and_no_more)
{
    BOOST_TEST(complaints(with_topics("")) != "loaded");
    BOOST_TEST(complaints(with_topics("prefix: c, pattern: '(a)(b)'")) != "loaded");
    BOOST_TEST(complaints(with_topics("pattern: '(a)(b)'")) == "loaded");
    BOOST_TEST(complaints(with_topics("list: [{topic: t, table: public.a}]")) == "loaded");
}

BOOST_AUTO_TEST_CASE(a_list_names_each_topic_and_each_table_once)
{
    BOOST_TEST(has(complaints(with_topics("list: [{topic: t, table: public.a}, {topic: t, table: public.b}]")),
                   "source.kafka.topics.list[1].topic: the topic is listed twice"));
    BOOST_TEST(has(complaints(with_topics("list: [{topic: t, table: public.a}, {topic: u, table: public.a}]")),
                   "source.kafka.topics.list[1].table: the table has a topic already"));
    BOOST_TEST(
        has(complaints(with_topics("list: [{topic: t, table: public.*}]")), "expected one table, not a whole schema"));
    BOOST_TEST(has(complaints(with_topics("list: [{topic: t, table: a}]")), "the schema is missing"));
}

BOOST_AUTO_TEST_CASE(a_pattern_has_two_groups)
{
    for (const auto* pattern : {"a", "(a)", "(a)(b)(c)"})
        BOOST_TEST(has(complaints(with_topics(std::string{"pattern: '"} + pattern + "'")),
                       "source.kafka.topics.pattern: expected two groups in parentheses: schema and table"));
    BOOST_TEST(has(complaints(with_topics("pattern: '(a'")), "source.kafka.topics.pattern: not a regular expression"));
}

BOOST_AUTO_TEST_CASE(tables_that_are_said_to_be_complete_are_single_ones)
{
    BOOST_TEST(
        (values_of(with_more("complete: [public.a]")).kafka.complete == std::vector<table_name>{{"public", "a"}}));
    BOOST_TEST(has(complaints(with_more("complete: [public.*]")), "source.kafka.complete[0]: expected one table"));
}

BOOST_AUTO_TEST_CASE(properties_are_texts_however_they_are_written)
{
    auto kafka =
        values_of(
            with_more("properties: {fetch.wait.max.ms: 50, enable.ssl.certificate.verification: true, client.id: x}"))
            .kafka;
    BOOST_TEST(kafka.properties["fetch.wait.max.ms"] == "50");
    BOOST_TEST(kafka.properties["enable.ssl.certificate.verification"] == "true");
    BOOST_TEST(kafka.properties["client.id"] == "x");
}

BOOST_AUTO_TEST_CASE(a_property_that_would_break_a_promise_is_refused_with_the_reason)
{
    const std::map<std::string, std::string> reasons{
        {"bootstrap.servers", "it is source.kafka.brokers"},
        {"metadata.broker.list", "it is source.kafka.brokers"},
        {"group.id", "no group is joined; for tools that show lag there is source.kafka.report_group"},
        {"group.instance.id", "no group is joined"},
        {"auto.offset.reset", "where the log no longer holds what comes next, a jump would lose rows in silence"},
        {"enable.auto.commit", "positions are kept in the store, with the rows"},
        {"auto.commit.enable", "positions are kept in the store, with the rows"},
        {"enable.auto.offset.store", "positions are kept in the store, with the rows"},
        {"offset.store.method", "positions are kept in the store, with the rows"},
        {"isolation.level", "what a producer took back must not be read"},
        {"check.crcs", "damage on the way must not become rows"},
        {"allow.auto.create.topics", "reading must not make topics"},
        {"enable.partition.eof", "the end of a partition has to be seen"},
        {"plugin.library.paths", "no code is loaded that the configuration names"},
    };
    for (const auto& [name, why] : reasons)
        BOOST_TEST_CONTEXT(name) {
            auto text = complaints(with_more("properties: {" + name + ": x}"));
            BOOST_TEST(has(text, name), text);
            BOOST_TEST(has(text, ": cannot be set: " + why), text);
            BOOST_TEST(has(complaints(properties_file{name + "=x"}.config()),
                           "line 1 of the file: " + name + " cannot be set: " + why));
        }
}

BOOST_AUTO_TEST_CASE(a_properties_file_has_names_values_comments_and_empty_lines)
{
    auto kafka =
        values_of(properties_file{"# a comment\n\n  sasl.username = u \nsasl.password=a=b#c\r\nclient.id="}.config())
            .kafka;
    BOOST_TEST(kafka.properties["sasl.username"] == "u");
    BOOST_TEST(kafka.properties["sasl.password"] == "a=b#c");
    BOOST_TEST(kafka.properties["client.id"] == "");
    BOOST_TEST(kafka.properties.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_line_without_a_name_is_named_by_its_number_and_not_shown)
{
    for (const auto* line : {"s3cret", "=s3cret"}) {
        auto text = complaints(properties_file{std::string{"a=b\n\n"} + line + "\n"}.config());
        BOOST_TEST(has(text, "source.kafka.properties_file: line 3 of the file: expected name=value"), text);
        BOOST_TEST(!has(text, "s3cret"));
    }
}

BOOST_AUTO_TEST_CASE(a_properties_file_stands_where_systemd_puts_it)
{
    properties_file file{"sasl.password=p"};
    auto text = with_more("properties_file: '${CREDENTIALS_DIRECTORY}/" + file.path().filename().string() + "'");
    auto kafka = values_of(text, {{"CREDENTIALS_DIRECTORY", file.path().parent_path()}}).kafka;
    BOOST_TEST(kafka.properties["sasl.password"] == "p");
    BOOST_TEST(has(complaints(text), "source.kafka.properties_file: CREDENTIALS_DIRECTORY is not set"));
}

BOOST_AUTO_TEST_CASE(secrets_are_masked_where_settings_are_shown)
{
    for (const auto* name : {"sasl.password", "ssl.key.password", "ssl.keystore.password", "sasl.username",
                             "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config", "ssl.key.pem"})
        BOOST_TEST_CONTEXT(name) {
            auto values = values_of(properties_file{std::string{name} + "=c4n4ry\nclient.id=seen"}.config());
            auto text = shown("source.kafka.properties", values);
            BOOST_TEST(has(text, "********"));
            BOOST_TEST(has(text, "seen"));
            BOOST_TEST(!has(text, "c4n4ry"));
        }
}

BOOST_AUTO_TEST_CASE(variables_override_lists_and_maps_as_yaml)
{
    auto kafka = values_of(with_topics("list: [{topic: t, table: public.a}]"),
                           {{"UNDERSTUDY_SOURCE__KAFKA__TOPICS__LIST", "[{topic: u, table: public.b}]"},
                            {"UNDERSTUDY_SOURCE__KAFKA__PROPERTIES", "{client.id: me}"},
                            {"UNDERSTUDY_SOURCE__KAFKA__ON_RESNAPSHOT", "sweep"}})
                     .kafka;
    BOOST_TEST((kafka.list == std::vector<topic_setting>{{"u", {"public", "b"}}}));
    BOOST_TEST(kafka.properties["client.id"] == "me");
    BOOST_TEST((kafka.on_resnapshot == resnapshot_policy::sweep));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
