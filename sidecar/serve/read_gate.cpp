#include "serve/read_gate.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace understudy {

asio::awaitable<std::optional<read_gate::pass>> read_gate::enter(std::chrono::steady_clock::time_point deadline)
{
    constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
    if (closed_) co_return std::nullopt;
    if (free_ > 0) {
        --free_;
        co_return pass{*this};
    }
    auto executor = co_await asio::this_coro::executor;
    auto me = line_.insert(line_.end(), waiter{asio::steady_timer{executor, deadline}});
    co_await me->timer.async_wait(use_tuple);
    bool has_place = me->has_place;
    line_.erase(me);
    if (!has_place) co_return std::nullopt;
    co_return pass{*this};
}

// A place goes from hand to hand: nobody who comes later can take it in between.
void read_gate::leave()
{
    for (auto& first : line_) {
        if (first.has_place) continue;
        first.has_place = true;
        first.timer.cancel();
        return;
    }
    ++free_;
}

void read_gate::close()
{
    closed_ = true;
    for (auto& one : line_) one.timer.cancel();
}

}  // namespace understudy
