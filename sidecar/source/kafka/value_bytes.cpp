#include "source/kafka/value_bytes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace understudy::debezium {

namespace {

constexpr std::string_view base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64_url_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view hex_letters = "0123456789abcdef";

constexpr std::uint8_t no_value = 0xFF;
using letter_values = std::array<std::uint8_t, 256>;

constexpr letter_values values_of(std::string_view letters)
{
    letter_values values{};
    values.fill(no_value);
    for (std::size_t value = 0; value < letters.size(); ++value)
        values[static_cast<unsigned char>(letters[value])] = static_cast<std::uint8_t>(value);
    return values;
}

constexpr auto base64_values = values_of(base64_letters);
constexpr auto base64_url_values = values_of(base64_url_letters);
constexpr auto hex_values = values_of(hex_letters);

/// The numbers of `size` letters at the front, together; a high bit is set if one is no letter.
std::uint32_t take_letters(std::string_view text, std::size_t size, const letter_values& values, int bits) noexcept
{
    std::uint32_t whole = 0;
    std::uint32_t wrong = 0;
    for (std::size_t at = 0; at < size; ++at) {
        std::uint32_t value = values[static_cast<unsigned char>(text[at])];
        wrong |= value & 0x80;
        whole = whole << bits | (value & 0x3F);
    }
    return whole | wrong << 24;
}

constexpr std::uint32_t wrong_bit = std::uint32_t{1} << 31;

void push_byte(std::uint32_t value, std::string& out)
{
    out.push_back(static_cast<char>(value & 0xFF));
}

/// RFC 4648. Padding may be left out at the end, which is the url-safe form's way.
error_code append_base64(std::string_view text, const letter_values& values, std::string& out)
{
    if (text.size() % 4 == 0)
        for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    for (; text.size() >= 4; text.remove_prefix(4)) {
        auto whole = take_letters(text, 4, values, 6);
        if ((whole & wrong_bit) != 0) return errc::bad_text;
        push_byte(whole >> 16, out);
        push_byte(whole >> 8, out);
        push_byte(whole, out);
    }
    if (text.empty()) return {};
    auto rest = take_letters(text, text.size(), values, 6);
    if (text.size() == 1 || (rest & wrong_bit) != 0) return errc::bad_text;
    auto unused = text.size() == 2 ? 4 : 2;
    if ((rest & ((1U << unused) - 1)) != 0) return errc::bad_text;
    rest >>= unused;
    if (text.size() == 3) push_byte(rest >> 8, out);
    push_byte(rest, out);
    return {};
}

error_code append_hex(std::string_view text, std::string& out)
{
    if (text.size() % 2 != 0) return errc::bad_text;
    for (; !text.empty(); text.remove_prefix(2)) {
        auto byte = take_letters(text, 2, hex_values, 4);
        if ((byte & wrong_bit) != 0) return errc::bad_text;
        push_byte(byte, out);
    }
    return {};
}

void append_hex_of(std::string_view bytes, std::string& out)
{
    for (char byte : bytes) {
        auto value = static_cast<unsigned char>(byte);
        out.push_back(hex_letters[value >> 4]);
        out.push_back(hex_letters[value & 15]);
    }
}

std::string base64_of(std::string_view bytes, std::string_view letters)
{
    std::string out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 3))) {
        std::uint32_t three = 0;
        for (std::size_t at = 0; at < 3; ++at)
            three = three << 8 | (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0);
        for (std::size_t at = 0; at < 4; ++at)
            out.push_back(at <= bytes.size() ? letters[three >> (18 - 6 * at) & 63] : '=');
    }
    return out;
}

bool bit_at(std::string_view bytes, std::size_t at) noexcept
{
    return at / 8 < bytes.size() && (static_cast<unsigned char>(bytes[at / 8]) >> at % 8 & 1) != 0;
}

/// One more than the place of the highest bit that is set.
std::size_t significant_bits(std::string_view bytes) noexcept
{
    auto last = bytes.find_last_not_of('\0');
    if (last == bytes.npos) return 0;
    return last * 8 + static_cast<std::size_t>(std::bit_width(static_cast<unsigned char>(bytes[last])));
}

void append_lowest_bits(std::string_view bytes, std::size_t length, std::string& out)
{
    for (auto at = length; at > 0; --at) out.push_back(bit_at(bytes, at - 1) ? '1' : '0');
}

}  // namespace

error_code append_bytes(std::string_view text, byte_encoding encoding, std::string& out)
{
    switch (encoding) {
    case byte_encoding::base64: return append_base64(text, base64_values, out);
    case byte_encoding::base64_url: return append_base64(text, base64_url_values, out);
    case byte_encoding::hex: return append_hex(text, out);
    }
    return errc::internal;
}

void append_bytea(std::string_view bytes, std::string& out)
{
    out.append("\\x");
    append_hex_of(bytes, out);
}

std::string encoded(std::string_view bytes, byte_encoding encoding)
{
    switch (encoding) {
    case byte_encoding::base64: return base64_of(bytes, base64_letters);
    case byte_encoding::base64_url: return base64_of(bytes, base64_url_letters);
    case byte_encoding::hex: break;
    }
    std::string out;
    append_hex_of(bytes, out);
    return out;
}

error_code append_bits(std::string_view bytes, std::size_t length, std::string& out)
{
    if (significant_bits(bytes) > length) return errc::bad_text;
    append_lowest_bits(bytes, length, out);
    return {};
}

void append_significant_bits(std::string_view bytes, std::string& out)
{
    append_lowest_bits(bytes, significant_bits(bytes), out);
}

}  // namespace understudy::debezium
