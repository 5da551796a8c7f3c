#include "source/kafka/value_numbers.hpp"

#include "core/limits.hpp"
#include "render/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <system_error>
#include <vector>

namespace understudy::debezium {

namespace {

// Floating point. Postgres prints the shortest decimal that lies strictly between the middles to the neighbours (Ryu
// with acceptBounds off, d2s.c); std::to_chars also takes one that lies on a middle, where reading it back rounds to
// even. The two differ for some large integers only, which then take more digits.

constexpr int fixed8_below = 15;  // exponents of ten that are printed without one
constexpr int fixed4_below = 6;
constexpr int double_digits_max = std::numeric_limits<double>::max_digits10;
using number_buffer = std::array<char, 64>;

template <class Float>
std::optional<Float> read(std::string_view literal) noexcept
{
    Float value = 0;
    auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), value);
    if (error != std::errc{} || end != literal.data() + literal.size()) return std::nullopt;
    return value;
}

/// `d.ddde+xx` in parts, borrowed from it.
struct scientific {
    std::string_view whole;
    std::string_view mantissa;
    std::string_view exponent;  ///< With its `e`.
};

scientific split(std::string_view text) noexcept
{
    auto mark = text.find('e');
    return {text, text.substr(0, mark), text.substr(mark)};
}

/// Whether a number a little further from zero, or a little nearer to it, is read as another one.
template <class Float>
bool is_on_middle(const scientific& text, Float value)
{
    std::string further{text.mantissa};
    if (further.find('.') == further.npos) further += '.';
    further += "00000000000000000000000001";
    std::string nearer{text.mantissa};
    nearer.erase(std::remove(nearer.begin(), nearer.end(), '.'), nearer.end());
    // One less in the last digit, which is not zero, and nines behind it.
    --nearer.back();
    nearer.insert(1, ".").append("99999999999999999999999999");
    further += text.exponent;
    nearer += text.exponent;
    return read<Float>(further) != value || read<Float>(nearer) != value;
}

template <class Float>
scientific print(Float value, int digits, number_buffer& buffer) noexcept
{
    auto* end =
        digits == 0
            ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr
            : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific,
                            digits - 1)
                  .ptr;
    return split({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

int exponent_of(const scientific& text) noexcept
{
    auto digits = text.exponent.substr(text.exponent[1] == '+' ? 2 : 1);
    int exponent = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    return exponent;
}

int digits_of(const scientific& text) noexcept
{
    return static_cast<int>(std::ranges::count_if(text.mantissa, [](char byte) { return byte >= '0' && byte <= '9'; }));
}

/// Of a number that is positive.
template <class Float>
scientific shortest(Float value, number_buffer& buffer)
{
    auto text = print(value, 0, buffer);
    constexpr auto all_integers_below = Float{1} / std::numeric_limits<Float>::epsilon();
    if (value < all_integers_below || !is_on_middle(text, value)) return text;
    for (int digits = digits_of(text); digits < double_digits_max; ++digits) {
        text = print(value, digits, buffer);
        if (text.mantissa.back() != '0' && read<Float>(text.whole) == value && !is_on_middle(text, value)) return text;
    }
    return print(value, double_digits_max, buffer);
}

void append_fixed(std::string_view digits, int exponent, std::string& out)
{
    auto whole = static_cast<std::size_t>(std::max(exponent + 1, 0));
    if (exponent < 0) {
        out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
        return;
    }
    out.append(digits.substr(0, whole));
    if (digits.size() <= whole)
        out.append(whole - digits.size(), '0');
    else
        out.append(".").append(digits.substr(whole));
}

template <class Float>
void append_positive(Float value, int fixed_below, std::string& out)
{
    number_buffer buffer;
    auto text = shortest(value, buffer);
    auto exponent = exponent_of(text);
    if (exponent < -4 || exponent >= fixed_below) {
        out.append(text.mantissa).append(text.exponent);
        return;
    }
    std::string digits{text.mantissa};
    if (digits.size() > 1) digits.erase(1, 1);
    append_fixed(digits, exponent, out);
}

template <class Float>
void append_finite(Float value, int fixed_below, std::string& out)
{
    if (std::signbit(value)) out.push_back('-');
    if (value == 0)
        out.push_back('0');
    else
        append_positive(std::fabs(value), fixed_below, out);
}

template <class Float>
error_code append_floating(std::string_view literal, int fixed_below, std::string& out)
{
    if (literal == "NaN" || literal == "Infinity" || literal == "-Infinity") {
        out.append(literal);
        return {};
    }
    auto value = is_json_number(literal) ? read<Float>(literal) : std::nullopt;
    if (!value) return errc::bad_text;
    append_finite(*value, fixed_below, out);
    return {};
}

// Decimals.

constexpr std::int32_t scale_max = 16'383;
constexpr std::int32_t exponent_max = 200'000;

constexpr std::uint32_t limb_base = 1'000'000'000;
constexpr std::size_t limb_digits = 9;

/// The absolute value of a two's complement number, as base 2^32 with the lowest limb first.
std::vector<std::uint32_t> magnitude(std::string_view bytes, bool is_negative)
{
    std::vector<std::uint32_t> limbs((bytes.size() + 3) / 4);
    std::uint32_t carry = is_negative ? 1 : 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        std::uint32_t byte = static_cast<unsigned char>(bytes[bytes.size() - 1 - place]);
        if (is_negative) byte = (~byte & 0xFF) + carry;
        carry = byte >> 8;
        limbs[place / 4] |= (byte & 0xFF) << (8 * (place % 4));
    }
    if (is_negative && carry != 0) limbs.push_back(1);  // only for bytes that are all zero, which are not negative
    return limbs;
}

/// Divides by 10^9 and returns what is left.
std::uint32_t divide(std::vector<std::uint32_t>& limbs) noexcept
{
    std::uint64_t rest = 0;
    for (auto limb = limbs.rbegin(); limb != limbs.rend(); ++limb) {
        rest = rest << 32 | *limb;
        *limb = static_cast<std::uint32_t>(rest / limb_base);
        rest %= limb_base;
    }
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
    return static_cast<std::uint32_t>(rest);
}

std::string long_digits(std::string_view bytes, bool is_negative)
{
    auto limbs = magnitude(bytes, is_negative);
    std::string reversed;
    while (!limbs.empty()) {
        auto part = divide(limbs);
        for (std::size_t place = 0; place < limb_digits; ++place, part /= 10)
            reversed.push_back(static_cast<char>('0' + part % 10));
    }
    while (reversed.size() > 1 && reversed.back() == '0') reversed.pop_back();
    if (reversed.empty()) reversed = "0";
    std::ranges::reverse(reversed);
    return reversed;
}

std::string digits_of(std::string_view bytes, bool is_negative)
{
    if (bytes.size() > 8) return long_digits(bytes, is_negative);
    std::uint64_t value = is_negative ? ~std::uint64_t{0} : 0;
    for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return std::to_string(is_negative ? 0 - value : value);
}

/// Digits of an integer with the point moved `scale` places to the left, or zeros behind them.
void append_scaled(std::string_view digits, std::int32_t scale, std::string& out)
{
    if (scale <= 0) {
        out.append(digits);
        if (digits != "0") out.append(static_cast<std::size_t>(-scale), '0');
        return;
    }
    auto places = static_cast<std::size_t>(scale);
    if (digits.size() <= places) {
        out.append("0.").append(places - digits.size(), '0').append(digits);
        return;
    }
    out.append(digits.substr(0, digits.size() - places)).append(".").append(digits.substr(digits.size() - places));
}

}  // namespace

error_code append_float8(std::string_view literal, std::string& out)
{
    return append_floating<double>(literal, fixed8_below, out);
}

error_code append_float4(std::string_view literal, std::string& out)
{
    return append_floating<float>(literal, fixed4_below, out);
}

void append_float8(double value, std::string& out)
{
    if (std::isnan(value))
        out.append("NaN");
    else if (std::isinf(value))
        out.append(value > 0 ? "Infinity" : "-Infinity");
    else
        append_finite(value, fixed8_below, out);
}

error_code append_unscaled(std::string_view bytes, std::int32_t scale, std::string& out)
{
    if (bytes.empty() || scale > scale_max || scale < -exponent_max) return errc::bad_text;
    if (bytes.size() > limits::numeric_bytes_max) return errc::over_limit;
    bool is_negative = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0;
    if (is_negative) out.push_back('-');
    append_scaled(digits_of(bytes, is_negative), scale, out);
    return {};
}

error_code append_plain(std::string_view literal, std::string& out)
{
    if (!is_json_number(literal)) return errc::bad_text;
    if (literal.starts_with('-')) out.push_back('-');
    literal.remove_prefix(literal.starts_with('-') ? 1 : 0);
    auto mark = std::min(literal.find_first_of("eE"), literal.size());
    std::int32_t exponent = 0;
    if (mark < literal.size()) {
        auto text = literal.substr(mark + 1);
        if (text.starts_with('+')) text.remove_prefix(1);
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
        if (error != std::errc{} || exponent > exponent_max || exponent < -exponent_max) return errc::over_limit;
    }
    auto point = std::min(literal.find('.'), mark);
    std::string digits{literal.substr(0, point)};
    auto fraction = point < mark ? literal.substr(point + 1, mark - point - 1) : std::string_view{};
    digits.append(fraction);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    append_scaled(digits, static_cast<std::int32_t>(fraction.size()) - exponent, out);
    return {};
}

error_code fit_to_scale(std::size_t start, std::int32_t scale, std::string& out)
{
    auto wanted = static_cast<std::size_t>(std::max(scale, 0));
    auto point = out.find('.', start);
    if (point == out.npos) {
        if (wanted != 0) out.append(".").append(wanted, '0');
        return {};
    }
    auto places = out.size() - point - 1;
    if (places <= wanted) {
        out.append(wanted - places, '0');
        return {};
    }
    if (out.find_first_not_of('0', point + 1 + wanted) != out.npos) return errc::bad_text;
    out.resize(wanted == 0 ? point : point + 1 + wanted);
    return {};
}

void strip_zeros(std::size_t start, std::string& out)
{
    if (out.find('.', start) == out.npos) return;
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
}

std::int32_t sent_numeric_scale(std::int32_t typmod) noexcept
{
    return (typmod - 4) & 0x7FF;
}

std::int32_t numeric_scale(std::int32_t typmod) noexcept
{
    return (sent_numeric_scale(typmod) ^ 1024) - 1024;
}

std::int32_t numeric_precision(std::int32_t typmod) noexcept
{
    return (typmod - 4) >> 16 & 0xFFFF;
}

}  // namespace understudy::debezium
