#pragma once

#include "core/change_counts.hpp"
#include "core/settings.hpp"
#include "core/worker_thread.hpp"
#include "source/async_condition.hpp"
#include "source/copy_sink.hpp"
#include "source/stream_sink.hpp"
#include "store/store.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace understudy {

/// What one transaction did to mirrored rows. Borrowed for the call.
struct change_summary {
    std::uint64_t changes = 0;
    std::uint64_t bytes = 0;
    lsn commit_start;
    const std::vector<epoch>& touched;
};

/// Whether a position that only keepalives brought is worth a commit: 16 MiB past the stored one, or 30 s and
/// more WAL than an idle server writes by itself. Pure.
bool position_is_due(lsn stored, lsn reached, std::chrono::steady_clock::duration since_stored) noexcept;

/// Gathers transactions into groups and has the store thread commit them.
///
/// Belongs to the event loop; the store's writing members run only on the store thread. One session of a source at
/// a time: begin_session, the sink's calls, end_session. When the store fails, the session is broken: `failed` is
/// called once and nothing more of the session is stored, so that no group is ever left out.
///
/// Some time after a write the store looks whether its file should shrink. Without writes nothing happens.
class store_writer final : public stream_sink, public copy_sink {
public:
    struct callbacks {
        std::function<void(const stored_position&)> durable;  ///< A group is on the disk.
        std::function<void(const change_summary&)> changed;   ///< A transaction touched mirrored rows.
        std::function<void(lsn)> reached;                     ///< Everything that starts before this has been seen.
        std::function<void()> accepting;                      ///< There may be room again.
        std::function<void(failure)> failed;
    };

    store_writer(asio::any_io_executor executor, worker_thread& thread, store& into, commit_settings limits,
                 callbacks notify);

    /// Starts from what the store holds. What a copy of the former session left unfinished is dropped.
    void begin_session();

    /// Sends what is whole to the store; the next session begins with it.
    void end_session();

    /// Nothing more is written: lets the event loop end.
    void stop();

    /// So many changes are known to wait behind those that were taken. While they are more than a group, groups become
    /// durable together, every limits::added_interval, or when something asks for it: pages that many of them change are
    /// written once. Until the next call.
    void expect(std::uint64_t changes) noexcept { expected_ = changes; }

    /// Commits what has come so far and returns the durable position. A large transaction that is still open is not
    /// part of it.
    asio::awaitable<outcome<stored_position>> flush();

    /// Takes a position that only keepalives brought, but none behind `limit`, into the next commit.
    void take_reached(lsn limit);

    /// Has the next commit remember that this generation number is used up.
    void take_generation(std::uint64_t number);

    /// Has the store keep what documents need to be written, and nothing else of that kind: see store::keep_indexes. To make
    /// an index takes as long as to read its table; what comes meanwhile waits.
    asio::awaitable<outcome<void>> keep_indexes(std::set<row_index> wanted);

    /// Takes no further transaction until release().
    void hold() { held_ = true; }
    void release();

    /// Goes on after hold(), up to the last transaction that starts before `limit`; then holds and calls `stopped`.
    void stop_at(lsn limit, std::function<void()> stopped);

    /// What the store holds as of the last durable commit.
    const store_state& state() const noexcept { return state_; }
    const stored_position& durable() const noexcept { return state_.position; }

    asio::any_io_executor executor() const { return executor_; }
    lsn reached() const noexcept { return reached_; }

    /// Where the last transaction has brought us that was taken, durable or not.
    const stored_position& received() const noexcept { return position_; }

    /// What was taken since the last call, by the epochs that the store held then.
    change_counts take_counts() { return std::exchange(counts_, {}); }

    // stream_sink
    bool accepts() const noexcept override;
    void on_begin(lsn commit_start) override;
    void on_transaction(const committed_transaction& transaction) override;
    void on_large_part(change_batch part) override;
    void on_large_abandoned() override;
    void on_reached(lsn reached) override;

    // copy_sink
    asio::awaitable<outcome<epoch>> create_epoch() override;
    asio::awaitable<outcome<void>> load(epoch rows, change_batch batch) override;

    /// Makes `state` the store's, after every load before it. Between sessions of a stream.
    asio::awaitable<outcome<void>> write_state(store_state state);

private:
    using job = std::function<outcome<void>(store&)>;
    void submit(job work, std::optional<stored_position> position = std::nullopt,
                std::shared_ptr<change_batch> lent = nullptr);
    void send(job work, std::optional<stored_position> position = std::nullopt,
              std::shared_ptr<change_batch> lent = nullptr);
    void completed(const outcome<void>& result, const std::optional<stored_position>& position);
    void broke(const std::shared_ptr<std::atomic<bool>>& session, const failure& why);
    void look_at_size_later();
    asio::awaitable<outcome<void>> wait_for(std::uint64_t ticket);
    bool has_room() const noexcept;
    bool is_idle() const noexcept;
    bool group_is_over(std::uint64_t times_the_limits) const noexcept;
    enum class durable_by { now, later };
    bool may_wait() const noexcept;
    void seal(durable_by when);
    void seal_when_idle();
    void add_group();
    void submit_abandon();
    void commit_group();
    std::shared_ptr<change_batch> take_group();
    void arm_delay(std::chrono::milliseconds delay);
    void set_position(const stored_position& position);
    void stop_if_limit(lsn next);
    void take_over(const committed_transaction& transaction);

    asio::any_io_executor executor_;
    worker_thread& thread_;
    store& store_;
    commit_settings limits_;
    callbacks notify_;

    std::shared_ptr<change_batch> group_;
    std::shared_ptr<change_batch> spare_;  // memory of an earlier group, for the next one
    stored_position position_;             // behind the group
    bool group_open_ = false;              // something waits for a commit: changes, or a position
    bool overdue_ = false;                 // the group is to be committed as soon as the store has nothing else to do
    bool behind_ = false;                  // groups have become full since the source had nothing more
    std::uint64_t expected_ = 0;           // changes behind the group
    std::uint64_t added_changes_ = 0;      // that the store was given and are not durable
    bool added_open_ = false;              // there may be such
    bool added_any_ = false;               // in this session
    std::chrono::steady_clock::time_point added_at_{};  // the first of them
    lsn commit_start_;                                  // of the transaction that is open, or came last
    change_counts counts_;
    change_counts large_counts_;  // of the large transaction that is open
    std::uint64_t large_changes_ = 0;
    std::uint64_t large_bytes_ = 0;
    bool large_open_ = false;

    std::uint64_t submitted_ = 0;
    std::uint64_t completed_ = 0;
    store_state state_;  // our copy: the store's own belongs to its thread
    lsn reached_;
    std::chrono::steady_clock::time_point stored_at_{};
    std::shared_ptr<std::atomic<bool>> broken_;  // of this session, shared with its jobs
    std::optional<failure> broken_by_;
    bool may_have_indexes_ = true;  // of an earlier run, too
    bool copying_ = false;          // epochs were made that no state names yet
    bool will_look_ = false;
    asio::steady_timer look_;
    asio::steady_timer delay_;
    async_condition progress_;  // a job has completed

    bool held_ = false;
    std::optional<lsn> stop_at_;
    std::function<void()> stopped_;
};

}  // namespace understudy
