#pragma once

#include "core/error.hpp"
#include "source/postgres/connection_options.hpp"
#include "source/postgres/handles.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

namespace asio = boost::asio;

/// The rows of one statement. Views are borrowed from it.
class query_result {
public:
    explicit query_result(pg_result_handle rows) noexcept : rows_{std::move(rows)} {}

    int size() const noexcept { return PQntuples(rows_.get()); }
    bool is_null(int row, int column) const noexcept { return PQgetisnull(rows_.get(), row, column) != 0; }
    std::string_view text(int row, int column) const noexcept
    {
        return {PQgetvalue(rows_.get(), row, column), static_cast<std::size_t>(PQgetlength(rows_.get(), row, column))};
    }
    std::string string(int row, int column) const { return std::string{text(row, column)}; }
    bool boolean(int row, int column) const noexcept { return text(row, column) == "t"; }

    /// The number in a column that the query declares as an integer; 0 for null.
    std::int64_t integer(int row, int column) const noexcept;

private:
    pg_result_handle rows_;
};

/// For who cannot be stopped. A name for it, as g++ 12 destroys some temporaries inside a co_await twice.
inline const std::stop_token never_stopped;

/// A libpq connection whose socket waits on Asio instead of blocking.
///
/// Owns the PGconn and is the only caller of libpq's connection functions. Borrows its socket: libpq opens and
/// closes it, so the descriptor is always released, never closed. Belongs to the event loop; one coroutine at a
/// time, except cancel() and watch(). What libpq does on files when it connects (passfile, certificates) and
/// name lookup may block for a moment.
///
/// Errors of every member: unreachable or authentication_failed from open; connection_lost, server_stopping,
/// timed_out, cancelled; otherwise the server's SQLSTATE translated (see connection.cpp), query_failed by default.
/// The text is the server's, cut and without control characters.
class pg_connection {
public:
    static asio::awaitable<outcome<std::unique_ptr<pg_connection>>> open(
        connection_options options, const std::stop_token& stopped = never_stopped);

    ~pg_connection();
    pg_connection(const pg_connection&) = delete;
    pg_connection& operator=(const pg_connection&) = delete;

    /// Runs one statement, or several divided by semicolons, and gives the rows of the last.
    asio::awaitable<outcome<query_result>> query(std::string sql, std::chrono::milliseconds timeout);

    /// As query, with the rows of each statement.
    asio::awaitable<outcome<std::vector<query_result>>> query_each(std::string sql, std::chrono::milliseconds timeout);

    /// Runs COPY ... TO STDOUT or START_REPLICATION and returns when data may be taken.
    asio::awaitable<outcome<void>> start_copy(std::string sql, std::chrono::milliseconds timeout);

    enum class taken { data, nothing_yet, end };

    /// Takes the next message of a copy that has arrived, without waiting. The bytes are borrowed until the next
    /// call on this connection.
    outcome<taken> take_copy_data(std::string_view& data);

    /// Reads what the socket holds, without waiting.
    outcome<void> consume_input();

    asio::awaitable<outcome<void>> wait_readable();

    /// What a reader found in its turn: nothing; something, and then nothing; or too much for one turn.
    enum class found { nothing, some, much };

    /// What to wait for after that: until the server sends; a little, so that it can fill the socket; until other
    /// coroutines have had their turn.
    asio::awaitable<outcome<void>> wait_after(found in_turn);

    /// Reads in a row that are a turn.
    static constexpr int reads_per_turn = 16;

    /// Takes the socket out of the event loop until the next wait: there, whatever arrives wakes the loop, whether
    /// somebody waits for it or not. Not while one waits or watches.
    void look_away() noexcept;

    /// Reads the statement's final status after the copy's data has ended.
    asio::awaitable<outcome<void>> finish_copy(std::chrono::milliseconds timeout);

    /// Sends it if the socket takes it at once; what it does not take leaves with the next send. Never waits.
    outcome<void> put_copy_data(std::string_view data);

    /// Calls `ended` once when the server ends this idle connection. Stops at cancel() or destruction.
    void watch(std::function<void(failure)> ended);

    /// Ends every wait with cancelled, now and later. The connection is only good for destruction after it.
    void cancel() noexcept;

    bool is_cancelled() const noexcept { return cancelled_; }

    /// Why a copy ended that the server was not expected to end, from what has arrived already.
    failure end_of_copy();

    asio::any_io_executor executor() { return socket_.get_executor(); }

    int server_version() const noexcept { return PQserverVersion(connection_.get()); }
    std::string parameter(const char* name) const;
    std::string quote_literal(std::string_view text) const;

private:
    pg_connection(asio::any_io_executor executor, pg_conn_handle connection);

    enum class direction { read, write };
    asio::awaitable<outcome<void>> connect(std::chrono::milliseconds timeout);
    asio::awaitable<outcome<void>> wait(direction what);
    asio::awaitable<outcome<void>> pause(std::chrono::microseconds length);
    asio::awaitable<outcome<void>> flush();
    asio::awaitable<outcome<pg_result_handle>> next_result();
    asio::awaitable<outcome<std::vector<query_result>>> collect_results();
    void use_current_socket();
    void set_deadline(std::chrono::milliseconds timeout);
    void clear_deadline();
    void arm_watch();
    void look_for_end();
    void end_statement() noexcept;
    failure lost_connection() const;

    pg_conn_handle connection_;
    asio::posix::stream_descriptor socket_;  // borrowed descriptor of connection_
    asio::steady_timer deadline_;
    asio::steady_timer pause_;
    std::optional<bool> timed_out_;
    bool cancelled_ = false;
    bool busy_ = false;
    bool watch_armed_ = false;
    pg_memory_handle copy_data_;
    std::function<void(failure)> watcher_;
    bool unanswered_ = false;  // the server may still be at a statement that nobody waits for
    std::optional<std::stop_callback<std::function<void()>>> stop_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // callbacks may outlive us by one turn
};

/// What a SQLSTATE means to us.
errc reason_for_sqlstate(std::string_view sqlstate) noexcept;

/// Text from a peer as it may be shown: one line, no control characters, at most limits::peer_text_bytes_max.
std::string presentable(std::string_view peer_text);

}  // namespace understudy
