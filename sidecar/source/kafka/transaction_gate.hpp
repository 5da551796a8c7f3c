#pragma once

#include "core/db_time.hpp"
#include "decode/debezium.hpp"
#include "source/kafka/awaited_ends.hpp"
#include "source/kafka/places.hpp"
#include "source/kafka/record.hpp"
#include "source/kafka/topics.hpp"
#include "source/kafka/transaction_book.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace understudy::kafka {

/// Stands before log_reader and keeps records back, so that the rows of a transaction pass together, in the order of
/// commits, across tables and partitions; as the connector's transaction topic tells (provide.transaction.metadata).
/// Pure: no I/O, no clock. Event loop.
///
/// Nothing orders topics among each other. So a transaction is whole when its END has come and as many rows as that says.
/// BEGIN, rows and END bear different ids of which the xid is the same (kafka-observed b); the connector sends one
/// transaction after the other.
///
/// At first, and when something that ought to come does not, rows pass as they arrive. Once all that the topics held has
/// arrived, some time has passed, and one transaction was seen from its BEGIN on until it was whole (so those before it have
/// ended), the gate closes: it lets pass what belongs to transactions of which a part has
/// passed, up to one border. From there on what has passed is always a number of whole transactions; of one that is too
/// large to be kept, parts may pass before it is whole.
class transaction_gate {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// `topic` has one partition. Closed from the start if the places are a border: then it is read from the record before that
    /// on; else from its end on. `tables` must outlive the gate.
    transaction_gate(std::string topic, const std::vector<topic_table>& tables, const log_places& start,
                     time_point now);

    const std::string& topic() const noexcept { return topic_; }

    /// A record of a table, or word that a partition has ended. True: it is kept, to come out of next() later. False: it may be
    /// applied now.
    bool take(const record& what, time_point now);

    /// The same of the transaction topic, of which nothing is kept.
    void take_boundary(const record& what, time_point now);

    /// Where all topics ended at a time: once all of it has come, what is still missing from before will not come.
    void note_ends(partition_ends ends, time_point asked_at);

    /// What else decides whether it may close.
    struct circumstances {
        bool is_settled = false;            ///< Neither a snapshot nor a repeat is half-way.
        std::optional<db_time> newer_than;  ///< There has to be a transaction that was committed after this.
    };
    void advance(const circumstances& now_is, time_point now);

    /// The next record that may pass; nullptr if there is none. It lives until forget_passed().
    const record* next();
    void forget_passed() noexcept { passed_.clear(); }

    /// Records are kept that have arrived.
    bool is_keeping() const noexcept { return kept_bytes_ != 0; }

    /// What has passed is a number of whole transactions, without a gap.
    bool is_at_border() const noexcept { return mode_ == mode::closed && !is_amid_transaction_; }

    /// A part of one has passed that is whole neither here nor there: no state to show. Should the gate open meanwhile, until
    /// all has come that the topics held then.
    bool is_amid_transaction() const noexcept { return is_amid_transaction_; }

    /// Up to where what has passed is whole, if it is_at_border().
    const transaction_border& border() const noexcept { return border_; }

    /// Why rows pass as they come, for people.
    const std::string& why_open() const noexcept { return why_open_; }
    bool is_closed() const noexcept { return mode_ == mode::closed; }

private:
    enum class mode {
        catching_up,  // what the topics held has not all arrived
        counting,     // rows pass, and are counted
        closing,      // those do that belong to transactions of which a part may have passed
        closed,       // whole transactions do
        useless,      // the rows do not say what they belong to
    };

    /// What a record is to the gate: free to pass when its turn comes, a row of a transaction, or why it cannot be closed.
    struct look {
        enum class kind { free, row, snapshot, stray, lone_tombstone };
        kind what = kind::free;
        transaction_book::xid xid = 0;
        std::uint64_t place = 0;
    };

    struct kept_record {
        look seen;
        record what;  // its key and value are those below once it has passed
        std::optional<std::string> key;
        std::optional<std::string> value;
        std::size_t bytes() const noexcept
        {
            return sizeof(kept_record) + key.value_or("").size() + value.value_or("").size();
        }
    };

    struct partition {
        std::size_t table = 0;
        std::int64_t arrived = 0;                          // everything before this offset has
        std::optional<transaction_book::xid> last_passed;  // of the last row, while rows were counted
        std::optional<std::string> deleted;                // the key of the last record, if that was a delete
        std::deque<kept_record> kept;
    };

    std::size_t index_of(std::string_view topic, std::int32_t number);
    look look_at(const record& what, partition& from);
    void keep(partition& into, const record& what, const look& seen, time_point now);
    void pass_head(partition& from);
    bool may_pass(const look& seen) const;
    void pass_heads(time_point now);
    bool has_arrived(const partition_ends& ends) const;
    bool is_overdue(time_point since) const noexcept;
    void count_on(const circumstances& now_is, time_point now);
    void close_on(time_point now);
    void pass_whole(time_point now);
    void give_up_if_overdue(time_point now);
    void finish_front();
    void start_over(time_point now) noexcept;
    void open(std::string why, time_point now);

    std::string topic_;
    const std::vector<topic_table>& tables_;
    std::map<std::pair<std::string, std::int32_t>, std::size_t> indexes_;
    std::vector<partition> partitions_;
    std::vector<debezium::event_reader> rows_;  // of each table
    debezium::event_reader boundaries_;
    transaction_book book_;

    mode mode_;
    time_point since_;  // of the mode, or of what made it begin again
    std::chrono::steady_clock::duration wait_;
    time_point read_through_{};
    awaited_ends<time_point> asked_;  // and when they were asked for
    std::int64_t boundaries_arrived_ = 0;
    transaction_border border_;
    bool knows_topic_ = true;  // else the record before the border comes first, and is compared
    std::optional<db_time> newest_;
    std::uint64_t passing_to_ = 0;  // rows of transactions up to this number may pass
    bool is_amid_transaction_ = false;
    std::unordered_map<transaction_book::xid, std::size_t> kept_rows_;
    std::size_t kept_bytes_ = 0;
    time_point moved_at_{};  // when anything passed last, or began to wait
    std::uint64_t passed_whole_ = 0;
    bool has_seen_whole_ = false;  // while it counted: then all that the connector sent before has ended
    std::string why_open_;

    std::deque<kept_record> passing_;
    std::deque<kept_record> passed_;
};

}  // namespace understudy::kafka
