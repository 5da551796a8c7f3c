#include "settings/environment.hpp"

#include "settings/config_schema.hpp"
#include "config_builder.hpp"

#include <boost/test/unit_test.hpp>

namespace understudy {

BOOST_AUTO_TEST_SUITE(environment_variables)

BOOST_AUTO_TEST_CASE(a_variable_overrides_its_key)
{
    auto text = with_line("log: {level: info}");
    auto values = values_of(text, {{"UNDERSTUDY_LOG__LEVEL", "debug"},
                                   {"UNDERSTUDY_SNAPSHOT__KEEP", "9"},
                                   {"UNDERSTUDY_SNAPSHOT__MODE", "0640"},
                                   {"UNDERSTUDY_CADENCE__EVERY", "5m"},
                                   {"UNDERSTUDY_CADENCE__AFTER_BYTES", "100"},
                                   {"UNDERSTUDY_SOURCE__POSTGRES__SLOT", "123"},
                                   {"UNDERSTUDY_SOURCE__POSTGRES__CREATE", "false"},
                                   {"UNDERSTUDY_TABLES", "[public.x, {table: public.y, exclude: [z]}]"}});
    BOOST_TEST(values.log.level == "debug");
    BOOST_TEST(values.snapshot.keep == 9u);
    BOOST_TEST(values.snapshot.mode == 0640u);
    BOOST_TEST((values.cadence.every == std::chrono::minutes{5}));
    BOOST_TEST(*values.cadence.after_bytes == 100u);
    BOOST_TEST(values.postgres.slot == "123");
    BOOST_TEST(!values.postgres.create);
    BOOST_REQUIRE(values.tables.size() == 2);
    BOOST_TEST(values.tables[1].exclude.at(0) == "z");
}

BOOST_AUTO_TEST_CASE(variables_can_be_the_whole_configuration)
{
    auto values = values_of("", {{"UNDERSTUDY_SOURCE__POSTGRES__CONNECTION", "host=db"},
                                 {"UNDERSTUDY_TABLES", "[public.a]"},
                                 {"UNDERSTUDY_STATE__DIRECTORY", "/s"},
                                 {"UNDERSTUDY_SNAPSHOT__DIRECTORY", "/p"}});
    BOOST_TEST(values.postgres.connection == "host=db");
    BOOST_TEST(values.tables.size() == 1u);
}

BOOST_AUTO_TEST_CASE(every_key_has_a_variable_of_its_own)
{
    for (const auto& key : schema_keys()) {
        auto message = complaints(minimal_lines, {{variable_of(key), "\x01"}});
        BOOST_TEST_CONTEXT(key) BOOST_TEST(message.find(variable_of(key) + ": " + key) != message.npos);
    }
}

BOOST_AUTO_TEST_CASE(an_error_in_a_variable_names_the_variable)
{
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_SNAPSHOT__KEEP", "many"}}) ==
               "UNDERSTUDY_SNAPSHOT__KEEP: snapshot.keep: expected a whole number from 1 to 10000; found text");
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_TABLES", "[public.a, b]"}}) ==
               "UNDERSTUDY_TABLES: tables[1]: the schema is missing: write public.b");
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_TABLES", "public.a"}}) ==
               "UNDERSTUDY_TABLES: tables: expected a list of 1 to 4096 tables, e.g. [public.materials]; found text");
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_TABLES", "[public.a"}})
                   .starts_with("UNDERSTUDY_TABLES: tables: not YAML: "));
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_CADENCE__EVERY", "1ms"}}) ==
               "UNDERSTUDY_CADENCE__EVERY: cadence.every: out of range: from 10ms to 30d");
}

BOOST_AUTO_TEST_CASE(a_broken_part_of_the_file_is_not_repaired_by_a_variable)
{
    BOOST_TEST(complaints(with_line("log: 5"), {{"UNDERSTUDY_LOG__LEVEL", "info"}}) ==
               "c.yaml:5:6: log: expected a section; found a number");
}

BOOST_AUTO_TEST_CASE(an_unknown_variable_is_an_error)
{
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_SNAPSHOT__KEP", "3"}}) ==
               "UNDERSTUDY_SNAPSHOT__KEP: unknown variable; did you mean UNDERSTUDY_SNAPSHOT__KEEP?");
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_SNAPSHOT_KEEP", "3"}}) ==
               "UNDERSTUDY_SNAPSHOT_KEEP: unknown variable; did you mean UNDERSTUDY_SNAPSHOT__KEEP?");
    BOOST_TEST(complaints(minimal_lines, {{"UNDERSTUDY_SNAPSHOT", "{}"}}) ==
               "UNDERSTUDY_SNAPSHOT: unknown variable; `understudy config` lists the keys, dots are written __");
}

BOOST_AUTO_TEST_CASE(variables_that_are_not_ours_are_left_alone)
{
    BOOST_TEST(complaints(minimal_lines, {{"PATH", "/bin"},
                                          {"UNDERSTUDY_CONFIG", "/etc/u.yaml"},
                                          {"UNDERSTUDY_SERVICE_HOST", "10.0.0.1"},
                                          {"UNDERSTUDY_SERVICE_PORT_HTTP", "80"},
                                          {"UNDERSTUDY_PORT", "tcp://10.0.0.1:80"},
                                          {"UNDERSTUDY_PORT_80_TCP_ADDR", "10.0.0.1"}}) == "loaded");
}

BOOST_AUTO_TEST_CASE(origins_tell_default_file_and_variable_apart)
{
    auto loaded = load_text(with_line("log: {level: warn}"), "c.yaml", {{"UNDERSTUDY_SNAPSHOT__KEEP", "5"}});
    BOOST_REQUIRE(loaded);
    using enum setting_origin::kind;
    const auto& origins = loaded->origins;
    BOOST_TEST((origins.at("log.level") == setting_origin{file, {5, 14, ""}, ""}));
    BOOST_TEST((origins.at("snapshot.keep") == setting_origin{environment, {0, 0, "UNDERSTUDY_SNAPSHOT__KEEP"}, ""}));
    BOOST_TEST((origins.at("log.format") == setting_origin{}));
    BOOST_TEST((origins.at("documents") == setting_origin{}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
