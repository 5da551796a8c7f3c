#include "serve/http_server.hpp"

#include "core/limits.hpp"
#include "files/files.hpp"
#include "serve/table_answer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

namespace beast = boost::beast;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr mode_t socket_mode = 0660;
constexpr int answer_time_factor = 12;  // times serve.timeout, for a whole answer however slowly it is taken

failure cannot_listen(const std::string& where, const std::string& why)
{
    return {errc::bad_config, fmt::format("serve.listen: {}: {}", where, why)};
}

auto& lowest(beast::basic_stream<asio::generic::stream_protocol>& connection)
{
    return connection;
}
auto& lowest(asio::ssl::stream<beast::basic_stream<asio::generic::stream_protocol>&>& connection)
{
    return connection.next_layer();
}

/// A page on the web can make a browser ask us under a name of its own that leads to 127.0.0.1; not under an address.
bool is_local_host(std::string host)
{
    for (auto& byte : host)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    if (host.empty()) return true;
    auto colon = host.rfind(':');
    if (colon != host.npos && host.find(']', colon) == host.npos) host.resize(colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    boost::system::error_code ec;
    asio::ip::make_address(host, ec);
    return !ec || host == "localhost" || host.ends_with(".localhost");
}

http_response refuse(http::status status, const char* why)
{
    return answer_error({.status = status, .code = "PGRST100", .message = why, .details = {}, .hint = {}});
}

/// The answer to what is no request. Nothing if there is nobody to answer to.
std::optional<http_response> answer_to(const beast::error_code& problem)
{
    if (problem == http::error::header_limit || problem == http::error::buffer_overflow)
        return refuse(http::status::request_header_fields_too_large, "the head of the request is too long");
    if (problem == http::error::end_of_stream || problem == http::error::partial_message) return std::nullopt;
    if (problem.category() == http::make_error_code(http::error::bad_method).category())
        return refuse(http::status::bad_request, "this is no HTTP request");
    return std::nullopt;  // the connection is gone, or it took too long
}

using answer_buffers = std::array<asio::const_buffer, 2>;

/// In one piece. Beast's serializer makes a buffer of each part of each field, and walking through those took a fifth of the
/// time of a short answer.
std::string head_of(const http_response& response)
{
    auto reason = response.reason();
    auto head = fmt::format("HTTP/{}.{} {} {}\r\n", response.version() / 10, response.version() % 10,
                            response.result_int(), std::string_view{reason.data(), reason.size()});
    for (const auto& field : response) {
        auto name = field.name_string();
        auto value = field.value();
        head.append(name.data(), name.size()).append(": ").append(value.data(), value.size()).append("\r\n");
    }
    return head.append("\r\n");
}

/// What a proxy in front of us may understand otherwise than we do is refused: who wrote it could hide a second request in
/// the first (RFC 9112, 3.2 and 6.1).
std::optional<http_response> refuse_ambiguous(const http_request& request)
{
    if (request.count(http::field::transfer_encoding) > 0 &&
        (request.count(http::field::transfer_encoding) > 1 || request.version() < 11 ||
         !beast::iequals(request[http::field::transfer_encoding], "chunked")))
        return refuse(http::status::bad_request, "of transfer encodings only chunked is known, once, in HTTP/1.1");
    auto hosts = request.count(http::field::host);
    // A folded line is read as one; what a fold hides behind the host, nobody means.
    if ((request.version() >= 11 && hosts != 1) || hosts > 1 ||
        header(request, http::field::host).find_first_of(" \t,") != std::string_view::npos)
        return refuse(http::status::bad_request, "a request has one Host");
    return std::nullopt;
}

bool has_no_body(http::status status) noexcept
{
    return status == http::status::not_modified || status == http::status::no_content;
}

}  // namespace

http_server::http_server(asio::any_io_executor executor, const serve_settings& wanted, handler handle)
    : executor_{executor}, settings_{wanted}, handle_{std::move(handle)}, pause_{executor}
{
}

http_server::~http_server() = default;

outcome<void> http_server::listen(gid_t socket_group)
{
    if (auto ready = prepare_tls(); !ready) return ready;
    for (const auto& address : settings_.listen)
        if (auto opened = open(address, socket_group); !opened) return opened;
    return boost::system::in_place_value;
}

outcome<void> http_server::prepare_tls()
{
    if (settings_.certificate.empty()) return boost::system::in_place_value;
    tls_.emplace(asio::ssl::context::tls_server);
    boost::system::error_code ec;
    // Without an answer of ours OpenSSL asks the terminal for the key's password.
    tls_->set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string{}; }, ec);
    tls_->set_options(
        asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, ec);
    tls_->use_certificate_chain_file(settings_.certificate.string(), ec);
    if (ec)
        return failure{errc::bad_config,
                       fmt::format("serve.certificate: {}: {}", settings_.certificate.string(), ec.message())};
    tls_->use_private_key_file(settings_.private_key.string(), asio::ssl::context::pem, ec);
    if (ec)
        return failure{errc::bad_config,
                       fmt::format("serve.private_key: {}: {}", settings_.private_key.string(), ec.message())};
    return boost::system::in_place_value;
}

outcome<void> http_server::open(const listen_address& address, gid_t socket_group)
{
    if (!address.socket.empty()) return open_socket(address, socket_group);
    boost::system::error_code ec;
    auto host = asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, ec);
    asio::ip::tcp::endpoint endpoint{host, address.port};
    auto& made = doors_.emplace_back(door{acceptor{executor_}, tls_.has_value()});
    protocol kind{endpoint.protocol().family(), 0};
    if (!ec) made.in.open(kind, ec);
    if (!ec) made.in.set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec) made.in.bind(endpoint, ec);
    if (!ec) made.in.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return cannot_listen(fmt::format("{}:{}", address.host, address.port), ec.message());
    return boost::system::in_place_value;
}

// What a killed daemon left behind is replaced; anything that is no socket is not ours.
outcome<void> http_server::open_socket(const listen_address& address, gid_t group)
{
    const auto& path = address.socket;
    struct stat there{};
    if (::lstat(path.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) return cannot_listen(path.string(), "something that is no socket is there");
        ::unlink(path.c_str());
    }
    auto& made = doors_.emplace_back(door{acceptor{executor_}, false, path});
    boost::system::error_code ec;
    protocol kind{AF_UNIX, 0};
    made.in.open(kind, ec);
    auto before = ::umask(0777 & ~socket_mode);
    if (!ec) made.in.bind(asio::local::stream_protocol::endpoint{path.string()}, ec);
    ::umask(before);
    if (!ec && group != static_cast<gid_t>(-1) && ::chown(path.c_str(), static_cast<uid_t>(-1), group) != 0)
        ec.assign(errno, boost::system::system_category());
    if (!ec) made.in.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return cannot_listen(path.string(), ec.message());
    return boost::system::in_place_value;
}

void http_server::start()
{
    for (auto& from : doors_)
        asio::co_spawn(executor_, accept(from), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
}

void http_server::close()
{
    closed_ = true;
    boost::system::error_code ignored;
    for (auto& from : doors_) {
        from.in.close(ignored);
        if (!from.socket.empty()) ::unlink(from.socket.c_str());
    }
    pause_.cancel();
    for (auto& one : clients_) one.close();
}

/// Ends the client that has owed us a request longest. False if none does.
bool http_server::make_room()
{
    if (clients_.size() < settings_.connections_max) return true;
    auto longest = clients_.end();
    for (auto one = clients_.begin(); one != clients_.end(); ++one)
        if (one->waiting_since && (longest == clients_.end() || *one->waiting_since < *longest->waiting_since))
            longest = one;
    if (longest == clients_.end()) return false;
    longest->waiting_since.reset();
    longest->close();
    return true;
}

asio::awaitable<void> http_server::accept(door& from)
{
    while (!closed_) {
        auto connection = std::make_shared<stream>(executor_);
        auto [ec] = co_await from.in.async_accept(connection->socket(), use_tuple);
        if (closed_) break;
        if (ec) {
            // Descriptors are used up: who wants to come in is still there, and the next try would fail at once.
            pause_.expires_after(limits::accept_pause);
            co_await pause_.async_wait(use_tuple);
            continue;
        }
        if (!make_room()) continue;
        auto me = clients_.insert(clients_.end(), client{});
        me->waiting_since = std::chrono::steady_clock::now();
        me->close = [connection] {
            boost::system::error_code ignored;
            connection->socket().close(ignored);
        };
        auto ended = [this, me](std::exception_ptr thrown) {
            clients_.erase(me);
            if (thrown) std::rethrow_exception(thrown);
        };
        me->checks_host = from.socket.empty() && !settings_.anywhere;
        connection->socket().set_option(asio::ip::tcp::no_delay{true}, ec);  // unix sockets have none
        if (from.secure)
            asio::co_spawn(executor_, serve_secure(connection, me), ended);
        else
            asio::co_spawn(executor_, serve_plain(connection, me), ended);
    }
}

asio::awaitable<void> http_server::serve_plain(std::shared_ptr<stream> connection, clients::iterator me)
{
    co_await converse(*connection, me);
    boost::system::error_code ignored;
    connection->socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

asio::awaitable<void> http_server::serve_secure(std::shared_ptr<stream> connection, clients::iterator me)
{
    asio::ssl::stream<stream&> secure{*connection, *tls_};
    connection->expires_after(settings_.timeout);
    auto [refused] = co_await secure.async_handshake(asio::ssl::stream_base::server, use_tuple);
    if (refused) co_return;
    co_await converse(secure, me);
    connection->expires_after(settings_.timeout);
    co_await secure.async_shutdown(use_tuple);
}

template <class Stream>
asio::awaitable<void> http_server::converse(Stream& connection, clients::iterator me)
{
    beast::flat_buffer buffer{2 * limits::http_head_bytes_max};
    for (;;) {
        head_parser parser;
        me->waiting_since = std::chrono::steady_clock::now();
        bool came = co_await read_head(connection, buffer, parser);
        if (!came) co_return;
        me->waiting_since.reset();
        auto& request = parser.get();
        bool has_body = !parser.is_done();
        auto response = co_await respond(request, me->checks_host);
        bool stays = response.keep_alive() && request.keep_alive() && !has_body;
        response.version(request.version());
        response.keep_alive(stays);
        bool written = co_await write(connection, response, request.method() == http::verb::head);
        if (!written) co_return;
        if (stays) continue;
        me->waiting_since = std::chrono::steady_clock::now();
        if (has_body) co_await drop_body(lowest(connection));
        co_return;
    }
}

/// Reads up to the end of a head. False if none came; what is none was answered.
template <class Stream>
asio::awaitable<bool> http_server::read_head(Stream& connection, beast::flat_buffer& buffer, head_parser& parser)
{
    parser.header_limit(static_cast<std::uint32_t>(limits::http_head_bytes_max));
    parser.body_limit(boost::none);
    if (buffer.size() == 0) {
        lowest(connection).expires_after(limits::http_idle_max);
        auto room = buffer.prepare(4096);
        auto [gone, came] = co_await connection.async_read_some(room, use_tuple);
        if (gone) co_return false;
        buffer.commit(came);
    }
    lowest(connection).expires_after(settings_.timeout);
    auto [unread, size] = co_await http::async_read_header(connection, buffer, parser, use_tuple);
    if (!unread) co_return true;
    auto refusal = answer_to(unread);
    if (!refusal) co_return false;
    refusal->keep_alive(false);
    bool written = co_await write(connection, *refusal, false);
    if (written) co_await drop_body(lowest(connection));
    co_return false;
}

// A connection that is closed with bytes unread is reset, and our answer with it (RFC 9112, 9.6).
asio::awaitable<void> http_server::drop_body(stream& connection)
{
    boost::system::error_code ignored;
    connection.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    connection.expires_after(settings_.timeout);
    std::string dropped(std::size_t{16} << 10, '\0');
    for (std::size_t all = 0; all < limits::http_dropped_bytes_max;) {
        auto room = asio::buffer(dropped);
        auto [gone, came] = co_await connection.async_read_some(room, use_tuple);
        if (gone) co_return;
        all += came;
    }
}

asio::awaitable<http_response> http_server::respond(const http_request& request, bool checks_host)
{
    if (auto refusal = refuse_ambiguous(request)) {
        refusal->keep_alive(false);
        co_return std::move(*refusal);
    }
    if (checks_host && !is_local_host(std::string{header(request, http::field::host)}))
        co_return answer_error({.status = http::status::misdirected_request,
                                .code = "UNDERSTUDY_HOST",
                                .message = "a server on the loopback address is not called by this name",
                                .details = {},
                                .hint = "Ask for localhost or 127.0.0.1."});
    auto response = co_await handle_(request);
    if (bytes_under_way_ + response.body().size() <= limits::answer_bytes_now_max) co_return response;
    co_return answer_error({.status = http::status::service_unavailable,
                            .code = "UNDERSTUDY_BUSY",
                            .message = "too many answers are under way to clients that take them slowly",
                            .details = {},
                            .hint = "Ask again."});
}

template <class Stream>
asio::awaitable<bool> http_server::write(Stream& connection, http_response& response, bool head_only)
{
    response.set(http::field::server, "understudy");
    response.set(http::field::date, http_date(std::chrono::system_clock::now()));
    response.prepare_payload();
    if (has_no_body(response.result())) response.erase(http::field::content_length);
    auto size = response.body().size();
    bytes_under_way_ += size;
    auto head = head_of(response);
    beast::buffers_suffix<answer_buffers> left{
        answer_buffers{asio::buffer(head), asio::const_buffer{response.body().data(), head_only ? 0 : size}}};
    auto deadline = std::chrono::steady_clock::now() + answer_time_factor * settings_.timeout;
    bool good = true;
    while (good && beast::buffer_bytes(left) > 0) {
        lowest(connection).expires_after(settings_.timeout);
        auto [ec, sent] = co_await connection.async_write_some(left, use_tuple);
        left.consume(sent);
        good = !ec && std::chrono::steady_clock::now() < deadline;
    }
    bytes_under_way_ -= size;
    co_return good;
}

}  // namespace understudy
