#include "support/http_client.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>

namespace understudy::testing {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

std::string lower(std::string text)
{
    for (auto& byte : text) byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    return text;
}

}  // namespace

struct http_client::connection {
    asio::io_context loop;
    asio::generic::stream_protocol::socket socket{loop};
    beast::flat_buffer buffer;
};

http_client::http_client(const std::filesystem::path& socket) : connection_{std::make_unique<connection>()}
{
    connection_->socket.connect(asio::local::stream_protocol::endpoint{socket.string()});
}

http_client::http_client(std::uint16_t loopback_port) : connection_{std::make_unique<connection>()}
{
    connection_->socket.connect(asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), loopback_port});
}

http_client::~http_client() = default;

http_reply http_client::get(const std::string& target, const http_headers& headers)
{
    return ask("GET", target, headers);
}

http_reply http_client::ask(const std::string& method, const std::string& target, const http_headers& headers)
{
    http::request<http::empty_body> request;
    request.method_string(method);
    request.target(target);
    request.version(11);
    request.set(http::field::host, "localhost");
    for (const auto& [name, value] : headers) request.set(name, value);
    http::write(connection_->socket, request);
    return receive(method != "HEAD");
}

http_reply http_client::send(const std::string& method, const std::string& target, const std::string& json)
{
    http::request<http::string_body> request;
    request.method_string(method);
    request.target(target);
    request.version(11);
    request.set(http::field::host, "localhost");
    request.set(http::field::content_type, "application/json");
    request.body() = json;
    request.prepare_payload();
    http::write(connection_->socket, request);
    return receive(true);
}

http_reply http_client::receive(bool has_body)
{
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::uint64_t{1} << 32);
    parser.skip(!has_body);
    http::read(connection_->socket, connection_->buffer, parser);
    auto response = parser.release();
    http_reply reply{.status = static_cast<int>(response.result_int()), .headers = {}, .body = response.body()};
    for (const auto& field : response) reply.headers.emplace(lower(std::string{field.name_string()}), field.value());
    return reply;
}

std::string http_client::raw(const std::string& bytes, std::chrono::milliseconds patience)
{
    boost::system::error_code refused;
    asio::write(connection_->socket, asio::buffer(bytes), refused);
    std::string answer;
    auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd ready{connection_->socket.native_handle(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return answer;
        char chunk[4096];
        auto got = ::recv(connection_->socket.native_handle(), chunk, sizeof chunk, 0);
        if (got <= 0) return answer;
        answer.append(chunk, static_cast<std::size_t>(got));
    }
}

std::string percent_encoded(const std::string& text)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string made;
    for (char byte : text) {
        auto code = static_cast<unsigned char>(byte);
        if (std::isalnum(code) || byte == '-' || byte == '.' || byte == '_' || byte == '~')
            made.push_back(byte);
        else
            made.append({'%', digits[code >> 4], digits[code & 15]});
    }
    return made;
}

}  // namespace understudy::testing
