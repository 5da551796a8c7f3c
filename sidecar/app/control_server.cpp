#include "app/control_server.hpp"

#include "app/spawn.hpp"
#include "core/limits.hpp"
#include "files/files.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace understudy {

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr auto socket_name = "control.sock";

boost::json::object refusal(std::string_view text)
{
    return {{"ok", false}, {"reason", name_of(errc::usage)}, {"text", text}};
}

}  // namespace

asio::local::stream_protocol::endpoint control_endpoint(int directory_descriptor)
{
    return asio::local::stream_protocol::endpoint{
        fmt::format("/proc/self/fd/{}/{}", directory_descriptor, socket_name)};
}

control_server::control_server(asio::any_io_executor executor, handler handle, std::function<void()> left)
    : executor_{executor}, handle_{std::move(handle)}, left_{std::move(left)}, acceptor_{executor}, pause_{executor}
{
}

outcome<void> control_server::listen(const std::filesystem::path& directory)
{
    descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.get() < 0)
        return failure{errc::bad_directory, fmt::format("{}: {}", directory.string(), std::strerror(errno))};
    ::unlinkat(opened.get(), socket_name, 0);
    boost::system::error_code ec;
    acceptor_.open(asio::local::stream_protocol{}, ec);
    if (!ec) acceptor_.bind(control_endpoint(opened.get()), ec);
    if (!ec && ::fchmodat(opened.get(), socket_name, 0600, 0) != 0) ec.assign(errno, boost::system::system_category());
    if (!ec) acceptor_.listen(static_cast<int>(limits::control_clients_max), ec);
    if (ec)
        return failure{errc::bad_directory, fmt::format("{}/{}: {}", directory.string(), socket_name, ec.message())};
    spawn(executor_, accept_until_closed(), "control socket");
    return {};
}

void control_server::close()
{
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& connection : connections_) connection->close(ignored);
}

asio::awaitable<void> control_server::accept_until_closed()
{
    while (acceptor_.is_open()) {
        auto connection = std::make_shared<socket>(executor_);
        auto [ec] = co_await acceptor_.async_accept(*connection, use_tuple);
        if (ec && acceptor_.is_open()) {
            // Who wants to come in is still there: without descriptors the next try would fail at once, and again.
            pause_.expires_after(limits::accept_pause);
            co_await pause_.async_wait(use_tuple);
        }
        if (ec || connections_.size() >= limits::control_clients_max) continue;
        connections_.insert(connection);
        spawn(executor_, serve(connection), "control client");
    }
}

asio::awaitable<void> control_server::serve(std::shared_ptr<socket> connection)
{
    control_client client;
    std::string buffer;
    for (;;) {
        auto incoming = asio::dynamic_buffer(buffer, limits::control_request_bytes_max);
        auto [read_error, length] = co_await asio::async_read_until(*connection, incoming, '\n', use_tuple);
        if (read_error) break;
        boost::system::error_code parse_error;
        auto request = boost::json::parse(std::string_view{buffer}.substr(0, length), parse_error);
        buffer.erase(0, length);
        boost::json::object answer;
        if (parse_error || !request.is_object())
            answer = refusal("a request is one JSON object on a line");
        else
            answer = co_await handle_(request.as_object(), client);
        auto line = boost::json::serialize(answer) + "\n";
        auto [write_error, written] = co_await asio::async_write(*connection, asio::buffer(line), use_tuple);
        if (write_error) break;
    }
    if (client.holds) left_();
    connections_.erase(connection);
}

}  // namespace understudy
