#include "source/postgres/continuity.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace understudy;

namespace {

/// What a server says that the store continues with.
struct facts {
    store_state stored;
    system_facts system;
    slot_facts slot;
    publication_facts publication;

    facts()
    {
        stored.identity = {"7301", 2, "shop", "understudy", "pub", "fp"};
        stored.position.position = lsn{120};
        stored.position.last.commit = lsn{100};
        system.system_id = "7301";
        system.timeline = 2;
        system.flushed = lsn{500};
        slot.exists = true;
        slot.wal_status = "reserved";
        slot.confirmed = lsn{100};
        publication.exists = true;
        publication.fingerprint = "fp";
    }

    outcome<void> check() const { return check_continuity(stored, system, slot, publication); }
};

const std::string history = "# a comment\n"
                            "1\t0/3000000\tno recovery target specified\n"
                            "\n"
                            "2\t16/B374D848\tbefore 2026-11-23 01:00:00+00\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(continuity)

BOOST_AUTO_TEST_CASE(a_server_that_agrees_in_everything_continues_the_store)
{
    BOOST_TEST(facts{}.check().has_value());
}

BOOST_AUTO_TEST_CASE(each_proof_that_fails_has_its_reason)
{
    struct row {
        const char* what;
        std::function<void(facts&)> change;
        errc reason;
    };
    for (const auto& [what, change, reason] : std::vector<row>{
             {"another system", [](facts& f) { f.system.system_id = "7302"; }, errc::wrong_system},
             {"an older timeline", [](facts& f) { f.system.timeline = 1; }, errc::timeline_diverged},
             {"a newer timeline that never was ours", [](facts& f) { f.system.timeline = 3; }, errc::timeline_diverged},
             {"a newer timeline that left ours before the position",
              [](facts& f) {
                  f.system.timeline = 3;
                  f.system.left_our_timeline_at = lsn{119};
              },
              errc::timeline_diverged},
             {"WAL that ends before the position", [](facts& f) { f.system.flushed = lsn{119}; }, errc::time_travel},
             {"no slot", [](facts& f) { f.slot = {}; }, errc::slot_missing},
             {"a lost slot", [](facts& f) { f.slot.wal_status = "lost"; }, errc::slot_lost},
             {"an invalidated slot", [](facts& f) { f.slot.invalidation = "idle_timeout"; }, errc::slot_lost},
             {"a slot that was confirmed further", [](facts& f) { f.slot.confirmed = lsn{101}; }, errc::slot_ahead},
             {"no publication", [](facts& f) { f.publication = {}; }, errc::publication_missing},
             {"another publication", [](facts& f) { f.publication.fingerprint = "fp2"; }, errc::publication_changed},
         }) {
        facts all;
        change(all);
        auto held = all.check();
        BOOST_TEST_CONTEXT(what) {
            BOOST_TEST_REQUIRE(held.has_error());
            BOOST_TEST(held.error().code == reason);
            BOOST_TEST(!held.error().text.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_copy_newer_than_the_position_is_of_the_same_history_too)
{
    facts ahead;
    ahead.stored.tables.resize(2);
    ahead.stored.tables[0].valid_from = lsn{400};
    BOOST_TEST(ahead.check().has_value());
    ahead.system.timeline = 3;
    ahead.system.left_our_timeline_at = lsn{300};
    BOOST_TEST((ahead.check().error().code == errc::timeline_diverged));
    ahead.system.left_our_timeline_at = lsn{400};
    BOOST_TEST(ahead.check().has_value());
    ahead.system.timeline = 2;
    ahead.system.flushed = lsn{300};
    BOOST_TEST((ahead.check().error().code == errc::time_travel));
}

BOOST_AUTO_TEST_CASE(borders_that_still_continue)
{
    facts all;
    all.system.timeline = 3;
    all.system.left_our_timeline_at = lsn{120};
    BOOST_TEST(all.check().has_value());
    all.system.flushed = lsn{120};
    BOOST_TEST(all.check().has_value());
    // What is stored is further than what was acknowledged; a crash between the two leaves the slot behind.
    all.slot.confirmed = lsn{1};
    BOOST_TEST(all.check().has_value());
    all.slot.wal_status = "unreserved";
    BOOST_TEST(all.check().has_value());
}

BOOST_AUTO_TEST_CASE(the_slot_may_be_as_far_as_the_last_keepalive)
{
    facts all;
    all.slot.confirmed = lsn{110};
    BOOST_TEST(all.check().error().code == errc::slot_ahead);
    all.stored.position.keepalive = lsn{110};
    BOOST_TEST(all.check().has_value());
}

BOOST_AUTO_TEST_CASE(another_system_is_said_before_anything_that_follows_from_it)
{
    facts all;
    all.system.system_id = "1";
    all.system.timeline = 1;
    all.slot = {};
    all.publication = {};
    BOOST_TEST(all.check().error().code == errc::wrong_system);
}

BOOST_AUTO_TEST_CASE(only_a_lasting_pgoutput_slot_of_our_database_is_ours)
{
    slot_facts ours;
    BOOST_TEST(check_slot_is_ours(ours, "s", "shop").has_value());
    ours.exists = true;
    ours.type = "logical";
    ours.plugin = "pgoutput";
    ours.database = "shop";
    BOOST_TEST(check_slot_is_ours(ours, "s", "shop").has_value());
    for (auto change : {+[](slot_facts& s) { s.type = "physical"; }, +[](slot_facts& s) { s.plugin = "wal2json"; },
                        +[](slot_facts& s) { s.database = "other"; }, +[](slot_facts& s) { s.temporary = true; },
                        +[](slot_facts& s) { s.two_phase = true; }}) {
        auto foreign = ours;
        change(foreign);
        BOOST_TEST(check_slot_is_ours(foreign, "s", "shop").error().code == errc::slot_mismatch);
    }
}

BOOST_AUTO_TEST_CASE(the_switch_point_of_each_timeline_is_found)
{
    BOOST_TEST((*switch_point(history, 1) == lsn{0x3000000}));
    BOOST_TEST((*switch_point(history, 2) == lsn{0x16B374D848}));
    BOOST_TEST((*switch_point(history, 3) == std::nullopt));
    BOOST_TEST((*switch_point("", 1) == std::nullopt));
    BOOST_TEST((*switch_point("1\t0/5", 1) == lsn{5}));
}

BOOST_AUTO_TEST_CASE(a_damaged_history_is_bad_text)
{
    for (auto text : {"x\t0/5\n", "1\n", "1\t\n", "1\tx\n", "1\t0\n", "1x\t0/5\n", "99999999999\t0/5\n", "-1\t0/5\n"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(switch_point(text, 1).error() == errc::bad_text);
}

BOOST_AUTO_TEST_SUITE_END()
