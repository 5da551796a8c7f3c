#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace understudy {

/// Documents are hashed as a whole and in blocks of this size, so that a read checks only what it touches.
inline constexpr std::size_t block_bytes = std::size_t{1} << 20;

/// SHA-256 of a stream of bytes.
class sha256_stream {
public:
    sha256_stream();
    void add(std::string_view bytes);
    std::string hex();  ///< 64 lower-case digits of what was added. The stream is spent after it.

private:
    struct free_context {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, free_context> context_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace understudy
