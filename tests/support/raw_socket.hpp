#pragma once

#include "support/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::testing {

/// A connection that says what no HTTP library would say. Blocking; belongs to one thread at a time. Only what goes wrong in
/// making it is thrown, as std::runtime_error.
class raw_socket {
public:
    explicit raw_socket(const std::filesystem::path& socket);
    explicit raw_socket(std::uint16_t loopback_port);
    raw_socket(raw_socket&& other) noexcept;
    raw_socket& operator=(raw_socket&&) = delete;
    ~raw_socket();

    /// False if the other side is gone, or took nothing for so long.
    bool send(std::string_view bytes, std::chrono::milliseconds patience = std::chrono::seconds{5});

    /// The next answer, with what its Content-Length says. Nothing if the connection ended or the time passed before it was whole.
    std::optional<http_reply> read_reply(std::chrono::milliseconds patience = std::chrono::seconds{5},
                                         bool with_body = true);

    /// Everything until the other side closes. Nothing if it had not closed when the time had passed.
    std::optional<std::string> read_to_end(std::chrono::milliseconds patience = std::chrono::seconds{5});

    /// Takes at most so many bytes that are there. Zero: none, or the end.
    std::size_t take_some(std::size_t most);

    /// Whether the other side closed within this time; what it sends meanwhile is dropped.
    bool is_closed_within(std::chrono::milliseconds patience);

    void finish_sending();

private:
    bool fill(std::chrono::steady_clock::time_point deadline);

    int socket_ = -1;
    bool ended_ = false;
    std::string received_;
};

}  // namespace understudy::testing
