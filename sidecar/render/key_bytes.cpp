#include "render/key_bytes.hpp"

#include "render/json_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace understudy {

namespace {

constexpr int integer_zero = 0x80;
constexpr char value_mark = '\x01';  // before bytes that could begin as null's do

namespace numeric {
constexpr char negative_infinity = '\x01';
constexpr char negative = '\x02';
constexpr char zero = '\x03';
constexpr char positive = '\x04';
constexpr char infinity = '\x05';
constexpr char not_a_number = '\x06';
}  // namespace numeric

void append_low_bytes(std::uint64_t value, int count, std::string& key)
{
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) key.push_back(static_cast<char>(value >> shift));
}

constexpr int byte_count(std::uint64_t value) noexcept
{
    return static_cast<int>((std::bit_width(value) + 7) / 8);
}

/// The value of a hexadecimal digit, or 16.
constexpr unsigned nibble(char digit) noexcept
{
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
    if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
    return 16;
}

/// The byte that the two digits at `at` stand for, or -1. There must be two.
constexpr int hex_byte(std::string_view text, std::size_t at) noexcept
{
    auto high = nibble(text[at]);
    auto low = nibble(text[at + 1]);
    return high > 15 || low > 15 ? -1 : static_cast<int>(high * 16 + low);
}

constexpr std::size_t uuid_size = 36;

constexpr bool is_uuid_dash(std::size_t at) noexcept
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

template <class Number>
result<Number> read_number(std::string_view text)
{
    Number value{};
    auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size()) return make_error_code(errc::bad_text);
    return value;
}

result<double> read_floating(std::string_view text)
{
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (!is_json_number(text)) return make_error_code(errc::bad_text);
    return read_number<double>(text);
}

/// A finite numeric as 0.digits * 10^exponent, without zeros at either end.
struct decimal {
    std::string digits;  ///< Empty for zero.
    std::int64_t exponent = 0;
};

/// Of a JSON number; one that is out of all range is as good as the largest.
std::int64_t read_exponent(std::string_view text) noexcept
{
    constexpr std::int64_t most = std::int64_t{1} << 30;
    bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{}) value = most;
    value = std::min(value, most);
    return negative ? -value : value;
}

/// Of digits with or without a point and an exponent.
decimal read_decimal(std::string_view text)
{
    auto letter = text.find_first_of("eE");
    auto exponent = letter == text.npos ? 0 : read_exponent(text.substr(letter + 1));
    text = text.substr(0, letter);
    auto whole = text.substr(0, std::min(text.find('.'), text.size()));
    auto fraction = text.substr(std::min(whole.size() + 1, text.size()));
    decimal value;
    value.digits.append(whole).append(fraction);
    auto zeros = std::min(value.digits.find_first_not_of('0'), value.digits.size());
    value.exponent = exponent + static_cast<std::int64_t>(whole.size()) - static_cast<std::int64_t>(zeros);
    value.digits.erase(0, zeros);
    value.digits.erase(value.digits.find_last_not_of('0') + 1);
    return value;
}

void append_decimal(const decimal& value, std::string& key)
{
    constexpr std::int64_t bias = std::int64_t{1} << 31;
    append_low_bytes(static_cast<std::uint64_t>(value.exponent + bias), 4, key);
    for (std::size_t at = 0; at < value.digits.size(); at += 2) {
        int tens = value.digits[at] - '0';
        int ones = at + 1 < value.digits.size() ? value.digits[at + 1] - '0' : 0;
        key.push_back(static_cast<char>(tens * 10 + ones + 1));
    }
    key.push_back('\0');
}

/// The class byte of a numeric that is not finite, or zero.
char special_numeric(std::string_view text) noexcept
{
    if (text == "NaN") return numeric::not_a_number;
    if (text == "Infinity") return numeric::infinity;
    if (text == "-Infinity") return numeric::negative_infinity;
    return '\0';
}

void append_finite_numeric(std::string_view text, std::string& key)
{
    bool negative = text.starts_with('-');
    auto value = read_decimal(text.substr(negative ? 1 : 0));
    if (value.digits.empty()) {
        key.push_back(numeric::zero);
        return;
    }
    key.push_back(negative ? numeric::negative : numeric::positive);
    auto start = key.size();
    append_decimal(value, key);
    if (negative)
        for (auto at = start; at < key.size(); ++at) key[at] = static_cast<char>(~key[at]);
}

}  // namespace

void append_unsigned_key(std::uint64_t value, std::string& key)
{
    auto count = byte_count(value);
    key.push_back(static_cast<char>(integer_zero + count));
    append_low_bytes(value, count, key);
}

void append_integer_key(std::int64_t value, std::string& key)
{
    auto bits = static_cast<std::uint64_t>(value);
    if (value >= 0) return append_unsigned_key(bits, key);
    auto count = byte_count(0 - bits);
    key.push_back(static_cast<char>(integer_zero - count));
    append_low_bytes(bits, count, key);
}

error_code append_boolean_key(std::string_view text, std::string& key)
{
    if (text != "t" && text != "f") return errc::bad_text;
    key.push_back(text == "t" ? '\1' : '\0');
    return {};
}

error_code append_integer_key(std::string_view text, std::string& key)
{
    if (text.starts_with('-')) {
        auto value = read_number<std::int64_t>(text);
        if (value) append_integer_key(*value, key);
        return value.error();
    }
    auto value = read_number<std::uint64_t>(text);
    if (value) append_unsigned_key(*value, key);
    return value.error();
}

error_code append_floating_key(std::string_view text, std::string& key)
{
    auto value = read_floating(text);
    if (!value) return value.error();
    constexpr auto sign = std::uint64_t{1} << 63;
    auto bits = std::bit_cast<std::uint64_t>(*value == 0 ? 0.0 : *value);
    key.push_back(value_mark);
    append_low_bytes((bits & sign) != 0 ? ~bits : bits | sign, 8, key);
    return {};
}

error_code append_numeric_key(std::string_view text, std::string& key)
{
    if (char special = special_numeric(text)) {
        key.push_back(special);
        return {};
    }
    if (!is_json_number(text) || text.find_first_of("eE") != text.npos) return errc::bad_text;
    append_finite_numeric(text, key);
    return {};
}

error_code append_number_key(std::string_view text, std::string& key)
{
    if (!is_json_number(text)) return errc::bad_text;
    append_finite_numeric(text, key);
    return {};
}

error_code append_uuid_key(std::string_view text, std::string& key)
{
    if (text.size() != uuid_size) return errc::bad_text;
    key.push_back(value_mark);
    for (std::size_t at = 0; at < uuid_size; at += 2) {
        if (is_uuid_dash(at)) {
            if (text[at] != '-') return errc::bad_text;
            ++at;
        }
        auto byte = hex_byte(text, at);
        if (byte < 0) return errc::bad_text;
        key.push_back(static_cast<char>(byte));
    }
    return {};
}

error_code append_bytes_key(std::string_view text, std::string& key)
{
    if (!text.starts_with("\\x") || text.size() % 2 != 0) return errc::bad_text;
    key.push_back(value_mark);
    for (std::size_t at = 2; at < text.size(); at += 2) {
        auto byte = hex_byte(text, at);
        if (byte < 0) return errc::bad_text;
        key.push_back(static_cast<char>(byte));
        if (byte == 0) key.push_back('\xFF');
    }
    key.append({'\0', '\1'});
    return {};
}

error_code append_text_key(std::string_view text, std::string& key)
{
    if (text.find('\0') != text.npos || !is_utf8(text)) return errc::bad_text;
    key.append(text).push_back('\0');
    return {};
}

}  // namespace understudy
