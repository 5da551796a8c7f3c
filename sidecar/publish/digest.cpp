#include "publish/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace understudy {

void sha256_stream::free_context::operator()(evp_md_ctx_st* context) const noexcept
{
    EVP_MD_CTX_free(context);
}

sha256_stream::sha256_stream() : context_{EVP_MD_CTX_new()}
{
    // OpenSSL refuses SHA-256 only when it has no memory or is not installed whole.
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc{};
}

void sha256_stream::add(std::string_view bytes)
{
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string sha256_stream::hex()
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    std::string text;
    for (unsigned byte : digest) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

std::string sha256_hex(std::string_view bytes)
{
    sha256_stream stream;
    stream.add(bytes);
    return stream.hex();
}

}  // namespace understudy
