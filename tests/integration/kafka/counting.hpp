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

/// Writes rows that carry a count which only grows, also over a delete and an insert, so that a reader can tell an older row from a
/// newer one. Inserts, updates, deletes, rollbacks; of two transactions at a time the one that began first commits last. In a
/// thread of its own, until stop(); a lost server is connected to again.
class counting_load {
public:
    /// `public.counted (id, n, note)` with `rows` rows.
    static std::string tables(int rows = 200);

    counting_load(std::string connection, std::uint64_t seed);
    counting_load(const counting_load&) = delete;
    counting_load& operator=(const counting_load&) = delete;
    ~counting_load() { stop(); }

    /// Ends it between two transactions.
    void stop();

    /// Statements so far; any thread.
    std::uint64_t written() const noexcept { return written_; }

private:
    void run();
    void write_pair(sql_session& early, sql_session& late);
    std::string statement(int parity);
    int random(int first, int last) { return std::uniform_int_distribution<int>{first, last}(random_); }

    std::string connection_;
    std::mt19937_64 random_;
    std::atomic<std::uint64_t> written_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

/// An application that reads every announced generation in a thread of its own, and finds one that goes back: its number, its
/// position, or a row of `counted` that is older than one that was there before.
class generation_watcher {
public:
    explicit generation_watcher(std::filesystem::path snapshot_directory);
    generation_watcher(const generation_watcher&) = delete;
    generation_watcher& operator=(const generation_watcher&) = delete;
    ~generation_watcher() { stop(); }

    /// Reads what is current, ends, and says what went wrong first; empty when nothing did.
    std::string stop();

    std::uint64_t generations() const noexcept { return generations_; }

private:
    struct row {
        std::int64_t n = 0;
        bool is_there = false;
    };

    void run();
    void look();
    void read(const std::filesystem::path& generation);
    void read_rows(const std::filesystem::path& document);

    std::filesystem::path directory_;
    std::filesystem::path seen_;
    std::uint64_t generation_ = 0;
    std::string position_;
    std::map<std::int64_t, row> rows_;
    std::string problem_;
    std::atomic<std::uint64_t> generations_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace understudy::testing
