#include "page_kit.hpp"

#include "serve/page_parts.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace understudy;
using namespace understudy::testing;

namespace {

bool holds(const std::string& text, std::string_view part)
{
    return text.find(part) != text.npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(page_sentences)

BOOST_AUTO_TEST_CASE(each_situation_has_its_sentence)
{
    struct row {
        page_facts facts;
        page_tone tone;
        std::string state;
        std::string headline;
    };
    auto fresh = ordinary_page();
    fresh.status.content_as_of.reset();
    fresh.status.current_as_of.reset();
    auto locked = ordinary_page();
    locked.status.reason = "table_locked";
    auto down_and_new = down_page();
    down_and_new.status.generation = 0;
    auto disk = down_page();
    disk.status.reason = "disk_full";
    auto first = ordinary_page();
    first.status.generation = 0;
    auto starting = ordinary_page();
    starting.status.state = "starting";
    auto between_tries = down_page();
    between_tries.status.state = "connecting";
    auto asked_to_stop = ordinary_page();
    asked_to_stop.status.state = "stopped";
    auto quiet_pause = paused_page();
    quiet_pause.status.cadence.pending = {};
    const row table[] = {
        {ordinary_page(), page_tone::good, "Serving",
         "Serving generation 812, content 3.2 s old, verified current 0.8 s ago. Database up."},
        {fresh, page_tone::good, "Serving",
         "Serving generation 812, content as it was copied, not verified current yet. Database up."},
        {down_page(), page_tone::attention, "Database down",
         "Database down for 11 min. Still serving generation 812, content 12 min old, last verified current 11 min "
         "ago."},
        {between_tries, page_tone::attention, "Database down",
         "Database down for 11 min. Still serving generation 812, content 12 min old, last verified current 11 min "
         "ago."},
        {down_and_new, page_tone::attention, "Database down", "Database down for 11 min. No generation yet."},
        {disk, page_tone::bad, "Failing",
         "Not following the database now. Still serving generation 812, content 12 min old, last verified current 11 "
         "min ago."},
        {copying_page(), page_tone::waits, "Copying again",
         "Copying tables again, 1 of 3 tables done. Still serving generation 812, content 3.2 s old, last verified "
         "current 0.8 s ago."},
        {new_page(), page_tone::waits, "Copying", "Copying every table, 0 of 10 tables done. No generation yet."},
        {paused_page(), page_tone::attention, "Paused",
         "Publishing has been paused for 4 min. Serving generation 812, content 6 min old, verified current 4 min ago. "
         "41 changes wait."},
        {quiet_pause, page_tone::attention, "Paused",
         "Publishing has been paused for 4 min. Serving generation 812, content 6 min old, verified current 4 min ago. "
         "Nothing has changed since."},
        {operator_page(), page_tone::bad, "Needs an operator",
         "An operator has been needed for 9 min. Still serving generation 812, content 3.2 s old, last verified "
         "current 0.8 s ago."},
        {failing_page(), page_tone::bad, "Publishing fails",
         "Publishing fails. Still serving generation 812, content 9 min old, last verified current 8 min ago. Database "
         "up."},
        {locked, page_tone::attention, "Publishing waits",
         "Publishing waits. Still serving generation 812, content 3.2 s old, last verified current 0.8 s ago. Database "
         "up."},
        {first, page_tone::waits, "First generation", "No generation yet: the first one is on its way. Database up."},
        {starting, page_tone::waits, "Starting",
         "Connecting to the database. Still serving generation 812, content 3.2 s old, last verified current 0.8 s "
         "ago."},
        {stopped_page(), page_tone::bad, "Stopped",
         "understudy has stopped. Generation 812 stays for whoever reads it."},
        {asked_to_stop, page_tone::waits, "Stopped",
         "understudy has stopped. Generation 812 stays for whoever reads it."},
    };
    for (const auto& [facts, tone, state, headline] : table) {
        auto said = sentence_for(facts);
        BOOST_TEST(said.headline == headline);
        BOOST_TEST(said.state == state);
        BOOST_TEST((said.tone == tone), headline);
    }
}

BOOST_AUTO_TEST_CASE(the_detail_says_why_and_what_to_do)
{
    BOOST_TEST(sentence_for(ordinary_page()).detail == "");
    BOOST_TEST(holds(sentence_for(down_page()).detail, "unreachable: connection to server at"));
    BOOST_TEST(holds(sentence_for(down_page()).detail, "tried again by itself"));
    BOOST_TEST(holds(sentence_for(operator_page()).detail, "set it to the names of the real standbys."));
    BOOST_TEST(holds(sentence_for(operator_page()).detail, "`understudy check` prints the exact remedy"));
    BOOST_TEST(holds(sentence_for(paused_page()).detail, "Paused by anna: the price import is wrong."));
    BOOST_TEST(holds(sentence_for(paused_page()).detail, "`understudy resume`"));
    BOOST_TEST(holds(sentence_for(failing_page()).detail, "No space left on device"));
    BOOST_TEST(holds(sentence_for(new_page()).detail, "The new slot waits for pid 812"));
    BOOST_TEST(holds(sentence_for(copying_page()).detail, "734,112 rows so far, 61,235 a second; about 17 s left."));
}

BOOST_AUTO_TEST_CASE(a_pause_is_told_while_the_database_is_down_too)
{
    auto facts = down_page();
    facts.status.paused = pause_status{page_now - 1h, "anna", ""};
    BOOST_TEST(sentence_for(facts).state == "Database down");
    BOOST_TEST(holds(sentence_for(facts).detail, "Paused by anna."));
}

BOOST_AUTO_TEST_CASE(ages_are_counted_on_the_databases_clock)
{
    auto facts = ordinary_page();
    facts.status.clock_offset_ms = 5000;
    BOOST_TEST(holds(sentence_for(facts).headline, "content 8.2 s old, verified current 5.8 s ago"));
}

BOOST_AUTO_TEST_SUITE_END()
