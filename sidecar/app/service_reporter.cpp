#include "app/service_reporter.hpp"

#include <algorithm>

namespace understudy {

service_reporter::service_reporter(asio::any_io_executor executor, const service_notifier& to,
                                   std::function<status_report()> report, std::initializer_list<worker_thread*> threads)
    : executor_{std::move(executor)}, to_{to}, report_{std::move(report)}, timer_{executor_}
{
    for (auto* thread : threads) workers_.push_back({thread});
}

void service_reporter::start(std::chrono::milliseconds heartbeat)
{
    if (!to_.is_heard()) return;
    interval_ = std::min<std::chrono::microseconds>(heartbeat, to_.interval());
    tell();
}

void service_reporter::stop()
{
    timer_.cancel();
    if (!to_.is_heard()) return;
    auto report = report_();
    to_.status(describe_for_service(report, report.heartbeat));
}

void service_reporter::tell()
{
    auto report = report_();
    to_.status(describe_for_service(report, report.heartbeat));
    if (!ready_ && start_.is_over(report, std::chrono::steady_clock::now())) {
        ready_ = true;
        to_.ready();
    }
    look_at_workers();
    timer_.expires_after(interval_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) tell();
    });
}

void service_reporter::look_at_workers()
{
    for (auto& one : workers_) {
        auto used = one.thread->cpu_time();
        if (used != one.used) one.moved = true;
        one.used = used;
        if (!one.asked) ask(one);
    }
    if (!std::ranges::all_of(workers_, &worker::moved)) return;
    for (auto& one : workers_) one.moved = false;
    to_.alive();
}

void service_reporter::ask(worker& one)
{
    one.asked = true;
    one.thread->post(
        executor_, [] { return true; },
        [&one](bool) {
            one.asked = false;
            one.moved = true;
        });
}

}  // namespace understudy
