#include "support/slow_relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace understudy::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

std::uint16_t port_in(const std::string& address)
{
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

}  // namespace

/// One connection; it lives as long as one of its two directions does.
class slow_relay::link : public std::enable_shared_from_this<link> {
public:
    explicit link(tcp::socket client)
        : client_{std::move(client)}, server_{client_.get_executor()}, delay_{client_.get_executor()}
    {
    }

    void begin(const tcp::endpoint& to, std::chrono::milliseconds delay)
    {
        delay_.expires_after(delay);
        delay_.async_wait([self = shared_from_this(), to](const error_code& ended) {
            if (!ended) self->connect(to);
        });
    }

private:
    using bytes = std::array<char, std::size_t{64} << 10>;

    void connect(const tcp::endpoint& to)
    {
        server_.async_connect(to, [self = shared_from_this()](const error_code& failed) {
            if (failed) return;
            self->carry(self->client_, self->server_, self->up_);
            self->carry(self->server_, self->client_, self->down_);
        });
    }

    void carry(tcp::socket& from, tcp::socket& to, bytes& through)
    {
        from.async_read_some(asio::buffer(through), [self = shared_from_this(), &from, &to, &through](
                                                        const error_code& ended, std::size_t count) {
            if (ended) return self->close();
            asio::async_write(to, asio::buffer(through, count),
                              [self, &from, &to, &through](const error_code& failed, std::size_t) {
                                  if (failed) return self->close();
                                  self->carry(from, to, through);
                              });
        });
    }

    void close()
    {
        error_code ignored;
        client_.close(ignored);
        server_.close(ignored);
    }

    tcp::socket client_;
    tcp::socket server_;
    asio::steady_timer delay_;
    bytes up_{};
    bytes down_{};
};

slow_relay::slow_relay(const std::string& to, std::chrono::milliseconds delay)
    : to_{asio::ip::address_v4::loopback(), port_in(to)},
      delay_{delay},
      listener_{loop_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}}
{
    accept();
    thread_ = std::thread{[this] { loop_.run(); }};
}

slow_relay::~slow_relay()
{
    loop_.stop();
    thread_.join();
}

void slow_relay::accept()
{
    listener_.async_accept([this](const error_code& failed, tcp::socket client) {
        if (failed) return;
        std::make_shared<link>(std::move(client))->begin(to_, delay_);
        accept();
    });
}

}  // namespace understudy::testing
