#pragma once

#include "core/settings.hpp"
#include "core/worker_thread.hpp"
#include "publish/cadence.hpp"
#include "publish/document_plan.hpp"
#include "publish/generation.hpp"
#include "publish/history.hpp"
#include "publish/manifest.hpp"
#include "publish/snapshot_directory.hpp"
#include "store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace understudy {

/// What a generation is made of, besides the rows.
struct generation_order {
    std::vector<document_settings> documents;
    row_files reads = row_files::unwanted;
    std::optional<manifest> previous;  ///< What is announced: files that are the same are linked to.
    unchanged_tables unchanged;
    decltype(generation_request::catalog) catalog;
};

/// Writes generations on the publish thread, gives them their numbers, and removes those that nobody wants any more.
///
/// Belongs to the event loop. Borrows everything.
class generation_writer {
public:
    using view = std::shared_ptr<read_snapshot>;

    /// `last_number` is the highest that the store remembers.
    generation_writer(asio::any_io_executor home, worker_thread& thread, store& rows, snapshot_directory& directory,
                      std::uint64_t last_number);

    /// Of the generation that is written next.
    std::uint64_t next_number() const noexcept { return next_number_; }

    /// The rows as they are stored now. Errors: those of the store.
    asio::awaitable<outcome<view>> open();

    /// Writes them where nobody looks yet. Errors: those of write_generation; catching_up for rows that are not presentable.
    asio::awaitable<outcome<manifest>> write(view rows, generation_order wanted);

    /// Removes one that was written, unless it is the current one.
    asio::awaitable<void> discard(std::uint64_t number);

    /// The same of one that nobody looks at. Does not wait.
    void remove(std::uint64_t number);

    /// This one is not announced any more.
    void note_ended(std::uint64_t number, steady_time at) { ended_[number] = at; }

    /// Removes what `wanted` no longer keeps, but not `current`, nor `pinned`. Does not wait.
    void clean_history(const snapshot_settings& wanted, std::uint64_t current, std::optional<std::uint64_t> pinned);

private:
    outcome<manifest> write_now(view rows, std::uint64_t number, generation_order wanted);

    asio::any_io_executor home_;
    worker_thread& thread_;
    store& store_;
    snapshot_directory& directory_;
    std::uint64_t next_number_;
    std::map<std::uint64_t, steady_time> ended_;  // those of earlier runs are not in it: see started_
    steady_time started_ = std::chrono::steady_clock::now();
};

/// Why rows at this position are no state to show.
failure not_presentable(const stored_position& at);

}  // namespace understudy
