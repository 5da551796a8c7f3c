#pragma once

#include "integration/reads/reads_kit.hpp"
#include "support/raw_socket.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy::testing {

/// A served_mirror that listens on a loopback port, too, and whose connections take bytes as they are.
class loopback_mirror : public served_mirror {
public:
    /// As served_mirror.
    loopback_mirror(const std::string& schema, const std::vector<std::string>& tables, const std::string& serve = {});

    raw_socket connect() const { return raw_socket{socket()}; }
    raw_socket connect_tcp() const { return raw_socket{port_}; }

    /// On a connection of its own.
    http_reply get(const std::string& target, const std::string& headers = {}) const;

    std::uint16_t port() const noexcept { return port_; }

private:
    loopback_mirror(std::uint16_t port, const std::string& schema, const std::vector<std::string>& tables,
                    const std::string& serve);

    std::uint16_t port_;
};

/// A port of the loopback address that nobody listens on.
std::uint16_t free_loopback_port();

}  // namespace understudy::testing
