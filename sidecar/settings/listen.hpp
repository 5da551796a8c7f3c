#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "settings/config_error.hpp"
#include "settings/config_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

// address := "unix:" absolute-path | host ":" port
// host    := IPv4 address | "[" IPv6 address "]" | "localhost"

/// Errors: bad_config.
outcome<listen_address> parse_listen(std::string_view text);

/// As the file would write it.
std::string to_string(const listen_address& address);

/// Nobody outside this host can reach it.
bool is_local(const listen_address& address);

/// Reads serve.listen, which fits the schema. What is wrong becomes an error at its place.
std::vector<listen_address> read_listen(const config_tree& tree, config_errors& errors);

/// Reports what of `serve` does not go together: an address for others without `anywhere`, a certificate without its
/// key, keys that do nothing without `listen`.
void check_serving(const serve_settings& serve, const config_tree& tree, config_errors& errors);

}  // namespace understudy
