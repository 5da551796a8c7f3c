#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <utility>

namespace understudy {

namespace asio = boost::asio;

/// Lets a few long reads go on at a time; the others wait in line, and hold next to nothing meanwhile.
///
/// Lives on one executor's thread, longer than its passes.
class read_gate {
public:
    explicit read_gate(std::size_t places) noexcept : free_{places} {}
    read_gate(const read_gate&) = delete;
    read_gate& operator=(const read_gate&) = delete;

    /// A place, until this goes away.
    class pass {
    public:
        explicit pass(read_gate& from) noexcept : from_{&from} {}
        pass(pass&& other) noexcept : from_{std::exchange(other.from_, nullptr)} {}
        pass& operator=(pass&&) = delete;
        ~pass()
        {
            if (from_ != nullptr) from_->leave();
        }

    private:
        read_gate* from_;
    };

    /// Waits for a place. Nothing if there was none in time, or close() was called.
    asio::awaitable<std::optional<pass>> enter(std::chrono::steady_clock::time_point deadline);

    /// Sends away all who wait, and all who come.
    void close();

private:
    struct waiter {
        asio::steady_timer timer;
        bool has_place = false;
    };
    void leave();

    std::size_t free_;
    bool closed_ = false;
    std::list<waiter> line_;
};

}  // namespace understudy
