#include "source/kafka/transaction_gate.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace understudy::kafka {

namespace {

using debezium::event_kind;
using debezium::snapshot_mark;

std::optional<transaction_book::xid> xid_from(std::string_view text) noexcept
{
    transaction_book::xid number = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Rows of each table, as an END has them.
std::vector<std::uint64_t> counts_of(const debezium::transaction_boundary& said, const std::vector<topic_table>& tables)
{
    std::vector<std::uint64_t> counts;
    for (const auto& table : tables) {
        auto name = table.table.record.name.schema + "." + table.table.record.name.name;
        auto found =
            std::find_if(said.tables.begin(), said.tables.end(), [&](const auto& each) { return each.table == name; });
        counts.push_back(found == said.tables.end() ? 0 : found->events);
    }
    return counts;
}

}  // namespace

transaction_gate::transaction_gate(std::string topic, const std::vector<topic_table>& tables, const log_places& start,
                                   time_point now)
    : topic_{std::move(topic)},
      tables_{tables},
      rows_(tables.size()),
      book_{tables.size()},
      mode_{start.border ? mode::closed : mode::catching_up},
      since_{now},
      wait_{limits::counting_time},
      border_{start.border.value_or(transaction_border{topic_, 0, 0})},
      knows_topic_{!start.border},
      is_amid_transaction_{start.is_amid_transaction}
{
    for_each_partition(start, [this](const auto& name, auto number, const auto& place) {
        partitions_[index_of(name, number)].arrived = place.next;
    });
}

std::size_t transaction_gate::index_of(std::string_view topic, std::int32_t number)
{
    auto [found, is_new] = indexes_.try_emplace({std::string{topic}, number}, partitions_.size());
    if (is_new) {
        auto table =
            std::find_if(tables_.begin(), tables_.end(), [&](const auto& each) { return each.topic == topic; });
        partitions_.emplace_back().table = static_cast<std::size_t>(table - tables_.begin());
    }
    return found->second;
}

bool transaction_gate::take(const record& what, time_point now)
{
    auto index = index_of(what.topic, what.partition);
    auto& from = partitions_[index];
    if (!what.at_end && what.offset < from.arrived) {  // read once more
        look_at(what, from);
        return false;
    }
    from.arrived = std::max(from.arrived, what.at_end ? what.offset : what.offset + 1);
    if (mode_ == mode::catching_up || mode_ == mode::useless) {
        if (passing_.empty()) return false;
        keep(from, what, {}, now);
        pass_head(from);
        return true;
    }
    auto seen = look_at(what, from);
    if (seen.what == look::kind::row) book_.count_row(seen.xid, from.table, index, seen.place, now);
    bool keeps = mode_ != mode::counting && (seen.what != look::kind::free || !from.kept.empty());
    if (keeps) keep(from, what, seen, now);
    if (seen.what == look::kind::snapshot || seen.what == look::kind::lone_tombstone) {
        if (mode_ == mode::counting)
            start_over(now);
        else
            open(seen.what == look::kind::snapshot ? "the connector makes a snapshot"
                                                   : "a delete was compacted away before it was read",
                 now);
    } else if (seen.what == look::kind::stray) {
        open("the rows do not say to which transaction they belong", now);
        mode_ = mode::useless;
        is_amid_transaction_ = false;
    } else if (mode_ == mode::counting && seen.what == look::kind::row) {
        from.last_passed = seen.xid;
    }
    return keeps;
}

transaction_gate::look transaction_gate::look_at(const record& what, partition& from)
{
    using kind = look::kind;
    auto& reader = rows_[from.table];
    if (what.at_end || reader.read(what.key, what.value)) return {};
    const auto& event = reader.last();
    // A tombstone does not say to which transaction it belongs. Right behind its delete it changes nothing. Else that was
    // compacted away: the tombstone removes a row of a transaction that will never be whole.
    bool is_lone_tombstone = event.kind == event_kind::tombstone && what.key && from.deleted != what.key;
    from.deleted.reset();
    if (event.kind == event_kind::remove && what.key) from.deleted.emplace(*what.key);
    if (is_lone_tombstone) return {.what = kind::lone_tombstone};
    bool is_row =
        event.kind == event_kind::upsert || event.kind == event_kind::remove || event.kind == event_kind::truncate;
    // Rows of an incremental snapshot are as they were where they stand among the others of their partition.
    if (!is_row || event.source.snapshot == snapshot_mark::incremental) return {};
    if (event.source.snapshot != snapshot_mark::none) return {.what = kind::snapshot};
    if (!event.within || !event.within->total_order) return {.what = kind::stray};
    auto xid = xid_from(event.within->id.xid);
    if (!xid) return {.what = kind::stray};
    return {.what = kind::row, .xid = *xid, .place = *event.within->total_order};
}

void transaction_gate::take_boundary(const record& what, time_point now)
{
    boundaries_arrived_ = std::max(boundaries_arrived_, what.at_end ? what.offset : what.offset + 1);
    if (mode_ == mode::catching_up || mode_ == mode::useless) return;
    if (!std::exchange(knows_topic_, true)) {
        bool is_known = !what.at_end && what.offset + 1 == border_.next && hash_of(what) == border_.last_hash;
        if (!is_known) open(fmt::format("topic {} is not the one that was read before", topic_), now);
        return;
    }
    if (what.at_end || boundaries_.read(what.key, what.value)) return;
    const auto& event = boundaries_.last();
    if (event.kind != event_kind::transaction) return;
    auto xid = xid_from(event.boundary.id.xid);
    if (!xid) return;
    if (!event.boundary.is_end) return book_.begin(*xid, now);
    book_.end(*xid, counts_of(event.boundary, tables_), {what.offset, hash_of(what)}, now);
    if (event.sent_ms) {
        db_time at{std::chrono::milliseconds{*event.sent_ms}};
        newest_ = std::max(newest_.value_or(at), at);
    }
}

void transaction_gate::note_ends(partition_ends ends, time_point asked_at)
{
    asked_.note(std::move(ends), asked_at);
}

bool transaction_gate::has_arrived(const partition_ends& ends) const
{
    return std::all_of(ends.begin(), ends.end(), [&](const auto& end) {
        if (end.first.first == topic_) return boundaries_arrived_ >= end.second;
        auto found = indexes_.find(end.first);
        return found == indexes_.end() ? end.second == 0 : partitions_[found->second].arrived >= end.second;
    });
}

void transaction_gate::advance(const circumstances& now_is, time_point now)
{
    auto has_come = [this](const partition_ends& ends) { return has_arrived(ends); };
    while (auto asked_at = asked_.take(has_come)) read_through_ = *asked_at;
    if (mode_ == mode::catching_up || mode_ == mode::counting) count_on(now_is, now);
    if (mode_ == mode::closing) close_on(now);
    if (mode_ == mode::closed) pass_whole(now);
    if ((mode_ == mode::closing || mode_ == mode::closed) && book_.size() > limits::remembered_transactions_max)
        open("a transaction is not whole, and too many have come behind it", now);
    if (kept_bytes_ > limits::kept_bytes_max)
        open(fmt::format("more than {} MiB wait for a transaction", limits::kept_bytes_max >> 20), now);
}

bool transaction_gate::is_overdue(time_point since) const noexcept
{
    return read_through_ >= since + limits::transaction_patience;
}

void transaction_gate::count_on(const circumstances& now_is, time_point now)
{
    if (mode_ == mode::catching_up) {
        if (read_through_ <= since_) return;
        mode_ = mode::counting;
        since_ = now;
        border_ = {topic_, boundaries_arrived_, 0};
        has_seen_whole_ = false;
        is_amid_transaction_ = false;
    }
    while (auto front = book_.front()) {
        const auto& first = *book_.find(*front);
        if (!first.has_ended) {
            // The connector sends one after the other: behind the BEGIN of a later one no END comes, unless all is sent again.
            bool is_cut_short = book_.last_number() > first.number && is_overdue(first.heard_of);
            if (is_cut_short) open("the end of a transaction is missing", now);
            break;
        }
        if (!first.has_begun) since_ = now;  // before that, so not all of it may have been counted
        if (first.has_begun && !first.is_whole()) {
            if (is_overdue(first.heard_of)) open("rows of a transaction are missing", now);
            break;
        }
        has_seen_whole_ = has_seen_whole_ || first.has_begun;
        finish_front();
    }
    if (book_.size() > limits::remembered_transactions_max) return open("its topic tells of no transaction", now);
    bool is_new_enough = !now_is.newer_than || newest_ > now_is.newer_than;
    bool may_close = has_seen_whole_ && now_is.is_settled && is_new_enough;
    if (mode_ != mode::counting || !may_close || read_through_ < since_ + wait_) return;
    mode_ = mode::closing;
    since_ = now;
    passing_to_ = book_.last_number();
}

// What is not done of the transactions that have begun, and of those that a part has passed of, is waited for.
void transaction_gate::close_on(time_point now)
{
    bool all_are_numbered = true;
    for (const auto& each : partitions_) {
        if (!each.last_passed) continue;
        const auto* last = book_.find(*each.last_passed);
        if (last == nullptr) continue;
        all_are_numbered = all_are_numbered && last->number != 0;
        passing_to_ = std::max(passing_to_, last->number);
    }
    pass_heads(now);
    while (auto front = book_.front()) {
        const auto& first = *book_.find(*front);
        if (first.number > passing_to_) break;
        if (!first.is_whole() || kept_rows_.contains(*front)) {
            if (is_overdue(std::max(first.heard_of, since_))) open("rows of a transaction are missing", now);
            return;
        }
        finish_front();
    }
    if (!all_are_numbered) {
        if (is_overdue(since_)) open("its topic does not tell of a transaction", now);
        return;
    }
    mode_ = mode::closed;
    passed_whole_ = 0;
    why_open_.clear();
}

// Of the transaction whose turn it is, rows pass when all are there, or when there are too many to be kept.
void transaction_gate::pass_whole(time_point now)
{
    pass_heads(now);
    while (auto front = book_.front()) {
        const auto& first = *book_.find(*front);
        bool is_large = kept_bytes_ > limits::kept_bytes_max / 2 && kept_rows_.contains(*front);
        if (!first.is_whole() && !is_large && !is_amid_transaction_) break;
        passing_to_ = first.number;
        is_amid_transaction_ = true;
        pass_heads(now);
        if (!first.is_whole()) break;
        if (kept_rows_.contains(*front)) return open("rows do not stand in the order of transactions", now);
        is_amid_transaction_ = false;
        finish_front();
        ++passed_whole_;
        pass_heads(now);
    }
    give_up_if_overdue(now);
}

void transaction_gate::give_up_if_overdue(time_point now)
{
    if (kept_bytes_ == 0 && !is_amid_transaction_) return;
    auto waits_since = moved_at_;
    if (auto front = book_.front()) waits_since = std::max(waits_since, book_.find(*front)->heard_of);
    if (is_overdue(waits_since)) open("rows of a transaction are missing", now);
}

void transaction_gate::finish_front()
{
    const auto& end = book_.find(*book_.front())->ended_at;
    if (end.offset >= border_.next) border_ = {topic_, end.offset + 1, end.hash};
    book_.finish_front();
}

void transaction_gate::start_over(time_point now) noexcept
{
    mode_ = mode::catching_up;
    since_ = now;
    passing_to_ = 0;
    book_.clear();
    for (auto& each : partitions_) {
        each.last_passed.reset();
        each.deleted.reset();
    }
}

void transaction_gate::open(std::string why, time_point now)
{
    why_open_ = std::move(why);
    wait_ = passed_whole_ >= limits::proven_transactions
                ? std::chrono::steady_clock::duration{limits::counting_time}
                : std::min<std::chrono::steady_clock::duration>(2 * wait_, limits::counting_time_max);
    passed_whole_ = 0;
    for (auto& each : partitions_)
        while (!each.kept.empty()) pass_head(each);
    start_over(now);
}

void transaction_gate::keep(partition& into, const record& what, const look& seen, time_point now)
{
    auto& kept = into.kept.emplace_back();
    kept.seen = seen;
    kept.what = what;
    kept.what.topic = tables_[into.table].topic;
    if (what.key) kept.key.emplace(*what.key);
    if (what.value) kept.value.emplace(*what.value);
    if (std::exchange(kept_bytes_, kept_bytes_ + kept.bytes()) == 0) moved_at_ = now;
    if (seen.what == look::kind::row) ++kept_rows_[seen.xid];
}

void transaction_gate::pass_head(partition& from)
{
    auto& head = from.kept.front();
    kept_bytes_ -= head.bytes();
    if (head.seen.what == look::kind::row)
        if (auto rows = kept_rows_.find(head.seen.xid); --rows->second == 0) kept_rows_.erase(rows);
    passing_.push_back(std::move(head));
    from.kept.pop_front();
}

bool transaction_gate::may_pass(const look& seen) const
{
    if (seen.what == look::kind::free || book_.is_done(seen.xid)) return true;
    const auto* of = book_.find(seen.xid);
    return of != nullptr && of->number != 0 && of->number <= passing_to_;
}

void transaction_gate::pass_heads(time_point now)
{
    for (auto& each : partitions_)
        while (!each.kept.empty() && may_pass(each.kept.front().seen)) {
            pass_head(each);
            moved_at_ = now;
        }
}

const record* transaction_gate::next()
{
    if (passing_.empty()) return nullptr;
    auto& passed = passed_.emplace_back(std::move(passing_.front()));
    passing_.pop_front();
    passed.what.key.reset();
    passed.what.value.reset();
    if (passed.key) passed.what.key = *passed.key;
    if (passed.value) passed.what.value = *passed.value;
    return &passed.what;
}

}  // namespace understudy::kafka
