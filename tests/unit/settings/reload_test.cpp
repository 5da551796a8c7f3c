#include "settings/reload.hpp"

#include "config_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

namespace understudy {

namespace {

struct row {
    std::string key;
    reload_effect effect;
    std::function<void(settings&)> change;
};

const std::vector<row>& rows()
{
    using namespace std::chrono_literals;
    using enum reload_effect;
    static const std::vector<row> all{
        {"source.postgres.connection", refused, [](settings& s) { s.postgres.connection = "host=other"; }},
        {"source.postgres.slot", refused, [](settings& s) { s.postgres.slot = "other"; }},
        {"source.postgres.publication", refused, [](settings& s) { s.postgres.publication = "other"; }},
        {"source.postgres.create", refused, [](settings& s) { s.postgres.create = false; }},
        {"source.kafka.brokers", refused, [](settings& s) { s.kafka.brokers = "k:1"; }},
        {"source.kafka.topics.prefix", refused, [](settings& s) { s.kafka.prefix = "c"; }},
        {"source.kafka.topics.pattern", refused, [](settings& s) { s.kafka.pattern = "(a)(b)"; }},
        {"source.kafka.topics.list", refused, [](settings& s) { s.kafka.list = {{"t", {"public", "x"}}}; }},
        {"source.kafka.description", refused, [](settings& s) { s.kafka.description = "/d"; }},
        {"source.kafka.properties", refused, [](settings& s) { s.kafka.properties["sasl.password"] = "x"; }},
        {"source.kafka.connector.decimal_handling_mode", refused,
         [](settings& s) { s.kafka.encodings.decimal = "string"; }},
        {"source.kafka.connector.time_precision_mode", refused,
         [](settings& s) { s.kafka.encodings.time = "connect"; }},
        {"source.kafka.connector.interval_handling_mode", refused,
         [](settings& s) { s.kafka.encodings.interval = "string"; }},
        {"source.kafka.connector.binary_handling_mode", refused, [](settings& s) { s.kafka.encodings.binary = "hex"; }},
        {"source.kafka.connector.hstore_handling_mode", refused, [](settings& s) { s.kafka.encodings.hstore = "map"; }},
        {"source.kafka.connector.unavailable_value_placeholder", refused,
         [](settings& s) { s.kafka.encodings.unavailable = "?"; }},
        {"source.kafka.heartbeat_topic", refused, [](settings& s) { s.kafka.heartbeat_topic = "h"; }},
        {"source.kafka.transaction_topic", refused, [](settings& s) { s.kafka.transaction_topic = "t"; }},
        {"source.kafka.report_group", refused, [](settings& s) { s.kafka.report_group = "g"; }},
        {"source.kafka.complete", refused, [](settings& s) { s.kafka.complete = {{"public", "x"}}; }},
        {"source.kafka.on_bad_message", refused,
         [](settings& s) { s.kafka.on_bad_message = bad_message_policy::skip_and_mark; }},
        {"source.kafka.on_resnapshot", refused, [](settings& s) { s.kafka.on_resnapshot = resnapshot_policy::sweep; }},
        {"tables", refused, [](settings& s) { s.tables[0].exclude = {"x"}; }},
        {"state.directory", refused, [](settings& s) { s.state_directory = "/other"; }},
        {"state.any_filesystem", refused, [](settings& s) { s.any_filesystem = true; }},
        {"snapshot.directory", refused, [](settings& s) { s.snapshot.directory = "/other"; }},
        {"snapshot.keep", live, [](settings& s) { s.snapshot.keep = 9; }},
        {"snapshot.grace", live, [](settings& s) { s.snapshot.grace = 9s; }},
        {"snapshot.mode", refused, [](settings& s) { s.snapshot.mode = 0400; }},
        {"snapshot.owner", refused, [](settings& s) { s.snapshot.owner = "x"; }},
        {"snapshot.group", refused, [](settings& s) { s.snapshot.group = "x"; }},
        {"snapshot.reserve", refused, [](settings& s) { s.snapshot.reserve_bytes = 1; }},
        {"cadence.min_interval", live, [](settings& s) { s.cadence.min_interval = 9s; }},
        {"cadence.every", live, [](settings& s) { s.cadence.every = 9s; }},
        {"cadence.after_changes", live, [](settings& s) { s.cadence.after_changes = 9; }},
        {"cadence.after_bytes", live, [](settings& s) { s.cadence.after_bytes = 9; }},
        {"cadence.after_quiet", live, [](settings& s) { s.cadence.after_quiet = 9s; }},
        {"commit.max_delay", refused, [](settings& s) { s.commit.max_delay = 9s; }},
        {"commit.max_changes", refused, [](settings& s) { s.commit.max_changes = 9; }},
        {"commit.max_bytes", refused, [](settings& s) { s.commit.max_bytes = 9; }},
        {"documents", live, [](settings& s) { s.documents[0].header = false; }},
        {"serve.listen", refused, [](settings& s) { s.serve.listen = {{.socket = {}, .host = "::1", .port = 9}}; }},
        {"serve.anywhere", refused, [](settings& s) { s.serve.anywhere = true; }},
        {"serve.token_file", refused, [](settings& s) { s.serve.token = "x"; }},
        {"serve.certificate", refused, [](settings& s) { s.serve.certificate = "/x"; }},
        {"serve.private_key", refused, [](settings& s) { s.serve.private_key = "/x"; }},
        {"serve.max_connections", refused, [](settings& s) { s.serve.connections_max = 9; }},
        {"serve.max_bytes", refused, [](settings& s) { s.serve.answer_bytes_max = 9; }},
        {"serve.max_rows", refused, [](settings& s) { s.serve.rows_max = 9; }},
        {"serve.timeout", refused, [](settings& s) { s.serve.timeout = 9s; }},
        {"status.heartbeat", live, [](settings& s) { s.heartbeat = 9s; }},
        {"log.level", live, [](settings& s) { s.log.level = "warn"; }},
        {"log.format", live, [](settings& s) { s.log.format = "json"; }},
    };
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reloading)

BOOST_AUTO_TEST_CASE(the_same_configuration_has_no_changes)
{
    auto values = values_of(minimal_lines);
    BOOST_TEST(compare(values, values).empty());
}

BOOST_AUTO_TEST_CASE(every_key_has_a_row_here)
{
    BOOST_TEST(rows().size() == setting_keys().size());
}

BOOST_AUTO_TEST_CASE(each_change_is_seen_alone_with_its_effect)
{
    const auto before = values_of(minimal_lines);
    for (const auto& [key, effect, change] : rows()) {
        auto after = before;
        change(after);
        auto found = compare(before, after);
        BOOST_TEST_CONTEXT(key) {
            BOOST_REQUIRE(found.size() == 1u);
            BOOST_TEST(found[0].key == key);
            BOOST_TEST((found[0].effect == effect));
        }
    }
}

BOOST_AUTO_TEST_CASE(only_live_changes_are_taken_over)
{
    const auto running = values_of(minimal_lines);
    for (const auto& [key, effect, change] : rows()) {
        auto wanted = running;
        change(wanted);
        auto result = with_live_changes(running, wanted);
        BOOST_TEST_CONTEXT(key) {
            BOOST_TEST(compare(running, result).size() == (effect == reload_effect::live ? 1u : 0u));
            BOOST_TEST(compare(result, wanted).size() == (effect == reload_effect::live ? 0u : 1u));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_changed_password_is_a_change_and_is_not_shown)
{
    auto before = values_of(minimal_lines);
    auto after = before;
    before.postgres.connection = "host=db password=one";
    after.postgres.connection = "host=db password=two";
    auto changes = compare(before, after);
    BOOST_TEST_REQUIRE(changes.size() == 1u);
    BOOST_TEST(changes[0].before.find("one") == std::string::npos);
    BOOST_TEST(changes[0].after.find("two") == std::string::npos);
    BOOST_TEST(changes[0].after.find("a secret in it changed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_change_shows_the_old_and_the_new_value_as_they_are_written)
{
    auto before = values_of(minimal_lines);
    auto after = before;
    after.cadence.every = std::chrono::minutes{10};
    after.snapshot.keep = 9;
    auto changes = compare(before, after);
    BOOST_TEST_REQUIRE(changes.size() == 2u);
    BOOST_TEST((changes[0] == changed_key{"snapshot.keep", reload_effect::live, "3", "9"}));
    BOOST_TEST((changes[1] == changed_key{"cadence.every", reload_effect::live, "(unset)", "10m"}));
}

BOOST_AUTO_TEST_CASE(the_origin_of_a_live_key_is_that_of_its_new_value)
{
    loaded_settings running{values_of(minimal_lines), "a.yaml", {}, {}};
    auto wanted = running;
    running.origins["cadence.every"] = {};
    running.origins["tables"] = {};
    wanted.values.cadence.every = std::chrono::minutes{10};
    wanted.origins["cadence.every"].from = setting_origin::kind::file;
    wanted.origins["tables"].from = setting_origin::kind::file;
    auto result = with_live_changes(running, wanted);
    BOOST_TEST((result.values.cadence.every == wanted.values.cadence.every));
    BOOST_TEST((result.origins["cadence.every"].from == setting_origin::kind::file));
    BOOST_TEST((result.origins["tables"].from == setting_origin::kind::default_value));
}

BOOST_AUTO_TEST_CASE(a_changed_token_is_a_change)
{
    auto before = values_of(minimal_lines);
    auto after = before;
    before.serve.token = "one";
    after.serve.token = "two";
    BOOST_TEST(compare(before, after).size() == 1u);
}

BOOST_AUTO_TEST_CASE(each_part_of_a_document_is_seen_to_change)
{
    auto before = values_of(minimal_lines);
    document_table child{"public.b", "", {}, ""};
    document_table parent{"public.a", "", {}, ""};
    parent.merge = {child};
    parent.nest = {child};
    before.documents = {{"a.json", true, {parent}, {"{\"a\":", "}"}}};
    auto is_seen = [&](auto change) {
        auto after = before;
        change(after.documents[0]);
        return compare(before, after).size() == 1;
    };
    BOOST_TEST(compare(before, before).empty());
    BOOST_TEST(is_seen([](document_settings& d) { d.wrap = {"{\"v\":1,\"x\":", "}"}; }));
    BOOST_TEST(is_seen([](document_settings& d) { d.tables[0].hoist = {"x"}; }));
    BOOST_TEST(is_seen([](document_settings& d) { d.tables[0].merge[0].by = {"x"}; }));
    BOOST_TEST(is_seen([](document_settings& d) { d.tables[0].nest[0].to = {"x"}; }));
    BOOST_TEST(is_seen([](document_settings& d) { d.tables[0].nest[0].order_by = {{"x", false}}; }));
    before.documents[0].tables[0].nest[0].order_by = {{"x", false}};
    BOOST_TEST(is_seen([](document_settings& d) { d.tables[0].nest[0].order_by[0].descending = true; }));
    BOOST_TEST(is_seen([](document_settings& d) { d.tables[0].nest[0].nest = d.tables[0].merge; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace understudy
