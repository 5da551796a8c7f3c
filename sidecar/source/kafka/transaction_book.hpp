#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace understudy::kafka {

/// Which transactions the connector has sent, in the order of their commits, and how much of each has come. Plain bookkeeping.
///
/// The transaction topic says BEGIN and END of one after the other. The END tells how many rows each table has of it; those
/// come in topics of their own, sooner or later than it. Rows are told apart by their place in the transaction, so that one
/// that the connector sends again after a crash counts once: within a partition they come in that order.
class transaction_book {
public:
    using xid = std::uint64_t;

    /// A record of the transaction topic.
    struct boundary {
        std::int64_t offset = 0;
        std::uint64_t hash = 0;
    };

    struct transaction {
        std::uint64_t number = 0;  ///< In the order of commits, from one; zero until the topic has told of it.
        bool has_begun = false;    ///< Its BEGIN was seen: none of its rows came before the book was opened.
        bool has_ended = false;
        boundary ended_at;
        std::vector<std::uint64_t> wanted;  ///< Rows of each table, as its END says.
        std::vector<std::uint64_t> got;     ///< Of each table, different ones.
        /// Of each partition: place of the last row that came.
        std::vector<std::pair<std::size_t, std::uint64_t>> latest;
        std::chrono::steady_clock::time_point heard_of{};  ///< When anything of it came last.

        bool is_whole() const noexcept { return has_ended && got == wanted; }
    };

    explicit transaction_book(std::size_t tables) : tables_{tables} {}

    /// These two leave out what is done, so a repeat of the topic changes nothing.
    void begin(xid which, std::chrono::steady_clock::time_point now);
    void end(xid which, std::vector<std::uint64_t> wanted, boundary at, std::chrono::steady_clock::time_point now);

    void count_row(xid which, std::size_t table, std::size_t partition, std::uint64_t place,
                   std::chrono::steady_clock::time_point now);

    /// Nullptr when nothing of it was seen, or when it is done.
    const transaction* find(xid which) const;
    bool is_done(xid which) const { return done_.contains(which); }

    /// The first in the order of commits that is not done.
    std::optional<xid> front() const;

    /// Takes front() off. Of what is done, the latest limits::remembered_transactions_max are known.
    void finish_front();

    /// Of those that are not done.
    std::size_t size() const noexcept { return open_.size(); }
    std::uint64_t last_number() const noexcept { return numbered_; }

    /// Forgets everything.
    void clear();

private:
    transaction& find_or_add(xid which, std::chrono::steady_clock::time_point now);
    transaction& number(xid which, std::chrono::steady_clock::time_point now);

    std::size_t tables_;
    std::unordered_map<xid, transaction> open_;
    std::deque<xid> order_;  // of those of open_ that have a number
    std::unordered_set<xid> done_;
    std::deque<xid> done_order_;
    std::uint64_t numbered_ = 0;
};

}  // namespace understudy::kafka
