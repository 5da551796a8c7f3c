#include "source/postgres/mark_message.hpp"
#include "unit/source/reader_kit.hpp"

#include "support/printing.hpp"

#include <boost/test/unit_test.hpp>

using namespace understudy;
using namespace understudy::reader_kit;

namespace {

const mirrored_table stored_materials = materials_table();

constexpr std::int64_t noon = 843'000'000'000'000;

std::string begin(std::uint64_t commit, std::uint32_t xid = 7)
{
    return message::begin(lsn{commit}, noon, xid);
}
std::string commit(std::uint64_t start, std::uint64_t end)
{
    return message::commit(lsn{start}, lsn{end}, noon);
}
std::string steel(std::string_view id = "1")
{
    return message::insert(materials, {text(id), text("steel")});
}

std::vector<std::string> transaction(std::uint64_t start, std::uint64_t end)
{
    return {begin(start), steel(), commit(start, end)};
}

mirrored_table copied_at(std::uint64_t point)
{
    auto table = materials_table();
    table.record.valid_from = lsn{point};
    return table;
}

/// A store that knows a keepalive's position only.
stored_position reached(std::uint64_t position)
{
    stored_position stored;
    stored.position = stored.keepalive = lsn{position};
    return stored;
}

/// Reads one transaction into a fresh reader; what is stored behind it.
stored_position after_one(std::uint64_t start, std::uint64_t end)
{
    conversation talk;
    talk.describe();
    talk.send_all(transaction(start, end));
    return talk.reader.position();
}

constexpr std::uint64_t token = 0x1234;

std::string mark(std::uint64_t says, std::string_view prefix = mark_prefix, bool transactional = true)
{
    return message::message({transactional, lsn{1}, prefix, mark_text(says)});
}

/// A copy is true from `point` on, and its mark was committed before `by`.
stored_position awaiting_mark(std::uint64_t point, std::uint64_t by)
{
    auto stored = reached(point);
    stored.awaited = {token, lsn{by}};
    return stored;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transaction_order)

BOOST_AUTO_TEST_CASE(a_transaction_begins_changes_and_commits)
{
    conversation talk;
    BOOST_TEST(talk.send(begin(100)) == "begun");
    BOOST_TEST(talk.reader.in_transaction());
    BOOST_TEST(talk.reader.commit_start() == lsn{100});
    talk.describe();
    BOOST_TEST(talk.send(steel()) == "changed");
    BOOST_TEST(talk.send(commit(100, 120)) == "committed");
    BOOST_TEST(!talk.reader.in_transaction());
    BOOST_TEST(talk.reader.is_news());
    const auto& position = talk.reader.position();
    BOOST_TEST(position.position == lsn{120});
    BOOST_TEST(position.last.commit == lsn{100});
    BOOST_TEST(position.last.end == lsn{120});
    BOOST_TEST(position.last.xid == 7u);
    BOOST_TEST(position.last.commit_us == noon);
    BOOST_TEST((position.content_as_of == from_postgres_us(noon)));
}

BOOST_AUTO_TEST_CASE(messages_out_of_order_are_unexpected)
{
    struct row {
        const char* what;
        std::vector<std::string> messages;
    };
    for (const auto& [what, messages] : std::vector<row>{
             {"a commit without begin", {commit(100, 120)}},
             {"a begin inside a transaction", {begin(100), begin(200)}},
             {"a second commit", {begin(100), commit(100, 120), commit(100, 120)}},
             {"the commit of another transaction", {begin(100), commit(104, 120)}},
             {"a commit that ends where it starts", {begin(100), commit(100, 100)}},
             {"a commit that ends before it starts", {begin(100), commit(100, 99)}},
             {"an insert outside", {steel()}},
             {"a truncate outside", {message::truncate({.relations = {materials}})}},
             {"a change after the commit", {begin(100), commit(100, 120), steel()}},
         }) {
        conversation talk;
        BOOST_TEST_CONTEXT(what) BOOST_TEST(talk.send_all(messages) == "unexpected_message");
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_a_row_change_may_stand_anywhere_and_changes_nothing)
{
    for (const auto& bytes : {message::type(20000, "public", "mood"), message::origin(lsn{5}, "elsewhere"),
                              message::relation(wire_of(stored_materials)),
                              message::message({.position = lsn{7}, .prefix = "heartbeat", .content = "x"})}) {
        conversation talk;
        BOOST_TEST(talk.send(bytes) == "none");
        BOOST_TEST(talk.send(begin(100)) == "begun");
        BOOST_TEST(talk.send(bytes) == "none");
        BOOST_TEST(talk.send(commit(100, 120)) == "committed");
        BOOST_TEST(talk.reader.changes().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_message_that_we_do_not_know_is_an_error)
{
    for (auto bytes : {"S", "E", "c", "b", "P", "K", "r", "x", "0"})
        BOOST_TEST_CONTEXT(bytes) BOOST_TEST(conversation{}.send(bytes) == "unknown_message");
    BOOST_TEST(conversation{}.send("") == "truncated_message");
}

BOOST_AUTO_TEST_CASE(a_message_cut_anywhere_is_an_error)
{
    for (const auto& whole : {steel(), message::remove(materials, pgoutput::old_image::key, {text("1"), null()}),
                              message::truncate({.relations = {materials}}), commit(100, 120)})
        for (std::size_t length = 1; length < whole.size(); ++length) {
            conversation talk;
            talk.describe();
            talk.send(begin(100));
            BOOST_TEST_CONTEXT(whole.front() << " cut at " << length)
                BOOST_TEST(talk.send(whole.substr(0, length)) == "truncated_message");
        }
}

BOOST_AUTO_TEST_CASE(the_position_and_the_time_inside_never_go_back)
{
    conversation talk;
    talk.send_all({message::begin(lsn{100}, noon, 1), message::commit(lsn{100}, lsn{120}, noon)});
    talk.send_all({message::begin(lsn{130}, noon - 5, 2), message::commit(lsn{130}, lsn{140}, noon - 5)});
    BOOST_TEST(talk.reader.position().position == lsn{140});
    BOOST_TEST((talk.reader.position().content_as_of == from_postgres_us(noon)));
}

BOOST_AUTO_TEST_CASE(a_transaction_that_ends_at_or_before_the_position_is_a_repeat)
{
    auto start = reached(120);
    conversation talk{{copied_at(120)}, start, lsn{90}};
    talk.describe();
    BOOST_TEST(talk.send(begin(100)) == "begun");
    BOOST_TEST(talk.send(steel()) == "none");
    BOOST_TEST(talk.send(commit(100, 120)) == "committed");
    BOOST_TEST(!talk.reader.is_news());
    BOOST_TEST(talk.reader.changes().empty());
    BOOST_TEST(talk.reader.touched().empty());
    BOOST_TEST((talk.reader.position() == start));
}

// Seen: a keepalive's position is often the start of the next commit record.
BOOST_AUTO_TEST_CASE(a_commit_that_starts_exactly_at_the_position_is_news)
{
    conversation talk{{materials_table()}, reached(120)};
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(120, 140)) == "committed");
    BOOST_TEST(talk.reader.is_news());
    BOOST_TEST(talk.reader.changes().size() == 1u);
    BOOST_TEST(talk.reader.position().position == lsn{140});
}

BOOST_AUTO_TEST_CASE(a_commit_across_the_position_is_another_history)
{
    conversation talk{{materials_table()}, reached(120)};
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(119, 121)) == "history_mismatch");
}

BOOST_AUTO_TEST_CASE(the_transaction_sent_again_is_recognised_and_the_next_is_news)
{
    conversation talk{{materials_table()}, after_one(100, 120)};
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(100, 120)) == "committed");
    BOOST_TEST(!talk.reader.is_news());
    BOOST_TEST(talk.send_all(transaction(130, 140)) == "committed");
    BOOST_TEST(talk.reader.is_news());
}

BOOST_AUTO_TEST_CASE(another_transaction_in_its_place_is_another_history)
{
    struct row {
        const char* what;
        std::vector<std::string> messages;
    };
    for (const auto& [what, messages] : std::vector<row>{
             {"another xid", {begin(100, 8), steel(), commit(100, 120)}},
             {"another commit time", {begin(100), steel(), message::commit(lsn{100}, lsn{120}, noon + 1)}},
             {"another start", {begin(101), steel(), commit(101, 120)}},
             {"another end", {begin(100), steel(), commit(100, 119)}},
             {"another value", {begin(100), steel("2"), commit(100, 120)}},
             {"a change more", {begin(100), steel(), steel(), commit(100, 120)}},
             {"no change", {begin(100), commit(100, 120)}},
             {"a later one", {begin(130), steel(), commit(130, 140)}},
         }) {
        conversation talk{{materials_table()}, after_one(100, 120)};
        talk.describe();
        BOOST_TEST_CONTEXT(what) BOOST_TEST(talk.send_all(messages) == "history_mismatch");
    }
}

// A server that crashed may have forgotten what was confirmed last, and starts earlier.
BOOST_AUTO_TEST_CASE(repeats_before_the_stored_transaction_are_taken_and_it_still_has_to_come)
{
    conversation talk{{copied_at(50)}, after_one(100, 120), lsn{60}};
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(70, 80)) == "committed");
    BOOST_TEST(!talk.reader.is_news());
    BOOST_TEST(talk.reader.on_reached(lsn{130}) == errc::history_mismatch);
    BOOST_TEST(talk.send_all(transaction(100, 120)) == "committed");
    BOOST_TEST(!talk.reader.on_reached(lsn{130}));
}

// A resync of every table: what was stored before is in no table any more.
BOOST_AUTO_TEST_CASE(a_stored_transaction_from_before_every_copy_need_not_come_again)
{
    for (bool comes : {true, false}) {
        conversation talk{{copied_at(200)}, after_one(100, 120), lsn{60}};
        talk.describe();
        if (comes) BOOST_TEST(talk.send_all(transaction(100, 120)) == "committed");
        BOOST_TEST(!talk.reader.on_reached(lsn{210}));
    }
}

// A volume restored from before our position, and written to since: its new commits lie where we saw none.
BOOST_AUTO_TEST_CASE(a_transaction_between_the_stored_one_and_the_position_is_another_history)
{
    auto start = after_one(100, 120);
    start.position = start.keepalive = lsn{300};
    for (auto from : {100, 110, 150}) {
        conversation talk{{copied_at(50)}, start, lsn{static_cast<std::uint64_t>(from)}};
        talk.describe();
        if (from == 100) BOOST_TEST(talk.send_all(transaction(100, 120)) == "committed");
        BOOST_TEST_CONTEXT("from " << from) BOOST_TEST(talk.send_all(transaction(200, 220)) == "history_mismatch");
    }
}

// Before a copy's point the store knows nothing, so nothing can contradict it.
BOOST_AUTO_TEST_CASE(a_transaction_from_before_every_copy_proves_nothing)
{
    auto start = after_one(100, 120);
    start.position = start.keepalive = lsn{300};
    conversation talk{{copied_at(250)}, start, lsn{150}};
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(200, 220)) == "committed");
    BOOST_TEST(!talk.reader.is_news());
    BOOST_TEST(talk.send_all(transaction(260, 270)) == "history_mismatch");
}

BOOST_AUTO_TEST_CASE(the_mark_of_a_copy_is_recognised_and_then_awaited_no_more)
{
    conversation talk{{materials_table()}, awaiting_mark(100, 200)};
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(110, 120)) == "committed");
    BOOST_TEST(talk.reader.position().awaited.token == token);
    BOOST_TEST(talk.send_all({begin(150), mark(token), commit(150, 160)}) == "committed");
    BOOST_TEST(talk.reader.is_news());
    BOOST_TEST((talk.reader.position().awaited == history_mark{}));
    BOOST_TEST(talk.reader.changes().size() == 1u);
    BOOST_TEST(!talk.reader.on_reached(lsn{300}));
    BOOST_TEST(talk.send_all(transaction(310, 320)) == "committed");
}

BOOST_AUTO_TEST_CASE(a_history_without_the_awaited_mark_is_another)
{
    struct row {
        const char* what;
        std::vector<std::string> messages;
    };
    for (const auto& [what, messages] : std::vector<row>{
             {"none", {}},
             {"a row change", transaction(150, 160)},
             {"another copy's", {begin(150), mark(token + 1), commit(150, 160)}},
             {"somebody else's", {begin(150), mark(token, "other"), commit(150, 160)}},
             {"outside of a transaction", {mark(token, "understudy", false)}},
         })
        BOOST_TEST_CONTEXT(what) {
            conversation talk{{materials_table()}, awaiting_mark(100, 200)};
            talk.describe();
            talk.send_all(messages);
            BOOST_TEST(!talk.reader.on_reached(lsn{199}));
            BOOST_TEST(talk.reader.on_reached(lsn{200}) == errc::history_mismatch);
            BOOST_TEST(talk.send_all(transaction(200, 220)) == "history_mismatch");
        }
}

// No row was changed since the copy: the mark is the transaction that has to come again.
BOOST_AUTO_TEST_CASE(a_mark_sent_again_is_known_by_its_token)
{
    conversation first{{copied_at(100)}, awaiting_mark(100, 200)};
    first.send_all({begin(150), mark(token), commit(150, 160)});
    for (auto [sent, answer] : {std::pair{token, "committed"}, std::pair{token + 1, "history_mismatch"}}) {
        conversation again{{copied_at(100)}, first.reader.position(), lsn{60}};
        BOOST_TEST(again.send_all({begin(150), mark(sent), commit(150, 160)}) == answer);
    }
    conversation without{{copied_at(100)}, first.reader.position(), lsn{60}};
    BOOST_TEST(without.reader.on_reached(lsn{170}) == errc::history_mismatch);
}

BOOST_AUTO_TEST_CASE(what_others_tell_each_other_changes_nothing)
{
    conversation talk{{materials_table()}, after_one(100, 120), lsn{60}};
    talk.describe();
    BOOST_TEST(talk.send(mark(token, "other", false)) == "none");
    BOOST_TEST(talk.send_all({begin(100), mark(token, "other"), steel(), mark(token, "other", false),
                              commit(100, 120)}) == "committed");
    BOOST_TEST(talk.send_all({begin(130), mark(token, "other"), commit(130, 140)}) == "committed");
    BOOST_TEST(talk.reader.changes().empty());
}

// PostgreSQL 18 tells of subtransactions that it never began to send.
BOOST_AUTO_TEST_CASE(the_abort_of_a_subtransaction_changes_nothing_between_transactions)
{
    conversation talk{{materials_table()}, after_one(100, 120), lsn{60}};
    talk.describe();
    BOOST_TEST(talk.send(message::stream_abort(9, 10)) == "none");
    BOOST_TEST(talk.send_all(transaction(100, 120)) == "committed");
    BOOST_TEST(talk.send(message::stream_abort(11, 12)) == "none");
    BOOST_TEST(talk.send_all({begin(130), message::stream_abort(11, 12)}) == "unexpected_message");
}

BOOST_AUTO_TEST_CASE(a_mark_outside_of_its_transaction_is_unexpected)
{
    conversation talk;
    BOOST_TEST(talk.send(mark(token)) == "unexpected_message");
}

BOOST_AUTO_TEST_CASE(only_the_first_transaction_has_to_be_the_stored_one)
{
    conversation talk{{materials_table()}, after_one(100, 120)};
    talk.describe();
    talk.send_all(transaction(100, 120));
    BOOST_TEST(talk.send_all({begin(130, 9), steel("5"), commit(130, 140)}) == "committed");
}

BOOST_AUTO_TEST_CASE(a_stored_transaction_that_does_not_come_again_is_another_history)
{
    auto start = after_one(100, 120);
    conversation talk{{materials_table()}, start};
    BOOST_TEST(!talk.reader.on_reached(lsn{119}));
    BOOST_TEST(talk.reader.on_reached(lsn{120}) == errc::history_mismatch);
    conversation again{{materials_table()}, start};
    again.describe();
    again.send_all(transaction(100, 120));
    BOOST_TEST(!again.reader.on_reached(lsn{500}));
}

BOOST_AUTO_TEST_CASE(after_an_acknowledged_keepalive_nothing_has_to_come_again)
{
    auto start = after_one(100, 120);
    start.position = start.keepalive = lsn{300};
    conversation talk{{materials_table()}, start};
    BOOST_TEST(!talk.reader.on_reached(lsn{400}));
    talk.describe();
    BOOST_TEST(talk.send_all(transaction(310, 320)) == "committed");
    BOOST_TEST(talk.reader.is_news());
}

// The server sends a description before the first change of each session, not of each transaction.
BOOST_AUTO_TEST_CASE(descriptions_do_not_count_for_the_fingerprint)
{
    conversation talk{{materials_table()}, after_one(100, 120)};
    talk.send(begin(100));
    talk.describe();
    talk.send(message::type(20000, "public", "mood"));
    talk.describe();
    BOOST_TEST(talk.send_all({steel(), commit(100, 120)}) == "committed");
    BOOST_TEST(!talk.reader.is_news());
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_large_transaction_are_its_changes_once_each)
{
    conversation talk;
    talk.describe();
    talk.send(begin(100));
    std::size_t changes = 0;
    for (int i = 0; i < 10; ++i) {
        talk.send(steel(std::to_string(i)));
        auto part = std::exchange(talk.reader.changes(), change_batch{});
        changes += part.size();
        BOOST_TEST(part.size() == 1u);
    }
    BOOST_TEST(talk.send(commit(100, 120)) == "committed");
    BOOST_TEST(changes == 10u);
    BOOST_TEST(talk.reader.changes().empty());
    BOOST_TEST(talk.reader.touched().size() == 1u);

    conversation whole;
    whole.describe();
    whole.send(begin(100));
    for (int i = 0; i < 10; ++i) whole.send(steel(std::to_string(i)));
    whole.send(commit(100, 120));
    BOOST_TEST((whole.reader.position() == talk.reader.position()));
}

BOOST_AUTO_TEST_CASE(the_next_transaction_starts_empty)
{
    conversation talk;
    talk.describe();
    talk.send_all(transaction(100, 120));
    BOOST_TEST(talk.reader.changes().size() == 1u);
    talk.reader.next_transaction();
    BOOST_TEST(talk.reader.changes().empty());
    BOOST_TEST(talk.reader.touched().empty());
    auto first = talk.reader.position().last.content;
    talk.send_all({begin(130), steel(), commit(130, 140)});
    BOOST_TEST(talk.reader.position().last.content == first);
}

BOOST_AUTO_TEST_SUITE_END()
