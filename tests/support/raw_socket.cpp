#include "support/raw_socket.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace understudy::testing {

namespace {

int connected(int family, const sockaddr* address, socklen_t size)
{
    int made = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0 || ::connect(made, address, size) != 0) {
        std::string why = std::strerror(errno);
        if (made >= 0) ::close(made);
        throw std::runtime_error{"no connection: " + why};
    }
    return made;
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline)
{
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

std::string lower(std::string_view text)
{
    std::string made{text};
    for (auto& byte : made) byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    return made;
}

/// `head` without the empty line behind it.
http_reply parse_head(std::string_view head)
{
    http_reply reply;
    auto line = head.substr(0, head.find("\r\n"));
    auto code = line.substr(std::min(line.size(), line.find(' ') + 1), 3);
    std::from_chars(code.data(), code.data() + code.size(), reply.status);
    while (head.size() > line.size()) {
        head.remove_prefix(line.size() + 2);
        line = head.substr(0, head.find("\r\n"));
        auto colon = std::min(line.find(": "), line.size());
        reply.headers.emplace(lower(line.substr(0, colon)), line.substr(std::min(colon + 2, line.size())));
    }
    return reply;
}

}  // namespace

raw_socket::raw_socket(const std::filesystem::path& socket)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    socket_ = connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

raw_socket::raw_socket(std::uint16_t loopback_port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(loopback_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_ = connected(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

raw_socket::raw_socket(raw_socket&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)}, ended_{other.ended_}, received_{std::move(other.received_)}
{
}

raw_socket::~raw_socket()
{
    if (socket_ >= 0) ::close(socket_);
}

bool raw_socket::send(std::string_view bytes, std::chrono::milliseconds patience)
{
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (!bytes.empty()) {
        pollfd ready{socket_, POLLOUT, 0};
        if (::poll(&ready, 1, milliseconds_until(deadline)) <= 0) return false;
        auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool raw_socket::fill(std::chrono::steady_clock::time_point deadline)
{
    pollfd ready{socket_, POLLIN, 0};
    if (ended_ || ::poll(&ready, 1, milliseconds_until(deadline)) <= 0) return false;
    std::array<char, 65'536> chunk{};
    auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) return true;
    ended_ = got <= 0;
    if (!ended_) received_.append(chunk.data(), static_cast<std::size_t>(got));
    return !ended_;
}

std::optional<http_reply> raw_socket::read_reply(std::chrono::milliseconds patience, bool with_body)
{
    auto deadline = std::chrono::steady_clock::now() + patience;
    auto end = received_.npos;
    while ((end = received_.find("\r\n\r\n")) == received_.npos)
        if (!fill(deadline)) return std::nullopt;
    auto reply = parse_head(std::string_view{received_}.substr(0, end));
    received_.erase(0, end + 4);
    auto length = reply.header("content-length");
    auto wanted = with_body && !length.empty() ? std::stoull(length) : 0;
    while (received_.size() < wanted)
        if (!fill(deadline)) return std::nullopt;
    reply.body = received_.substr(0, wanted);
    received_.erase(0, wanted);
    return reply;
}

std::optional<std::string> raw_socket::read_to_end(std::chrono::milliseconds patience)
{
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (fill(deadline)) {
    }
    if (!ended_) return std::nullopt;
    return std::exchange(received_, {});
}

std::size_t raw_socket::take_some(std::size_t most)
{
    std::string place(most, '\0');
    auto got = ::recv(socket_, place.data(), place.size(), MSG_DONTWAIT);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool raw_socket::is_closed_within(std::chrono::milliseconds patience)
{
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (fill(deadline)) received_.clear();
    return ended_;
}

void raw_socket::finish_sending()
{
    ::shutdown(socket_, SHUT_WR);
}

}  // namespace understudy::testing
