#pragma once

#include "contract/source_under_test.hpp"
#include "core/settings.hpp"
#include "source/mirrored_table.hpp"
#include "source/postgres/stream.hpp"
#include "support/postgres_server.hpp"
#include "support/sql.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

/// postgres_stream on a database of its own, with one mirrored table.
class postgres_source {
public:
    postgres_source() : postgres_source{"CREATE TABLE items (id int PRIMARY KEY, body text)"} {}

    /// `create_table` makes `items (id int, body text)`, with `id` as its primary key.
    explicit postgres_source(const std::string& create_table);
    ~postgres_source();

    void write(std::size_t rows);
    stored_position start() const { return start_; }
    void follow(const stored_position& from, std::size_t transaction_bytes_max, stream_sink& sink);
    void resume() { stream_->resume(); }
    void ask() { stream_->request_reply(); }
    void stop();
    std::string last_heard();

    template <class Condition>
    bool until(Condition condition);

    void exec(const std::string& statements) { sql_.exec(statements); }

    /// Why the stream ended; nothing while it goes on.
    const std::optional<failure>& ended() const noexcept { return ended_; }

private:
    asio::awaitable<void> plan();
    asio::awaitable<void> run(stored_position from, std::size_t transaction_bytes_max, stream_sink& sink);
    bool slot_is_active();

    postgres_server server_;
    sql_session sql_;
    settings settings_;
    stored_position start_;
    std::vector<mirrored_table> tables_;
    asio::io_context loop_{1};
    std::unique_ptr<postgres_stream> stream_;
    std::optional<failure> ended_;
    std::size_t next_id_ = 1;
};

template <class Condition>
bool postgres_source::until(Condition condition)
{
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        loop_.restart();
        loop_.run_one_for(std::chrono::milliseconds{10});
    }
    return true;
}

static_assert(source_under_test<postgres_source>);

}  // namespace understudy::testing
