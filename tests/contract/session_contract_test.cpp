#include "contract/kafka_upstream.hpp"
#include "contract/postgres_upstream.hpp"
#include "contract/session_under_test.hpp"

#include "core/remedy.hpp"
#include "support/files.hpp"
#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <tuple>

using namespace understudy;
using namespace understudy::testing;

// The promises of app/source_session.hpp, for every source: what it does to the store that it is given, and what it does not.

namespace {

using upstreams = std::tuple<postgres_upstream, kafka_upstream>;

/// A source, and one process after the other that follows it.
template <upstream Upstream>
struct followed {
    Upstream source;
    temp_directory state;
    std::unique_ptr<session_under_test> process;

    followed() { new_process(); }

    /// The one before ends, and only what it has on the disk is left.
    void new_process()
    {
        process.reset();
        auto make = [this](const settings& wanted, store_writer& writer, daemon_state& state,
                           source_session::callbacks notify) {
            return source.session(wanted, writer, state, std::move(notify));
        };
        process = std::make_unique<session_under_test>(source.wanted(), state / "state", make);
    }

    void follow()
    {
        process->begin();
        BOOST_TEST_REQUIRE(process->until_streaming(), why_not());
    }

    /// One change after the other, as it comes to the store.
    bool comes_to_equal() { return process->catches_up() && process->bodies() == source.bodies(); }

    std::string why_not() const { return process->ended() ? process->ended()->text : "it goes on"; }
    errc ended_with() const { return process->ended() ? process->ended()->code : errc::internal; }
};

/// What tells one copy of the table from another.
epoch copy_in(const store_state& state)
{
    BOOST_TEST_REQUIRE(state.tables.size() == 1u);
    return state.tables.front().rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_session)

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_source_holds_is_in_the_store_when_it_is_followed, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(20);
    BOOST_TEST(talk.process->stored().tables.empty());
    talk.follow();
    BOOST_TEST(talk.process->bodies() == talk.source.bodies(), boost::test_tools::per_element());
    auto table = talk.process->stored().tables.at(0);
    BOOST_TEST(to_string(table.name) == "public.items");
    BOOST_TEST(talk.process->session().mirrored().size() == 1u);
    BOOST_TEST((talk.process->session().mirrored().at(0).record == table));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(changes_come_in_their_order_and_each_once, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(3);
    talk.follow();
    auto before = talk.process->changes();
    auto kept = *talk.source.bodies().begin();
    talk.source.insert(4);
    talk.source.update(kept);
    for (int times = 0; times < 5; ++times) talk.source.update(*talk.source.bodies().rbegin());
    talk.source.remove(*talk.source.bodies().begin());
    talk.source.insert(1);
    BOOST_TEST(talk.process->catches_up());
    BOOST_TEST(talk.process->bodies() == talk.source.bodies(), boost::test_tools::per_element());
    BOOST_TEST(talk.process->changes() - before == 12u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(positions_never_go_back, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(1);
    talk.follow();
    for (int times = 0; times < 3; ++times) {
        talk.source.insert(2);
        BOOST_TEST(talk.comes_to_equal());
    }
    talk.process->end();
    auto positions = talk.process->durable();
    BOOST_TEST(positions.size() >= 3u);
    auto before = [](const stored_position& one, const stored_position& other) {
        return one.position < other.position;
    };
    BOOST_TEST(std::is_sorted(positions.begin(), positions.end(), before));
    BOOST_TEST((talk.process->stored().position.position == positions.back().position));
    BOOST_TEST(positions.back().is_presentable());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_next_session_goes_on_with_nothing_twice_and_nothing_left_out, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(3);
    talk.follow();
    auto copy = copy_in(talk.process->stored());
    auto before = talk.process->changes();
    for (std::size_t round = 1; round <= 3; ++round) {
        talk.source.insert(round);
        BOOST_TEST(talk.comes_to_equal());
        talk.process->end();
        talk.source.insert(round);  // while nobody looks
        talk.follow();
        BOOST_TEST(talk.comes_to_equal());
        BOOST_TEST(talk.process->changes() - before == round * (round + 1));
    }
    BOOST_TEST(copy_in(talk.process->stored()) == copy);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_process_goes_on_from_the_disk_alone, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(3);
    talk.follow();
    talk.source.insert(2);
    BOOST_TEST(talk.comes_to_equal());
    auto copy = copy_in(talk.process->stored());
    talk.new_process();
    talk.source.insert(4);
    talk.source.remove(*talk.source.bodies().begin());
    talk.follow();
    BOOST_TEST(talk.comes_to_equal());
    BOOST_TEST(talk.process->changes() == 5u);
    BOOST_TEST(copy_in(talk.process->stored()) == copy);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_comes_while_the_store_takes_nothing_and_all_of_it_afterwards, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(1);
    talk.follow();
    BOOST_TEST(talk.process->catches_up());
    auto before = talk.process->changes();
    talk.process->writer().hold();
    talk.source.insert(5);
    BOOST_TEST(talk.process->until_answers(5), talk.why_not());
    BOOST_TEST(talk.process->changes() == before);
    talk.process->begin_catching_up();
    BOOST_TEST(talk.process->until_answers(5), talk.why_not());
    BOOST_TEST(!talk.process->has_caught_up());
    talk.process->writer().release();
    BOOST_TEST(talk.process->until([&] { return talk.process->has_caught_up(); }));
    BOOST_TEST(talk.process->changes() == before + 5);
    BOOST_TEST(talk.process->bodies() == talk.source.bodies(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_durable_is_told_to_the_source, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(2);
    talk.follow();
    talk.source.insert(2);
    BOOST_TEST(talk.comes_to_equal());
    auto durable = talk.process->stored().position;
    BOOST_TEST(talk.process->until([&] { return talk.source.knows(durable); }));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_closed_session_ends_for_that_reason_and_hands_out_nothing_more, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(2);
    talk.follow();
    auto before = talk.process->changes();
    talk.source.insert(3);
    talk.process->session().close({errc::paused, "somebody said so"});
    BOOST_TEST(talk.process->until([&] { return talk.process->ended().has_value(); }));
    BOOST_TEST(name_of(talk.ended_with()) == "paused");
    BOOST_TEST(talk.process->ended()->text == "somebody said so");
    BOOST_TEST(!talk.process->session().is_streaming());
    auto seen = talk.process->changes();
    BOOST_TEST(seen - before <= 3u);
    talk.source.insert(3);
    talk.process->poll();
    BOOST_TEST(talk.process->changes() == seen);
    talk.follow();
    BOOST_TEST(talk.comes_to_equal());
    BOOST_TEST(talk.process->changes() - before == 6u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_that_is_closed_before_it_has_begun_ends, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(1);
    talk.process->begin();
    talk.process->session().close({errc::cancelled, "at once"});
    BOOST_TEST(talk.process->until([&] { return talk.process->ended().has_value(); }));
    BOOST_TEST(name_of(talk.ended_with()) == "cancelled");
    BOOST_TEST(talk.process->changes() == 0u);
    talk.follow();
    BOOST_TEST(talk.comes_to_equal());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_outage_ends_a_session_to_be_tried_again_and_the_next_goes_on, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(2);
    talk.follow();
    talk.source.insert(1);
    BOOST_TEST(talk.comes_to_equal());
    auto held = talk.process->bodies();
    auto copy = copy_in(talk.process->stored());
    auto before = talk.process->changes();
    talk.source.stop();
    BOOST_TEST(talk.process->until([&] { return talk.process->ended().has_value(); }));
    BOOST_TEST(name_of(remedy_for(talk.ended_with())) == "retry");
    BOOST_TEST(!talk.process->state().connected);
    BOOST_TEST(talk.process->bodies() == held, boost::test_tools::per_element());
    talk.source.start();
    talk.source.insert(3);
    // A server that has just started may not answer yet.
    bool follows = talk.process->until([&] {
        if (talk.process->ended()) talk.process->begin();
        return talk.process->is_following();
    });
    BOOST_TEST_REQUIRE(follows, talk.why_not());
    BOOST_TEST(talk.comes_to_equal());
    BOOST_TEST(talk.process->changes() - before == 3u);
    BOOST_TEST(copy_in(talk.process->stored()) == copy);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_source_that_does_not_answer_leaves_the_store_as_it_is, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(2);
    talk.follow();
    BOOST_TEST(talk.process->catches_up());
    talk.process->end();
    auto held = talk.process->stored();
    auto bodies = talk.process->bodies();
    talk.process->follow_from_now_on(talk.source.unreachable(talk.source.wanted()));
    talk.process->begin();
    BOOST_TEST(talk.process->until([&] { return talk.process->ended().has_value(); }));
    BOOST_TEST(name_of(talk.ended_with()) == "unreachable", talk.why_not());
    BOOST_TEST(!talk.process->is_following());
    auto after = talk.process->stored();
    BOOST_TEST((after.tables == held.tables));
    BOOST_TEST((after.position == held.position));
    BOOST_TEST(talk.process->bodies() == bodies, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_store_of_another_source_is_refused_and_left_as_it_is, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(2);
    talk.follow();
    BOOST_TEST(talk.process->catches_up());
    auto bodies = talk.process->bodies();
    talk.process->end();
    auto other = talk.process->stored();
    other.identity.system_id = "7000000000000000001";
    talk.process->write_state(other);
    talk.source.insert(1);
    talk.process->begin();
    BOOST_TEST(talk.process->until([&] { return talk.process->ended().has_value(); }));
    BOOST_TEST(name_of(talk.ended_with()) == "wrong_system", talk.why_not());
    BOOST_TEST((talk.process->stored().tables == other.tables));
    BOOST_TEST(talk.process->bodies() == bodies, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_table_that_the_source_does_not_have_is_named_and_nothing_is_begun, Upstream, upstreams)
{
    followed<Upstream> talk;
    talk.source.insert(1);
    auto wanted = talk.source.wanted();
    wanted.tables.push_back({.schema = "public", .name = "absent", .columns = {}, .exclude = {}});
    talk.process->follow_from_now_on(wanted);
    talk.process->begin();
    BOOST_TEST(talk.process->until([&] { return talk.process->ended().has_value(); }));
    BOOST_TEST(name_of(talk.ended_with()) == name_of(Upstream::absent_table));
    BOOST_TEST(talk.process->ended()->text.find("public.absent") != std::string::npos, talk.why_not());
    BOOST_TEST(talk.process->stored().tables.empty());
    BOOST_TEST(talk.process->durable().empty());
}

BOOST_AUTO_TEST_SUITE_END()
