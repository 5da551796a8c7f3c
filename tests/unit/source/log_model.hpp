#pragma once

#include "unit/source/log_kit.hpp"

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// A database with one table, a Debezium that follows it and crashes, and the topic that it writes.
namespace understudy::log_kit {

class model {
public:
    struct shape {
        std::int32_t partitions = 1;
        bool interrupts_snapshots = false;  ///< Of rows that were deleted in between nothing tells then, but a sweep.
    };

    model(std::uint64_t seed, shape wanted) : random_{seed}, shape_{wanted} {}

    /// One thing that happens.
    void step()
    {
        auto what = below(20);
        if (what < 7) return transaction();
        if (what < 13) return stream(1 + below(6));
        if (what < 15) return crash();
        if (what == 15) return begin_long_transaction();
        if (what == 16) return end_long_transaction();
        if (what == 17 && below(3) == 0) return snapshot();
        if (what == 18 && below(3) == 0) return incremental_snapshot();
    }

    /// Streams what is left, and something new into each partition: what comes again has been passed then.
    void finish()
    {
        end_long_transaction();
        std::vector<change> last;
        for (int id : {100, 1000}) put(last, 'c', id, {++versions_, ++versions_}, next_lsn());
        commit(std::move(last));
        stream(wal_.size());
    }

    /// Per key the last record before a random one stays; the tombstones of what every reader has seen may go.
    void compact(const std::vector<std::int64_t>& seen)
    {
        std::map<std::pair<std::int32_t, std::string>, std::size_t> last;
        std::size_t before = below(log_.size() + 1);
        for (std::size_t at = 0; at < before; ++at) last[{log_[at].partition, *log_[at].key}] = at;
        std::vector<message> kept;
        for (std::size_t at = 0; at < log_.size(); ++at) {
            const auto& one = log_[at];
            bool is_last = at >= before || last.at({one.partition, *one.key}) == at;
            bool is_over = at < before && !one.value && one.offset < seen[static_cast<std::size_t>(one.partition)];
            if (is_last && !is_over) kept.push_back(one);
        }
        log_ = std::move(kept);
        was_compacted_ = true;
    }

    const std::vector<message>& log() const { return log_; }
    bool was_compacted() const { return was_compacted_; }

    /// The rows that the connector has brought up to now, as reading::rows() shows them.
    std::string rows() const { return shown(sent_); }

    /// All that rows() has been.
    const std::set<std::string>& states() const { return states_; }

    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }

private:
    struct row {
        int version = 0;
        int note = 0;
    };
    using table = std::map<int, row>;

    struct change {
        char op = 'u';
        int id = 0;
        row now;
        bool note_is_unchanged = false;
        std::uint64_t lsn = 0;
        std::uint64_t commit = 0;  ///< The last one before its own.
        std::int64_t at = 0;       ///< When its own was.
    };

    static std::string shown(const table& rows)
    {
        std::string all;
        for (const auto& [id, row] : rows)
            all += (all.empty() ? "" : "; ") + fmt::format(R"({} "v{}" "n{}")", id, row.version, row.note);
        return all;
    }

    std::uint64_t next_lsn() { return lsn_ += 1 + below(3); }

    /// A row that no open transaction has changed; negative if there is none.
    int free_id()
    {
        auto id = static_cast<int>(below(6));
        return locked_.contains(id) || locked_.contains(id + 10) ? -1 : id;
    }

    void put(std::vector<change>& into, char op, int id, row now, std::uint64_t lsn, bool note_is_unchanged = false)
    {
        into.push_back({op, id, now, note_is_unchanged, lsn});
        database_[id] = now;
    }

    void remove(std::vector<change>& into, int id, std::uint64_t lsn)
    {
        into.push_back({'d', id, {}, false, lsn});
        database_.erase(id);
    }

    void write(std::vector<change>& into, int id)
    {
        if (!database_.contains(id)) return put(into, 'c', id, {++versions_, ++versions_}, next_lsn());
        auto choice = below(6);
        auto now = database_.at(id);
        if (choice == 0) return remove(into, id, next_lsn());
        if (choice == 1) {  // its key changes
            auto lsn = next_lsn();
            remove(into, id, lsn);
            return put(into, database_.contains(id + 10) ? 'u' : 'c', id + 10, now, lsn);
        }
        now.version = ++versions_;
        if (choice > 3) return put(into, 'u', id, now, next_lsn(), true);
        now.note = ++versions_;
        put(into, 'u', id, now, next_lsn());
    }

    void transaction()
    {
        std::vector<change> changes;
        for (auto left = 1 + below(3); left > 0; --left)
            if (auto id = free_id(); id >= 0) write(changes, id);
        commit(std::move(changes));
    }

    void begin_long_transaction()
    {
        if (!open_.empty()) return;
        auto id = free_id();
        write(open_, id);
        locked_ = {id, id + 10};
    }

    void end_long_transaction()
    {
        locked_.clear();
        commit(std::exchange(open_, {}));
    }

    void commit(std::vector<change> changes)
    {
        if (changes.empty()) return;
        auto before = committed_;
        committed_ = ++lsn_;
        ++clock_;
        for (auto& change : changes) {
            change.commit = before;
            change.at = clock_;
            wal_.push_back(change);
            if (change.op == 'd')
                visible_.erase(change.id);
            else
                visible_[change.id] = change.now;
        }
    }

    void send(message what)
    {
        what.partition = what.key->size() % 2 == 0 ? 0 : static_cast<std::int32_t>(shape_.partitions - 1);
        what.offset = ends_[what.partition]++;
        what.timestamp_ms = ++sent_at_;
        log_.push_back(std::move(what));
    }

    /// `commit` is null for what comes before the first commit that the connector sees.
    void send(const change& what)
    {
        origin from{.commit = what.commit == first_commit_ ? 0 : what.commit,
                    .lsn = what.lsn,
                    .order = 1,
                    .snapshot = "false",
                    .at = what.at,
                    .table = "item"};
        if (what.op == 'd') {
            send(deletion(what.id, from));
            send(tombstone(what.id));
            sent_.erase(what.id);
        } else {
            auto note = what.note_is_unchanged ? std::string{placeholder} : fmt::format("n{}", what.now.note);
            send(upsert(what.op, what.id, fmt::format("v{}", what.now.version), note, from));
            sent_[what.id] = what.now;
        }
        states_.insert(rows());
    }

    void stream(std::size_t most)
    {
        for (; most > 0 && next_ < wal_.size(); --most) send(wal_[next_++]);
    }

    /// It goes back to where its offsets were stored last, and comes to where it was.
    void crash()
    {
        auto back = stored_ + below(next_ - stored_ + 1);
        auto keeps = sent_;
        auto until = next_;
        for (auto at = back; at < until; ++at) send_again(wal_[at]);
        sent_ = std::move(keeps);
        if (below(2) == 0) stored_ = back;
    }

    void send_again(const change& what)
    {
        auto states = states_;
        send(what);
        states_ = std::move(states);
    }

    void send_read(int id, const row& row, const std::string& mark)
    {
        send(upsert('r', id, fmt::format("v{}", row.version), fmt::format("n{}", row.note),
                    {.commit = committed_, .lsn = lsn_, .order = 1, .snapshot = mark, .at = clock_, .table = "item"}));
    }

    /// Of what is committed: an open transaction streams its changes later, with places before this one.
    void snapshot()
    {
        if (visible_.empty()) return;
        stream(wal_.size());
        if (shape_.interrupts_snapshots && below(2) == 0) {
            send_reads(1 + below(visible_.size()), false);
            transaction();
            if (visible_.empty()) transaction();
        }
        next_ = wal_.size();  // what was committed meanwhile comes only as its result
        send_reads(visible_.size(), true);
        sent_ = visible_;
        states_.insert(rows());
        if (below(2) == 0) first_commit_ = committed_;  // by a new connector
        stored_ = next_;
    }

    void send_reads(std::size_t count, bool is_whole)
    {
        ++clock_;
        std::size_t sent = 0;
        for (const auto& [id, row] : visible_) {
            if (sent++ == count) break;
            send_read(id, row, is_whole && sent == count ? "last" : sent == 1 ? "first" : "true");
        }
    }

    void incremental_snapshot()
    {
        stream(wal_.size());
        for (const auto& [id, row] : visible_) send_read(id, row, "incremental");
        stored_ = next_;
    }

    std::mt19937_64 random_;
    shape shape_;
    table database_;  ///< With what open transactions did.
    table visible_;   ///< What is committed.
    table sent_;      ///< What the connector has brought of it.
    std::vector<change> open_;
    std::set<int> locked_;
    std::vector<change> wal_;  ///< In the order of commits.
    std::size_t next_ = 0;     ///< Of the WAL, to be sent.
    std::size_t stored_ = 0;   ///< Where the connector would begin after a crash at the worst.
    std::uint64_t lsn_ = 100;
    std::uint64_t committed_ = 1;
    std::uint64_t first_commit_ = 1;
    std::int64_t clock_ = 1000;
    std::int64_t sent_at_ = 0;
    int versions_ = 0;
    bool was_compacted_ = false;
    std::vector<message> log_;
    std::map<std::int32_t, std::int64_t> ends_;
    std::set<std::string> states_{""};
};

}  // namespace understudy::log_kit
