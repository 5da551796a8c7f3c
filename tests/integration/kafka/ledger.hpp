#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace understudy::testing {

class sql_session;

/// Moves amounts between accounts, each with an entry that says so, in one transaction: two tables that agree at every commit and
/// at no other time. In a thread of its own, until stop(); a lost server is connected to again.
class ledger_load {
public:
    /// `public.accounts (id, balance)`, all with 1000, and `public.entries (id, source, target, amount)`, with
    /// one of nothing, for a topic is made with its first row.
    static std::string tables();

    ledger_load(std::string connection, std::uint64_t seed);
    ledger_load(const ledger_load&) = delete;
    ledger_load& operator=(const ledger_load&) = delete;
    ~ledger_load() { stop(); }

    /// Ends it between two transactions.
    void stop();

    /// Transactions so far; any thread.
    std::uint64_t committed() const noexcept { return committed_; }

private:
    void run();
    void move_amounts(sql_session& session, int count);
    int random(int first, int last) { return std::uniform_int_distribution<int>{first, last}(random_); }

    std::string connection_;
    std::mt19937_64 random_;
    std::atomic<std::uint64_t> committed_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

/// An application that looks at every announced generation in a thread of its own, and at whether its tables agree.
class ledger_reader {
public:
    explicit ledger_reader(std::filesystem::path snapshot_directory);
    ledger_reader(const ledger_reader&) = delete;
    ledger_reader& operator=(const ledger_reader&) = delete;
    ~ledger_reader() { stop(); }

    /// Reads what is current, ends, and says in which generation of level `transaction` they did not first; empty if in none.
    std::string stop();

    /// How many generations said so of their consistency; any thread.
    std::uint64_t generations(const std::string& level) const;

private:
    void run();
    void look();

    std::filesystem::path directory_;
    std::filesystem::path seen_;
    std::string problem_;
    mutable std::mutex mutex_;
    std::map<std::string, std::uint64_t> generations_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

/// Which account of a document its entries do not explain; empty when there is none.
std::string disagreement(const std::filesystem::path& document);

}  // namespace understudy::testing
