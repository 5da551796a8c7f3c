#pragma once

#include "contract/source_under_test.hpp"
#include "source/postgres/mirrored_table.hpp"
#include "source/postgres/stream.hpp"
#include "support/postgres_server.hpp"
#include "support/sql.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

/// postgres_stream on a private server, with one mirrored table.
class postgres_source final : public source_under_test {
public:
    /// `create_table` makes `public.items (id int PRIMARY KEY, body text)`.
    explicit postgres_source(int version = 15,
                             const std::string& create_table = "CREATE TABLE items (id int PRIMARY KEY, body text)");
    ~postgres_source() override;

    void write(std::size_t rows) override;
    stored_position start() const override { return start_; }
    void follow(const stored_position& from, std::size_t transaction_bytes_max, stream_sink& sink) override;
    void resume() override { stream_->resume(); }
    void ask() override { stream_->request_reply(); }
    void stop() override;
    bool has_arrived() override;
    boost::asio::io_context& loop() override { return loop_; }

    sql_session& sql() noexcept { return sql_; }

    /// Why the stream ended; nothing while it goes on.
    const std::optional<failure>& ended() const noexcept { return ended_; }

private:
    asio::awaitable<void> plan();
    asio::awaitable<void> run(stored_position from, std::size_t transaction_bytes_max, stream_sink& sink);

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

}  // namespace understudy::testing
