#pragma once

#include "source/stream_sink.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>

namespace understudy::testing {

/// A source with an upstream that a contract can write to. Throws when the upstream does not do its work.
class source_under_test {
public:
    virtual ~source_under_test() = default;

    /// Commits one transaction that puts so many new rows into a mirrored table.
    virtual void write(std::size_t rows) = 0;

    /// Where the upstream was when the source was made.
    virtual stored_position start() const = 0;

    /// Hands out to `sink` from a position on, when the loop runs. Transactions of more than `transaction_bytes_max`
    /// come in parts.
    virtual void follow(const stored_position& from, std::size_t transaction_bytes_max, stream_sink& sink) = 0;

    /// The sink accepts again.
    virtual void resume() = 0;

    /// Asks the upstream how far it is, so that on_reached comes also when nothing is written.
    virtual void ask() = 0;

    /// Ends follow() and returns when nothing more is handed out.
    virtual void stop() = 0;

    /// Whether everything that was written has arrived at this machine, handed out or not.
    virtual bool has_arrived() = 0;

    virtual boost::asio::io_context& loop() = 0;

    /// Lets the loop run until the condition holds; false when it does not before the deadline.
    template <class Condition>
    bool until(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds{30})
    {
        auto end = std::chrono::steady_clock::now() + deadline;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            loop().restart();
            loop().run_one_for(std::chrono::milliseconds{20});
        }
        return true;
    }
};

}  // namespace understudy::testing
