// Asks an HTTP server on a unix socket for /materials/KEY, over connections that stay open; see load.hpp.
// bench_http_load SOCKET KEYS CONNECTIONS SECONDS [RATE]
#include "load.hpp"

#include <charconv>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace understudy::bench;

namespace {

class connection {
public:
    explicit connection(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
            give_up(path + ": " + std::strerror(errno));
    }

    int descriptor() const { return socket_; }

    void ask(int key)
    {
        begin_of_row_ = fmt::format("{{\"id\":{},", key);
        auto request =
            fmt::format("GET /materials/{} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", key);
        if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            give_up(std::string{"send: "} + std::strerror(errno));
        size_ = 0;
    }

    bool take()
    {
        auto got = ::recv(socket_, bytes_.data() + size_, bytes_.size() - size_, 0);
        if (got <= 0) give_up("the server closed a connection");
        size_ += static_cast<std::size_t>(got);
        std::string_view answer{bytes_.data(), size_};
        auto head = answer.find("\r\n\r\n");
        if (head == answer.npos) return false;
        auto body = answer.substr(head + 4);
        if (body.size() < length_of(answer.substr(0, head))) return false;
        if (!answer.starts_with("HTTP/1.1 200 ") || !body.starts_with(begin_of_row_))
            give_up(fmt::format("asked for {} and got {}", begin_of_row_, answer));
        return true;
    }

private:
    static std::size_t length_of(std::string_view head)
    {
        constexpr std::string_view name = "\r\nContent-Length: ";
        std::size_t length = 0;
        auto at = head.find(name);
        if (at == head.npos) give_up(fmt::format("no Content-Length: {}", head));
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
        return length;
    }

    int socket_;
    std::string begin_of_row_;
    std::array<char, 16384> bytes_;
    std::size_t size_ = 0;
};

}  // namespace

int main(int argc, char** argv)
{
    load<connection>{load_options::read(argc, argv)}.run();
}
