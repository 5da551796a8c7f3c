#pragma once

#include "core/error.hpp"
#include "core/limits.hpp"
#include "core/position.hpp"
#include "source/async_condition.hpp"
#include "source/postgres/connection.hpp"
#include "source/postgres/streamed_transactions.hpp"
#include "source/postgres/transaction_reader.hpp"
#include "source/stream_sink.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace understudy {

struct stream_options {
    std::string slot;
    std::string publication;
    std::chrono::milliseconds status_interval{10'000};
    std::size_t transaction_bytes_max = 0;    ///< From here on a transaction is handed out in parts.
    std::uint64_t* received_bytes = nullptr;  ///< Counts what comes; must outlive the stream.
    lsn slot_confirmed;                       ///< What the server says of the slot: it may be behind what we confirmed.
};

/// Follows our slot and hands whole transactions to the sink.
///
/// Owns the replication connection. Belongs to the event loop. Sends status messages on its own timer, also while
/// the sink does not accept and nothing is read.
class postgres_stream {
public:
    /// Borrows `tables` and `sink`, which must outlive it.
    postgres_stream(std::unique_ptr<pg_connection> connection, stream_options options,
                    const std::vector<mirrored_table>& tables, const stored_position& start, stream_sink& sink);

    /// Begins at the slot's own position, if that is before the one that was acknowledged last: that shows a history
    /// that was written anew behind our back. Errors: slot_busy and others of the connection.
    asio::awaitable<outcome<void>> start();

    /// Streams, once it is started, until the connection, the server or the data ends it; returns why. An open large
    /// transaction has been abandoned by then.
    asio::awaitable<failure> run();

    /// Tells the server that everything before `durable` need not be sent again. One message with the true flush
    /// position, and at once one without: repeating the first would hang a shutdown, leaving out the second would
    /// make us part of synchronous commits.
    void confirm(lsn durable);

    /// Asks the server to say how far it is.
    void request_reply();

    /// The sink accepts again.
    void resume();

    /// Ends run() at once, with nothing more read or sent.
    void close();

    /// Those that were handed out and that a look at the catalog has not shown yet.
    streamed_transactions& streamed() noexcept { return streamed_; }

    /// The table that run() failed on with table_changed; 0 otherwise.
    oid changed_table() const noexcept { return reader_.changed_table(); }

private:
    asio::awaitable<outcome<void>> read_until_failure();
    outcome<pg_connection::found> read_some();
    outcome<void> handle_frame(std::string_view frame);
    outcome<void> handle_message(const pgoutput::wal_data& data);
    outcome<void> handle_keepalive(const pgoutput::keepalive& keepalive);
    void hand_out_transaction();
    void hand_out_part();
    void send_status(lsn flushed, bool request_reply);
    void arm_status_timer();
    failure explain_data_error(error_code ec, std::string_view message = {}) const;

    std::unique_ptr<pg_connection> connection_;
    stream_options options_;
    stream_sink& sink_;
    lsn start_;
    transaction_reader reader_;
    streamed_transactions streamed_{limits::unsettled_transactions_max};
    lsn received_;
    bool large_open_ = false;
    asio::steady_timer status_timer_;
    async_condition room_;
};

}  // namespace understudy
