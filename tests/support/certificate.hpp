#pragma once

#include <filesystem>
#include <string>

namespace understudy::testing {

/// A certificate for localhost and 127.0.0.1 that vouches for itself, with its key, in PEM; made by openssl. Throws
/// std::runtime_error.
struct certificate {
    /// Files NAME.pem and NAME.key; the key is encrypted if there is a password.
    explicit certificate(const std::filesystem::path& directory, const std::string& name = "tls",
                         const std::string& password = {});
    std::filesystem::path chain;
    std::filesystem::path key;
};

}  // namespace understudy::testing
