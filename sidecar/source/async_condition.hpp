#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace understudy {

namespace asio = boost::asio;

/// A condition variable for the coroutines of one event loop, without a lock: between looking whether what they wait for
/// has come and waiting, nobody else runs. It is a timer that never expires.
class async_condition {
public:
    explicit async_condition(const asio::any_io_executor& executor)
        : timer_{executor, asio::steady_timer::time_point::max()}
    {
    }

    /// Until the next notify_all(). Use it in a loop over what is waited for.
    asio::awaitable<void> wait() { co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable)); }

    void notify_all() { timer_.cancel(); }

private:
    asio::steady_timer timer_;  // its expiry is never set again: that would wake who waits
};

}  // namespace understudy
