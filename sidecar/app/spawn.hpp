#pragma once

#include "app/logging.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cstdlib>
#include <exception>
#include <string>

namespace understudy {

namespace asio = boost::asio;

/// Starts a coroutine that nobody waits for. One that throws is our own mistake: it is logged and ends the process,
/// for nothing may go on half-way.
template <class Executor>
void spawn(Executor executor, asio::awaitable<void> routine, const char* name)
{
    asio::co_spawn(executor, std::move(routine), [name](std::exception_ptr thrown) {
        if (!thrown) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            log_event(log_level::error, "internal", std::string{name} + " ended by an exception: " + error.what(), {});
        }
        std::_Exit(70);
    });
}

}  // namespace understudy
