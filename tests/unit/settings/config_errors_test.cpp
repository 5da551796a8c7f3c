#include "config_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace understudy {

namespace {

/// A fifth line of the smallest configuration, and the one complaint it has to cause.
struct row {
    std::string line;
    std::string complaint;
};

void check_rows(const std::vector<row>& rows)
{
    for (const auto& [line, complaint] : rows)
        BOOST_TEST_CONTEXT(line) BOOST_TEST(complaints(with_line(line)) == "c.yaml:" + complaint);
}

/// The same for a whole `tables` value on line 1.
std::string complaints_about_tables(const std::string& tables)
{
    auto rest = minimal_lines.substr(minimal_lines.find('\n'));
    return complaints("tables: " + tables + rest);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_errors_as_operators_see_them)

BOOST_AUTO_TEST_CASE(an_unknown_key_names_the_nearest_known_one)
{
    check_rows({
        {"comit: {}", "5:1: comit: unknown key; did you mean commit?"},
        {"log: {levle: info}", "5:7: log.levle: unknown key; did you mean log.level?"},
        {"slot: x", "5:1: slot: unknown key; did you mean source.postgres.slot?"},
        {"log: {colour: true}", "5:7: log.colour: unknown key; known here: level, format"},
    });
}

BOOST_AUTO_TEST_CASE(a_wrong_type_says_what_was_expected_and_found)
{
    check_rows({
        {"commit: 5", "5:9: commit: expected a section; found a number"},
        {"commit: [a]", "5:9: commit: expected a section; found a list"},
        {"documents: {}", "5:12: documents: expected a list of 1 to 256 documents; found a section"},
        {"commit: {max_changes: many}",
         "5:23: commit.max_changes: expected a whole number from 1 to 100000000; found text"},
        {"commit: {max_changes: 1.5}",
         "5:23: commit.max_changes: expected a whole number from 1 to 100000000; found a number with a fraction"},
        {"cadence: {every: 5}",
         "5:18: cadence.every: expected a duration such as 250ms, 5s, 10m, 1h or 1d; found a number"},
        {"cadence: {every: }",
         "5:18: cadence.every: expected a duration such as 250ms, 5s, 10m, 1h or 1d; found nothing"},
        {"documents: [{file: a, header: yes}]", "5:31: documents[0].header: expected true or false; found text"},
        {"cadence: {after_bytes: true}",
         "5:24: cadence.after_bytes: expected a size such as 100, 512KiB, 64MiB or 1GiB; found true or false"},
    });
}

BOOST_AUTO_TEST_CASE(a_wrong_form_says_what_was_expected)
{
    check_rows({
        {"cadence: {every: 5 min}", "5:18: cadence.every: expected a duration such as 250ms, 5s, 10m, 1h or 1d"},
        {"cadence: {after_bytes: 5MB}",
         "5:24: cadence.after_bytes: expected a size such as 100, 512KiB, 64MiB or 1GiB"},
        {"log: {level: loud}", "5:14: log.level: expected one of trace, debug, info, warn, error"},
        {"documents: []", "5:12: documents: expected a list of 1 to 256 documents"},
    });
}

BOOST_AUTO_TEST_CASE(a_number_out_of_range_names_the_range)
{
    check_rows({
        {"commit: {max_changes: 0}", "5:23: commit.max_changes: expected a whole number from 1 to 100000000"},
        {"commit: {max_delay: 11m}", "5:21: commit.max_delay: out of range: from 1ms to 10m"},
        {"commit: {max_bytes: 1}", "5:21: commit.max_bytes: out of range: from 64KiB to 1GiB"},
        {"commit: {max_bytes: -1}", "5:21: commit.max_bytes: out of range: from 64KiB to 1GiB"},
        {"commit: {max_bytes: 99999999999999999999GiB}", "5:21: commit.max_bytes: out of range: from 64KiB to 1GiB"},
        {"cadence: {after_quiet: 0s}", "5:24: cadence.after_quiet: out of range: from 1ms to 7d"},
        {"status: {heartbeat: 50ms}", "5:21: status.heartbeat: out of range: from 100ms to 1h"},
        {"cadence: {after_changes: 18446744073709551615}",
         "5:26: cadence.after_changes: expected a whole number from 1 to 1000000000000"},
    });
}

BOOST_AUTO_TEST_CASE(a_duplicate_key_is_an_error)
{
    check_rows({
        {"tables: [public.a]", "5:1: tables: duplicate key, first written at 1:1"},
        {"log: {level: info, level: warn}", "5:20: log.level: duplicate key, first written at 5:7"},
    });
}

BOOST_AUTO_TEST_CASE(cadence_rules_that_contradict_each_other_are_errors)
{
    check_rows({
        {"cadence: {min_interval: 5s, every: 1s}", "5:36: cadence.every: shorter than cadence.min_interval (5s)"},
        {"cadence: {every: 500ms}", "5:18: cadence.every: shorter than cadence.min_interval (1s)"},
        {"cadence: {every: 5s, after_quiet: 5s}",
         "5:35: cadence.after_quiet: never due: cadence.every (5s) always comes first"},
    });
    BOOST_TEST(complaints(with_line("cadence: {min_interval: 5s, every: 5s, after_quiet: 1s}")) == "loaded");
}

BOOST_AUTO_TEST_CASE(every_required_key_is_asked_for)
{
    BOOST_TEST(complaints("") ==
               "c.yaml:1:1: source: missing; expected a section with either postgres or kafka\n"
               "c.yaml:1:1: tables: missing; expected a list of 1 to 4096 tables, e.g. [public.materials]\n"
               "c.yaml:1:1: state: missing; expected a section with directory\n"
               "c.yaml:1:1: snapshot: missing; expected a section with directory");
}

BOOST_AUTO_TEST_CASE(a_required_key_that_is_misspelt_is_not_missing_too)
{
    BOOST_TEST(complaints("tabels: [public.materials]\n"
                          "state: {directory: /s}\n"
                          "snapshot: {directory: /p}\n"
                          "source: {postgres: {connection: host=db}}\n") ==
               "c.yaml:1:1: tabels: unknown key; did you mean tables?");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_section_is_one_error)
{
    BOOST_TEST(complaints("- a\n- b\n") == "c.yaml:1:1: expected a section; found a list");
    BOOST_TEST(complaints("just text\n") == "c.yaml:1:1: expected a section; found text");
}

BOOST_AUTO_TEST_CASE(all_errors_are_listed_in_the_order_of_the_file)
{
    BOOST_TEST(complaints("tables: [materials]\n"
                          "state: {directory: s}\n"
                          "snapshot: {directory: /p, keep: 0, mode: 0777}\n"
                          "source: {postgres: {connection: host=db, slot: My-Slot}}\n"
                          "cadence: {every: 10ms, after_bytes: x}\n") ==
               "c.yaml:1:10: tables[0]: the schema is missing: write public.materials\n"
               "c.yaml:2:20: state.directory: expected an absolute path\n"
               "c.yaml:3:33: snapshot.keep: expected a whole number from 1 to 10000\n"
               "c.yaml:3:42: snapshot.mode: expected a file mode such as 0440: readable by the owner, executable by "
               "none, writable by others never\n"
               "c.yaml:4:48: source.postgres.slot: expected a slot name: 1 to 63 of a-z, 0-9 and _\n"
               "c.yaml:5:18: cadence.every: shorter than cadence.min_interval (1s)\n"
               "c.yaml:5:37: cadence.after_bytes: expected a size such as 100, 512KiB, 64MiB or 1GiB");
}

BOOST_AUTO_TEST_CASE(directories_have_to_be_apart)
{
    auto with = [](const std::string& state, const std::string& snapshot) {
        return complaints("state: {directory: " + state + "}\nsnapshot: {directory: " + snapshot +
                          "}\ntables: [public.a]\nsource: {postgres: {connection: host=db}}\n");
    };
    BOOST_TEST(with("/a", "/a") == "c.yaml:2:23: snapshot.directory: the same as state.directory; they have to differ");
    BOOST_TEST(with("/a/b/..", "/a/") ==
               "c.yaml:2:23: snapshot.directory: the same as state.directory; they have to differ");
    BOOST_TEST(with("/a", "/a/b") == "c.yaml:2:23: snapshot.directory: lies in state.directory; keep them apart");
    BOOST_TEST(with("/a/b/c", "/a") == "c.yaml:1:20: state.directory: lies in snapshot.directory; keep them apart");
    BOOST_TEST(with("/", "/a") == "c.yaml:2:23: snapshot.directory: lies in state.directory; keep them apart");
    BOOST_TEST(with("/a", "/ab") == "loaded");
}

BOOST_AUTO_TEST_CASE(tables_are_checked_one_by_one)
{
    BOOST_TEST(complaints_about_tables("[]") ==
               "c.yaml:1:9: tables: expected a list of 1 to 4096 tables, e.g. [public.materials]");
    BOOST_TEST(complaints_about_tables("[public.a, 5]") ==
               "c.yaml:1:20: tables[1]: expected schema.table, schema.* or a section with table; found a number");
    BOOST_TEST(complaints_about_tables("[public.a, public.a]") ==
               "c.yaml:1:20: tables[1]: public.a is already listed as tables[0]");
    BOOST_TEST(complaints_about_tables("[{table: public.a}, '\"public\".\"a\"']") ==
               "c.yaml:1:29: tables[1]: public.a is already listed as tables[0].table");
    BOOST_TEST(complaints_about_tables("[{columns: [a]}]") ==
               "c.yaml:1:10: tables[0].table: missing; expected schema.table or schema.*");
    BOOST_TEST(complaints_about_tables("[{table: public.a, columns: [a], exclude: [b]}]") ==
               "c.yaml:1:51: tables[0].exclude: columns and exclude contradict each other; keep one of them");
    BOOST_TEST(complaints_about_tables("[{table: public.a, exclude: [b, c, b]}]") ==
               "c.yaml:1:44: tables[0].exclude[2]: the column is listed twice");
    BOOST_TEST(complaints_about_tables("[{table: public.*, columns: [a]}]") ==
               "c.yaml:1:37: tables[0].columns: columns need one table, not a whole schema");
    BOOST_TEST(complaints_about_tables("[{table: public.a, excludes: [b]}]") ==
               "c.yaml:1:28: tables[0].excludes: unknown key; did you mean tables[0].exclude?");
}

BOOST_AUTO_TEST_CASE(a_good_configuration_gives_its_values)
{
    auto values = values_of(
        "tables: [public.a, {table: '\"S\".\"T\"', exclude: [x]}, sales.*]\n"
        "state: {directory: /s/, any_filesystem: true}\n"
        "snapshot: {directory: /p/../q, keep: 7, grace: 2m, mode: 0640, owner: 1000, group: app, reserve: 1GiB}\n"
        "source: {postgres: {connection: host=db, slot: s_1, publication: P, create: false}}\n"
        "cadence: {min_interval: 2s, every: 5m, after_changes: 10, after_bytes: 100, after_quiet: 250ms}\n"
        "commit: {max_delay: 10ms, max_changes: 5, max_bytes: 1MiB}\n"
        "status: {heartbeat: 5s}\n"
        "log: {level: debug, format: json}\n");
    using namespace std::chrono_literals;
    BOOST_TEST(values.postgres.connection == "host=db");
    BOOST_TEST(values.postgres.slot == "s_1");
    BOOST_TEST(values.postgres.publication == "P");
    BOOST_TEST(!values.postgres.create);
    std::vector<table_setting> tables{{"public", "a", {}, {}}, {"S", "T", {}, {"x"}}, {"sales", "", {}, {}}};
    BOOST_TEST((values.tables == tables));
    BOOST_TEST(values.state_directory == "/s");
    BOOST_TEST(values.any_filesystem);
    BOOST_TEST((values.snapshot == snapshot_settings{"/q", 7, 2min, 0640, "1000", "app", 1 << 30}));
    BOOST_TEST((values.cadence == cadence_settings{2s, 5min, 10, 100, 250ms}));
    BOOST_TEST((values.commit == commit_settings{10ms, 5, 1 << 20}));
    BOOST_TEST((values.heartbeat == 5s));
    BOOST_TEST((values.log == log_settings{"debug", "json"}));
    BOOST_TEST((values.documents == std::vector<document_settings>{{}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
