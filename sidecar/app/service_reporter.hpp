#pragma once

#include "app/service_notifier.hpp"
#include "app/start_progress.hpp"
#include "core/worker_thread.hpp"
#include "publish/status_file.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <vector>

namespace understudy {

/// Tells the service manager of a running daemon: that it has started, how it is, and that it is alive.
///
/// It is alive when the event loop comes to ask and each worker thread gets on: has taken a job since it was asked last, or
/// has used processor time on a long one. The database has no part in it. Belongs to the event loop; borrows everything, and
/// the threads are joined and the loop polled before it is destroyed.
class service_reporter {
public:
    service_reporter(asio::any_io_executor executor, const service_notifier& to, std::function<status_report()> report,
                     std::initializer_list<worker_thread*> threads);

    /// Says something each `heartbeat`, but often enough for the watchdog. Nothing when nobody hears it.
    void start(std::chrono::milliseconds heartbeat);

    void stop();

    bool is_ready() const noexcept { return ready_; }

private:
    struct worker {
        worker_thread* thread;
        bool asked = false;
        bool moved = true;
        std::chrono::nanoseconds used{0};
    };

    void tell();
    void look_at_workers();
    void ask(worker& one);

    asio::any_io_executor executor_;
    const service_notifier& to_;
    std::function<status_report()> report_;
    std::vector<worker> workers_;
    start_progress start_{std::chrono::steady_clock::now()};
    bool ready_ = false;
    std::chrono::microseconds interval_{0};
    asio::steady_timer timer_;
};

}  // namespace understudy
