#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <type_traits>
#include <utility>

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

namespace understudy {

namespace asio = boost::asio;

/// One thread that runs what it is given, in order. Destruction and join() wait for all of it.
///
/// The store and the generations are written on such threads, so that the event loop never waits for a disk.
class worker_thread {
public:
    worker_thread()
    {
        asio::post(pool_, [this] {
            clockid_t clock{};
            if (::pthread_getcpuclockid(::pthread_self(), &clock) == 0) clock_ = clock;
        });
    }

    ~worker_thread() { join(); }

    /// Finishes everything that was posted; nothing may be posted after.
    void join() { pool_.join(); }

    /// Lets everyone else on the machine go first, for work that takes a second of processor time. Linux keeps a niceness for each thread, and those that it starts (setpriority(2), BUGS).
    void be_nice()
    {
        constexpr int niceness = 10;
        asio::post(pool_, [] { ::setpriority(PRIO_PROCESS, 0, niceness); });
    }

    /// Processor time that the thread has used. It stands still while the thread waits, for work or for a disk. Any thread.
    std::chrono::nanoseconds cpu_time() const noexcept
    {
        timespec used{};
        ::clock_gettime(clock_, &used);
        return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
    }

    /// Runs `work` there and `done(result)` on `home` afterwards. `work` must not throw.
    template <class Work, class Done>
    void post(asio::any_io_executor home, Work work, Done done)
    {
        auto guard = asio::make_work_guard(home);
        asio::post(pool_, [work = std::move(work), done = std::move(done), guard = std::move(guard)]() mutable {
            auto result = work();
            auto back = guard.get_executor();
            asio::post(back,
                       [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
        });
    }

    /// As post, for a coroutine that waits for the result.
    template <class Work>
    asio::awaitable<std::invoke_result_t<Work&>> run(Work work)
    {
        using value = std::invoke_result_t<Work&>;
        // Named before the co_await: g++ 12 destroys some temporaries inside it twice.
        auto initiate = [this](auto handler, Work given) {
            auto home = asio::get_associated_executor(handler);
            this->post(home, std::move(given),
                       [handler = std::move(handler)](value result) mutable { std::move(handler)(std::move(result)); });
        };
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(value)>(
            std::move(initiate), asio::use_awaitable, std::move(work));
    }

private:
    std::atomic<clockid_t> clock_{CLOCK_PROCESS_CPUTIME_ID};  // until the thread has told its own
    asio::thread_pool pool_{1};
};

}  // namespace understudy
