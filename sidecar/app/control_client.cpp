#include "app/control_client.hpp"

#include "app/control_server.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace understudy {

namespace {

failure not_running(const std::filesystem::path& state_directory, const char* why)
{
    return {errc::no_daemon, fmt::format("no daemon answers in {} ({}); start `understudy run` with this config",
                                         state_directory.string(), why)};
}

errc reason_named(std::string_view name)
{
    for (int code = 1; code <= static_cast<int>(errc::internal); ++code)
        if (name == name_of(static_cast<errc>(code))) return static_cast<errc>(code);
    return errc::internal;
}

std::string text_of(const boost::json::object& answer, std::string_view member)
{
    const auto* value = answer.if_contains(member);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

}  // namespace

outcome<daemon_connection> daemon_connection::open(const std::filesystem::path& state_directory)
{
    descriptor directory{::open(state_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.get() < 0) return not_running(state_directory, std::strerror(errno));
    daemon_connection made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto endpoint = control_endpoint(directory.get());
    if (::connect(made.socket_.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
        return not_running(state_directory, std::strerror(errno));
    return made;
}

outcome<boost::json::object> daemon_connection::ask(const boost::json::object& request,
                                                    std::chrono::milliseconds timeout)
{
    auto line = boost::json::serialize(request) + "\n";
    if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
        return failure{errc::no_daemon, "the daemon closed the control socket"};
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (buffer_.find('\n') == buffer_.npos) {
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd ready{socket_.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0)
            return failure{errc::timed_out, "the daemon did not answer in time"};
        char chunk[4096];
        auto got = ::recv(socket_.get(), chunk, sizeof chunk, 0);
        if (got <= 0) return failure{errc::no_daemon, "the daemon closed the control socket"};
        buffer_.append(chunk, static_cast<std::size_t>(got));
    }
    boost::system::error_code ec;
    auto answer = boost::json::parse(std::exchange(buffer_, {}), ec);
    if (ec || !answer.is_object()) return failure{errc::internal, "the daemon's answer cannot be read"};
    auto& object = answer.as_object();
    const auto* ok = object.if_contains("ok");
    if (!ok || !ok->is_bool() || !ok->get_bool())
        return failure{reason_named(text_of(object, "reason")), text_of(object, "text")};
    return std::move(object);
}

}  // namespace understudy
