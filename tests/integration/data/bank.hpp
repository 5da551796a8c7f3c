#pragma once

#include "support/oracle.hpp"

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>

namespace understudy::testing {

class sql_session;

/// Creates the tables that `bank_teller` writes, in schema public:
/// accounts (balances, a large text beside its seed), transfers (one row for each movement of money), rounds (emptied
/// and filled again by one transaction).
void create_bank(sql_session& session);

/// What is wrong with a document of these tables, whatever transactions ran; empty when it is a state that was
/// committed: no transfer is there by half, no large text is of another update than its seed, no round is mixed.
std::string broken_promises_of_the_bank(const published_document& document);

/// Moves money in a thread with a connection of its own until it is stopped: in one transaction the balances and the
/// row of the transfer, sometimes also a new text, a new key, a round, a savepoint or a rollback. Ends at errors that
/// are no deadlock.
class bank_teller {
public:
    bank_teller(std::string connection, std::uint64_t seed);
    bank_teller(const bank_teller&) = delete;
    bank_teller& operator=(const bank_teller&) = delete;
    ~bank_teller() { stop(); }

    /// Transactions that were committed.
    std::uint64_t stop();

private:
    void run();
    void write(sql_session& session);
    std::string statements();
    std::string transfer();
    std::string new_text();
    std::string new_round();
    int random(int first, int last) { return std::uniform_int_distribution<int>{first, last}(random_); }

    std::string connection_;
    std::mt19937_64 random_;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> committed_ = 0;
    std::thread thread_;
};

}  // namespace understudy::testing
