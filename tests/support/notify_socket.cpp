#include "support/notify_socket.hpp"

#include "support/waiting.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace understudy::testing {

notify_socket::notify_socket() : socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)}
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error{errno, std::generic_category(), path()};
    timeval look{.tv_sec = 0, .tv_usec = 20'000};  // whether it is to end
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look);
    taker_ = std::jthread{[this](const std::stop_token& stop) { take(stop); }};
}

notify_socket::~notify_socket()
{
    taker_.request_stop();
    taker_.join();
    ::close(socket_);
}

void notify_socket::take(const std::stop_token& stop)
{
    std::array<char, 8192> buffer{};
    while (!stop.stop_requested()) {
        auto size = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (size < 0) continue;
        std::lock_guard lock{mutex_};
        messages_.emplace_back(buffer.data(), static_cast<std::size_t>(size));
    }
}

std::vector<std::string> notify_socket::messages()
{
    std::lock_guard lock{mutex_};
    return messages_;
}

std::size_t notify_socket::heard(const std::string& text)
{
    auto all = messages();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const auto& message) { return message.find(text) != message.npos; }));
}

bool notify_socket::hears(const std::string& text, std::chrono::milliseconds patience)
{
    return wait_for([&] { return heard(text) > 0; }, patience);
}

}  // namespace understudy::testing
