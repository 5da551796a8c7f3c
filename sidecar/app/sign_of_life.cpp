#include "app/sign_of_life.hpp"

#include <condition_variable>
#include <mutex>

#include <pthread.h>
#include <time.h>

namespace understudy {

namespace {

long long used_by(clockid_t clock) noexcept
{
    timespec used{};
    ::clock_gettime(clock, &used);
    return static_cast<long long>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
}

void tell_until_stopped(const std::stop_token& stop, const service_notifier& to, clockid_t clock)
{
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock{mutex};
    for (auto before = used_by(clock); !stop.stop_requested();) {
        stopped.wait_for(lock, stop, to.interval(), [] { return false; });
        auto now = used_by(clock);
        if (now != before && !stop.stop_requested()) to.alive();
        before = now;
    }
}

}  // namespace

sign_of_life::sign_of_life(const service_notifier& to)
{
    clockid_t clock{};
    if (!to.is_heard() || ::pthread_getcpuclockid(::pthread_self(), &clock) != 0) return;
    to.alive();
    teller_ = std::jthread{[&to, clock](const std::stop_token& stop) { tell_until_stopped(stop, to, clock); }};
}

}  // namespace understudy
