#pragma once

#include "core/error.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <utility>

namespace understudy {

/// Runs a command's one coroutine to its end, on a loop of its own. What it throws comes out here.
template <class T>
outcome<T> run_alone(boost::asio::awaitable<outcome<T>> routine)
{
    outcome<T> result = failure{errc::internal, "the command did not end"};
    boost::asio::io_context loop;
    auto ended = [&result](std::exception_ptr thrown, outcome<T> value) {
        if (thrown) std::rethrow_exception(thrown);
        result = std::move(value);
    };
    boost::asio::co_spawn(loop, std::move(routine), ended);
    loop.run();
    return result;
}

}  // namespace understudy
