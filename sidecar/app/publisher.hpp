#pragma once

#include "app/daemon_state.hpp"
#include "app/generation_writer.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "core/worker_thread.hpp"
#include "core/settings.hpp"
#include "publish/cadence.hpp"
#include "publish/freshness.hpp"
#include "publish/generation.hpp"
#include "publish/manifest.hpp"
#include "publish/snapshot_directory.hpp"
#include "source/async_condition.hpp"
#include "store/store.hpp"

#include <boost/asio/steady_timer.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace understudy {

/// Whether a publish should wait for the stream to catch up: while its rows are read the store uses no page again, and
/// a backlog writes much. Not for one that is asked for, or overdue. Pure.
bool waits_to_catch_up(publish_reason why, std::uint64_t behind_bytes,
                       std::chrono::steady_clock::duration since_last) noexcept;

/// Who hears of what a publisher does.
struct publisher_events {
    /// A failure that no other try mends: an unreadable store, a mistake of ours.
    std::function<void(failure)> broken;
    std::function<void()> announced;
};

/// Writes a generation when the cadence says so, and announces it when the source says that it is right.
///
/// Belongs to the event loop; files are written on the publish thread. Borrows everything.
class publisher {
public:
    publisher(const settings& wanted, store_writer& writer, store& rows, snapshot_directory& directory,
              worker_thread& thread, daemon_state& state, publisher_events tell);

    /// What an earlier run proved of this generation.
    void take_over(std::uint64_t generation, db_time current_as_of);

    /// Publishes until stop().
    asio::awaitable<void> run();

    /// Ends run() and waits until nothing is being written.
    asio::awaitable<void> stop();

    /// Whose catalog is asked before an announcement; none while the source cannot be reached.
    void use(std::shared_ptr<source_session> session);

    void on_streaming();
    void on_changed(const change_summary& summary);
    void on_reached(lsn reached);
    void on_probe(const source_probe& facts);
    void on_settings_changed();

    /// A reader found the announced generation damaged: another one is due.
    void on_damaged(std::uint64_t number);

    /// Somebody wants a generation now; run() sees to it.
    void request(const char* who);

    /// From its end on nothing is announced until resume(), but a first generation or a repair, for readers must find
    /// one. What is being written is not announced any more, or was before this ends.
    asio::awaitable<void> pause();

    /// What changed since is published at once.
    void resume();

    /// As request, and returns what came of it.
    asio::awaitable<outcome<manifest>> publish_now();

    /// At a stop: publishes if a generation is due but for min_interval, and the last one took so little time that this
    /// one can be waited for.
    asio::awaitable<void> publish_last();

    /// Writes the state at exactly `limit` where nobody looks, and returns its directory. After the writer's hold(),
    /// which goes on behind the limit; nothing is published until then. Errors: timed_out, and then nothing is held.
    asio::awaitable<outcome<std::filesystem::path>> cut_at(lsn limit);

    /// Ends a cut_at that still waits for the stream.
    void give_up_cut();

    /// Removes what cut_at wrote.
    void drop_cut();

    const std::optional<manifest>& announced() const noexcept { return announced_; }
    const freshness& currency() const noexcept { return freshness_; }
    const cadence& rhythm() const noexcept { return cadence_; }
    const std::optional<failure>& last_failure() const noexcept { return last_failure_; }

    /// What the cadence says, and why what it says is due is not published all the same.
    decision next_decision();

private:
    asio::awaitable<outcome<manifest>> publish();
    asio::awaitable<outcome<manifest>> write_and_announce();
    asio::awaitable<outcome<void>> keep_indexes();
    asio::awaitable<outcome<manifest>> write(std::vector<document_settings> documents, row_files reads);
    row_files reads() const noexcept;
    asio::awaitable<outcome<manifest>> cut(lsn limit);
    asio::awaitable<outcome<void>> stop_stream_at(lsn limit);
    asio::awaitable<outcome<void>> wait_for_leave(std::shared_ptr<source_session> session, lsn position);
    asio::awaitable<outcome<void>> announce_with_leave(std::shared_ptr<source_session> session, const manifest& made);
    void end_phase(publish_phase phase);
    asio::awaitable<void> idle();
    bool is_ready() const;
    bool is_held_back() const noexcept { return cadence_.is_paused() && announced_; }
    failure paused_failure() const;
    wait_reason hindrance() const;
    bool is_time_for(publish_reason why) const;
    bool has_new_copies() const;
    void look_at_documents();
    unchanged_tables unchanged_since_announced() const;
    void look_after_announced();
    void replace_announced();
    void note_failure(const failure& why);
    void log_published(const manifest& made) const;

    const settings& settings_;
    store_writer& writer_;
    snapshot_directory& directory_;
    worker_thread& thread_;
    daemon_state& state_;
    publisher_events tell_;

    std::shared_ptr<source_session> session_;
    std::optional<manifest> announced_;
    cadence cadence_;
    freshness freshness_;
    bool announced_by_us_ = false;  // in this run, so that last_touched_ tells what changed since
    std::map<epoch, lsn> last_touched_;
    std::chrono::steady_clock::duration last_took_{};              // of a publish that succeeded
    steady_time published_at_ = std::chrono::steady_clock::now();  // or tried to, or started
    steady_time phase_begun_{};
    generation_writer generations_;
    std::optional<failure> last_failure_;
    std::optional<std::uint64_t> cut_;  // its number
    bool presentable_ = true;           // looked at last
    bool busy_ = false;                 // a generation is being written, for a publish or a cut
    bool stopped_ = false;
    bool is_running_ = false;
    asio::steady_timer wake_;
    async_condition free_;             // a publish or run() has ended
    asio::steady_timer patience_;      // of a publish, for a lock to be given back
    asio::steady_timer cut_patience_;  // of a cut, for the stream
};

}  // namespace understudy
