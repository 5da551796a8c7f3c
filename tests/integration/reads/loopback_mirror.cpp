#include "integration/reads/loopback_mirror.hpp"

#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace understudy::testing {

using namespace std::chrono_literals;

std::uint16_t free_loopback_port()
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool found = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                 ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(probe);
    if (!found) throw std::runtime_error{"no free port"};
    return ntohs(address.sin_port);
}

loopback_mirror::loopback_mirror(const std::string& schema, const std::vector<std::string>& tables,
                                 const std::string& serve)
    : loopback_mirror{free_loopback_port(), schema, tables, serve}
{
}

loopback_mirror::loopback_mirror(std::uint16_t port, const std::string& schema, const std::vector<std::string>& tables,
                                 const std::string& serve)
    : served_mirror{"127.0.0.1:" + std::to_string(port), schema, tables, serve, {}}, port_{port}
{
}

http_reply loopback_mirror::get(const std::string& target, const std::string& headers) const
{
    auto client = connect();
    client.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n");
    return client.read_reply(30s).value_or(http_reply{});
}

}  // namespace understudy::testing
