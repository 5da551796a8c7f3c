#include "app/store_writer.hpp"

#include "core/limits.hpp"
#include "support/printing.hpp"
#include "unit/app/memory_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace understudy;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

commit_settings never()
{
    return {.max_delay = 1h, .max_changes = 1'000'000, .max_bytes = 1'000'000'000};
}

commit_settings groups_of_three()
{
    auto limits = never();
    limits.max_changes = 3;
    return limits;
}

change_batch batch_of(std::size_t changes, std::size_t row_bytes = 10)
{
    change_batch batch;
    for (std::size_t i = 0; i < changes; ++i) batch.put(1, "k" + std::to_string(i), std::string(row_bytes, 'r'));
    return batch;
}

stored_position position_of(std::uint64_t start, std::uint64_t end)
{
    stored_position position;
    position.position = lsn{end};
    position.last.commit = lsn{start};
    position.last.end = lsn{end};
    return position;
}

/// A writer over a store in memory, with the loop that it belongs to.
struct writer_kit {
    explicit writer_kit(commit_settings limits = never())
        : writer{
              loop.get_executor(),
              thread,
              rows,
              limits,
              {.durable = [this](const stored_position& position) { durable.push_back(to_string(position.position)); },
               .changed = [this](const change_summary& summary) { changed.push_back(summary.changes); },
               .reached = [this](lsn position) { reached = position; },
               .accepting = [this] { ++accepting; },
               .failed = [this](const failure& why) { failed.push_back(why.code); }}}
    {
        writer.begin_session();
    }
    ~writer_kit() { rows.open(); }

    /// Lets the loop run until the condition holds; false when it does not within ten seconds.
    template <class Condition>
    bool until(Condition condition)
    {
        auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            loop.restart();
            loop.run_one_for(50ms);
        }
        return true;
    }

    bool until_calls(std::size_t count)
    {
        return until([&] { return rows.calls().size() >= count; });
    }

    /// A whole transaction, as a source hands it out.
    void transaction(std::uint64_t start, std::uint64_t end, std::size_t changes = 1, std::size_t row_bytes = 10)
    {
        writer.on_begin(lsn{start});
        auto batch = batch_of(changes, row_bytes);
        writer.on_transaction({batch, position_of(start, end), touched});
    }

    outcome<stored_position> flush()
    {
        std::optional<outcome<stored_position>> answer;
        asio::co_spawn(loop, writer.flush(),
                       [&](const std::exception_ptr&, outcome<stored_position> got) { answer = std::move(got); });
        if (!until([&] { return answer.has_value(); })) return failure{errc::timed_out, "the flush did not end"};
        return *answer;
    }

    bool keep_indexes(std::set<row_index> wanted)
    {
        std::optional<bool> kept;
        asio::co_spawn(loop, writer.keep_indexes(std::move(wanted)),
                       [&](const std::exception_ptr&, const outcome<void>& got) { kept = got.has_value(); });
        return until([&] { return kept.has_value(); }) && *kept;
    }

    void check_calls(const lines& expected) const
    {
        BOOST_TEST(rows.calls() == expected, boost::test_tools::per_element());
    }

    asio::io_context loop{1};
    memory_store rows;
    worker_thread thread;
    std::vector<epoch> touched{1};
    lines durable;
    std::vector<std::uint64_t> changed;
    lsn reached;
    int accepting = 0;
    std::vector<errc> failed;
    store_writer writer;
};

/// A group amid a backlog: the store has it, and need not have made it durable.
void add_of_a_backlog(writer_kit& kit)
{
    kit.writer.expect(100);
    kit.transaction(100, 110, 3);
    BOOST_TEST(kit.until_calls(1));
}

/// The store fails with the next group, and another session begins.
void break_session(writer_kit& kit)
{
    kit.rows.fail_next(errc::disk_full);
    kit.transaction(120, 130, 3);
    BOOST_TEST(kit.until([&] { return !kit.failed.empty(); }));
    kit.writer.end_session();
    BOOST_TEST(kit.flush().error().code == errc::disk_full);
    kit.writer.begin_session();
}

/// Loads so many batches, of 1, 2, 3... rows, and then the state at 110.
asio::awaitable<outcome<void>> load_into(store_writer& writer, epoch rows, std::size_t batches)
{
    for (std::size_t i = 1; i <= batches; ++i) {
        auto loaded = co_await writer.load(rows, batch_of(i));
        if (!loaded) co_return loaded;
    }
    store_state state;
    state.position = position_of(100, 110);
    co_return co_await writer.write_state(std::move(state));
}

asio::awaitable<outcome<void>> copy_into(store_writer& writer, std::size_t batches)
{
    auto rows = co_await writer.create_epoch();
    if (!rows) co_return rows.error();
    co_return co_await load_into(writer, *rows, batches);
}

constexpr std::uint64_t mebibyte = 1 << 20;

}  // namespace

BOOST_AUTO_TEST_SUITE(store_writer_groups)

BOOST_AUTO_TEST_CASE(a_position_is_due_after_16_mib_or_30_s)
{
    BOOST_TEST(!position_is_due(lsn{100}, lsn{100}, 1h));
    BOOST_TEST(!position_is_due(lsn{100}, lsn{99}, 1h));
    BOOST_TEST(!position_is_due(lsn{100}, lsn{100 + 65536}, 29'999ms));
    BOOST_TEST(position_is_due(lsn{100}, lsn{100 + 65536}, 30s));
    BOOST_TEST(!position_is_due(lsn{100}, lsn{99 + 65536}, 1h));
    BOOST_TEST(!position_is_due(lsn{100}, lsn{99 + 16 * mebibyte}, 0s));
    BOOST_TEST(position_is_due(lsn{100}, lsn{100 + 16 * mebibyte}, 0s));
}

BOOST_AUTO_TEST_CASE(transactions_within_the_delay_are_one_commit)
{
    auto limits = never();
    limits.max_delay = 20ms;
    writer_kit kit{limits};
    kit.transaction(100, 110, 2);
    kit.transaction(120, 130, 3);
    BOOST_TEST(kit.until([&] { return !kit.durable.empty(); }));
    kit.check_calls({"commit 5 at 0/82"});
    BOOST_TEST(kit.durable == lines{"0/82"}, boost::test_tools::per_element());
    BOOST_TEST(kit.writer.durable().position == lsn{130});
    // The delay begins anew with the next one.
    kit.transaction(140, 150);
    BOOST_TEST(kit.until_calls(2));
}

BOOST_AUTO_TEST_CASE(enough_changes_are_committed_at_once)
{
    auto limits = never();
    limits.max_changes = 5;
    writer_kit kit{limits};
    kit.transaction(100, 110, 4);
    kit.loop.poll();
    kit.check_calls({});
    kit.transaction(120, 130, 4);
    BOOST_TEST(kit.until_calls(1));
    kit.check_calls({"commit 8 at 0/82"});
}

BOOST_AUTO_TEST_CASE(enough_bytes_are_committed_at_once)
{
    auto limits = never();
    limits.max_bytes = 10'000;
    writer_kit kit{limits};
    kit.transaction(100, 110, 1, 9'000);
    kit.loop.poll();
    kit.check_calls({});
    kit.transaction(120, 130, 1, 1'000);
    BOOST_TEST(kit.until_calls(1));
}

BOOST_AUTO_TEST_CASE(a_flush_commits_what_there_is_and_says_how_far)
{
    writer_kit kit;
    BOOST_TEST(kit.flush().value().position == lsn{});
    kit.check_calls({});
    kit.transaction(100, 110);
    BOOST_TEST(kit.flush().value().position == lsn{110});
    kit.check_calls({"commit 1 at 0/6E"});
}

BOOST_AUTO_TEST_CASE(a_store_that_keeps_no_index_is_asked_for_none_but_the_first_time)
{
    writer_kit kit;
    const row_index index{.rows = 1, .columns = {{0, 23, false}}, .matched = 1};
    BOOST_TEST(kit.keep_indexes({}));  // an earlier run may have left some
    BOOST_TEST(kit.keep_indexes({}));
    BOOST_TEST(kit.keep_indexes({index}));
    kit.rows.fail_next(errc::disk_full);
    BOOST_TEST(!kit.keep_indexes({}));
    BOOST_TEST(kit.keep_indexes({}));
    BOOST_TEST(kit.keep_indexes({}));
    kit.check_calls({"indexes 0", "indexes 1", "indexes 0 failed", "indexes 0"});
    BOOST_TEST(kit.failed.empty());
}

BOOST_AUTO_TEST_CASE(every_transaction_with_changes_is_announced_once)
{
    writer_kit kit;
    kit.transaction(100, 110, 2);
    kit.transaction(120, 130, 0);
    kit.transaction(140, 150, 3);
    BOOST_TEST(kit.changed == (std::vector<std::uint64_t>{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(kit.reached == lsn{150});
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_keep_up_is_not_given_more)
{
    auto limits = never();
    limits.max_changes = 1;
    writer_kit kit{limits};
    kit.rows.shut();
    std::uint64_t given = 0;
    while (kit.writer.accepts() && given < 100) {
        ++given;
        kit.transaction(given * 10, given * 10 + 5);
    }
    BOOST_TEST(given == 1 + limits::group_growth_max);
    kit.rows.open();
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{given * 10 + 5}; }));
    BOOST_TEST(kit.writer.accepts());
    BOOST_TEST(kit.accepting > 0);
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_keep_up_is_not_given_more_by_the_delay_either)
{
    auto limits = never();
    limits.max_delay = 1ms;
    limits.max_changes = 3;
    writer_kit kit{limits};
    kit.rows.shut();
    std::uint64_t given = 0;
    while (kit.writer.accepts() && given < 100) {
        ++given;
        kit.transaction(given * 10, given * 10 + 5);
        auto later = std::chrono::steady_clock::now() + 5ms;
        kit.until([&] { return std::chrono::steady_clock::now() > later; });
    }
    BOOST_TEST(given == 1 + limits::group_growth_max * limits.max_changes);
    kit.rows.open();
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{given * 10 + 5}; }));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_backlog_does_not_wait_for_the_delay)
{
    auto limits = never();
    limits.max_changes = 5;
    writer_kit kit{limits};
    kit.transaction(100, 110, 5);
    kit.transaction(120, 130, 2);
    kit.writer.on_reached(lsn{140});
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{130}; }));
    // A group that never was behind has its delay.
    kit.transaction(150, 160, 2);
    kit.writer.on_reached(lsn{170});
    kit.loop.poll();
    BOOST_TEST(kit.rows.calls().size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_comes_while_the_store_is_busy_is_one_group)
{
    writer_kit kit{groups_of_three()};
    kit.rows.shut();
    kit.transaction(100, 110, 3);
    kit.transaction(120, 130, 3);
    kit.transaction(140, 150, 2);
    kit.rows.open();
    BOOST_TEST(kit.until_calls(2));
    kit.check_calls({"commit 3 at 0/6E", "commit 5 at 0/96"});
}

BOOST_AUTO_TEST_CASE(groups_of_a_backlog_become_durable_with_the_first_behind_it)
{
    writer_kit kit{groups_of_three()};
    kit.writer.expect(4);
    kit.transaction(100, 110, 3);
    BOOST_TEST(kit.until_calls(1));
    kit.transaction(120, 130, 4);
    BOOST_TEST(kit.until_calls(2));
    BOOST_TEST(kit.durable.empty());
    BOOST_TEST(kit.writer.durable().position == lsn{});
    kit.writer.expect(3);
    kit.transaction(140, 150, 3);
    BOOST_TEST(kit.until([&] { return !kit.durable.empty(); }));
    kit.check_calls({"add 3 at 0/6E", "add 4 at 0/82", "commit 3 at 0/96"});
    BOOST_TEST(kit.durable == lines{"0/96"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_backlog_makes_durable_what_was_added_though_nothing_came_since)
{
    writer_kit kit{groups_of_three()};
    add_of_a_backlog(kit);
    kit.writer.expect(0);
    kit.writer.on_reached(lsn{110});
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{110}; }));
    kit.check_calls({"add 3 at 0/6E", "commit 0 at 0/6E"});
}

BOOST_AUTO_TEST_CASE(a_flush_does_not_wait_for_the_end_of_a_backlog)
{
    writer_kit kit{groups_of_three()};
    kit.writer.expect(100);
    kit.transaction(100, 110, 3);
    kit.transaction(120, 130, 2);
    BOOST_TEST(kit.flush().value().position == lsn{130});
    kit.check_calls({"add 3 at 0/6E", "commit 2 at 0/82"});
    kit.transaction(140, 150, 3);
    BOOST_TEST(kit.until_calls(3));
    BOOST_TEST(kit.flush().value().position == lsn{150});
    kit.check_calls({"add 3 at 0/6E", "commit 2 at 0/82", "add 3 at 0/96", "commit 0 at 0/96"});
}

BOOST_AUTO_TEST_CASE(a_backlog_of_very_many_changes_becomes_durable_on_the_way)
{
    auto limits = never();
    limits.max_changes = limits::added_changes_max / 2;
    writer_kit kit{limits};
    kit.writer.expect(std::uint64_t{1} << 40);
    for (std::uint64_t number = 1; number <= 3; ++number) {
        kit.transaction(number * 10, number * 10 + 5, limits.max_changes, 1);
        BOOST_TEST(kit.until_calls(number));
    }
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{35}; }));
    BOOST_TEST(kit.rows.calls().back().starts_with("commit"));
}

BOOST_AUTO_TEST_CASE(a_session_that_breaks_amid_a_backlog_leaves_nothing_of_it)
{
    writer_kit kit{groups_of_three()};
    add_of_a_backlog(kit);
    break_session(kit);
    BOOST_TEST(kit.writer.received().position == lsn{});
    kit.transaction(100, 110, 1);
    BOOST_TEST(kit.flush().value().position == lsn{110});
    kit.check_calls({"add 3 at 0/6E", "add 3 at 0/82 failed", "abandon", "commit 1 at 0/6E"});
}

BOOST_AUTO_TEST_CASE(after_a_failure_amid_a_backlog_it_goes_on_from_what_the_store_made_durable_by_itself)
{
    writer_kit kit{groups_of_three()};
    add_of_a_backlog(kit);
    kit.rows.make_added_durable();
    break_session(kit);
    BOOST_TEST(kit.writer.received().position == lsn{110});
}

BOOST_AUTO_TEST_CASE(an_index_amid_a_backlog_makes_durable_what_was_added_first)
{
    writer_kit kit{groups_of_three()};
    kit.writer.expect(100);
    kit.transaction(100, 110, 3);
    kit.transaction(120, 130, 2);
    BOOST_TEST(kit.until_calls(1));
    BOOST_TEST(kit.keep_indexes({row_index{.rows = 1, .columns = {{0, 23, false}}, .matched = 1}}));
    kit.check_calls({"add 3 at 0/6E", "commit 2 at 0/82", "indexes 1"});
    BOOST_TEST(kit.writer.durable().position == lsn{130});
}

BOOST_AUTO_TEST_CASE(a_large_transaction_has_a_store_transaction_of_its_own)
{
    writer_kit kit;
    kit.transaction(100, 110, 2);
    kit.writer.on_begin(lsn{200});
    kit.writer.on_large_part(batch_of(3));
    kit.writer.on_large_part(batch_of(4));
    auto last = batch_of(1);
    kit.writer.on_transaction({last, position_of(200, 300), kit.touched});
    kit.transaction(310, 320);
    BOOST_TEST(kit.flush().value().position == lsn{320});
    kit.check_calls(
        {"commit 2 at 0/6E", "begin 90", "apply 3", "apply 4", "apply 1", "finish at 0/12C", "commit 1 at 0/140"});
    BOOST_TEST(kit.durable == (lines{"0/6E", "0/12C", "0/140"}), boost::test_tools::per_element());
    BOOST_TEST(kit.changed == (std::vector<std::uint64_t>{2, 8, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_abandoned_large_transaction_leaves_nothing)
{
    writer_kit kit;
    kit.writer.on_large_part(batch_of(3));
    kit.writer.on_large_abandoned();
    kit.transaction(310, 320);
    BOOST_TEST(kit.flush().value().position == lsn{320});
    kit.check_calls({"begin 0", "apply 3", "abandon", "commit 1 at 0/140"});
    BOOST_TEST(kit.changed == std::vector<std::uint64_t>{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_flush_during_a_large_transaction_leaves_it_open)
{
    writer_kit kit;
    kit.transaction(100, 110);
    kit.writer.on_large_part(batch_of(3));
    kit.writer.take_reached(lsn{1000});
    BOOST_TEST(kit.flush().value().position == lsn{110});
    kit.check_calls({"commit 1 at 0/6E", "begin 0", "apply 3"});
}

BOOST_AUTO_TEST_CASE(a_group_after_a_large_transaction_has_its_delay_whatever_was_asked_for_meanwhile)
{
    auto limits = never();
    limits.max_delay = 20ms;
    writer_kit kit{limits};
    kit.writer.on_large_part(batch_of(3));
    kit.writer.take_generation(7);
    auto last = batch_of(1);
    kit.writer.on_transaction({last, position_of(200, 300), kit.touched});
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{300}; }));
    BOOST_TEST(kit.writer.durable().generation == 7u);
    kit.transaction(310, 320);
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{320}; }));
}

BOOST_AUTO_TEST_CASE(after_a_failure_nothing_more_of_the_session_is_stored)
{
    auto limits = never();
    limits.max_changes = 1;
    writer_kit kit{limits};
    kit.rows.shut();
    kit.rows.fail_next(errc::disk_full);
    kit.transaction(100, 110);
    kit.transaction(120, 130);
    kit.rows.open();
    BOOST_TEST(kit.flush().error().code == errc::disk_full);
    kit.transaction(140, 150);
    BOOST_TEST(kit.flush().error().code == errc::disk_full);
    kit.check_calls({"commit 1 at 0/6E failed"});
    BOOST_TEST(kit.failed == std::vector<errc>{errc::disk_full}, boost::test_tools::per_element());
    BOOST_TEST(kit.durable.empty());
    BOOST_TEST(kit.writer.durable().position == lsn{});
}

BOOST_AUTO_TEST_CASE(the_next_session_begins_with_what_is_durable)
{
    auto limits = never();
    limits.max_changes = 1;
    writer_kit kit{limits};
    kit.transaction(100, 110);
    kit.flush().value();
    kit.rows.fail_next(errc::disk_full);
    kit.transaction(120, 130);
    BOOST_TEST(kit.flush().has_error());
    kit.writer.end_session();
    kit.writer.begin_session();
    BOOST_TEST(kit.writer.reached() == lsn{110});
    kit.transaction(120, 130);
    BOOST_TEST(kit.flush().value().position == lsn{130});
}

BOOST_AUTO_TEST_CASE(a_session_that_ends_stores_what_is_whole)
{
    writer_kit kit;
    kit.transaction(100, 110);
    kit.writer.end_session();
    BOOST_TEST(kit.until([&] { return kit.writer.durable().position == lsn{110}; }));
}

BOOST_AUTO_TEST_CASE(a_keepalive_position_is_stored_with_the_group_before_it_when_it_is_due)
{
    writer_kit kit;
    kit.transaction(100, 110);
    kit.writer.on_reached(lsn{16 * mebibyte});
    kit.loop.poll();
    kit.check_calls({});
    kit.writer.on_reached(lsn{110 + 16 * mebibyte});
    BOOST_TEST(kit.until([&] { return !kit.durable.empty(); }));
    const auto& durable = kit.writer.durable();
    BOOST_TEST(durable.position == lsn{110 + 16 * mebibyte});
    BOOST_TEST(durable.keepalive == durable.position);
    BOOST_TEST(durable.last.commit == lsn{100});
}

BOOST_AUTO_TEST_CASE(an_older_keepalive_takes_nothing_back)
{
    writer_kit kit;
    kit.transaction(100, 110);
    kit.writer.on_reached(lsn{50});
    BOOST_TEST(kit.reached == lsn{110});
    kit.writer.take_reached(lsn{50});
    BOOST_TEST(kit.flush().value().position == lsn{110});
}

BOOST_AUTO_TEST_CASE(nothing_is_accepted_while_held)
{
    writer_kit kit;
    kit.writer.hold();
    BOOST_TEST(!kit.writer.accepts());
    kit.writer.release();
    BOOST_TEST(kit.writer.accepts());
    BOOST_TEST(kit.accepting == 1);
}

BOOST_AUTO_TEST_CASE(a_stop_is_before_the_first_transaction_that_starts_at_the_limit)
{
    for (std::uint64_t next : {200u, 201u, 500u}) {
        writer_kit kit;
        int stopped = 0;
        kit.writer.hold();
        kit.writer.stop_at(lsn{200}, [&] { ++stopped; });
        BOOST_TEST(kit.writer.accepts());
        kit.transaction(100, 150);
        kit.transaction(160, 199);
        BOOST_TEST(stopped == 0);
        kit.writer.on_begin(lsn{next});
        BOOST_TEST_CONTEXT("next " << next) {
            BOOST_TEST(stopped == 1);
            BOOST_TEST(!kit.writer.accepts());
            BOOST_TEST(kit.flush().value().position == lsn{199});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_stop_takes_a_transaction_that_starts_before_the_limit_whole)
{
    writer_kit kit;
    int stopped = 0;
    kit.writer.stop_at(lsn{200}, [&] { ++stopped; });
    kit.transaction(199, 240);
    BOOST_TEST(stopped == 0);
    kit.writer.on_begin(lsn{240});
    BOOST_TEST(stopped == 1);
}

BOOST_AUTO_TEST_CASE(a_stop_comes_when_the_source_has_nothing_more_before_the_limit)
{
    writer_kit kit;
    int stopped = 0;
    kit.writer.stop_at(lsn{200}, [&] { ++stopped; });
    kit.writer.on_reached(lsn{199});
    BOOST_TEST(stopped == 0);
    kit.writer.on_reached(lsn{200});
    BOOST_TEST(stopped == 1);
    BOOST_TEST(!kit.writer.accepts());
    kit.writer.on_reached(lsn{201});
    BOOST_TEST(stopped == 1);
}

BOOST_AUTO_TEST_CASE(a_stop_that_is_reached_already_comes_at_once)
{
    writer_kit kit;
    kit.transaction(100, 200);
    int stopped = 0;
    kit.writer.stop_at(lsn{200}, [&] { ++stopped; });
    BOOST_TEST(stopped == 1);
    BOOST_TEST(!kit.writer.accepts());
}

BOOST_AUTO_TEST_CASE(a_release_forgets_the_stop)
{
    writer_kit kit;
    int stopped = 0;
    kit.writer.stop_at(lsn{200}, [&] { ++stopped; });
    kit.writer.release();
    kit.writer.on_reached(lsn{300});
    BOOST_TEST(stopped == 0);
    BOOST_TEST(kit.writer.accepts());
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_the_store_do_not_keep_the_loop_busy)
{
    writer_kit kit;
    kit.rows.shut();
    kit.transaction(100, 110);
    int ended = 0;
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(kit.loop, kit.writer.flush(),
                       [&](const std::exception_ptr&, const outcome<stored_position>&) { ++ended; });
    int handlers = 0;
    kit.loop.restart();
    while (handlers < 1000 && kit.loop.poll_one() != 0) ++handlers;
    BOOST_TEST(handlers < 100);
    kit.rows.open();
    BOOST_TEST(kit.until([&] { return ended == 3; }));
}

BOOST_AUTO_TEST_CASE(copied_rows_go_to_the_store_in_order_before_the_state)
{
    writer_kit kit;
    std::optional<outcome<void>> answer;
    asio::co_spawn(kit.loop, copy_into(kit.writer, 5),
                   [&](const std::exception_ptr&, const outcome<void>& got) { answer = got; });
    BOOST_TEST(kit.until([&] { return answer.has_value(); }));
    BOOST_TEST(answer->has_value());
    kit.check_calls({"create", "load 1 into 1", "load 2 into 1", "load 3 into 1", "load 4 into 1", "load 5 into 1",
                     "state at 0/6E"});
    BOOST_TEST(kit.writer.state().position.position == lsn{110});
}

BOOST_AUTO_TEST_CASE(what_an_unfinished_copy_left_is_dropped_by_the_next_session)
{
    writer_kit kit;
    std::optional<outcome<epoch>> made;
    asio::co_spawn(kit.loop, kit.writer.create_epoch(),
                   [&](const std::exception_ptr&, outcome<epoch> got) { made = std::move(got); });
    BOOST_TEST(kit.until([&] { return made.has_value(); }));
    kit.writer.begin_session();
    BOOST_TEST(kit.flush().has_value());
    kit.writer.begin_session();
    BOOST_TEST(kit.flush().has_value());
    kit.check_calls({"create", "drop"});
}

BOOST_AUTO_TEST_CASE(a_finished_copy_leaves_nothing_to_drop)
{
    writer_kit kit;
    std::optional<outcome<void>> answer;
    asio::co_spawn(kit.loop, copy_into(kit.writer, 1),
                   [&](const std::exception_ptr&, const outcome<void>& got) { answer = got; });
    BOOST_TEST(kit.until([&] { return answer.has_value(); }));
    kit.writer.begin_session();
    BOOST_TEST(kit.flush().has_value());
    kit.check_calls({"create", "load 1 into 1", "state at 0/6E"});
}

BOOST_AUTO_TEST_CASE(what_the_former_session_had_under_way_does_not_break_the_next)
{
    writer_kit kit;
    kit.rows.shut();
    kit.transaction(100, 110);
    kit.rows.fail_next(errc::disk_full);
    kit.writer.end_session();
    kit.writer.begin_session();
    kit.rows.open();
    BOOST_TEST(kit.flush().has_value());
    BOOST_TEST(kit.failed.empty());
    kit.transaction(100, 110);
    BOOST_TEST(kit.flush().has_value());
    kit.check_calls({"commit 1 at 0/6E failed", "commit 1 at 0/6E"});
}

BOOST_AUTO_TEST_CASE(the_store_is_asked_to_shrink_some_time_after_a_write_and_not_again_without_one)
{
    writer_kit kit;
    kit.transaction(100, 110);
    BOOST_TEST(kit.flush().has_value());
    BOOST_TEST(kit.rows.looks() == 0);
    BOOST_TEST(kit.until([&] { return kit.rows.looks() == 1; }));
    kit.loop.restart();
    BOOST_TEST(kit.loop.run_for(limits::store_look_interval * 2) <= 1u, "only the look's own completion");
    BOOST_TEST(kit.rows.looks() == 1);
}

BOOST_AUTO_TEST_CASE(a_failed_load_fails_the_copy_and_writes_no_state)
{
    writer_kit kit;
    std::optional<outcome<void>> answer;
    kit.rows.fail_next(errc::disk_full);
    asio::co_spawn(kit.loop, load_into(kit.writer, 1, 5),
                   [&](const std::exception_ptr&, const outcome<void>& got) { answer = got; });
    BOOST_TEST(kit.until([&] { return answer.has_value(); }));
    BOOST_TEST(answer->error().code == errc::disk_full);
    kit.check_calls({"load 1 into 1 failed"});
}

BOOST_AUTO_TEST_SUITE_END()
