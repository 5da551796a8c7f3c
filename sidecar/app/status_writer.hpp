#pragma once

#include "app/daemon_state.hpp"
#include "app/publisher.hpp"
#include "app/store_writer.hpp"
#include "core/worker_thread.hpp"
#include "core/settings.hpp"
#include "publish/day_record.hpp"
#include "publish/status_file.hpp"
#include "serve/read_service.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace understudy {

/// Puts what the daemon knows of itself into status.json, on each heartbeat and when it ends, and tells who answers reads.
///
/// Belongs to the event loop; the file is written on the publish thread. Borrows everything.
class status_writer {
public:
    status_writer(const settings& wanted, daemon_state& state, store_writer& writer, publisher& published,
                  snapshot_directory& directory, worker_thread& thread, read_service* reads);

    void start();

    /// Writes the last one and stops. The publish thread finishes it.
    void stop();

    status_report report();

    /// The last 24 hours.
    const day_record& day() const noexcept { return day_; }

private:
    void beat();
    status_report look();
    void write(status_report status);
    void take_events();
    void look_at_state(db_time now);
    void save_day();
    void count(const cadence::event& event);
    void count_changes();
    cadence_status describe_cadence();
    void describe_copy(status_report& into) const;
    void describe_lag(status_report& into) const;

    const settings& settings_;
    daemon_state& state_;   ///< Of it only the counters are changed here.
    store_writer& writer_;  ///< Of it only the counts are taken here.
    publisher& publisher_;
    snapshot_directory& directory_;
    worker_thread& thread_;
    read_service* reads_;  ///< May be null.
    day_record day_;
    std::map<epoch, std::string> names_;  ///< Of tables, also when they have been copied again since.
    std::uint64_t events_taken_ = 0;      // of the cadence's
    std::optional<steady_time> day_saved_;
    std::uint64_t day_changes_saved_ = 0;
    bool day_failed_before_ = false;
    std::atomic<std::uint64_t> store_bytes_{0};  ///< When it was looked at last, by the publish thread.
    bool writing_ = false;
    bool failed_before_ = false;
    asio::steady_timer timer_;
};

}  // namespace understudy
