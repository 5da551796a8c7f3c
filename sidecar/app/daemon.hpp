#pragma once

#include "app/back_off.hpp"
#include "app/control_server.hpp"
#include "app/daemon_state.hpp"
#include "app/publisher.hpp"
#include "app/service_reporter.hpp"
#include "app/source_session.hpp"
#include "app/status_writer.hpp"
#include "app/store_writer.hpp"
#include "core/worker_thread.hpp"
#include "core/remedy.hpp"
#include "publish/status_file.hpp"
#include "serve/read_service.hpp"
#include "settings/load.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <random>

namespace understudy {

enum class daemon_mode {
    follow,  ///< Until a signal.
    once,    ///< Until the database's position at the start is published.
};

enum class daemon_end {
    stopped,
    store_damaged,  ///< Keep the store aside, open a new one, run again.
    store_lost,     ///< Open the store again, run again.
};

/// The whole flow: source -> store -> publish, supervised (read run() and supervise() first).
///
/// One io_context on the calling thread holds all mutable state. The store thread and the publish thread are the
/// exceptions: see worker_thread.
class daemon {
public:
    /// `reads` is told what there is to serve; it may be null. It and `manager` outlive this.
    daemon(loaded_settings config, daemon_mode mode, std::unique_ptr<store> rows,
           std::unique_ptr<snapshot_directory> directory, read_service* reads, const service_notifier& manager);

    /// What the former run's last status says of the announced generation.
    void take_over(const status_report& former);

    /// Takes commands from here on. Before run(). Error: bad_directory.
    outcome<void> listen();

    /// Blocks until it ends. A failure is what `run` exits with.
    outcome<daemon_end> run();

private:
    void confirm(const stored_position& position);
    void resume_stream();
    void close_session(failure why);
    asio::awaitable<void> supervise();
    std::shared_ptr<source_session> make_session();
    std::uint64_t announced_number() const noexcept;
    asio::awaitable<bool> react_to(failure why);
    asio::awaitable<void> wait_before_retry(failure why, std::chrono::milliseconds delay);
    asio::awaitable<void> catch_up_once();
    asio::awaitable<void> stop_in_order();
    asio::awaitable<void> end_in_order();
    asio::awaitable<boost::json::object> handle_control(boost::json::object request, control_client& client);
    asio::awaitable<outcome<boost::json::object>> control_publish();
    asio::awaitable<outcome<boost::json::object>> control_pause(pause_facts asked);
    asio::awaitable<outcome<boost::json::object>> control_resume();
    asio::awaitable<outcome<boost::json::object>> control_hold(std::chrono::milliseconds limit, control_client& client);
    asio::awaitable<outcome<boost::json::object>> control_cut(std::string_view at, const control_client& client);
    asio::awaitable<outcome<boost::json::object>> control_release(const control_client& client);
    void hold_for(std::chrono::milliseconds limit);
    void end_hold();

    void wait_for_signal();
    void on_signal(int number);
    void reload_as_told();
    void reload();
    void show_settings();
    void begin_stop();
    void arm_grace();
    void decide_end(remedy what, const failure& why);
    int exit_status() const;
    void let_go();

    asio::io_context loop_{1};
    loaded_settings config_;
    daemon_mode mode_;
    read_service* reads_;  ///< May be null.
    const service_notifier& manager_;
    std::unique_ptr<store> store_;
    std::unique_ptr<snapshot_directory> directory_;
    worker_thread store_thread_;
    worker_thread publish_thread_;

    daemon_state state_;
    store_writer writer_;
    publisher publisher_;
    status_writer status_;
    service_reporter reporter_;
    control_server control_;
    std::shared_ptr<source_session> session_;
    copy_demand demand_;
    back_off back_off_;
    std::mt19937 dice_{std::random_device{}()};
    bool has_streamed_ = false;
    std::optional<std::chrono::steady_clock::time_point> streaming_since_;  // of this session
    std::uint64_t announced_before_ = 0;                                    // when it began; a generation's number
    bool stopping_ = false;
    bool published_once_ = false;  // what `once` was to publish
    std::optional<outcome<daemon_end>> end_;
    control_client* holder_ = nullptr;  // lives until it released or left
    asio::signal_set signals_;
    asio::steady_timer retry_timer_;
    asio::steady_timer grace_timer_;
    asio::steady_timer hold_timer_;
};

}  // namespace understudy
