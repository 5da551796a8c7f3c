#include "store/row_format.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <optional>

namespace understudy {

namespace {

constexpr unsigned varint_bits_max = 63;

std::size_t varint_size(std::uint64_t value) noexcept
{
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7) ++size;
    return size;
}

char* write_varint(char* to, std::uint64_t value) noexcept
{
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
    *to++ = static_cast<char>(value);
    return to;
}

char* write_bytes(char* to, std::string_view bytes) noexcept
{
    return std::copy(bytes.begin(), bytes.end(), to);
}

std::optional<std::uint64_t> take_varint(std::string_view& from) noexcept
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= varint_bits_max && !from.empty(); shift += 7) {
        auto byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7Fu} << shift;
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

std::uint64_t head_of(const stored_row& row) noexcept
{
    return row.count * 2 + (row.long_key.empty() ? 0 : 1);
}

}  // namespace

stored_key::stored_key(std::string_view key) : view_{key}
{
    if (!is_long(key)) return;
    auto end = std::copy_n(key.begin(), whole_key_bytes_max, buffer_.begin());
    // SHA-256 of bytes in memory fails only for want of memory.
    if (EVP_Digest(key.data(), key.size(), reinterpret_cast<unsigned char*>(&*end), nullptr, EVP_sha256(), nullptr) !=
        1)
        throw std::bad_alloc{};
    view_ = {buffer_.data(), buffer_.size()};
}

std::size_t encoded_size(const stored_row& row) noexcept
{
    auto size = varint_size(head_of(row)) + row.tuple.size();
    if (!row.long_key.empty()) size += varint_size(row.long_key.size()) + row.long_key.size();
    return size;
}

void encode(const stored_row& row, char* to) noexcept
{
    to = write_varint(to, head_of(row));
    if (!row.long_key.empty()) to = write_bytes(write_varint(to, row.long_key.size()), row.long_key);
    write_bytes(to, row.tuple);
}

result<stored_row> decode_row(std::string_view value) noexcept
{
    auto head = take_varint(value);
    if (!head || *head < 2) return make_error_code(errc::store_damaged);
    stored_row row{.count = *head / 2, .long_key = {}, .tuple = {}};
    if (*head % 2 == 1) {
        auto size = take_varint(value);
        if (!size || *size <= whole_key_bytes_max || *size > value.size()) return make_error_code(errc::store_damaged);
        row.long_key = value.substr(0, *size);
        value.remove_prefix(*size);
    }
    row.tuple = value;
    return row;
}

}  // namespace understudy
