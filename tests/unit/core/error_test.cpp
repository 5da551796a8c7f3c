#include "core/error.hpp"
#include "core/remedy.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>
#include <string>

using namespace understudy;

namespace {

constexpr int last_code = static_cast<int>(errc::internal);

// What is done about each failure: a decision of its own, not a copy of remedy.cpp's order.
const std::map<std::string, remedy> remedies{
    {"truncated_message", remedy::retry},
    {"trailing_bytes", remedy::retry},
    {"unknown_message", remedy::retry},
    {"unexpected_message", remedy::retry},
    {"unknown_relation", remedy::retry},
    {"column_mismatch", remedy::retry},
    {"bad_text", remedy::ask_operator},
    {"over_limit", remedy::ask_operator},
    {"unsupported_type", remedy::ask_operator},
    {"unsupported_format", remedy::ask_operator},
    {"unreachable", remedy::retry},
    {"connection_lost", remedy::retry},
    {"authentication_failed", remedy::retry},
    {"server_starting", remedy::retry},
    {"server_stopping", remedy::retry},
    {"too_many_connections", remedy::retry},
    {"permission_denied", remedy::retry},
    {"query_failed", remedy::retry},
    {"cancelled", remedy::ask_operator},
    {"timed_out", remedy::retry},
    {"prerequisite_missing", remedy::ask_operator},
    {"synchronous_standby", remedy::ask_operator},
    {"wrong_system", remedy::ask_operator},
    {"wrong_database", remedy::ask_operator},
    {"timeline_diverged", remedy::resync_all},
    {"time_travel", remedy::resync_all},
    {"slot_missing", remedy::resync_all},
    {"slot_mismatch", remedy::ask_operator},
    {"slot_lost", remedy::resync_all},
    {"slot_ahead", remedy::resync_all},
    {"slot_busy", remedy::retry},
    {"history_mismatch", remedy::resync_all},
    {"unsendable_value", remedy::resync_all},
    {"publication_missing", remedy::resync_all},
    {"publication_changed", remedy::resync_all},
    {"table_changed", remedy::resync_tables},
    {"table_missing", remedy::ask_operator},
    {"table_unusable", remedy::ask_operator},
    {"table_locked", remedy::retry},
    {"catching_up", remedy::retry},
    {"topic_missing", remedy::retry},
    {"topic_changed", remedy::retry},
    {"topic_replaced", remedy::resync_tables},
    {"offsets_lost", remedy::resync_tables},
    {"connector_silent", remedy::retry},
    {"incomplete_log", remedy::retry},
    {"columns_unknown", remedy::retry},
    {"bad_message", remedy::ask_operator},
    {"out_of_order", remedy::ask_operator},
    {"store_damaged", remedy::rebuild_store},
    {"store_lost", remedy::reopen_store},
    {"store_foreign", remedy::ask_operator},
    {"store_newer", remedy::ask_operator},
    {"store_busy", remedy::ask_operator},
    {"store_full", remedy::retry},
    {"disk_full", remedy::retry},
    {"storage_failed", remedy::retry},
    {"bad_directory", remedy::ask_operator},
    {"generation_damaged", remedy::retry},
    {"no_generation", remedy::retry},
    {"paused", remedy::ask_operator},
    {"bad_config", remedy::ask_operator},
    {"usage", remedy::ask_operator},
    {"no_daemon", remedy::ask_operator},
    {"internal", remedy::halt},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(every_reason_has_a_name_of_its_own)
{
    std::set<std::string> names;
    for (int code = 1; code <= last_code; ++code) {
        std::string name = name_of(static_cast<errc>(code));
        BOOST_TEST_CONTEXT("code " << code << " " << name) {
            BOOST_TEST(name != "unnamed");
            BOOST_TEST(names.insert(name).second);
            BOOST_TEST(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == name.npos);
        }
    }
    BOOST_TEST(name_of(static_cast<errc>(last_code + 1)) == std::string{"unnamed"});
}

BOOST_AUTO_TEST_CASE(every_reason_has_the_remedy_that_was_decided_for_it)
{
    for (int code = 1; code <= last_code; ++code) {
        auto reason = static_cast<errc>(code);
        auto row = remedies.find(name_of(reason));
        BOOST_TEST_CONTEXT(name_of(reason)) {
            BOOST_TEST_REQUIRE((row != remedies.end()));
            BOOST_TEST(name_of(remedy_for(reason)) == std::string{name_of(row->second)});
        }
    }
    BOOST_TEST(remedies.size() == static_cast<std::size_t>(last_code));
}

BOOST_AUTO_TEST_CASE(the_names_of_remedies_are_their_own)
{
    std::set<std::string> names;
    for (auto what : {remedy::retry, remedy::resync_tables, remedy::resync_all, remedy::rebuild_store,
                      remedy::ask_operator, remedy::halt})
        BOOST_TEST(names.insert(name_of(what)).second);
    BOOST_TEST(!names.contains("unnamed"));
}

BOOST_AUTO_TEST_CASE(exit_statuses_are_those_of_the_command_line)
{
    BOOST_TEST(exit_status_for(errc::usage) == 2);
    BOOST_TEST(exit_status_for(errc::bad_config) == 2);
    BOOST_TEST(exit_status_for(errc::unreachable) == 3);
    BOOST_TEST(exit_status_for(errc::no_daemon) == 3);
    BOOST_TEST(exit_status_for(errc::synchronous_standby) == 4);
    BOOST_TEST(exit_status_for(errc::store_busy) == 4);
    BOOST_TEST(exit_status_for(errc::internal) == 70);
    for (int code = 1; code <= last_code; ++code) {
        auto status = exit_status_for(static_cast<errc>(code));
        BOOST_TEST_CONTEXT(name_of(static_cast<errc>(code)))
            BOOST_TEST((status == 2 || status == 3 || status == 4 || status == 70));
    }
}

BOOST_AUTO_TEST_CASE(a_code_of_ours_keeps_its_reason_and_another_is_internal)
{
    error_code ours = errc::slot_lost;
    BOOST_TEST(reason_of(ours) == errc::slot_lost);
    BOOST_TEST(ours.message() == "slot_lost");
    BOOST_TEST(reason_of(boost::system::errc::make_error_code(boost::system::errc::no_space_on_device)) ==
               errc::internal);
    auto explained = explain(ours, "the slot is gone");
    BOOST_TEST(explained.code == errc::slot_lost);
    BOOST_TEST(explained.text == "the slot is gone");
}

BOOST_AUTO_TEST_SUITE_END()
