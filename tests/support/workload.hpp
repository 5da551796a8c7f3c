#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace understudy::testing {

class sql_session;

struct workload_options {
    std::string connection;                 ///< Of a role that may write the workload's tables.
    std::uint64_t seed = 0;                 ///< The same seed writes the same statements.
    std::chrono::microseconds pause{2000};  ///< Between two transactions.
};

struct workload_counts {
    std::uint64_t committed = 0;    ///< Transactions that the server acknowledged.
    std::uint64_t rolled_back = 0;  ///< On purpose.
    std::uint64_t failed = 0;       ///< Deadlocks, and statements cut off by a server that stopped.
};

/// Writes a mixed load in a thread with a connection of its own, until stop(): inserts, updates with and without
/// the large column, changed keys, deletes, transactions of many rows, savepoints, rollbacks.
///
/// A lost server is connected to again, so a workload can go on over restarts. Several can write the same tables.
class workload {
public:
    /// Creates the tables `public.items` (every kind of change) and `public.events` (REPLICA IDENTITY FULL, no
    /// key) with some rows. Call once, before the first workload starts.
    static void create_tables(sql_session& session, int rows = 200);

    explicit workload(workload_options options);
    workload(const workload&) = delete;
    workload& operator=(const workload&) = delete;
    ~workload() { stop(); }

    /// Ends the load between two transactions and waits for its thread. Can be called again.
    workload_counts stop();

    /// Transactions acknowledged so far; any thread.
    std::uint64_t committed() const noexcept { return committed_; }

private:
    void run();
    void write_until_lost_or_stopped();
    void write_transaction(sql_session& session);
    std::string random_statement();
    std::string random_id();
    std::string random_text(int length_max);
    int random(int first, int last) { return std::uniform_int_distribution<int>{first, last}(random_); }
    bool stopping_within(std::chrono::microseconds time);

    workload_options options_;
    std::mt19937_64 random_;
    std::atomic<std::uint64_t> committed_ = 0;
    std::uint64_t rolled_back_ = 0;
    std::uint64_t failed_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace understudy::testing
