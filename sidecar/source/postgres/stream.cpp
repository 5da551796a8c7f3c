#include "source/postgres/stream.hpp"

#include "source/postgres/preflight.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace understudy {

namespace {

std::int64_t now_us() noexcept
{
    auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    return to_postgres_us(now);
}

}  // namespace

postgres_stream::postgres_stream(std::unique_ptr<pg_connection> connection, stream_options options,
                                 const std::vector<mirrored_table>& tables, const stored_position& start,
                                 stream_sink& sink)
    : connection_{std::move(connection)},
      options_{std::move(options)},
      sink_{sink},
      // Nothing before the oldest copy proves anything, and the publication may not have been there yet.
      start_{std::min(start.acknowledged(), std::max(options_.slot_confirmed, oldest_copy(tables)))},
      reader_{tables, start, start_},
      received_{start_},
      status_timer_{connection_->executor()},
      room_{connection_->executor()}
{
}

asio::awaitable<failure> postgres_stream::run()
{
    arm_status_timer();
    auto ended = co_await read_until_failure();
    status_timer_.cancel();
    if (std::exchange(large_open_, false)) sink_.on_large_abandoned();
    auto why = ended.error();
    // What we cannot read ourselves is in a table that is copied again. This one is in the WAL, whatever its row is now.
    if (why.code == errc::bad_text) why.code = errc::unsendable_value;
    co_return why;
}

asio::awaitable<outcome<void>> postgres_stream::start()
{
    // The option holds a list of identifiers, inside a literal.
    auto publication = connection_->quote_literal(quoted_identifier(options_.publication));
    auto command =
        fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {}, messages 'true')",
                    quoted_identifier(options_.slot), to_string(start_), publication);
    co_return co_await connection_->start_copy(std::move(command), limits::query_timeout);
}

asio::awaitable<outcome<void>> postgres_stream::read_until_failure()
{
    for (;;) {
        if (!sink_.accepts()) {
            connection_->look_away();
            co_await room_.wait();
            if (connection_->is_cancelled()) co_return failure{errc::cancelled, "the stream was closed"};
            continue;
        }
        auto some = read_some();
        if (!some) co_return some.error();
        auto waited = co_await connection_->wait_after(*some);
        if (!waited) co_return waited;
    }
}

outcome<pg_connection::found> postgres_stream::read_some()
{
    auto found = pg_connection::found::nothing;
    for (int reads = 0; reads < pg_connection::reads_per_turn; ++reads) {
        if (auto consumed = connection_->consume_input(); !consumed) return consumed.error();
        bool fresh = false;
        while (sink_.accepts()) {
            std::string_view frame;
            auto taken = connection_->take_copy_data(frame);
            if (!taken) return taken.error();
            if (*taken == pg_connection::taken::end) return connection_->end_of_copy();
            if (*taken == pg_connection::taken::nothing_yet) break;
            if (auto handled = handle_frame(frame); !handled) return handled.error();
            fresh = true;
        }
        if (!fresh) return found;
        found = pg_connection::found::some;
    }
    return pg_connection::found::much;
}

outcome<void> postgres_stream::handle_frame(std::string_view frame)
{
    if (options_.received_bytes != nullptr) *options_.received_bytes += frame.size();
    auto decoded = pgoutput::decode_frame(frame);
    if (!decoded) return explain_data_error(decoded.error());
    if (const auto* data = std::get_if<pgoutput::wal_data>(&*decoded)) return handle_message(*data);
    return handle_keepalive(std::get<pgoutput::keepalive>(*decoded));
}

outcome<void> postgres_stream::handle_message(const pgoutput::wal_data& data)
{
    auto event = reader_.on_message(data.payload);
    if (!event) return explain_data_error(event.error(), data.payload);
    received_ = std::max(received_, data.start);
    if (*event == transaction_reader::event::begun)
        sink_.on_begin(reader_.commit_start());
    else if (*event == transaction_reader::event::committed)
        hand_out_transaction();
    else if (*event == transaction_reader::event::changed &&
             reader_.changes().memory_bytes() > options_.transaction_bytes_max)
        hand_out_part();
    return {};
}

void postgres_stream::hand_out_transaction()
{
    received_ = std::max(received_, reader_.position().position);
    streamed_.add(reader_.commit_start(), reader_.xid());
    if (reader_.is_news()) {
        large_open_ = false;
        sink_.on_transaction({reader_.changes(), reader_.position(), reader_.touched()});
    }
    reader_.next_transaction();
}

void postgres_stream::hand_out_part()
{
    large_open_ = true;
    sink_.on_large_part(std::exchange(reader_.changes(), change_batch{}));
}

outcome<void> postgres_stream::handle_keepalive(const pgoutput::keepalive& keepalive)
{
    received_ = std::max(received_, keepalive.wal_end);
    if (!reader_.in_transaction()) {
        if (auto ec = reader_.on_reached(keepalive.wal_end)) return explain_data_error(ec);
        sink_.on_reached(received_);
    }
    if (keepalive.reply_requested) send_status(lsn{}, false);
    return {};
}

failure postgres_stream::explain_data_error(error_code ec, std::string_view message) const
{
    switch (reason_of(ec)) {
    case errc::table_changed:
        return explain(ec, fmt::format("the stream shows {} otherwise than it was copied", reader_.failed_in()));
    case errc::history_mismatch:
        return explain(ec, fmt::format("the server's history at {} is not the one that was stored", to_string(start_)));
    default: break;
    }
    auto where = reader_.failed_in().empty() ? std::string{} : " of " + reader_.failed_in();
    // Not its bytes: they may be those of an excluded column.
    auto what = message.empty() ? std::string{"a message"}
                                : fmt::format("a message of kind {:?} and {} bytes", message.front(), message.size());
    return explain(ec, fmt::format("{}{} at {}: {}", what, where, to_string(received_), ec.message()));
}

void postgres_stream::send_status(lsn flushed, bool request_reply)
{
    pgoutput::status_update status{.written = received_,
                                   .flushed = flushed,
                                   .applied = flushed,
                                   .sent_us = now_us(),
                                   .request_reply = request_reply};
    // A connection that cannot take it is noticed by the reader.
    auto sent = connection_->put_copy_data(pgoutput::encode(status));
    static_cast<void>(sent);
}

void postgres_stream::confirm(lsn durable)
{
    send_status(durable, false);
    send_status(lsn{}, false);
}

void postgres_stream::request_reply()
{
    send_status(lsn{}, true);
}

void postgres_stream::resume()
{
    room_.notify_all();
}

void postgres_stream::close()
{
    connection_->cancel();
    status_timer_.cancel();
    room_.notify_all();
}

void postgres_stream::arm_status_timer()
{
    status_timer_.expires_after(options_.status_interval);
    status_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        send_status(lsn{}, false);
        arm_status_timer();
    });
}

}  // namespace understudy
