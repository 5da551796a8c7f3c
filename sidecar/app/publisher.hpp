#pragma once

#include "app/daemon_state.hpp"
#include "app/source_session.hpp"
#include "app/store_writer.hpp"
#include "app/worker_thread.hpp"
#include "core/settings.hpp"
#include "publish/cadence.hpp"
#include "publish/freshness.hpp"
#include "publish/generation.hpp"
#include "publish/manifest.hpp"
#include "publish/snapshot_directory.hpp"
#include "store/store.hpp"

#include <boost/asio/steady_timer.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace understudy {

/// Writes a generation when the cadence says so, and announces it when the source says that it is right
/// (design.md, 4.4 and 4.5).
///
/// Belongs to the event loop; files are written on the publish thread. Borrows everything.
class publisher {
public:
    publisher(const settings& wanted, store_writer& writer, store& rows, snapshot_directory& directory,
              worker_thread& thread, daemon_state& state);

    /// Publishes until stop().
    asio::awaitable<void> run();

    /// Ends run() and waits until nothing is being written.
    asio::awaitable<void> stop();

    /// Whose catalog is asked before an announcement; none while the source cannot be reached.
    void use(std::shared_ptr<source_session> session);

    void on_streaming();
    void on_changed(const change_summary& summary);
    void on_reached(lsn reached);
    void on_probe(const probe_facts& facts);
    void on_settings_changed();

    /// Somebody wants a generation now; run() sees to it.
    void request(const char* who);

    /// As request, and returns what came of it.
    asio::awaitable<outcome<manifest>> publish_now();

    /// Whether there are changes that the cadence would publish at a shutdown.
    bool is_due();

    /// Writes the state at exactly `limit` where nobody looks, and returns its directory. After hold().
    asio::awaitable<outcome<std::filesystem::path>> cut_at(lsn limit);

    /// Removes what cut_at wrote.
    void drop_cut();

    const std::optional<manifest>& announced() const noexcept { return announced_; }
    const freshness& currency() const noexcept { return freshness_; }
    const cadence& rhythm() const noexcept { return cadence_; }
    const std::optional<failure>& last_failure() const noexcept { return last_failure_; }
    decision next_decision();

private:
    asio::awaitable<outcome<manifest>> publish();
    asio::awaitable<outcome<manifest>> write_and_announce();
    asio::awaitable<outcome<manifest>> write(std::vector<document_settings> documents);
    asio::awaitable<outcome<void>> wait_for_leave(std::shared_ptr<source_session> session);
    asio::awaitable<void> discard(std::uint64_t number);
    asio::awaitable<void> clean_history();
    asio::awaitable<void> idle();
    bool has_new_copies() const;
    void look_at_documents();
    unchanged_tables unchanged_since_announced() const;
    void look_after_announced();
    void note_failure(const failure& why);
    void log_published(const manifest& made) const;

    const settings& settings_;
    store_writer& writer_;
    store& store_;
    snapshot_directory& directory_;
    worker_thread& thread_;
    daemon_state& state_;

    std::shared_ptr<source_session> session_;
    std::optional<manifest> announced_;
    cadence cadence_;
    freshness freshness_;
    bool announced_by_us_ = false;            // in this run, so that last_touched_ tells what changed since
    std::map<epoch, lsn> last_touched_;
    std::map<std::uint64_t, steady_time> ended_;      // those of earlier runs are not in it: see started_
    steady_time started_ = std::chrono::steady_clock::now();
    std::uint64_t next_number_ = 1;
    std::optional<failure> last_failure_;
    std::optional<std::filesystem::path> cut_;
    bool busy_ = false;
    bool stopped_ = false;
    bool ended_run_ = false;
    asio::steady_timer wake_;
    asio::steady_timer free_;    // never expires; cancelled when a publish ends. Setting it anew would wake the others
    asio::steady_timer patience_;
};

}  // namespace understudy
