#include "render/json_text.hpp"

#include "render/column_format.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace understudy {

namespace {

/// Per byte: 0 where it stands for itself in a JSON string, 'u' for \u00XX, else the letter behind the backslash.
constexpr std::array<char, 256> make_escapes()
{
    std::array<char, 256> escapes{};
    for (std::size_t byte = 0; byte < 0x20; ++byte) escapes[byte] = 'u';
    escapes['\b'] = 'b';
    escapes['\f'] = 'f';
    escapes['\n'] = 'n';
    escapes['\r'] = 'r';
    escapes['\t'] = 't';
    escapes['"'] = '"';
    escapes['\\'] = '\\';
    return escapes;
}

constexpr auto escapes = make_escapes();

constexpr unsigned char code(char byte) noexcept
{
    return static_cast<unsigned char>(byte);
}

void append_escape(char byte, std::string& out)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    char letter = escapes[code(byte)];
    out.append({'\\', letter});
    if (letter == 'u') out.append({'0', '0', digits[code(byte) >> 4], digits[code(byte) & 15]});
}

/// How many bytes at the front are ASCII, rounded down to eight.
std::size_t ascii_prefix(std::string_view text) noexcept
{
    std::size_t size = 0;
    for (; size + 8 <= text.size(); size += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + size, 8);
        if ((eight & 0x8080808080808080) != 0) break;
    }
    return size;
}

/// The bounds of a character's second byte, by its first (RFC 3629, section 4); the others are 80..BF.
struct utf8_form {
    std::size_t size = 0;
    unsigned char second_min = 0x80;
    unsigned char second_max = 0xBF;
};

constexpr utf8_form form_of(unsigned char first) noexcept
{
    if (first < 0x80) return {1};
    if (first < 0xC2) return {};
    if (first < 0xE0) return {2};
    if (first == 0xE0) return {3, 0xA0, 0xBF};
    if (first == 0xED) return {3, 0x80, 0x9F};
    if (first < 0xF0) return {3};
    if (first == 0xF0) return {4, 0x90, 0xBF};
    if (first < 0xF4) return {4};
    if (first == 0xF4) return {4, 0x80, 0x8F};
    return {};
}

/// The size of the character at the front of a text that is not empty; zero if it is none.
std::size_t utf8_size(std::string_view text) noexcept
{
    auto form = form_of(code(text[0]));
    if (form.size < 2) return form.size;
    if (text.size() < form.size) return 0;
    if (code(text[1]) < form.second_min || code(text[1]) > form.second_max) return 0;
    for (auto byte : text.substr(2, form.size - 2))
        if ((code(byte) & 0xC0) != 0x80) return 0;
    return form.size;
}

constexpr bool is_digit(char byte) noexcept
{
    return byte >= '0' && byte <= '9';
}

/// Moves past the digits at `at`. False if there are none.
bool skip_digits(std::string_view text, std::size_t& at) noexcept
{
    auto start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > start;
}

bool skip_one_of(std::string_view bytes, std::string_view text, std::size_t& at) noexcept
{
    if (at >= text.size()) return false;
    // A loop: find() would call memchr, which costs more than the two or three comparisons.
    for (char byte : bytes) {
        if (text[at] != byte) continue;
        ++at;
        return true;
    }
    return false;
}

constexpr std::uint64_t each_byte(unsigned char byte) noexcept
{
    return std::uint64_t{0x0101010101010101} * byte;
}

/// The high bit of each of eight bytes that is zero, and perhaps of bytes above such a one.
constexpr std::uint64_t zeros(std::uint64_t eight) noexcept
{
    return (eight - each_byte(0x01)) & ~eight & each_byte(0x80);
}

/// How many bytes at the front surely stand for themselves in a JSON string; a multiple of eight.
std::size_t plain_prefix(std::string_view text) noexcept
{
    std::size_t size = 0;
    for (; size + 8 <= text.size(); size += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + size, 8);
        auto control = zeros(eight & each_byte(0xE0));
        if ((control | zeros(eight ^ each_byte('"')) | zeros(eight ^ each_byte('\\'))) != 0) break;
    }
    return size;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept
{
    text.remove_prefix(ascii_prefix(text));
    while (!text.empty()) {
        auto size = utf8_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
        if (size == 1) text.remove_prefix(ascii_prefix(text));
    }
    return true;
}

std::size_t json_number_size(std::string_view text) noexcept
{
    std::size_t at = 0;
    skip_one_of("-", text, at);
    if (!skip_one_of("0", text, at) && !skip_digits(text, at)) return 0;
    if (skip_one_of(".", text, at) && !skip_digits(text, at)) return 0;
    if (skip_one_of("eE", text, at)) {
        skip_one_of("+-", text, at);
        if (!skip_digits(text, at)) return 0;
    }
    return at;
}

bool is_json_integer(std::string_view text) noexcept
{
    std::size_t at = 0;
    skip_one_of("-", text, at);
    return (skip_one_of("0", text, at) || skip_digits(text, at)) && at == text.size();
}

bool is_json_number(std::string_view text) noexcept
{
    auto size = json_number_size(text);
    return size != 0 && size == text.size();
}

void append_json_string(std::string_view text, std::string& out)
{
    out.push_back('"');
    std::size_t plain = 0;
    for (std::size_t at = plain_prefix(text); at < text.size(); ++at) {
        if (escapes[code(text[at])] == 0) continue;
        out.append(text, plain, at - plain);
        append_escape(text[at], out);
        plain = at + 1;
    }
    out.append(text, plain);
    out.push_back('"');
}

error_code append_checked_string(std::string_view text, std::string& out)
{
    if (!is_utf8(text)) return errc::bad_text;
    append_json_string(text, out);
    return {};
}

}  // namespace understudy
