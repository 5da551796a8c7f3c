#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::testing {

using http_headers = std::vector<std::pair<std::string, std::string>>;

struct http_reply {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< Names in lower case.
    std::string body;

    std::string header(const std::string& name) const
    {
        auto found = headers.find(name);
        return found == headers.end() ? std::string{} : found->second;
    }
};

/// One connection, to a unix socket or to a port on loopback, that is kept between requests. Blocking; belongs to one thread at a time. Everything
/// that goes wrong is thrown as std::runtime_error.
class http_client {
public:
    explicit http_client(const std::filesystem::path& socket);
    explicit http_client(std::uint16_t loopback_port);
    http_client(const http_client&) = delete;
    http_client& operator=(const http_client&) = delete;
    ~http_client();

    http_reply get(const std::string& target, const http_headers& headers = {});
    http_reply ask(const std::string& method, const std::string& target, const http_headers& headers = {});

    http_reply send(const std::string& method, const std::string& target, const std::string& json);

    /// Sends bytes as they are, and returns what comes until the other side closes, or this long has passed.
    std::string raw(const std::string& bytes, std::chrono::milliseconds patience = std::chrono::seconds{5});

private:
    struct connection;

    http_reply receive(bool has_body);

    std::unique_ptr<connection> connection_;
};

/// For a part of a URL: everything but letters, digits and -._~ becomes %XX.
std::string percent_encoded(const std::string& text);

}  // namespace understudy::testing
