#include "source/kafka/log_reader.hpp"

#include "support/printing.hpp"
#include "unit/source/log_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace understudy;
using namespace understudy::log_kit;
using kafka::reading_policy;

namespace {

constexpr reading_policy skipping{.bad_message = bad_message_policy::skip_and_mark};
constexpr reading_policy sweeping{.resnapshot = resnapshot_policy::sweep};

std::vector<described_column> item_columns()
{
    return {column_of("id", int4_type), column_of("name"), column_of("qty", int4_type), column_of("note")};
}

kafka::topic_table k_table(const std::string& topic)
{
    return topic_of({column_of("id", int4_type), column_of("v")}, topic, "k");
}

std::string folded(const std::string& topic, kafka::topic_table table, std::size_t partitions = 1)
{
    reading got{{std::move(table)}, partitions};
    if (auto answer = got.take_all(captured_log(topic)); answer != "ok") return answer + ": " + got.text();
    return got.rows();
}

/// Rows come and go in several transactions; the last one writes what another had written before.
topic_log history()
{
    topic_log log;
    log.create(1, "a", {.commit = 0, .lsn = 10})
        .create(2, "b", {.commit = 20, .lsn = 20})
        .update(1, "a2", {.commit = 30, .lsn = 30})
        .remove(2, {.commit = 40, .lsn = 40})
        .create(2, "b2", {.commit = 50, .lsn = 50})
        .create(3, "c", {.commit = 50, .lsn = 52})
        .update(3, "c2", {.commit = 60, .lsn = 60})
        .remove(1, {.commit = 70, .lsn = 70})
        .create(4, "d", {.commit = 70, .lsn = 70})
        .update(4, "d2", {.commit = 80, .lsn = 80})
        .create(1, "a3", {.commit = 90, .lsn = 90});
    return log;
}

constexpr std::string_view history_rows = R"(1 "a3" "n"; 2 "b2" "n"; 3 "c2" "n"; 4 "d2" "n")";

/// The same of the table of k_table.
message in_k(message what)
{
    auto& value = *what.value;
    value.replace(value.find(R"("table":"item")"), 14, R"("table":"k")");
    auto row = value.find(R"("name")");
    value.replace(row, value.find('}', row) - row, R"("v":"x")");
    return what;
}

origin snapshot_at(std::string mark, std::uint64_t at)
{
    return {.commit = 0,
            .lsn = at,
            .order = 1,
            .snapshot = std::move(mark),
            .at = static_cast<std::int64_t>(at),
            .table = "item"};
}

message plain(std::optional<std::string> key, std::optional<std::string> value)
{
    return {.key = std::move(key), .value = std::move(value)};
}

/// A row of these members, streamed.
message row_of(int id, std::string_view members, std::uint64_t lsn)
{
    auto row = fmt::format(R"({{"id":{}{}}})", id, members);
    return plain(key_json(id), envelope('u', row, {.commit = lsn, .lsn = lsn}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_readers)

// What a real connector sent.

BOOST_AUTO_TEST_CASE(captured_topics_give_the_rows_that_their_sql_gives)
{
    BOOST_TEST(folded("a.public.item", topic_of(item_columns(), "a.public.item")) == R"(1 "again" 1 null)");
    BOOST_TEST(folded("asch.public.item", topic_of(item_columns(), "asch.public.item")) ==
               R"(1 "one" 1 null; 2 "two" 2 "x"; 3 "three" 3 "")");
    BOOST_TEST(folded("e1.public.inc.longtx",
                      topic_of({column_of("id", int4_type), column_of("v"), column_of("n", int4_type)}, "e1", "inc")) ==
               R"(10 "T1-inc" 777; 11 "other" 0; 12 "T2-block" 888; 13 "other" 0)");
}

BOOST_AUTO_TEST_CASE(captured_flattened_topics_give_the_rows_that_their_sql_gives)
{
    std::string rows =
        R"(1 "again" 1 null; 2 "two" 2 "x"; 30 "three" 3 ""; 50 "fifty" 50 null; 51 "fiftyone" 51 null; )"
        R"(53 "afterSP" 53 null; 60 "sixty" 61 null)";
    for (const auto* topic : {"af.public.item", "afr.public.item"})
        BOOST_TEST_CONTEXT(topic) BOOST_TEST(folded(topic, topic_of(item_columns(), topic)) == rows);
    for (const auto* topic : {"f_tomb.public.k", "f_rewtomb.public.k", "f_deltomb.public.k", "f_sch.public.k"})
        BOOST_TEST_CONTEXT(topic) BOOST_TEST(folded(topic, k_table(topic)) == R"(1 "a"; 7 "z"; 8 "after truncate")");
}

BOOST_AUTO_TEST_CASE(a_captured_composite_key_is_read_in_the_order_of_the_index)
{
    auto table =
        topic_of({column_of("a", int4_type), column_of("b"), column_of("v", int4_type)}, "a.public.multi", "multi");
    table.table.record.shape.key = {1, 0};
    auto log = captured_log("a.public.multi");
    log.resize(5);
    reading got{{table}};
    BOOST_TEST(got.take_all(log) == "ok", got.text());
    BOOST_TEST(got.rows() == R"(2 "k" 11)");
}

BOOST_AUTO_TEST_CASE(a_captured_truncate_among_partitions_is_a_bad_message)
{
    BOOST_TEST(folded("t1.public.k", k_table("t1.public.k"), 2)
                   .starts_with("bad_message: t1.public.k [1] at offset 4 is a TRUNCATE"));
}

BOOST_AUTO_TEST_CASE(captured_topics_cut_anywhere_and_read_on_give_the_same_rows)
{
    auto log = captured_log("a.public.item");
    for (std::size_t cut = 0; cut <= log.size(); ++cut) {
        reading got{{topic_of(item_columns(), "a.public.item")}};
        for (std::size_t at = 0; at < log.size(); ++at) {
            if (at == cut) got.restart();
            BOOST_REQUIRE(got.take(log[at]) == "ok");
        }
        BOOST_TEST_CONTEXT("cut at " << cut) BOOST_TEST(got.rows() == R"(1 "again" 1 null)");
    }
}

// Order and repeats.

BOOST_AUTO_TEST_CASE(a_log_cut_anywhere_and_read_on_gives_the_same_rows)
{
    auto log = history().records;
    for (std::size_t cut = 0; cut <= log.size(); ++cut) {
        reading got;
        for (std::size_t at = 0; at < log.size(); ++at) {
            if (at == cut) got.restart();
            BOOST_REQUIRE(got.take(log[at]) == "ok");
        }
        BOOST_TEST_CONTEXT("cut at " << cut) BOOST_TEST(got.rows() == history_rows);
    }
}

BOOST_AUTO_TEST_CASE(a_suffix_that_is_sent_again_changes_nothing)
{
    for (std::size_t first = 0; first < history().records.size(); ++first) {
        auto log = history();
        auto count = log.records.size();
        if (!log.records[first].value) continue;  // a delete and its tombstone come together
        log.repeat_from(first);
        reading got;
        BOOST_REQUIRE(got.take_all({log.records.begin(), log.records.begin() + static_cast<std::ptrdiff_t>(count)}) ==
                      "ok");
        auto changes = got.changes_seen();
        BOOST_TEST_CONTEXT("repeated from " << first) {
            for (auto at = count; at < log.records.size(); ++at) BOOST_REQUIRE(got.take(log.records[at]) == "ok");
            BOOST_TEST(got.changes_seen() == changes);
            BOOST_TEST(got.rows() == history_rows);
            BOOST_TEST(got.is_settled());
        }
    }
}

// The memory of what came does not outlive the process, so here repeats are applied.
BOOST_AUTO_TEST_CASE(a_suffix_that_is_sent_again_after_our_restart_ends_at_the_same_rows)
{
    auto count = history().records.size();
    for (std::size_t first = 0; first < count; ++first)
        for (std::size_t cut = 0; cut <= 2 * count - first; ++cut) {
            auto log = history().repeat_from(first).records;
            reading got;
            for (std::size_t at = 0; at < log.size(); ++at) {
                if (at == cut) got.restart();
                BOOST_REQUIRE(got.take(log[at]) == "ok");
            }
            BOOST_TEST_CONTEXT("repeated from " << first << ", restarted at " << cut) {
                BOOST_TEST(got.rows() == history_rows);
                BOOST_TEST(got.is_settled());
            }
        }
}

BOOST_AUTO_TEST_CASE(nothing_is_settled_from_the_first_repeat_until_the_place_is_passed)
{
    for (bool forgot : {false, true}) {
        auto log = history();
        auto count = log.records.size();
        auto first = count - 5;
        log.repeat_from(first).create(9, "new", {.commit = 95, .lsn = 95});
        reading got;
        for (std::size_t at = 0; at < count; ++at) {
            BOOST_REQUIRE(got.take(log.records[at]) == "ok");
            BOOST_TEST(got.is_settled());
        }
        if (forgot) got.restart();
        auto last = log.records.size() - 2;  // the repeat of the last one
        for (auto at = count; at < log.records.size(); ++at) {
            BOOST_REQUIRE(got.take(log.records[at]) == "ok");
            BOOST_TEST_CONTEXT("record " << at << " forgot " << forgot) BOOST_TEST(got.is_settled() == (at >= last));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_repeat_that_is_cut_by_our_restart_stays_unsettled)
{
    auto log = history();
    auto count = log.records.size();
    log.repeat_from(0);
    reading got;
    for (std::size_t at = 0; at < count + 3; ++at) BOOST_REQUIRE(got.take(log.records[at]) == "ok");
    got.restart();
    BOOST_TEST(!got.is_settled());
}

BOOST_AUTO_TEST_CASE(several_crashes_end_at_the_same_rows)
{
    auto log = history();
    log.repeat_from(9).repeat_from(14).repeat_from(3).create(9, "new", {.commit = 95, .lsn = 95});
    for (std::size_t cut = 0; cut < log.records.size(); ++cut) {
        reading got;
        for (std::size_t at = 0; at < log.records.size(); ++at) {
            if (at == cut) got.restart();
            BOOST_TEST_CONTEXT("restarted at " << cut)
                BOOST_REQUIRE_MESSAGE(got.take(log.records[at]) == "ok", got.text());
        }
        BOOST_TEST_CONTEXT("restarted at " << cut)
            BOOST_TEST(got.rows() == std::string{history_rows} + R"(; 9 "new" "n")");
    }
}

BOOST_AUTO_TEST_CASE(a_repeated_delete_and_its_tombstone_leave_the_row_that_came_after_them)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .remove(1, {.commit = 20, .lsn = 20})
        .create(1, "b", {.commit = 30, .lsn = 30});
    reading got;
    BOOST_REQUIRE(got.take_all(log.records) == "ok");
    log.repeat_from(1);
    BOOST_REQUIRE(got.take(log.records[4]) == "ok");
    BOOST_REQUIRE(got.take(log.records[5]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "b" "n")");
}

// The delete that it belonged to, and what that was a repeat of, were compacted away before they were read.
BOOST_AUTO_TEST_CASE(a_row_that_a_lone_tombstone_removed_comes_back_with_its_repeat)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .remove(1, {.commit = 20, .lsn = 20})
        .create(1, "b", {.commit = 30, .lsn = 30});
    reading got;
    BOOST_REQUIRE(got.take_all(log.records) == "ok");
    log.repeat_from(1);
    BOOST_REQUIRE(got.take(log.records[5]) == "ok");
    BOOST_TEST(got.rows() == "");
    BOOST_REQUIRE(got.take(log.records[6]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "b" "n")");
}

BOOST_AUTO_TEST_CASE(rows_of_one_copy_share_their_place_and_are_all_applied)
{
    topic_log log;
    for (int id = 1; id <= 4; ++id)
        log.create(id, "x", {.commit = 0, .lsn = 50, .order = static_cast<std::uint64_t>(id)});
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "x" "n"; 2 "x" "n"; 3 "x" "n"; 4 "x" "n")");
    auto changes = got.changes_seen();
    log.repeat_from(0);
    BOOST_TEST(got.take_all({log.records.begin() + 4, log.records.end()}) == "ok");
    BOOST_TEST(got.changes_seen() == changes);
    BOOST_TEST(got.is_settled());
}

BOOST_AUTO_TEST_CASE(an_event_with_a_lower_lsn_but_a_later_commit_is_applied)
{
    topic_log log;
    log.create(1, "before", {.commit = 50, .lsn = 60}).update(1, "after", {.commit = 70, .lsn = 40});
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "after" "n")");
    BOOST_TEST(got.is_settled());
}

BOOST_AUTO_TEST_CASE(an_event_that_is_older_than_the_snapshot_before_it_is_applied)
{
    topic_log log;
    log.read(1, "copied", snapshot_at("last", 90)).update(1, "streamed", {.commit = 0, .lsn = 80, .at = 91});
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "streamed" "n")");
}

BOOST_AUTO_TEST_CASE(an_older_event_that_repeats_nothing_is_out_of_order)
{
    auto log = history();
    log.create(8, "from nowhere", {.commit = 40, .lsn = 45});
    reading got;
    BOOST_TEST(got.take_all(log.records) == "out_of_order");
    BOOST_TEST(
        got.text() ==
        "c.public.item [0] at offset 13 stands before others in the database's history and repeats none of them");
}

BOOST_AUTO_TEST_CASE(an_older_event_may_be_a_repeat_of_what_was_compacted_away)
{
    auto log = history();
    log.repeat_from(0).create(9, "new", {.commit = 95, .lsn = 95});
    for (std::size_t before = 0; before <= log.records.size(); ++before) {
        reading got;
        BOOST_TEST_CONTEXT("compacted before " << before) {
            BOOST_TEST(got.take_all(log.compacted(before)) == "ok", got.text());
            BOOST_TEST(got.rows() == std::string{history_rows} + R"(; 9 "new" "n")");
            BOOST_TEST(got.is_settled());
        }
    }
}

BOOST_AUTO_TEST_CASE(an_older_event_may_be_a_repeat_of_what_came_before_our_start)
{
    log_places start = beginning({items()});
    auto& partition = start.tables.begin()->second.partitions[0];
    partition.next = partition.began = partition.target = 5;
    topic_log log;
    log.create(1, "b", {.commit = 30, .lsn = 30})
        .create(2, "c", {.commit = 40, .lsn = 40})
        .update(1, "a", {.commit = 20, .lsn = 20});
    for (auto& one : log.records) one.offset += 5;
    reading got{{items()}, {}, start};
    BOOST_TEST(got.take_all(log.records) == "ok", got.text());
    BOOST_TEST(!got.is_settled());
}

BOOST_AUTO_TEST_CASE(a_new_connector_begins_its_sequence_anew)
{
    topic_log log;
    log.create(1, "old", {.commit = 50, .lsn = 60})
        .update(1, "new", {.commit = 0, .lsn = 70})
        .update(1, "newer", {.commit = 75, .lsn = 80});
    reading got;
    BOOST_TEST(got.take_all({log.records.begin(), log.records.begin() + 2}) == "ok");
    BOOST_TEST(got.rows() == R"(1 "new" "n")");
    BOOST_TEST(got.is_settled());
    BOOST_TEST(got.take(log.records[2]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "newer" "n")");
}

BOOST_AUTO_TEST_CASE(a_repeat_that_goes_back_to_the_first_transaction_of_a_connector_is_one)
{
    topic_log log;
    log.create(1, "a", {.commit = 0, .lsn = 10})
        .create(2, "b", {.commit = 20, .lsn = 20})
        .create(3, "c", {.commit = 30, .lsn = 30});
    log.repeat_from(0);
    reading got;
    BOOST_REQUIRE(got.take_all({log.records.begin(), log.records.begin() + 3}) == "ok");
    got.restart();
    for (std::size_t at = 3; at < 6; ++at) {
        BOOST_REQUIRE(got.take(log.records[at]) == "ok");
        BOOST_TEST(got.is_settled() == (at == 5));
    }
}

BOOST_AUTO_TEST_CASE(rows_alone_mark_their_table_for_they_do_not_tell_of_snapshots)
{
    reading got;
    BOOST_TEST(got.take(upsert('c', 1, "a", "n", {.lsn = 10})) == "ok");
    BOOST_TEST(!got.place().doubts.untold_history);
    auto alone = plain(key_json(2), row_json(2, "b", "n"));
    alone.offset = 1;
    BOOST_TEST(got.take(alone) == "ok", got.text());
    BOOST_TEST(got.place().doubts.untold_history);
}

BOOST_AUTO_TEST_CASE(flattened_rows_with_an_lsn_alone_cannot_be_out_of_order)
{
    topic_log log;
    auto row = [](int id, std::string_view name, int lsn) {
        return plain(key_json(id),
                     fmt::format(R"({{"id":{},"name":"{}","note":null,"__op":"u","__table":"item","__lsn":{}}})", id,
                                 name, lsn));
    };
    log.add(row(1, "a", 50)).add(row(2, "b", 60)).add(row(1, "c", 55));
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok", got.text());
    BOOST_TEST(got.rows() == R"(1 "c" null; 2 "b" null)");
    BOOST_TEST(got.is_settled());
}

// Snapshots of the connector.

BOOST_AUTO_TEST_CASE(a_snapshot_is_unsettled_from_its_first_row_until_its_end_was_read)
{
    topic_log log;
    log.read(1, "a", snapshot_at("first", 10))
        .read(2, "b", snapshot_at("true", 10))
        .read(3, "c", snapshot_at("last", 10));
    reading got;
    for (const auto& what : log.records) {
        BOOST_TEST(!got.reader->places().run_is_ending);
        BOOST_TEST(got.take(what) == "ok");
        BOOST_TEST(!got.is_settled());
    }
    BOOST_TEST(got.reader->places().run_is_ending);
    got.reader->end_run();
    BOOST_TEST(got.is_settled());
    BOOST_TEST(!got.place().doubts.resnapshot);
}

BOOST_AUTO_TEST_CASE(a_snapshot_whose_last_row_is_elsewhere_ends_with_what_is_streamed_after_it)
{
    topic_log log;
    log.read(1, "a", snapshot_at("first", 10)).update(1, "b", {.commit = 0, .lsn = 12, .at = 12});
    reading got;
    BOOST_TEST(got.take(log.records[0]) == "ok");
    BOOST_TEST(!got.reader->places().run_is_ending);
    BOOST_TEST(got.take(log.records[1]) == "ok");
    BOOST_TEST(got.reader->places().run_is_ending);
}

BOOST_AUTO_TEST_CASE(events_from_before_a_snapshot_are_no_state_to_show_until_they_are_over)
{
    topic_log log;
    log.read(1, "newer", snapshot_at("last", 20)).update(1, "older", {.commit = 0, .lsn = 12, .at = 12});
    log.update(1, "newest", {.commit = 12, .lsn = 25, .at = 25});
    reading got;
    BOOST_TEST(got.take(log.records[0]) == "ok");
    got.reader->end_run();
    BOOST_TEST(got.is_settled());
    BOOST_TEST(got.take(log.records[1]) == "ok");
    BOOST_TEST(!got.is_settled());
    BOOST_TEST(got.take(log.records[2]) == "ok");
    BOOST_TEST(got.is_settled());
}

BOOST_AUTO_TEST_CASE(a_living_connector_that_sends_nothing_is_amid_no_snapshot_and_no_repeat)
{
    topic_log log;
    log.read(1, "a", snapshot_at("first", 10));
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok");
    got.reader->note_idle_connector(db_time{std::chrono::seconds{9}});
    BOOST_TEST(!got.is_settled());
    got.reader->note_idle_connector(db_time{std::chrono::seconds{11}});
    BOOST_TEST(got.is_settled());
}

BOOST_AUTO_TEST_CASE(a_second_snapshot_leaves_rows_in_doubt)
{
    topic_log log;
    log.read(1, "a", snapshot_at("first", 10)).read(2, "b", snapshot_at("last", 10));
    log.read(1, "c", snapshot_at("first", 20)).read(3, "d", snapshot_at("last", 20));
    reading got;
    BOOST_TEST(got.take_all({log.records.begin(), log.records.begin() + 2}) == "ok");
    got.reader->end_run();
    BOOST_TEST(got.take_all({log.records.begin() + 2, log.records.end()}) == "ok");
    BOOST_TEST(got.rows() == R"(1 "c" "n"; 2 "b" "n"; 3 "d" "n")");
    BOOST_TEST(got.place().doubts.resnapshot);
    BOOST_TEST(!got.is_settled());
}

BOOST_AUTO_TEST_CASE(a_second_snapshot_can_sweep_what_it_does_not_bring)
{
    topic_log log;
    log.read(1, "a", snapshot_at("first", 10)).read(2, "b", snapshot_at("last", 10));
    log.read(1, "c", snapshot_at("first", 20)).read(3, "d", snapshot_at("last", 20));
    reading got{{items()}, 1, sweeping};
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "c" "n"; 3 "d" "n")");
    BOOST_TEST(!got.place().doubts.resnapshot);
}

// A log that compacts keeps of the snapshot what did not change since: of a whole table maybe nothing.
BOOST_AUTO_TEST_CASE(rows_from_before_a_new_connector_are_in_doubt_though_none_of_its_snapshot_is_left_in_their_topic)
{
    topic_log old;
    old.create(1, "deleted before the snapshot", {.commit = 9, .lsn = 10});
    old.update(2, "b", {.commit = 20, .lsn = 21});
    topic_log other;
    other.read(1, "a", snapshot_at("last", 20));
    for (bool in_order : {true, false}) {
        reading got{{items(), k_table("c.public.k")}};
        if (in_order) BOOST_TEST(got.take_all(old.records) == "ok");
        BOOST_TEST(got.take(in_k(other.records[0]), 1) == "ok", got.text());
        if (!in_order) BOOST_TEST(got.take_all(old.records) == "ok");
        BOOST_TEST(got.place().doubts.resnapshot);
        BOOST_TEST(!got.reader->places().tables.at({"public", "k"}).doubts.resnapshot);
    }
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_a_connector_was_asked_for_says_nothing_of_other_tables)
{
    topic_log old;
    old.read(1, "a", snapshot_at("last", 10)).update(1, "b", {.commit = 11, .lsn = 12});
    topic_log other;
    other.read(1, "a", snapshot_at("last", 10));
    other.read(1, "a", {.commit = 12, .lsn = 19, .snapshot = "last", .at = 20});
    reading got{{items(), k_table("c.public.k")}};
    BOOST_TEST(got.take_all(old.records) == "ok");
    for (const auto& what : other.records) BOOST_TEST(got.take(in_k(what), 1) == "ok", got.text());
    BOOST_TEST(!got.place().doubts.resnapshot);
    BOOST_TEST(got.reader->places().tables.at({"public", "k"}).doubts.resnapshot);
}

BOOST_AUTO_TEST_CASE(a_connector_that_is_made_anew_without_a_snapshot_leaves_rows_in_doubt)
{
    topic_log log;
    log.read(1, "a", snapshot_at("last", 10)).update(1, "b", {.commit = 11, .lsn = 12});
    log.update(1, "c", {.commit = 0, .lsn = 30});
    for (bool is_vouched_for : {false, true}) {
        reading_policy policy;
        if (is_vouched_for) policy.complete = {{"public", "item"}};
        reading got{{items()}, 1, policy};
        BOOST_TEST(got.take_all(log.records) == "ok");
        BOOST_TEST(got.place().doubts.resnapshot == !is_vouched_for);
    }
}

// To the database they are one, so that it is renamed from the one to the other; to Kafka two, in any partitions.
BOOST_AUTO_TEST_CASE(a_key_of_which_the_value_is_equal_and_the_text_another_is_another_row)
{
    auto float_key = topic_of({column_of("id", float8_type), column_of("name"), column_of("note")});
    auto of = [](message what, std::string_view id, std::int32_t partition, std::int64_t offset) {
        auto spell = [&](std::string& text) {
            for (auto at = text.find(R"("id":1)"); at != std::string::npos; at = text.find(R"("id":1)"))
                text.replace(at, 6, fmt::format(R"("id": {})", id));
        };
        spell(*what.key);
        if (what.value) spell(*what.value);
        what.partition = partition;
        what.offset = offset;
        return what;
    };
    auto before = of(upsert('c', 1, "a", "n", {.commit = 1, .lsn = 10}), "0.0", 0, 0);
    auto removed = of(deletion(1, {.commit = 1, .lsn = 20}), "0.0", 0, 1);
    auto buried = of(tombstone(1), "0.0", 0, 2);
    auto renamed = of(upsert('c', 1, "b", "n", {.commit = 1, .lsn = 20, .order = 2}), "-0.0", 1, 0);
    for (const auto& log :
         {std::vector{before, removed, buried, renamed}, std::vector{renamed, before, removed, buried},
          std::vector{before, renamed, removed, buried}, std::vector{renamed, buried}}) {
        reading got{{float_key}, 2};
        BOOST_TEST(got.take_all(log) == "ok", got.text());
        BOOST_TEST(got.rows() == R"(-0 "b" "n")");
    }
}

// Seen with snapshot.max.threads=3: the lsn of all rows is one, their times are not.
BOOST_AUTO_TEST_CASE(a_snapshot_by_several_threads_is_one)
{
    topic_log log;
    log.read(1, "a", {.lsn = 9, .snapshot = "first", .at = 10}).read(2, "b", {.lsn = 9, .snapshot = "true", .at = 12});
    log.read(3, "c", {.lsn = 9, .snapshot = "true", .at = 11}).read(4, "d", {.lsn = 9, .snapshot = "last", .at = 13});
    for (const auto& policy : {reading_policy{}, sweeping}) {
        reading got{{items()}, 1, policy};
        BOOST_TEST(got.take_all(log.records) == "ok");
        BOOST_TEST(got.rows() == R"(1 "a" "n"; 2 "b" "n"; 3 "c" "n"; 4 "d" "n")");
        BOOST_TEST(!got.place().doubts.resnapshot);
    }
}

BOOST_AUTO_TEST_CASE(a_snapshot_by_several_threads_that_is_read_anew_behind_a_later_one_is_one)
{
    topic_log log;
    log.read(1, "a", {.lsn = 9, .snapshot = "first", .at = 10}).read(2, "b", {.lsn = 9, .snapshot = "last", .at = 12});
    auto later = beginning({items()});
    later.run = db_time{std::chrono::seconds{20}};
    later.run_at = lsn{19};
    reading got{{items()}, sweeping, later};
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "a" "n"; 2 "b" "n")");
}

BOOST_AUTO_TEST_CASE(a_snapshot_by_several_threads_without_its_head_is_not_whole)
{
    topic_log log;
    log.read(2, "b", {.lsn = 9, .snapshot = "true", .at = 10}).read(3, "c", {.lsn = 9, .snapshot = "last", .at = 12});
    auto headless = beginning({items()});
    headless.run = db_time{std::chrono::seconds{11}};
    headless.run_at = lsn{9};
    headless.tables.begin()->second.partitions[0].began = 1;
    reading got{{items()}, reading_policy{}, headless};
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(kafka::why_incomplete(got.place(), {}, std::nullopt).has_value());
}

BOOST_AUTO_TEST_CASE(a_snapshot_over_several_partitions_is_not_swept)
{
    topic_log log;
    auto first = upsert('r', 1, "a", "n", snapshot_at("first", 10));
    auto second = upsert('r', 2, "b", "n", snapshot_at("last", 20));
    second.partition = 1;
    log.add(first).add(second);
    reading got{{items()}, 2, sweeping};
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "a" "n"; 2 "b" "n")");
    BOOST_TEST(got.place().doubts.resnapshot);
}

// Seen after Connect was killed amid a blocking snapshot: it is not made again, and what is streamed bears its mark.
BOOST_AUTO_TEST_CASE(changes_that_are_marked_as_rows_of_a_snapshot_that_was_cut_short_are_changes)
{
    for (const auto& policy : {reading_policy{}, sweeping}) {
        topic_log log;
        log.read(1, "a", snapshot_at("first", 10)).read(2, "b", snapshot_at("last", 10));
        log.read(1, "a", snapshot_at("first", 20)).read(2, "b", snapshot_at("true", 20));
        log.update(2, "c", {.commit = 20, .lsn = 21, .snapshot = "true"});
        log.update(2, "d", {.commit = 21, .lsn = 22, .snapshot = "true"});
        reading got{{items()}, 1, policy};
        BOOST_TEST(got.take_all(log.records) == "ok", got.text());
        BOOST_TEST(got.rows() == R"(1 "a" "n"; 2 "d" "n")");
        got.reader->note_idle_connector(db_time{std::chrono::seconds{30}});
        BOOST_TEST(got.is_settled());
    }
}

BOOST_AUTO_TEST_CASE(an_interrupted_snapshot_that_is_repeated_counts_as_a_second_one)
{
    topic_log log;
    log.read(1, "a", snapshot_at("first", 10)).read(2, "b", snapshot_at("true", 10));
    log.read(1, "a", snapshot_at("first", 20)).read(3, "c", snapshot_at("last", 20));
    for (bool sweeps : {false, true}) {
        reading got{{items()}, 1, sweeps ? sweeping : reading_policy{}};
        BOOST_TEST(got.take_all(log.records) == "ok");
        BOOST_TEST(got.place().doubts.resnapshot == !sweeps);
        BOOST_TEST(got.rows() == (sweeps ? R"(1 "a" "n"; 3 "c" "n")" : R"(1 "a" "n"; 2 "b" "n"; 3 "c" "n")"));
        BOOST_TEST(!got.is_settled());
    }
}

BOOST_AUTO_TEST_CASE(rows_of_an_incremental_snapshot_are_applied_between_what_is_streamed)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .read(1, "a", {.commit = 10, .lsn = 12, .snapshot = "incremental", .at = 12})
        .read(2, "b", {.commit = 10, .lsn = 12, .snapshot = "incremental", .at = 12})
        .update(2, "b2", {.commit = 20, .lsn = 11, .at = 13});
    reading got;
    for (const auto& what : log.records) {
        BOOST_TEST(got.take(what) == "ok");
        BOOST_TEST(got.is_settled());
    }
    BOOST_TEST(got.rows() == R"(1 "a" "n"; 2 "b2" "n")");
    BOOST_TEST(!got.place().doubts.resnapshot);
}

BOOST_AUTO_TEST_CASE(the_latest_commit_time_is_kept)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10, .at = 700}).update(1, "b", {.commit = 20, .lsn = 20, .at = 600});
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST((got.reader->content_as_of() == db_time{std::chrono::seconds{700}}));
}

// Values that were not sent, columns that come and go.

BOOST_AUTO_TEST_CASE(an_unchanged_large_value_comes_from_the_row_before)
{
    topic_log log;
    log.add(upsert('c', 1, "a", "large", {.commit = 10, .lsn = 10}))
        .add(upsert('u', 1, "b", placeholder, {.commit = 20, .lsn = 20}))
        .add(upsert('u', 1, "c", placeholder, {.commit = 30, .lsn = 30}));
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok");
    BOOST_TEST(got.rows() == R"(1 "c" "large")");
}

BOOST_AUTO_TEST_CASE(an_unchanged_large_value_without_a_row_before_is_unknown_until_it_comes)
{
    topic_log log;
    log.add(upsert('u', 1, "a", placeholder, {.commit = 10, .lsn = 10}))
        .add(upsert('u', 1, "b", placeholder, {.commit = 20, .lsn = 20}))
        .add(upsert('u', 1, "c", "large", {.commit = 30, .lsn = 30}));
    reading got;
    BOOST_TEST(got.take(log.records[0]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "a" ~)");
    BOOST_TEST(got.take(log.records[1]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "b" ~)");
    BOOST_TEST(got.take(log.records[2]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "c" "large")");
}

// What was compacted away may have changed it.
BOOST_AUTO_TEST_CASE(an_unchanged_large_value_is_unknown_behind_a_gap)
{
    topic_log log;
    log.add(upsert('c', 1, "a", "large", {.commit = 10, .lsn = 10}))
        .add(upsert('u', 1, "b", "other", {.commit = 20, .lsn = 20}))
        .add(upsert('u', 1, "c", placeholder, {.commit = 30, .lsn = 30}))
        .add(upsert('u', 1, "d", "whole", {.commit = 40, .lsn = 40}))
        .add(upsert('u', 1, "e", placeholder, {.commit = 50, .lsn = 50}));
    for (bool restarts : {false, true}) {
        reading got;
        BOOST_REQUIRE(got.take(log.records[0]) == "ok");
        BOOST_REQUIRE(got.take(log.records[2]) == "ok");
        BOOST_TEST(got.rows() == R"(1 "c" ~)");
        BOOST_REQUIRE(got.take(log.records[3]) == "ok");
        if (restarts) got.restart();
        BOOST_REQUIRE(got.take(log.records[4]) == "ok");
        BOOST_TEST(got.rows() == (restarts ? R"(1 "e" ~)" : R"(1 "e" "whole")"));
    }
}

BOOST_AUTO_TEST_CASE(an_unchanged_large_value_is_known_again_once_the_end_was_seen_behind_a_gap)
{
    topic_log log;
    log.add(upsert('c', 1, "a", "large", {.commit = 10, .lsn = 10}))
        .add(upsert('c', 2, "b", "other", {.commit = 20, .lsn = 20}))
        .add(upsert('u', 2, "c", "other", {.commit = 30, .lsn = 30}))
        .add(upsert('u', 1, "d", placeholder, {.commit = 40, .lsn = 40}));
    reading got;
    BOOST_REQUIRE(got.take(log.records[0]) == "ok");
    BOOST_REQUIRE(got.take(log.records[2]) == "ok");
    got.see_end();
    BOOST_REQUIRE(got.take(log.records[3]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "d" "large"; 2 "c" "other")");
}

BOOST_AUTO_TEST_CASE(a_column_that_a_row_lacks_is_null_if_it_can_be_else_unknown)
{
    auto columns =
        std::vector{column_of("id", int4_type), column_of("nullable"), column_of("filled"), column_of("required")};
    columns[2].has_default = true;
    columns[3].nullable = false;
    auto start = beginning({topic_of(columns)});
    start.tables.begin()->second.partitions[0].target = 1;
    reading got{{topic_of(columns)}, {}, start};
    BOOST_TEST(got.take(row_of(1, "", 10)) == "ok", got.text());
    BOOST_TEST(got.rows() == "1 null ~ ~");
    BOOST_TEST(name_of(got.reader->check_columns().error().code) == "table_changed");
}

BOOST_AUTO_TEST_CASE(a_column_that_a_row_lacks_is_unknown_beside_one_that_may_be_its_former_name)
{
    auto start = beginning({items()});
    start.tables.begin()->second.partitions[0].target = 1;
    reading got{{items()}, {}, start};
    BOOST_TEST(got.take(row_of(1, R"(,"name":"a","remark":"x")", 10)) == "ok", got.text());
    BOOST_TEST(got.rows() == R"(1 "a" ~)");
}

BOOST_AUTO_TEST_CASE(a_column_that_the_description_lacks_is_no_surprise_in_what_is_older_than_the_newest_row)
{
    auto start = beginning({items()});
    start.tables.begin()->second.partitions[0].target = 2;
    reading got{{items()}, {}, start};
    topic_log log;
    log.add(row_of(1, R"(,"name":"a","note":"b","dropped":1)", 10)).create(2, "b", {.commit = 20, .lsn = 20});
    BOOST_TEST(got.take(log.records[0]) == "ok");
    BOOST_TEST(name_of(got.reader->check_columns().error().code) == "table_changed");
    BOOST_TEST(got.reader->check_columns().error().rows == 1u, "so that the table can be read anew");
    BOOST_TEST(got.take(log.records[1]) == "ok");
    BOOST_TEST(got.reader->check_columns().has_value());
}

BOOST_AUTO_TEST_CASE(a_column_of_which_no_default_is_told_is_null_only_if_it_likely_has_none_and_marks_its_table)
{
    for (auto earlier : {earlier_rows::null, earlier_rows::likely_null, earlier_rows::unknown}) {
        auto columns = std::vector{column_of("id", int4_type), column_of("added")};
        columns[1].earlier = earlier;
        auto start = beginning({topic_of(columns)});
        start.tables.begin()->second.partitions[0].target = 1;
        reading got{{topic_of(columns)}, {}, start};
        BOOST_TEST(got.take(row_of(1, "", 10)) == "ok", got.text());
        BOOST_TEST(got.rows() == (earlier == earlier_rows::unknown ? "1 ~" : "1 null"));
        BOOST_TEST(got.place().doubts.untold_defaults == (earlier == earlier_rows::likely_null));
    }
}

/// A row of `id` and `name` with schemas, in which `id` and the key are as given.
message told_row(std::string_view id_type, std::string_view key, std::int64_t at)
{
    auto field = [](std::string_view name, std::string_view type) {
        return fmt::format(R"({{"type":"{}","optional":true,"field":"{}"}})", type, name);
    };
    auto fields = field("id", id_type) + "," + field("name", "string");
    return {.key = fmt::format(R"({{"schema":{{"type":"struct","fields":[{}]}},"payload":{{"{}":1}}}})",
                               field(key, id_type), key),
            .value = fmt::format(
                R"({{"schema":{{"type":"struct","fields":[{{"type":"struct","fields":[{}],"field":"after"}}]}},)"
                R"("payload":{}}})",
                fields,
                envelope('c', R"({"id":1,"name":"a"})",
                         {.commit = static_cast<std::uint64_t>(at), .lsn = static_cast<std::uint64_t>(at)}))};
}

BOOST_AUTO_TEST_CASE(whether_nulls_come_as_defaults_is_open_until_a_streamed_event_or_a_null_tells)
{
    auto columns = std::vector{column_of("id", int4_type), column_of("name"), column_of("note")};
    columns[2].has_default = true;
    auto streamed = [](std::string_view note, bool replaces) {
        auto made = upsert('c', 1, "a", note, {.commit = 10, .lsn = 10});
        if (!replaces) made.value->replace(made.value->find(R"("snapshot":"false")"), 18, R"("snapshot":null)");
        return made;
    };
    auto copied = upsert('r', 1, "a", "b", {.lsn = 5, .snapshot = "true"});
    auto with_null = copied;
    with_null.value->replace(with_null.value->find(R"("note":"b")"), 10, R"("note":null)");
    auto is_marked = [&](std::vector<message> messages) {
        reading got{{topic_of(columns)}};
        topic_log log;
        for (auto& each : messages) log.add(each);
        BOOST_REQUIRE(got.take_all(log.records) == "ok");
        got.restart();
        return got.place().doubts.nulls_as_defaults;
    };
    BOOST_TEST(is_marked({copied}));
    BOOST_TEST(!is_marked({copied, with_null}));
    BOOST_TEST(!is_marked({copied, streamed("x", false)}));
    BOOST_TEST(is_marked({copied, streamed("x", true)}));
    BOOST_TEST(is_marked({streamed("x", true), with_null}));
    columns[2].has_default = false;
    BOOST_TEST(!is_marked({copied, streamed("x", true)}));
}

BOOST_AUTO_TEST_CASE(a_table_of_which_no_snapshot_was_seen_is_marked_unless_somebody_says_that_it_is_complete)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10});
    reading got;
    BOOST_REQUIRE(got.take(log.records[0]) == "ok");
    BOOST_TEST(got.place().doubts.no_snapshot);
    got.restart();
    BOOST_TEST(got.place().doubts.no_snapshot);
    for (auto mark : {"true", "incremental"}) {  // the latter may be of some rows, or half-way
        topic_log copied;
        copied.create(1, "a", {.commit = 10, .lsn = 10}).add(upsert('r', 2, "b", "c", {.lsn = 20, .snapshot = mark}));
        reading later;
        BOOST_REQUIRE(later.take_all(copied.records) == "ok");
        BOOST_TEST(later.place().doubts.no_snapshot == (std::string_view{mark} == "incremental"));
    }
    reading vouched{{items()}, {.complete = {{"public", "item"}}}, beginning({items()})};
    BOOST_REQUIRE(vouched.take(log.records[0]) == "ok");
    BOOST_TEST(!vouched.place().doubts.no_snapshot);
}

// {"id":1} belongs into partition 0 of 3, as the Java client's own partitioner has it.
BOOST_AUTO_TEST_CASE(records_in_another_partition_than_that_of_their_key_tell_no_history)
{
    for (std::int32_t partition : {0, 1, 2}) {
        auto what = upsert('c', 1, "a", "n", {.commit = 10, .lsn = 10});
        what.partition = partition;
        reading got{{items()}, 3};
        BOOST_REQUIRE(got.take(what) == "ok");
        BOOST_TEST(got.place().doubts.untold_history == (partition != 0));
    }
}

BOOST_AUTO_TEST_CASE(the_name_of_the_connector_is_remembered)
{
    reading got;
    BOOST_REQUIRE(got.take(upsert('c', 1, "a", "n", {.commit = 10, .lsn = 10})) == "ok");
    got.restart();
    BOOST_TEST(got.place().connector == "c");
}

BOOST_AUTO_TEST_CASE(where_the_last_record_is_expected_again_a_log_without_it_is_another)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .create(2, "b", {.commit = 20, .lsn = 20})
        .create(3, "c", {.commit = 30, .lsn = 30});
    for (bool is_there : {true, false}) {
        reading got;
        BOOST_REQUIRE(got.take(log.records[0]) == "ok");
        BOOST_REQUIRE(got.take(log.records[1]) == "ok");
        got.restart();
        got.reader->expect_last_again("c.public.item", 0);
        if (is_there) BOOST_TEST(got.take(log.records[1]) == "ok");
        BOOST_TEST(got.take(log.records[2]) == (is_there ? "ok" : "topic_replaced"));
    }
}

// Each on its own would cost a session, in which the next is compacted.
BOOST_AUTO_TEST_CASE(what_logs_are_others_is_said_when_it_is_known_of_all)
{
    auto of_k = k_table("c.public.k");
    of_k.table.record.rows = 2;
    topic_log first;
    first.create(1, "a", {.commit = 10, .lsn = 10}).create(2, "b", {.commit = 20, .lsn = 20});
    topic_log second;
    for (const auto& what : first.records) second.add(in_k(what));
    auto later = second.records[1];
    later.timestamp_ms += 1;
    for (bool is_other : {false, true}) {
        reading got{{items(), of_k}};
        BOOST_REQUIRE(got.take(first.records[0]) == "ok");
        BOOST_REQUIRE(got.take(second.records[0], 1) == "ok");
        BOOST_REQUIRE(got.take(second.records[1], 1) == "ok");
        got.restart();
        got.reader->expect_last_again("c.public.item", 0);
        got.reader->expect_last_again("c.public.k", 0);
        BOOST_TEST(got.take(first.records[1]) == "ok");
        BOOST_TEST(got.reader->has_replaced());
        BOOST_TEST(got.take(is_other ? later : second.records[1], 1) == "topic_replaced");
        using log_state = kafka::log_reader::log_state;
        BOOST_TEST((got.reader->log_of(1) == log_state::lost));
        BOOST_TEST((got.reader->log_of(2) == (is_other ? log_state::another : log_state::known)));
        BOOST_TEST(got.place().partitions[0].next == 1, "what comes of it is left out");
    }
}

BOOST_AUTO_TEST_CASE(what_was_known_at_the_start_may_have_columns_that_came_and_went)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .add(row_of(1, R"(,"name":"a","note":"b","brief":1)", 20))
        .create(2, "b", {.commit = 30, .lsn = 30});
    for (std::int64_t known : {0, 3}) {
        reading got;
        got.reader->know_up_to("c.public.item", 0, known);
        BOOST_TEST(got.take(log.records[0]) == "ok");
        BOOST_TEST(got.take(log.records[1]) == (known == 0 ? "table_changed" : "ok"));
        if (known == 0) continue;
        BOOST_TEST(!got.reader->check_columns().has_value());
        BOOST_TEST(!got.reader->has_read_what_was_known());
        BOOST_TEST(got.take(log.records[2]) == "ok");
        BOOST_TEST(got.reader->has_read_what_was_known());
        BOOST_TEST(got.reader->check_columns().has_value());
    }
}

BOOST_AUTO_TEST_CASE(another_type_or_key_in_schemas_is_a_changed_table_if_messages_told_it_and_it_is_no_old_message)
{
    auto columns = std::vector{column_of("id", int4_type), column_of("name")};
    auto taken = [&](column_origin origin, std::int64_t target, std::string_view type, std::string_view key) {
        auto table = topic_of(columns);
        table.origin = origin;
        auto start = beginning({table});
        start.tables.begin()->second.partitions[0].target = target;
        reading got{{table}, {}, start};
        return got.take(told_row(type, key, 10));
    };
    BOOST_TEST(taken(column_origin::messages, 0, "int32", "id") == "ok");
    BOOST_TEST(taken(column_origin::messages, 0, "int64", "id") == "table_changed");
    BOOST_TEST(taken(column_origin::messages, 1, "int64", "id") == "ok");
    BOOST_TEST(taken(column_origin::description, 0, "int64", "id") == "ok");
    BOOST_TEST(taken(column_origin::messages, 0, "int32", "name") == "table_changed");
}

BOOST_AUTO_TEST_CASE(a_column_that_is_missing_behind_the_target_is_a_changed_table)
{
    reading got;
    BOOST_TEST(got.take(row_of(1, R"(,"name":"a")", 10)) == "table_changed");
    BOOST_TEST(got.text().find("lacks column note") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_column_that_appears_behind_the_target_is_a_changed_table)
{
    reading got;
    BOOST_TEST(got.take(row_of(1, R"(,"name":"a","note":"b","added":1)", 10)) == "table_changed");
    BOOST_TEST(got.text().find("has a column added that the description of the table lacks") != std::string::npos);
}

// Seen after a blocking snapshot: values stand under the column before their own.
BOOST_AUTO_TEST_CASE(a_change_with_a_value_of_a_generated_column_that_those_before_lack_is_refused)
{
    auto table = items();
    table.table.left_out = table.generated = {"made"};
    auto with = R"({"id":1,"made":7,"name":"a","note":"n"})";
    topic_log log;
    log.add(plain(key_json(1), envelope('r', with, {.lsn = 9, .snapshot = "last"})));
    log.add(plain(key_json(1), envelope('u', with, {.commit = 9, .lsn = 10})));
    log.update(1, "b", {.commit = 10, .lsn = 11});
    log.add(plain(key_json(1), envelope('u', with, {.commit = 11, .lsn = 12})));
    reading got{{table}};
    BOOST_TEST(got.take_all({log.records.begin(), log.records.begin() + 3}) == "ok",
               "a newer server may send it always");
    BOOST_TEST(got.take(log.records[3]) == "bad_message");
    BOOST_TEST(got.rows() == R"(1 "b" "n")");
}

BOOST_AUTO_TEST_CASE(a_value_of_a_generated_column_is_refused_at_once_if_the_described_server_sends_none)
{
    auto table = items();
    table.table.left_out = table.generated = {"made"};
    table.may_send_generated = false;
    auto with = R"({"id":1,"made":7,"name":"a","note":"n"})";
    topic_log log;
    log.add(plain(key_json(1), envelope('r', with, {.lsn = 9, .snapshot = "last"})));
    log.add(plain(key_json(1), envelope('u', with, {.commit = 9, .lsn = 10})));
    reading got{{table}};
    BOOST_TEST(got.take(log.records[0]) == "ok");
    BOOST_TEST(got.take(log.records[1]) == "bad_message");
    BOOST_TEST(got.text().find("no server of the described version sends") != std::string::npos, got.text());
}

// Where messages tell the columns, generated ones are among those that the settings exclude.
BOOST_AUTO_TEST_CASE(of_a_column_that_snapshots_have_and_changes_lack_a_change_has_no_value)
{
    auto table = items();
    table.origin = column_origin::messages;
    table.table.left_out = {"made"};
    auto with = R"({"id":1,"made":7,"name":"a","note":"n"})";
    auto with_null = R"({"id":1,"made":null,"name":"a","note":"n"})";
    auto with_null_at_the_end = R"({"id":1,"name":"a","note":"n","made":null})";
    // What a snapshot's row is like, where the changes behind it come from, and what a later one is like.
    struct {
        origin snapshot;
        std::uint64_t absent_at;
        std::string_view later;
        std::string_view answer;
    } const cases[] = {
        {{.lsn = 20, .snapshot = "last"}, 20, with, "bad_message"},
        {{.commit = 15, .lsn = 20, .snapshot = "incremental"}, 21, with, "bad_message"},
        {{.lsn = 20, .snapshot = "last"}, 19, with, "ok"},  // from before the column was added
        {{.lsn = 20, .snapshot = "last"}, 20, with_null, "bad_message"},
        {{.lsn = 20, .snapshot = "last"}, 20, with_null_at_the_end, "ok"},  // nothing stands behind it
    };
    for (const auto& one : cases) {
        topic_log log;
        log.add(plain(key_json(1), envelope('r', with, one.snapshot)));
        log.update(1, "b", {.commit = 18, .lsn = one.absent_at});
        log.add(plain(key_json(1), envelope('u', one.later, {.commit = 30, .lsn = 31})));
        reading got{{table}};
        BOOST_TEST(got.take_all({log.records.begin(), log.records.begin() + 2}) == "ok", got.text());
        BOOST_TEST(got.take(log.records[2]) == one.answer, got.text());
    }
}

BOOST_AUTO_TEST_CASE(a_column_that_is_added_while_it_is_left_out_is_no_mix_up)
{
    auto table = items();
    table.table.left_out = {"later"};
    auto with = R"({"id":1,"later":7,"name":"a","note":"n"})";
    topic_log log;
    log.create(1, "a", {.commit = 0, .lsn = 10});
    log.add(plain(key_json(1), envelope('r', with, {.lsn = 20, .snapshot = "last"})));
    log.add(plain(key_json(1), envelope('u', with, {.commit = 20, .lsn = 21})));
    log.add(plain(key_json(1), envelope('u', with, {.commit = 21, .lsn = 22})));
    reading got{{table}};
    BOOST_TEST(got.take_all(log.records) == "ok", got.text());
}

BOOST_AUTO_TEST_CASE(a_column_that_is_left_out_is_no_surprise)
{
    auto table = items();
    table.table.left_out = {"secret"};
    reading got{{table}};
    BOOST_TEST(got.take(row_of(1, R"(,"name":"a","note":"b","secret":1)", 10)) == "ok", got.text());
}

// Records that are not what they should be.

struct bad_record {
    const char* name;
    message what;
    const char* why;
};

std::vector<bad_record> bad_records()
{
    origin at{.commit = 50, .lsn = 50};
    origin elsewhere{.commit = 50, .lsn = 50};
    elsewhere.table = "other";
    auto good = envelope('u', row_json(1, "bad", "n"), at);
    return {
        {"a key that is not that of its row", plain(key_json(2), good), "has another key than its row"},
        {"a key that lacks a column", plain(R"({"name":"x"})", good), "is not in the key"},
        {"no key", plain(std::nullopt, good), "has no key"},
        {"a delete without key", plain(std::nullopt, envelope('d', "null", at)), "has no key"},
        {"a row of another table", plain(key_json(1), envelope('u', row_json(1, "bad", "n"), elsewhere)),
         "is a row of public.other"},
        {"a value that does not fit", plain(key_json(1), envelope('u', R"({"id":1,"name":{},"note":"n"})", at)),
         "name"},
        {"a key that is no number", plain(R"({"id":"x"})", good), "id"},
        {"a key that is another value alone", plain("2", good), "has another key than its row"},
        {"a key that is a list", plain("[1]", good), "the key is neither an object nor one value"},
        {"an envelope without a row", plain(key_json(1), envelope('u', "null", at)), ""},
        {"a row that is a list", plain(key_json(1), envelope('u', "[]", at)), ""},
        {"an operation that is not known", plain(key_json(1), envelope('z', row_json(1, "bad", "n"), at)), ""},
        {"a heartbeat", plain(R"({"serverName":"a"})", R"({"ts_ms":1795379065858})"), ""},
    };
}

BOOST_AUTO_TEST_CASE(a_bad_record_stops_reading_and_names_its_place)
{
    for (auto& bad : bad_records()) {
        reading got;
        topic_log log;
        log.create(1, "a", {.commit = 10, .lsn = 10}).add(bad.what);
        BOOST_TEST_CONTEXT(bad.name) {
            BOOST_TEST(got.take_all(log.records) == "bad_message", got.text());
            BOOST_TEST(got.text().starts_with("c.public.item [0] at offset 1 "));
            BOOST_TEST(got.text().find(bad.why) != std::string::npos, got.text());
            BOOST_TEST(got.rows() == R"(1 "a" "n")");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_bad_record_alone_is_left_out_and_marked_if_the_settings_say_so)
{
    for (auto& bad : bad_records()) {
        reading got{{items()}, 1, skipping};
        topic_log log;
        log.create(1, "a", {.commit = 10, .lsn = 10}).create(2, "b", {.commit = 20, .lsn = 20}).add(bad.what);
        log.create(3, "c", {.commit = 60, .lsn = 60});
        BOOST_TEST_CONTEXT(bad.name) {
            BOOST_TEST(got.take_all(log.records) == "ok", got.text());
            BOOST_TEST(got.rows() == R"(1 "a" "n"; 2 "b" "n"; 3 "c" "n")");
            BOOST_TEST(got.place().doubts.skipped_records);
            BOOST_TEST(got.place().partitions[0].next == 4);
            auto skipped = got.reader->take_skipped();
            BOOST_TEST(skipped.count == 1U);
            BOOST_TEST(skipped.last.starts_with("c.public.item [0] at offset 2 "));
            BOOST_TEST(got.reader->take_skipped().count == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_tombstone_behind_a_skipped_record_removes_its_row)
{
    reading got{{items()}, 1, skipping};
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .add(plain(
            key_json(1),
            envelope('d', "null", {.commit = 50, .lsn = 50, .order = 1, .snapshot = "false", .at = 0, .table = "x"})))
        .add(tombstone(1));
    BOOST_TEST(got.take_all(log.records) == "ok", got.text());
    BOOST_TEST(got.rows() == "");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_json_are_of_another_format_and_never_skipped)
{
    for (bool skips : {false, true}) {
        reading got{{items()}, 1, skips ? skipping : reading_policy{}};
        BOOST_TEST(got.take(plain(std::string{"\0\0\0\0\1", 5}, std::string{"\0\0\0\0\2x", 6})) ==
                   "unsupported_format");
    }
}

BOOST_AUTO_TEST_CASE(a_truncate_empties_the_table)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10})
        .add(plain(std::nullopt, envelope('t', "null", {.commit = 20, .lsn = 20})));
    log.create(2, "b", {.commit = 30, .lsn = 30});
    reading got;
    BOOST_TEST(got.take_all(log.records) == "ok", got.text());
    BOOST_TEST(got.rows() == R"(2 "b" "n")");
}

BOOST_AUTO_TEST_CASE(records_of_a_topic_that_no_table_has_are_our_mistake)
{
    reading got;
    kafka::record what;
    what.topic = "other";
    BOOST_TEST(name_of(got.reader->take(what).error().code) == "internal");
}

// The log as such.

BOOST_AUTO_TEST_CASE(the_last_record_read_once_more_is_passed_over_if_it_is_the_same)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10}).create(2, "b", {.commit = 20, .lsn = 20});
    reading got;
    BOOST_REQUIRE(got.take_all(log.records) == "ok");
    got.restart();
    auto changes = got.changes_seen();
    BOOST_TEST(got.take(log.records[1]) == "ok");
    BOOST_TEST(got.changes_seen() == changes);
    BOOST_TEST(got.is_settled());
}

BOOST_AUTO_TEST_CASE(another_record_in_the_place_of_the_last_one_is_another_topic)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10});
    auto written_later = log.records[0];
    ++written_later.timestamp_ms;
    auto other_key = log.records[0];
    other_key.key = key_json(2);
    auto tombstone_there = log.records[0];
    tombstone_there.value.reset();
    for (const auto& other : {written_later, other_key, tombstone_there}) {
        reading got;
        BOOST_REQUIRE(got.take(log.records[0]) == "ok");
        got.restart();
        BOOST_TEST(got.take(other) == "topic_replaced");
    }
}

BOOST_AUTO_TEST_CASE(a_last_record_that_was_compacted_away_is_not_missed)
{
    topic_log log;
    log.create(1, "a", {.commit = 10, .lsn = 10}).update(1, "b", {.commit = 20, .lsn = 20});
    reading got;
    BOOST_REQUIRE(got.take(log.records[0]) == "ok");
    got.restart();
    BOOST_TEST(got.take(log.records[1]) == "ok");
    BOOST_TEST(got.rows() == R"(1 "b" "n")");
}

BOOST_AUTO_TEST_CASE(a_partition_that_is_not_known_is_a_changed_topic)
{
    reading got;
    auto what = upsert('c', 1, "a", "n", {.commit = 10, .lsn = 10});
    what.partition = 1;
    BOOST_TEST(got.take(what) == "topic_changed");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_partition_moves_its_place_but_reads_nothing)
{
    reading got;
    kafka::record end{.topic = "c.public.item",
                      .partition = 0,
                      .offset = 7,
                      .timestamp_ms = 0,
                      .at_end = true,
                      .key = {},
                      .value = {}};
    BOOST_TEST(got.reader->take(end).has_value());
    BOOST_TEST(got.place().partitions[0].next == 7);
    BOOST_TEST(got.place().partitions[0].last == -1);
    end.offset = 3;
    BOOST_TEST(got.reader->take(end).has_value());
    BOOST_TEST(got.place().partitions[0].next == 7);
}

BOOST_AUTO_TEST_CASE(tables_are_told_apart_by_their_topics)
{
    reading got{{items(), topic_of({column_of("id", int4_type)}, "c.public.other", "other", 2)}};
    origin at{.commit = 10, .lsn = 10};
    at.table = "other";
    BOOST_TEST(got.take(upsert('c', 1, "a", "n", {.commit = 10, .lsn = 10}), 0) == "ok");
    BOOST_TEST(got.take(plain(key_json(1), envelope('c', R"({"id":1})", at)), 1) == "ok", got.text());
    BOOST_TEST(got.rows() == R"(1 "a" "n"; 1)");
}

BOOST_AUTO_TEST_SUITE_END()
