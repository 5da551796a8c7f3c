#include "source/postgres/connection.hpp"

#include "core/limits.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <thread>

namespace understudy {

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// Waiting a little after the socket ran dry lets the server fill it: 66 k messages/s became 107 k over TCP
// (measured).
constexpr auto gather_pause = std::chrono::microseconds{200};

failure failure_of(const PGresult* result)
{
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    std::string text = presentable(primary ? primary : PQresultErrorMessage(result));
    if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL))
        text += " (" + presentable(detail) + ")";
    // libpq makes results of its own, without SQLSTATE, when the connection breaks.
    if (!state) return {errc::connection_lost, std::move(text)};
    return {reason_for_sqlstate(state), text + " [SQLSTATE " + state + "]"};
}

bool is_error(const PGresult* result) noexcept
{
    auto status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR;
}

// libpq has no SQLSTATE for a connection that was refused, so its text decides between a server that is not there
// and one that does not want us. Only the retry's speed and the message hang on it.
errc reason_for_connect_error(std::string_view text) noexcept
{
    using namespace std::string_view_literals;
    for (auto hint : {"authentication"sv, "password"sv, "no pg_hba.conf entry"sv, "role \""sv})
        if (text.find(hint) != text.npos) return errc::authentication_failed;
    for (auto hint : {"starting up"sv, "shutting down"sv, "not yet accepting"sv, "recovery mode"sv})
        if (text.find(hint) != text.npos) return errc::server_starting;
    for (auto hint :
         {"too many clients"sv, "remaining connection slots"sv, "max_wal_senders"sv, "too many connections"sv})
        if (text.find(hint) != text.npos) return errc::too_many_connections;
    return errc::unreachable;
}

}  // namespace

std::int64_t query_result::integer(int row, int column) const noexcept
{
    auto digits = text(row, column);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

errc reason_for_sqlstate(std::string_view sqlstate) noexcept
{
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    if (sqlstate == "57P01" || sqlstate == "57P02") return errc::server_stopping;
    if (sqlstate == "57P03") return errc::server_starting;
    if (sqlstate == "53300") return errc::too_many_connections;
    if (sqlstate == "42501") return errc::permission_denied;
    if (sqlstate == "22021" || sqlstate == "22P05") return errc::bad_text;  // not in, or not to be told in, UTF-8
    if (sqlstate == "55P03") return errc::table_locked;
    if (sqlstate == "55006") return errc::slot_busy;
    if (sqlstate.substr(0, 2) == "28") return errc::authentication_failed;
    if (sqlstate.substr(0, 2) == "08") return errc::connection_lost;
    return errc::query_failed;
}

std::string presentable(std::string_view peer_text)
{
    std::string shown;
    auto cut = peer_text.substr(0, limits::peer_text_bytes_max);
    // Not inside a UTF-8 character: its other bytes start with the bits 10.
    while (cut.size() < peer_text.size() && !cut.empty() && (peer_text[cut.size()] & 0xC0) == 0x80)
        cut.remove_suffix(1);
    for (char c : cut) {
        bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        if (control && (shown.empty() || shown.back() == ' ')) continue;
        shown.push_back(control ? ' ' : c);
    }
    while (!shown.empty() && shown.back() == ' ') shown.pop_back();
    return shown;
}

pg_connection::pg_connection(asio::any_io_executor executor, pg_conn_handle connection)
    : connection_{std::move(connection)}, socket_{executor}, deadline_{executor}, pause_{executor}
{
}

pg_connection::~pg_connection()
{
    *alive_ = false;
    if (unanswered_) end_statement();
    // Before PQfinish closes the descriptor: its number may be given to somebody else at once.
    if (socket_.is_open()) socket_.release();
}

// A server that waits for a lock does not notice that its client is gone, and keeps the slot that it makes.
void pg_connection::end_statement() noexcept
{
    std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request{PQgetCancel(connection_.get()), &PQfreeCancel};
    if (!request) return;
    try {
        // On a thread of its own: it connects, and waits where the network is gone.
        std::thread{[request = std::move(request)] {
            std::array<char, 256> why{};
            PQcancel(request.get(), why.data(), static_cast<int>(why.size()));
        }}.detach();
    } catch (const std::system_error&) {
        // No thread to be had: the server notices when it has something to send.
    }
}

void pg_connection::cancel() noexcept
{
    cancelled_ = true;
    boost::system::error_code ignored;
    if (socket_.is_open()) socket_.cancel(ignored);
}

asio::awaitable<outcome<std::unique_ptr<pg_connection>>> pg_connection::open(connection_options options,
                                                                             const std::stop_token& stopped)
{
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : options) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);

    auto executor = co_await asio::this_coro::executor;
    pg_conn_handle handle{PQconnectStartParams(keywords.data(), values.data(), 0)};
    if (!handle) throw std::bad_alloc{};
    std::unique_ptr<pg_connection> made{new pg_connection{executor, std::move(handle)}};
    made->stop_.emplace(stopped, [cancelled = made.get()] { cancelled->cancel(); });
    auto connected = co_await made->connect(connect_timeout_of(options));
    if (!connected) co_return connected.error();
    co_return std::move(made);
}

asio::awaitable<outcome<void>> pg_connection::connect(std::chrono::milliseconds timeout)
{
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    set_deadline(timeout);
    auto next = PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
        use_current_socket();
        auto waited = co_await wait(next == PGRES_POLLING_READING ? direction::read : direction::write);
        if (!waited) {
            if (waited.error().code == errc::cancelled) co_return waited.error();
            co_return failure{errc::unreachable, "no answer within " + std::to_string(timeout.count()) + " ms"};
        }
        next = PQconnectPoll(connection_.get());
    }
    clear_deadline();
    if (next != PGRES_POLLING_OK) {
        auto text = presentable(PQerrorMessage(connection_.get()));
        co_return failure{reason_for_connect_error(text), text};
    }
    use_current_socket();
    PQsetnonblocking(connection_.get(), 1);
    co_return outcome<void>{};
}

void pg_connection::use_current_socket()
{
    // libpq may close one socket and open another between two polls (several hosts, SSL fallback).
    auto current = PQsocket(connection_.get());
    if (socket_.is_open()) socket_.release();
    if (current >= 0) socket_.assign(current);
}

void pg_connection::set_deadline(std::chrono::milliseconds timeout)
{
    timed_out_ = false;
    deadline_.expires_after(timeout);
    deadline_.async_wait([this, alive = alive_](const boost::system::error_code& ec) {
        // A handler that was already queued when the deadline moved must not end the next wait.
        if (ec || !*alive || !timed_out_ || deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
        timed_out_ = true;
        boost::system::error_code ignored;
        if (socket_.is_open()) socket_.cancel(ignored);
    });
}

void pg_connection::clear_deadline()
{
    timed_out_.reset();
    deadline_.cancel();
}

asio::awaitable<outcome<void>> pg_connection::wait(direction what)
{
    if (cancelled_) co_return failure{errc::cancelled, "asked to stop"};
    if (!socket_.is_open()) use_current_socket();
    auto ready = what == direction::read ? asio::posix::stream_descriptor::wait_read
                                         : asio::posix::stream_descriptor::wait_write;
    auto [ec] = co_await socket_.async_wait(ready, use_tuple);
    if (cancelled_) co_return failure{errc::cancelled, "asked to stop"};
    if (timed_out_.value_or(false)) co_return failure{errc::timed_out, "the server did not answer in time"};
    if (ec) co_return failure{errc::connection_lost, ec.message()};
    co_return outcome<void>{};
}

asio::awaitable<outcome<void>> pg_connection::wait_readable()
{
    return wait(direction::read);
}

asio::awaitable<outcome<void>> pg_connection::wait_after(found in_turn)
{
    switch (in_turn) {
    case found::nothing: return wait_readable();
    case found::some: return pause(gather_pause);
    case found::much: break;
    }
    return pause({});
}

asio::awaitable<outcome<void>> pg_connection::pause(std::chrono::microseconds length)
{
    look_away();
    pause_.expires_after(length);
    co_await pause_.async_wait(use_tuple);
    if (cancelled_) co_return failure{errc::cancelled, "asked to stop"};
    co_return outcome<void>{};
}

void pg_connection::look_away() noexcept
{
    if (socket_.is_open()) socket_.release();
}

failure pg_connection::lost_connection() const
{
    auto text = presentable(PQerrorMessage(connection_.get()));
    return {errc::connection_lost, text.empty() ? "the server closed the connection" : text};
}

outcome<void> pg_connection::consume_input()
{
    if (PQconsumeInput(connection_.get()) == 0) return lost_connection();
    return {};
}

asio::awaitable<outcome<void>> pg_connection::flush()
{
    for (;;) {
        int left = PQflush(connection_.get());
        if (left == 0) co_return outcome<void>{};
        if (left < 0) co_return lost_connection();
        auto waited = co_await wait(direction::write);
        if (!waited) co_return waited;
        // The server may be unable to take more until we have read what it sends.
        if (auto read = consume_input(); !read) co_return read;
    }
}

asio::awaitable<outcome<pg_result_handle>> pg_connection::next_result()
{
    while (PQisBusy(connection_.get())) {
        auto waited = co_await wait(direction::read);
        if (!waited) co_return waited.error();
        if (auto read = consume_input(); !read) co_return read.error();
    }
    co_return pg_result_handle{PQgetResult(connection_.get())};
}

asio::awaitable<outcome<std::vector<query_result>>> pg_connection::collect_results()
{
    auto flushed = co_await flush();
    if (!flushed) co_return flushed.error();
    std::vector<query_result> all;
    std::optional<failure> failed;
    for (;;) {
        auto result = co_await next_result();
        if (!result) co_return failed ? *failed : result.error();
        if (!*result) break;
        if (is_error(result->get())) {
            if (!failed) failed = failure_of(result->get());
        } else {
            all.emplace_back(std::move(*result));
        }
    }
    if (failed) co_return *failed;
    co_return std::move(all);
}

asio::awaitable<outcome<std::vector<query_result>>> pg_connection::query_each(std::string sql,
                                                                              std::chrono::milliseconds timeout)
{
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) co_return lost_connection();
    busy_ = true;
    set_deadline(timeout);
    auto results = co_await collect_results();
    unanswered_ = !results && (results.error().code == errc::cancelled || results.error().code == errc::timed_out);
    clear_deadline();
    busy_ = false;
    if (watcher_) arm_watch();
    co_return std::move(results);
}

asio::awaitable<outcome<query_result>> pg_connection::query(std::string sql, std::chrono::milliseconds timeout)
{
    auto all = co_await query_each(std::move(sql), timeout);
    if (!all) co_return all.error();
    if (all->empty()) co_return failure{errc::internal, "a statement without a result"};
    co_return std::move(all->back());
}

asio::awaitable<outcome<void>> pg_connection::start_copy(std::string sql, std::chrono::milliseconds timeout)
{
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) co_return lost_connection();
    set_deadline(timeout);
    auto flushed = co_await flush();
    if (!flushed) co_return flushed;
    auto result = co_await next_result();
    clear_deadline();
    if (!result) co_return result.error();
    auto status = PQresultStatus(result->get());
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) co_return outcome<void>{};
    if (is_error(result->get())) co_return failure_of(result->get());
    co_return failure{errc::unexpected_message, "the server did not start a copy"};
}

outcome<pg_connection::taken> pg_connection::take_copy_data(std::string_view& data)
{
    char* buffer = nullptr;
    int length = PQgetCopyData(connection_.get(), &buffer, 1);
    copy_data_.reset(buffer);
    if (length > 0) {
        data = {buffer, static_cast<std::size_t>(length)};
        return taken::data;
    }
    if (length == 0) return taken::nothing_yet;
    if (length == -1) return taken::end;
    return lost_connection();
}

failure pg_connection::end_of_copy()
{
    while (!PQisBusy(connection_.get())) {
        pg_result_handle result{PQgetResult(connection_.get())};
        if (!result) break;
        if (is_error(result.get())) return failure_of(result.get());
    }
    return {errc::connection_lost, "the server ended the stream"};
}

asio::awaitable<outcome<void>> pg_connection::finish_copy(std::chrono::milliseconds timeout)
{
    set_deadline(timeout);
    auto results = co_await collect_results();
    clear_deadline();
    if (!results) co_return results.error();
    co_return outcome<void>{};
}

outcome<void> pg_connection::put_copy_data(std::string_view data)
{
    if (PQputCopyData(connection_.get(), data.data(), static_cast<int>(data.size())) < 0) return lost_connection();
    if (PQflush(connection_.get()) < 0) return lost_connection();
    return {};
}

void pg_connection::watch(std::function<void(failure)> ended)
{
    watcher_ = std::move(ended);
    arm_watch();
}

void pg_connection::arm_watch()
{
    // At most one wait: a query's data wakes it too, and each wake would leave one more behind.
    if (std::exchange(watch_armed_, true)) return;
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = alive_](const boost::system::error_code& ec) {
                           if (!*alive) return;
                           watch_armed_ = false;
                           if (!ec && !cancelled_ && !busy_ && watcher_) look_for_end();
                       });
}

void pg_connection::look_for_end()
{
    if (consume_input() && PQstatus(connection_.get()) == CONNECTION_OK) {
        // Not the end yet: a notice, or the FATAL message whose EOF follows.
        pg_result_handle notice{PQisBusy(connection_.get()) ? nullptr : PQgetResult(connection_.get())};
        if (!notice || !is_error(notice.get())) return arm_watch();
    }
    std::exchange(watcher_, nullptr)({errc::server_stopping, "the server ended our idle connection"});
}

std::string pg_connection::parameter(const char* name) const
{
    const char* value = PQparameterStatus(connection_.get(), name);
    return value ? value : "";
}

std::string pg_connection::quote_literal(std::string_view text) const
{
    pg_memory_handle quoted{PQescapeLiteral(connection_.get(), text.data(), text.size())};
    return quoted ? quoted.get() : "''";
}

}  // namespace understudy
