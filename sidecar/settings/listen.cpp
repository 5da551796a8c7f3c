#include "settings/listen.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace understudy {

namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t socket_path_bytes_max = 107;  // sockaddr_un

failure refuse(std::string_view why)
{
    return {errc::bad_config, std::string{why}};
}

outcome<listen_address> parse_socket(std::string_view path)
{
    if (path.empty() || path.front() != '/') return refuse("the path of a unix socket has to be absolute");
    if (path.size() > socket_path_bytes_max)
        return refuse(fmt::format("the path of a unix socket has at most {} bytes", socket_path_bytes_max));
    listen_address made;
    made.socket = path;
    return made;
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (ec != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

std::string_view without_brackets(std::string_view host)
{
    bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return bracketed ? host.substr(1, host.size() - 2) : host;
}

std::optional<boost::asio::ip::address> address_of(const std::string& host)
{
    boost::system::error_code ec;
    auto address = boost::asio::ip::make_address(host, ec);
    return ec ? std::nullopt : std::optional{address};
}

}  // namespace

outcome<listen_address> parse_listen(std::string_view text)
{
    if (text.starts_with(unix_prefix)) return parse_socket(text.substr(unix_prefix.size()));
    auto colon = text.rfind(':');
    auto port = colon == text.npos ? std::nullopt : parse_port(text.substr(colon + 1));
    if (!port) return refuse("expected unix:/path, or an address and a port, e.g. 127.0.0.1:8080");
    listen_address made;
    made.host = without_brackets(text.substr(0, colon));
    made.port = *port;
    bool bracketed = made.host.size() + 2 == colon;
    auto address = address_of(made.host);
    if (made.host != "localhost" && (!address || address->is_v6() != bracketed))
        return refuse("the host has to be an address: 127.0.0.1, [::1] or localhost");
    return made;
}

std::string to_string(const listen_address& address)
{
    if (!address.socket.empty()) return std::string{unix_prefix} + address.socket.string();
    bool bracketed = address.host.find(':') != std::string::npos;
    return fmt::format(fmt::runtime(bracketed ? "[{}]:{}" : "{}:{}"), address.host, address.port);
}

bool is_local(const listen_address& address)
{
    if (!address.socket.empty() || address.host == "localhost") return true;
    auto numeric = address_of(address.host);
    return numeric && numeric->is_loopback();
}

std::vector<listen_address> read_listen(const config_tree& tree, config_errors& errors)
{
    std::vector<listen_address> all;
    auto take = [&](const std::string& key, const boost::json::value& value) {
        auto parsed = parse_listen(boost::json::value_to<std::string>(value));
        if (parsed)
            all.push_back(std::move(*parsed));
        else
            errors.push_back(tree.error_at(key, parsed.error().text));
    };
    const auto* found = tree.find("serve.listen");
    if (found == nullptr) return all;
    if (found->is_string()) take("serve.listen", *found);
    if (!found->is_array()) return all;
    const auto& items = found->as_array();
    for (std::size_t i = 0; i < items.size(); ++i) take(fmt::format("serve.listen[{}]", i), items[i]);
    return all;
}

void check_serving(const serve_settings& serve, const config_tree& tree, config_errors& errors)
{
    for (const auto& address : serve.listen)
        if (!is_local(address) && !serve.anywhere)
            errors.push_back(tree.error_at("serve.listen", to_string(address) + " can be reached from other hosts; say "
                                                                                "`anywhere: true` if that is meant"));
    if (serve.certificate.empty() != serve.private_key.empty())
        errors.push_back(tree.error_at(serve.certificate.empty() ? "serve.private_key" : "serve.certificate",
                                       "certificate and private_key belong together"));
    const auto* section = tree.find("serve");
    if (serve.listen.empty() && section != nullptr && section->is_object() && !section->as_object().empty())
        errors.push_back(tree.error_at("serve", "nothing is served without serve.listen"));
}

}  // namespace understudy
