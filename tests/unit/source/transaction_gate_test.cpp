#include "source/kafka/transaction_gate.hpp"

#include "core/limits.hpp"
#include "support/printing.hpp"
#include "unit/source/log_kit.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace understudy;
using namespace understudy::log_kit;
using namespace std::chrono_literals;

namespace {

using clock = std::chrono::steady_clock;

const std::string transactions = "c.transaction";

struct place {
    std::string topic;
    std::int32_t partition = 0;
    friend auto operator<=>(const place&, const place&) = default;
};

std::string key_of(int id)
{
    return key_json(id);
}

/// A row of a transaction; `version` tells writes apart.
std::string row_of(const std::string& table, int id, int version, int xid, int order,
                   const std::string& snapshot = "false")
{
    bool is_streamed = snapshot == "false";
    auto within = is_streamed ? fmt::format(R"({{"id":"{}:{}","total_order":{}}})", xid, version, order) : "null";
    return fmt::format(
        R"({{"before":null,"after":{{"id":{},"version":{}}},"source":{{"snapshot":"{}","sequence":"[null,\"{}\"]",)"
        R"("schema":"public","table":"{}","txId":{},"lsn":{}}},"transaction":{},"op":"{}"}})",
        id, version, snapshot, version, table, xid, version, within, is_streamed ? 'u' : 'r');
}

std::string begin_of(int xid)
{
    return fmt::format(R"({{"status":"BEGIN","id":"{}:1","event_count":null,"data_collections":null,"ts_ms":{}}})", xid,
                       xid * 1000);
}

std::string end_of(int xid, const std::map<std::string, int>& counts)
{
    std::string tables;
    int all = 0;
    for (const auto& [table, count] : counts) {
        tables += fmt::format(R"({}{{"data_collection":"public.{}","event_count":{}}})", tables.empty() ? "" : ",",
                              table, count);
        all += count;
    }
    return fmt::format(R"({{"status":"END","id":"{}:2","event_count":{},"data_collections":[{}],"ts_ms":{}}})", xid,
                       all, tables, xid * 1000);
}

std::vector<kafka::topic_table> two_tables()
{
    return {topic_of({column_of("id", int4_type), column_of("version")}, "c.public.a", "a", 1),
            topic_of({column_of("id", int4_type), column_of("version")}, "c.public.b", "b", 2)};
}

/// Topics of two tables and of transactions, and a gate that reads them. Its clock moves when it is told.
class scene {
public:
    scene() : scene{kafka::log_places{}} {}

    explicit scene(const kafka::log_places& start) : tables_{two_tables()}
    {
        gate_.emplace(transactions, tables_, start, now_);
    }

    void append(const place& where, const std::string& key, std::optional<std::string> value)
    {
        logs_[where].push_back({.key = key, .value = std::move(value), .partition = where.partition});
    }

    void begin(int xid) { append({transactions}, R"({"id":"1:1"})", begin_of(xid)); }
    void end(int xid, const std::map<std::string, int>& counts)
    {
        append({transactions}, R"({"id":"1:1"})", end_of(xid, counts));
    }
    void row(const std::string& table, int id, int version, int xid, int order, const std::string& snapshot = "false")
    {
        append({"c.public." + table, id % 2}, key_of(id), row_of(table, id, version, xid, order, snapshot));
    }

    /// With its tombstone.
    void remove(const std::string& table, int id, int version, int xid, int order)
    {
        auto value = row_of(table, id, version, xid, order);
        value.replace(value.rfind(R"("u")"), 3, R"("d")");
        value.replace(0, value.find(R"(,"source")"),
                      fmt::format(R"({{"before":{{"id":{},"version":{}}},"after":null)", id, version));
        append({"c.public." + table, id % 2}, key_of(id), value);
        append({"c.public." + table, id % 2}, key_of(id), std::nullopt);
    }

    /// The next record of a partition arrives, if there is one.
    bool arrive(const place& where)
    {
        auto& at = arrived_[where];
        const auto& log = logs_[where];
        if (at == log.size()) return false;
        const auto& next = log[at++];
        kafka::record what;
        what.topic = where.topic;
        what.partition = where.partition;
        what.offset = static_cast<std::int64_t>(at - 1);
        if (next.key) what.key = *next.key;
        if (next.value) what.value = *next.value;
        if (where.topic == transactions)
            gate_->take_boundary(what, now_);
        else if (!gate_->take(what, now_))
            apply(what);
        advance();
        return true;
    }

    /// A partition is read from an offset on.
    void read_from(const place& where, std::size_t offset) { arrived_[where] = offset; }

    void arrive_all(const place& where)
    {
        while (arrive(where)) {
        }
    }

    void arrive_all()
    {
        for (const auto& [where, log] : logs_) arrive_all(where);
    }

    void ask()
    {
        kafka::partition_ends ends;
        for (const auto& [where, log] : logs_)
            ends[{where.topic, where.partition}] = static_cast<std::int64_t>(log.size());
        gate_->note_ends(std::move(ends), now_);
        advance();
    }

    /// Time passes, and the ends are asked for, as a session does.
    void wait(clock::duration time)
    {
        for (; time > 0ms; time -= 500ms) {
            now_ += 500ms;
            ask();
        }
    }

    void close()
    {
        wait(1s);
        begin(1);
        end(1, {{"other", 1}});
        arrive_all();
        wait(limits::counting_time + 1s);
        BOOST_REQUIRE(gate_->is_at_border());
    }

    void advance()
    {
        gate_->advance(around, now_);
        while (const auto* what = gate_->next()) apply(*what);
        gate_->forget_passed();
    }

    /// Rows, as `a1=3 b2=4`.
    std::string rows() const
    {
        std::string all;
        for (const auto& [row, version] : rows_) all += (all.empty() ? "" : " ") + row + "=" + std::to_string(version);
        return all;
    }

    std::vector<place> places() const
    {
        std::vector<place> all;
        for (const auto& [where, log] : logs_) all.push_back(where);
        return all;
    }

    kafka::transaction_gate& gate() { return *gate_; }
    std::size_t passed() const { return passed_; }
    kafka::transaction_gate::circumstances around{.is_settled = true, .newer_than = {}};

private:
    // What comes again is older than what is there.
    void apply(const kafka::record& what)
    {
        ++passed_;
        if (!what.value || what.value->find(R"("after":null)") != what.value->npos) return;
        auto number = [&](const std::string& name) {
            auto at = what.value->find(name) + name.size();
            return std::stoi(std::string{what.value->substr(at, 10)});
        };
        auto& version = rows_[std::string{what.topic.substr(9)} + std::to_string(number(R"("after":{"id":)"))];
        version = std::max(version, number(R"("version":)"));
    }

    std::vector<kafka::topic_table> tables_;
    std::optional<kafka::transaction_gate> gate_;
    clock::time_point now_{1h};
    std::map<place, std::vector<message>> logs_;
    std::map<place, std::size_t> arrived_;
    std::map<std::string, int> rows_;
    std::size_t passed_ = 0;
};

/// Both tables get a row; `xid` is their version, too.
void transfer(scene& at, int xid)
{
    at.begin(xid);
    at.row("a", 1, xid, xid, 1);
    at.row("b", 2, xid, xid, 2);
    at.end(xid, {{"a", 1}, {"b", 1}});
}

const place a0{"c.public.a", 0};
const place a1{"c.public.a", 1};
const place b0{"c.public.b", 0};
const place topic{transactions, 0};

/// Rows of transaction 5, until some have passed. Returns how many.
int arrive_part_of_a_large_transaction(scene& at)
{
    at.begin(5);
    std::string large(1u << 20, 'x');
    int rows = 0;
    at.arrive(topic);
    while (at.rows().empty() && rows < 100) {
        auto value = row_of("a", 1, 5, 5, ++rows);
        value.insert(value.find(R"("op")"), R"("note":")" + large + R"(",)");
        at.append(a1, key_of(1), value);
        at.arrive(a1);
    }
    return rows;
}

/// Where a store is that has seen one transaction, of other tables.
kafka::log_places behind_first_transaction()
{
    scene at;
    at.close();
    auto places = beginning(two_tables(), 2);
    places.border = at.gate().border();
    return places;
}

/// A database, and a connector that crashes now and then and sends again what it had sent.
class crashing_connector {
public:
    crashing_connector(scene& into, std::mt19937_64& random) : at_{into}, random_{random} {}

    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }

    void commit()
    {
        sent what{static_cast<int>(history_.size()) + 1, {}};
        for (auto left = 1 + below(5); left > 0; --left) {
            what.rows.push_back({below(2) == 0 ? "a" : "b", static_cast<int>(below(6)), ++version_});
            rows_[what.rows.back().table + std::to_string(what.rows.back().id)] = version_;
        }
        state_.clear();
        for (const auto& [row, last] : rows_) state_ += (state_.empty() ? "" : " ") + row + "=" + std::to_string(last);
        states_.insert(state_);
        history_.push_back(what);
        send(what, 0);
    }

    /// Goes back, perhaps into the middle of a transaction.
    void crash()
    {
        if (history_.empty()) return;
        auto back = history_.size() - 1 - below(std::min<std::size_t>(history_.size(), 4));
        send(history_[back], below(history_[back].rows.size()));
        for (auto again = back + 1; again < history_.size(); ++again) send(history_[again], 0);
    }

    bool was(const std::string& state) const { return states_.contains(state); }
    const std::string& state() const { return state_; }

private:
    struct written {
        std::string table;
        int id;
        int version;
    };
    struct sent {
        int xid;
        std::vector<written> rows;
    };

    void send(const sent& what, std::size_t from)
    {
        if (from == 0) at_.begin(what.xid);
        std::map<std::string, int> counts;
        for (std::size_t order = 0; order < what.rows.size(); ++order) {
            const auto& row = what.rows[order];
            ++counts[row.table];
            if (order >= from) at_.row(row.table, row.id, row.version, what.xid, static_cast<int>(order) + 1);
        }
        at_.end(what.xid, counts);
    }

    scene& at_;
    std::mt19937_64& random_;
    std::map<std::string, int> rows_;
    std::set<std::string> states_{""};
    std::string state_;
    std::vector<sent> history_;
    int version_ = 0;
};

/// Everything arrives in another order than it was sent. Returns how often the gate was at a border.
std::size_t follow(std::uint64_t seed)
{
    std::mt19937_64 random{seed};
    scene at;
    crashing_connector connector{at, random};
    std::size_t borders = 0;
    auto look = [&] {
        if (!at.gate().is_at_border()) return;
        ++borders;
        BOOST_REQUIRE_MESSAGE(connector.was(at.rows()), "no state of the database: " + at.rows());
    };
    auto arrive_some = [&] {
        for (const auto& where : at.places())
            if (connector.below(2) == 0 && at.arrive(where)) look();
    };
    for (int step = 0; step < 400; ++step) {
        auto what = connector.below(12);
        if (what == 0) connector.commit();
        if (what == 1 && connector.below(30) == 0) connector.crash();
        if (what == 2) at.wait(500ms);
        if (what > 2) arrive_some();
    }
    at.arrive_all();
    at.wait(1min);
    at.wait(limits::counting_time_max);
    look();
    connector.commit();
    at.arrive_all();
    at.wait(1s);
    look();
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(at.rows() == connector.state());
    return borders;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transaction_gates)

BOOST_AUTO_TEST_CASE(rows_pass_as_they_come_until_all_has_arrived_and_been_counted_for_a_while)
{
    scene at;
    transfer(at, 1);
    at.arrive(a1);
    BOOST_TEST(at.rows() == "a1=1");
    BOOST_TEST(!at.gate().is_at_border());
    at.arrive_all();
    at.wait(1min);
    BOOST_TEST(!at.gate().is_at_border());  // what came before may not have been whole
    transfer(at, 2);
    at.arrive_all();
    at.wait(500ms);
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(at.gate().border().next == 4);
}

BOOST_AUTO_TEST_CASE(then_a_transaction_waits_for_its_last_row)
{
    scene at;
    at.close();
    transfer(at, 5);
    at.arrive(topic);
    at.arrive(topic);
    at.arrive(a1);
    BOOST_TEST(at.rows() == "");
    BOOST_TEST(at.gate().is_at_border());
    at.arrive(b0);
    BOOST_TEST(at.rows() == "a1=5 b2=5");
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(at.gate().border().next == 4);
}

BOOST_AUTO_TEST_CASE(rows_that_come_before_its_begin_and_end_wait_for_them)
{
    scene at;
    at.close();
    transfer(at, 5);
    transfer(at, 6);
    at.arrive_all(a1);
    at.arrive_all(b0);
    BOOST_TEST(at.rows() == "");
    at.arrive(topic);
    BOOST_TEST(at.rows() == "");
    at.arrive(topic);
    BOOST_TEST(at.rows() == "a1=5 b2=5");
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=6 b2=6");
}

BOOST_AUTO_TEST_CASE(what_a_partition_holds_behind_a_transaction_waits_for_its_own)
{
    scene at;
    at.close();
    at.begin(5);
    at.row("a", 1, 5, 5, 1);
    at.row("b", 2, 5, 5, 2);
    at.end(5, {{"a", 1}, {"b", 1}});
    at.begin(6);
    at.row("a", 1, 6, 6, 1);
    at.row("a", 3, 6, 0, 0, "incremental");  // what has no transaction keeps its place
    at.end(6, {{"a", 1}});
    at.arrive_all(topic);
    at.arrive_all(a1);
    BOOST_TEST(at.rows() == "");
    BOOST_TEST(at.passed() == 0u);
    at.arrive(b0);
    BOOST_TEST(at.rows() == "a1=6 a3=6 b2=5");
    BOOST_TEST(at.passed() == 4u);
}

BOOST_AUTO_TEST_CASE(a_transaction_of_other_tables_moves_the_border)
{
    scene at;
    at.close();
    at.begin(5);
    at.end(5, {{"other", 3}});
    at.arrive_all();
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(at.gate().border().next == 4);
}

BOOST_AUTO_TEST_CASE(one_that_was_half_through_when_it_closed_is_waited_for)
{
    scene at;
    at.wait(1s);
    at.begin(4);
    at.row("a", 1, 4, 4, 1);
    at.arrive(topic);
    at.arrive(a1);
    BOOST_TEST(at.rows() == "a1=4");
    at.wait(limits::counting_time + 1s);  // its rows go on coming, so nothing is missing
    BOOST_TEST(!at.gate().is_at_border());
    at.row("b", 2, 4, 4, 2);
    at.end(4, {{"a", 1}, {"b", 1}});
    at.arrive(b0);
    BOOST_TEST(!at.gate().is_at_border());
    at.arrive(topic);
    BOOST_TEST(at.rows() == "a1=4 b2=4");
    BOOST_TEST((at.gate().is_at_border() || at.gate().why_open() != ""));
    at.wait(1min);
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(a_row_that_never_comes_opens_it_again_and_later_it_closes)
{
    scene at;
    at.close();
    at.begin(5);
    at.row("a", 1, 5, 5, 1);
    at.end(5, {{"a", 2}});
    at.arrive_all();
    at.wait(limits::transaction_patience - 1s);
    BOOST_TEST(at.rows() == "");
    BOOST_TEST(at.gate().is_at_border());
    at.wait(2s);
    BOOST_TEST(at.rows() == "a1=5");
    BOOST_TEST(!at.gate().is_at_border());
    BOOST_TEST(at.gate().why_open().find("missing") != std::string::npos);
    transfer(at, 6);
    at.arrive(a1);
    BOOST_TEST(at.rows() == "a1=6");
    at.arrive_all();
    at.wait(3 * limits::counting_time);
    transfer(at, 6);
    at.arrive_all();
    at.wait(500ms);
    BOOST_TEST(at.gate().is_at_border());
    transfer(at, 7);
    at.arrive(a1);
    BOOST_TEST(at.rows() == "a1=6 b2=6");
}

BOOST_AUTO_TEST_CASE(it_does_not_close_over_a_transaction_of_which_the_connector_sent_a_part_and_died)
{
    scene at;
    at.close();
    at.begin(5);
    at.row("a", 1, 5, 5, 1);
    at.arrive_all();
    at.wait(1h);
    BOOST_TEST(at.rows() == "a1=5");
    BOOST_TEST(!at.gate().is_at_border());
    at.begin(5);  // it goes on
    at.row("a", 1, 5, 5, 1);
    at.row("b", 2, 5, 5, 2);
    at.end(5, {{"a", 1}, {"b", 1}});
    at.arrive_all();
    at.wait(limits::counting_time + 1s);
    BOOST_TEST(at.rows() == "a1=5 b2=5");
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(it_does_not_wait_for_the_end_of_a_transaction_that_the_connector_forgot_when_it_died)
{
    scene at;
    at.wait(1s);
    at.begin(5);
    at.row("a", 1, 5, 5, 1);
    transfer(at, 6);
    at.arrive_all();
    at.wait(3 * limits::counting_time);
    BOOST_TEST(!at.gate().is_at_border());
    transfer(at, 7);
    at.arrive_all();
    at.wait(500ms);
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(what_is_still_on_its_way_is_not_missing)
{
    scene at;
    at.close();
    transfer(at, 5);
    at.arrive(topic);
    at.arrive(topic);
    at.arrive(a1);
    at.wait(1h);  // all that time, the ends that were asked for have not been reached
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(at.rows() == "");
    at.arrive(b0);
    BOOST_TEST(at.rows() == "a1=5 b2=5");
}

BOOST_AUTO_TEST_CASE(a_large_transaction_passes_in_parts_that_are_no_state)
{
    scene at;
    at.close();
    int rows = arrive_part_of_a_large_transaction(at);
    BOOST_TEST(rows < 8);
    BOOST_TEST(at.gate().is_amid_transaction());
    BOOST_TEST(!at.gate().is_at_border());
    at.row("b", 2, 5, 5, ++rows);
    at.arrive(b0);
    BOOST_TEST(at.rows() == "a1=5 b2=5");
    at.end(5, {{"a", rows - 1}, {"b", 1}});
    at.arrive(topic);
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(!at.gate().is_amid_transaction());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_kept_opens_it)
{
    scene at;
    at.close();
    std::string large(1u << 20, 'x');
    for (int order = 1; order < 20; ++order) {  // of a transaction that the topic does not tell of
        auto value = row_of("a", 1, 5, 5, order);
        value.insert(value.find(R"("op")"), R"("note":")" + large + R"(",)");
        at.append(a1, key_of(1), value);
    }
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=5");
    BOOST_TEST(at.gate().why_open().find("8 MiB") != std::string::npos);
    BOOST_TEST(at.passed() == 19u);
}

BOOST_AUTO_TEST_CASE(what_comes_again_after_a_crash_changes_nothing)
{
    scene at;
    at.close();
    transfer(at, 5);
    at.arrive_all();
    at.row("b", 2, 5, 5, 2);  // the connector goes on from the middle
    at.end(5, {{"a", 1}, {"b", 1}});
    transfer(at, 6);
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=6 b2=6");
    BOOST_TEST(at.gate().is_at_border());
    at.wait(1min);
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(a_crash_amid_a_transaction_counts_each_row_once)
{
    scene at;
    at.close();
    at.begin(5);
    at.row("a", 1, 5, 5, 1);
    at.row("a", 1, 6, 5, 2);
    at.row("a", 1, 5, 5, 1);
    at.row("a", 1, 6, 5, 2);
    at.arrive_all();
    BOOST_TEST(at.rows() == "");
    at.end(5, {{"a", 2}, {"b", 1}});
    at.arrive_all();
    BOOST_TEST(at.rows() == "");
    at.row("b", 2, 7, 5, 3);
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=6 b2=7");
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(a_snapshot_opens_it_and_what_was_kept_stays_before_it)
{
    scene at;
    at.close();
    transfer(at, 5);
    at.arrive(a1);
    at.row("a", 1, 6, 0, 0, "first");
    at.arrive(a1);
    BOOST_TEST(at.rows() == "a1=6");
    BOOST_TEST(at.passed() == 2u);
    BOOST_TEST(!at.gate().is_at_border());
    BOOST_TEST(at.gate().why_open().find("snapshot") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rows_of_an_incremental_snapshot_pass_where_they_stand)
{
    scene at;
    at.close();
    at.row("a", 3, 1, 0, 0, "incremental");
    at.arrive_all();
    BOOST_TEST(at.rows() == "a3=1");
    BOOST_TEST(at.gate().is_at_border());
    transfer(at, 5);
    at.row("a", 1, 5, 0, 0, "incremental");
    at.arrive_all(a1);
    BOOST_TEST(at.rows() == "a3=1");
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=5 a3=1 b2=5");
}

BOOST_AUTO_TEST_CASE(the_tombstone_right_behind_its_delete_passes_with_it)
{
    scene at;
    at.close();
    at.begin(5);
    at.row("b", 2, 5, 5, 1);
    at.remove("a", 1, 5, 5, 2);
    at.end(5, {{"a", 1}, {"b", 1}});
    at.arrive_all(a1);
    BOOST_TEST(at.passed() == 0u);
    at.arrive_all();
    BOOST_TEST(at.passed() == 3u);
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(a_tombstone_of_which_the_delete_was_compacted_away_opens_it)
{
    for (bool is_behind_another : {false, true}) {
        scene at;
        at.close();
        if (is_behind_another) {
            at.begin(4);
            at.remove("a", 3, 4, 4, 1);
            at.end(4, {{"a", 1}});
            at.arrive_all();
        }
        BOOST_TEST(at.gate().is_at_border());
        at.append(a1, key_of(1), std::nullopt);
        at.arrive(a1);
        BOOST_TEST(!at.gate().is_at_border());
        BOOST_TEST(at.gate().why_open().find("compacted away") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(it_does_not_close_where_such_a_tombstone_came_while_it_counted)
{
    scene at;
    transfer(at, 1);
    at.arrive_all();
    at.wait(1s);
    transfer(at, 2);
    at.arrive_all();
    at.wait(limits::counting_time - 1s);
    at.append(a1, key_of(1), std::nullopt);  // of a transaction that is still to come
    at.arrive(a1);
    at.wait(2s);
    BOOST_TEST(!at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(from_a_border_between_a_delete_and_its_tombstone_it_goes_on_closed)
{
    auto start = behind_first_transaction();
    start.tables[{"public", "a"}].partitions[1].next = 1;
    scene at{start};
    at.begin(1);
    at.end(1, {{"other", 1}});
    at.read_from(topic, 1);
    at.remove("a", 1, 1, 1, 1);
    at.arrive_all();
    BOOST_TEST(at.passed() == 2u);
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_say_what_they_belong_to_leave_it_open_for_good)
{
    scene at;
    at.close();
    auto value = row_of("a", 1, 5, 5, 1);
    value.replace(value.find(R"({"id":"5:5","total_order":1})"), 28, "null");
    at.append(a1, key_of(1), value);
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=5");
    at.wait(1h);
    BOOST_TEST(!at.gate().is_at_border());
    BOOST_TEST(at.gate().why_open().find("do not say") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_stays_open_while_a_snapshot_is_newer_than_what_was_streamed)
{
    scene at;
    at.around.newer_than = db_time{5s};
    at.wait(1min);
    BOOST_TEST(!at.gate().is_at_border());
    transfer(at, 5);
    at.arrive_all();
    at.wait(1min);
    BOOST_TEST(!at.gate().is_at_border());
    transfer(at, 6);
    at.arrive_all();
    at.wait(1min);
    BOOST_TEST(at.gate().is_at_border());
}

BOOST_AUTO_TEST_CASE(from_a_border_it_goes_on_closed)
{
    auto start = behind_first_transaction();
    start.tables[{"public", "a"}].partitions[1].next = 1;
    scene at{start};
    at.begin(1);
    at.end(1, {{"other", 1}});
    at.read_from(topic, 1);
    BOOST_TEST(at.gate().is_at_border());
    BOOST_TEST(at.gate().border().next == 2);
    at.row("a", 1, 4, 4, 1);
    transfer(at, 5);
    at.arrive(a1);  // once more, to see whether it is the same log
    BOOST_TEST(at.rows() == "a1=4");
    at.arrive(a1);
    BOOST_TEST(at.rows() == "a1=4");
    at.arrive_all();
    BOOST_TEST(at.rows() == "a1=5 b2=5");
}

BOOST_AUTO_TEST_CASE(from_a_border_it_opens_in_another_topic_than_that_was_in)
{
    for (std::size_t first : {std::size_t{1}, std::size_t{2}}) {
        scene at{behind_first_transaction()};
        at.begin(7);
        at.end(7, {{"other", 1}});   // where that of the first was
        at.read_from(topic, first);  // or what was there is gone
        transfer(at, 8);
        at.arrive(a1);
        BOOST_TEST(at.rows() == "");
        at.arrive(topic);
        BOOST_TEST(at.rows() == "a1=8");
        BOOST_TEST(!at.gate().is_at_border());
        BOOST_TEST(at.gate().why_open().find("c.transaction") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(amid_a_large_transaction_it_opens_with_no_state_to_show_until_all_has_come)
{
    scene at;
    at.close();
    arrive_part_of_a_large_transaction(at);
    BOOST_TEST(at.gate().is_amid_transaction());
    at.row("a", 1, 9, 0, 0, "first");
    at.arrive(a1);
    BOOST_TEST(!at.gate().is_closed());
    BOOST_TEST(at.gate().is_amid_transaction());
    at.row("b", 2, 9, 9, 2);
    at.ask();
    BOOST_TEST(at.gate().is_amid_transaction());
    at.arrive_all();
    at.wait(500ms);
    BOOST_TEST(!at.gate().is_amid_transaction());
}

BOOST_AUTO_TEST_CASE(a_start_amid_a_large_transaction_has_no_state_to_show_until_all_has_come)
{
    auto start = beginning(two_tables(), 2);
    start.is_amid_transaction = true;
    scene at{start};
    at.row("b", 2, 9, 9, 2);
    at.wait(1s);
    BOOST_TEST(at.gate().is_amid_transaction());
    at.arrive_all();
    at.wait(500ms);
    BOOST_TEST(!at.gate().is_amid_transaction());
}

BOOST_AUTO_TEST_CASE(whatever_arrives_in_whatever_order_borders_are_states_of_the_database)
{
    std::size_t borders = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
        BOOST_TEST_CONTEXT("seed " << seed) borders += follow(seed);
    BOOST_TEST(borders > 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()
