#include "integration/data/control_socket.hpp"

#include <boost/json/parse.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace understudy::testing {

control_socket::control_socket(const std::filesystem::path& state_directory)
    : descriptor_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto path = (state_directory / "control.sock").string();
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error{path + " is too long for a socket"};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    timeval patience{.tv_sec = 300, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return;
    auto error = errno;
    close(descriptor_);
    throw std::runtime_error{path + ": " + std::generic_category().message(error)};
}

control_socket::~control_socket()
{
    close(descriptor_);
}

std::filesystem::path control_socket::cut(const std::string& position)
{
    auto answer = ask(R"({"do":"cut","at":")" + position + R"("})");
    return std::string{boost::json::parse(answer).at("directory").as_string()};
}

std::string control_socket::ask(const std::string& request)
{
    auto line = request + "\n";
    if (send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error{"the daemon takes no request: " + request};
    std::string answer;
    while (!answer.ends_with('\n')) {
        char byte = 0;
        if (recv(descriptor_, &byte, 1, 0) != 1) throw std::runtime_error{"the daemon gave no answer to " + request};
        answer += byte;
    }
    if (!boost::json::parse(answer).at("ok").as_bool()) throw std::runtime_error{request + " was refused: " + answer};
    return answer;
}

}  // namespace understudy::testing
