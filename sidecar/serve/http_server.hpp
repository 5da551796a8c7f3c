#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "serve/http_types.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace understudy {

namespace asio = boost::asio;

/// Accepts connections, reads requests and writes what a handler answers, with limits on all of it: bytes of a head and of
/// an answer under way, time for a request and for each part of an answer, connections. When there are too many, the one
/// goes that has owed us a request longest, and if all have made theirs the new one.
///
/// No body is read: a request that has one is answered from its head, and ends the connection.
///
/// Lives on one executor's thread.
class http_server {
public:
    /// Answers one request. `request` lives as long as the coroutine.
    using handler = std::function<asio::awaitable<http_response>(const http_request& request)>;

    http_server(asio::any_io_executor executor, const serve_settings& wanted, handler handle);
    ~http_server();

    /// Listens on all addresses. `socket_group`: of unix sockets, with mode 0660; all ones: our own.
    /// Errors: bad_config for an address, certificate or key that cannot be used.
    outcome<void> listen(gid_t socket_group);

    /// Starts to accept.
    void start();

    /// Stops accepting and ends every connection.
    void close();

private:
    using protocol = asio::generic::stream_protocol;
    using stream = boost::beast::basic_stream<protocol>;
    using acceptor = asio::basic_socket_acceptor<protocol>;
    struct door {
        acceptor in;
        bool secure = false;
        std::filesystem::path socket{};
    };
    /// One client. `close` ends it, whatever it waits for.
    struct client {
        std::optional<std::chrono::steady_clock::time_point> waiting_since;  ///< For a whole request of its.
        std::function<void()> close;
        bool checks_host = false;
    };
    using clients = std::list<client>;
    using head_parser = http::request_parser<http::string_body>;

    outcome<void> prepare_tls();
    outcome<void> open(const listen_address& address, gid_t socket_group);
    outcome<void> open_socket(const listen_address& address, gid_t group);
    asio::awaitable<void> accept(door& from);
    bool make_room();
    asio::awaitable<void> serve_plain(std::shared_ptr<stream> connection, clients::iterator me);
    asio::awaitable<void> serve_secure(std::shared_ptr<stream> connection, clients::iterator me);
    template <class Stream>
    asio::awaitable<void> converse(Stream& connection, clients::iterator me);
    template <class Stream>
    asio::awaitable<bool> read_head(Stream& connection, boost::beast::flat_buffer& buffer, head_parser& parser);
    asio::awaitable<void> drop_body(stream& connection);
    template <class Stream>
    asio::awaitable<bool> write(Stream& connection, http_response& response, bool head_only);
    asio::awaitable<http_response> respond(const http_request& request, bool checks_host);

    asio::any_io_executor executor_;
    const serve_settings& settings_;
    handler handle_;
    std::optional<asio::ssl::context> tls_;
    std::list<door> doors_;
    asio::steady_timer pause_;
    clients clients_;
    std::uint64_t bytes_under_way_ = 0;
    bool closed_ = false;
};

}  // namespace understudy
