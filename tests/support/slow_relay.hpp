#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace understudy::testing {

/// Carries TCP connections to a port of loopback, but each only after some time: to its clients a server that takes long to let them
/// in.
///
/// Works on a thread of its own until it is destroyed.
class slow_relay {
public:
    /// `to` is a `host:port` of loopback.
    slow_relay(const std::string& to, std::chrono::milliseconds delay);
    slow_relay(const slow_relay&) = delete;
    slow_relay& operator=(const slow_relay&) = delete;
    ~slow_relay();

    /// Where it listens, as `host:port`.
    std::string address() const { return "127.0.0.1:" + std::to_string(listener_.local_endpoint().port()); }

private:
    class link;

    void accept();

    boost::asio::io_context loop_;
    boost::asio::ip::tcp::endpoint to_;
    std::chrono::milliseconds delay_;
    boost::asio::ip::tcp::acceptor listener_;
    std::thread thread_;
};

}  // namespace understudy::testing
