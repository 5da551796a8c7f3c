#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>

namespace understudy::testing {

namespace {

// Below Linux's own range for connections, 32768 and up: a client that tries again and again to reach a server that is down would
// one day be given that server's port for its own side, and connect to itself.
constexpr int first_port = 20000;
constexpr int last_port = 32000;
constexpr int tries_max = 100;

bool is_free(int port)
{
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) throw std::system_error{errno, std::generic_category(), "socket"};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<in_port_t>(port));
    bool taken = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0;
    close(probe);
    return !taken;
}

}  // namespace

int free_port()
{
    std::random_device source;
    std::uniform_int_distribution<int> any{first_port, last_port};
    for (int tries = 0; tries < tries_max; ++tries)
        if (int port = any(source); is_free(port)) return port;
    throw std::runtime_error{"no free port on loopback"};
}

}  // namespace understudy::testing
