#include "serve/literal.hpp"

#include "render/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <system_error>

namespace understudy {

namespace {

// More than numeric's 16383 digits behind the point and 131072 before it need never.
constexpr int exponent_max = 20'000;
constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

bool is_digit(char byte) noexcept
{
    return byte >= '0' && byte <= '9';
}

std::string lower(std::string_view text)
{
    std::string made{text};
    for (auto& byte : made)
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    return made;
}

/// Takes parts off the front; a part that is not there fails all the rest.
class literal_reader {
public:
    explicit literal_reader(std::string_view text) noexcept : rest_{text} {}

    bool maybe(char byte) noexcept
    {
        if (!rest_.starts_with(byte)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char byte) noexcept { ok_ = maybe(byte) && ok_; }

    std::string_view digits(std::size_t min, std::size_t max) noexcept
    {
        std::size_t size = 0;
        while (size < max && size < rest_.size() && is_digit(rest_[size])) ++size;
        ok_ = ok_ && size >= min;
        auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::int64_t number(std::size_t min, std::size_t max, std::int64_t largest) noexcept
    {
        std::int64_t value = 0;
        for (char digit : digits(min, max)) value = value * 10 + (digit - '0');
        ok_ = ok_ && value <= largest;
        return value;
    }

    bool at_digit() const noexcept { return !rest_.empty() && is_digit(rest_.front()); }
    void skip_spaces() noexcept { rest_ = trim(rest_); }
    std::string_view rest() const noexcept { return rest_; }
    bool ok() const noexcept { return ok_; }
    bool done() const noexcept { return ok_ && rest_.empty(); }
    void fail() noexcept { ok_ = false; }

private:
    std::string_view rest_;
    bool ok_ = true;
};

/// A fraction of a second in microseconds, rounded as Postgres rounds it: through a double, to even.
std::int64_t fraction_of(std::string_view digits)
{
    double value = 0;
    auto text = "0." + std::string{digits};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return static_cast<std::int64_t>(std::rint(value * static_cast<double>(microseconds_per_second)));
}

/// Of a time of day, from its start.
std::int64_t read_clock(literal_reader& in)
{
    auto hours = in.number(1, 2, 24);
    in.expect(':');
    auto minutes = in.number(2, 2, 59);
    auto seconds = in.maybe(':') ? in.number(2, 2, 59) : 0;
    auto fraction = in.maybe('.') ? fraction_of(in.digits(1, 30)) : 0;
    auto whole = (hours * 3600 + minutes * 60 + seconds) * microseconds_per_second + fraction;
    if (whole > microseconds_per_day) in.fail();
    return whole;
}

// +HH, +HHMM, +HH:MM, +HH:MM:SS
std::int64_t read_offset(literal_reader& in)
{
    if (in.maybe('Z') || in.maybe('z')) return 0;
    auto sign = in.maybe('-') ? -1 : in.maybe('+') ? 1 : 0;
    if (sign == 0) return 0;
    auto seconds = in.number(1, 2, 15) * 3600;
    if (in.maybe(':') || in.at_digit()) seconds += in.number(2, 2, 59) * 60;
    if (in.maybe(':')) seconds += in.number(2, 2, 59);
    return sign * seconds;
}

std::optional<std::int64_t> days_of(std::int64_t year, std::int64_t month, std::int64_t day) noexcept
{
    using namespace std::chrono;
    if (year > static_cast<int>(year::max())) return std::nullopt;
    year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{static_cast<unsigned>(month)},
                        std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    constexpr sys_days start{2000y / January / 1};
    return (sys_days{date} - start).count();
}

std::optional<std::int64_t> infinity_of(std::string_view text)
{
    auto word = lower(text);
    if (word == "infinity" || word == "+infinity") return after_all_time;
    if (word == "-infinity") return before_all_time;
    return std::nullopt;
}

template <class Float>
std::optional<std::string> shortest(std::string_view literal)
{
    auto text = trim(literal);
    text.remove_prefix(text.starts_with('+') ? 1 : 0);
    auto word = lower(text);
    if (word == "nan") return "NaN";
    if (word == "inf" || word == "infinity") return "Infinity";
    if (word == "-inf" || word == "-infinity") return "-Infinity";
    Float value = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    std::array<char, 64> buffer{};
    auto made = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return std::string{buffer.data(), made.ptr};
}

/// Moves the point of digits by an exponent.
std::string without_exponent(std::string whole, std::string fraction, int exponent)
{
    for (; exponent > 0; --exponent) {
        whole.push_back(fraction.empty() ? '0' : fraction.front());
        if (!fraction.empty()) fraction.erase(0, 1);
    }
    if (exponent < 0) {
        auto zeros = static_cast<std::size_t>(-exponent);
        if (whole.size() <= zeros) whole.insert(0, zeros - whole.size() + 1, '0');
        fraction.insert(0, whole, whole.size() - zeros);
        whole.resize(whole.size() - zeros);
    }
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    if (whole.empty()) whole = "0";
    return fraction.empty() ? whole : whole + '.' + fraction;
}

std::optional<int> read_exponent(literal_reader& in)
{
    if (!in.maybe('e') && !in.maybe('E')) return 0;
    bool negative = in.maybe('-');
    if (!negative) in.maybe('+');
    auto value = in.number(1, 6, exponent_max);
    if (!in.ok()) return std::nullopt;
    return static_cast<int>(negative ? -value : value);
}

}  // namespace

std::string_view trim(std::string_view text) noexcept
{
    constexpr std::string_view spaces = " \t\r\n\v\f";
    auto start = text.find_first_not_of(spaces);
    if (start == text.npos) return {};
    return text.substr(start, text.find_last_not_of(spaces) - start + 1);
}

std::optional<std::string> boolean_text(std::string_view literal)
{
    auto word = lower(trim(literal));
    if (word.empty()) return std::nullopt;
    for (std::string_view yes : {"true", "yes"})
        if (yes.starts_with(word)) return "t";
    for (std::string_view no : {"false", "no"})
        if (no.starts_with(word)) return "f";
    if (word == "on" || word == "1") return "t";
    if (word == "off" || word == "of" || word == "0") return "f";
    return std::nullopt;
}

std::optional<std::string> integer_text(std::string_view literal)
{
    literal_reader in{trim(literal)};
    bool negative = in.maybe('-');
    if (!negative) in.maybe('+');
    auto digits = in.digits(1, 1000);
    if (!in.done()) return std::nullopt;
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.empty()) return "0";
    return (negative ? "-" : "") + std::string{digits};
}

std::optional<std::string> numeric_text(std::string_view literal)
{
    auto text = trim(literal);
    auto word = lower(text);
    if (word == "nan") return "NaN";
    if (word == "inf" || word == "infinity" || word == "+inf" || word == "+infinity") return "Infinity";
    if (word == "-inf" || word == "-infinity") return "-Infinity";
    literal_reader in{text};
    bool negative = in.maybe('-');
    if (!negative) in.maybe('+');
    std::string whole{in.digits(0, text.size())};
    std::string fraction;
    if (in.maybe('.')) fraction = in.digits(0, text.size());
    auto exponent = read_exponent(in);
    if (!exponent || !in.done() || whole.size() + fraction.size() == 0) return std::nullopt;
    return (negative ? "-" : "") + without_exponent(std::move(whole), std::move(fraction), *exponent);
}

std::optional<std::string> float8_text(std::string_view literal)
{
    return shortest<double>(literal);
}

std::optional<std::string> float4_text(std::string_view literal)
{
    return shortest<float>(literal);
}

// Postgres takes braces around it, and a dash behind any four digits.
std::optional<std::string> uuid_text(std::string_view literal)
{
    auto text = literal;
    if (text.starts_with('{') != text.ends_with('}')) return std::nullopt;
    if (text.starts_with('{')) text = text.substr(1, text.size() - 2);
    std::string made;
    std::size_t digits = 0;
    bool dashed = false;
    for (char byte : text) {
        if (byte == '-' && digits > 0 && digits % 4 == 0 && digits < 32 && !dashed) {
            dashed = true;
            continue;
        }
        auto low = static_cast<char>(byte >= 'A' && byte <= 'F' ? byte - 'A' + 'a' : byte);
        if (!is_digit(low) && (low < 'a' || low > 'f')) return std::nullopt;
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20) made.push_back('-');
        made.push_back(low);
        ++digits;
        dashed = false;
    }
    return digits == 32 ? std::optional{made} : std::nullopt;
}

std::optional<std::string> bytes_text(std::string_view literal)
{
    if (!literal.starts_with("\\x") || literal.size() % 2 != 0) return std::nullopt;
    auto text = lower(literal);
    bool hex = std::all_of(text.begin() + 2, text.end(),
                           [](char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f'); });
    return hex ? std::optional{text} : std::nullopt;
}

std::optional<std::string> time_text(std::string_view literal)
{
    literal_reader in{trim(literal)};
    auto clock = read_clock(in);
    if (!in.done()) return std::nullopt;
    auto two = [](std::int64_t value) { return std::to_string(100 + value).substr(1); };
    auto seconds = clock / microseconds_per_second;
    auto text = two(seconds / 3600) + ':' + two(seconds / 60 % 60) + ':' + two(seconds % 60);
    auto fraction = clock % microseconds_per_second;
    if (fraction == 0) return text;
    auto digits = std::to_string(microseconds_per_second + fraction).substr(1);
    return text + '.' + digits.substr(0, digits.find_last_not_of('0') + 1);
}

std::optional<moment> read_moment(std::string_view literal)
{
    moment made;
    auto text = trim(literal);
    if (auto infinite = infinity_of(text)) {
        made = {.days = *infinite, .microseconds = *infinite, .offset_s = 0, .infinite = true};
        return made;
    }
    bool before_christ = lower(text).ends_with(" bc");
    if (before_christ) text = trim(text.substr(0, text.size() - 3));
    literal_reader in{text};
    auto year = in.number(4, 6, 294'276);
    in.expect('-');
    auto month = in.number(1, 2, 12);
    in.expect('-');
    auto day = in.number(1, 2, 31);
    std::int64_t clock = 0;
    if (in.maybe('T') || in.maybe('t') || in.maybe(' ')) {
        in.skip_spaces();
        clock = read_clock(in);
        in.skip_spaces();
    }
    made.offset_s = read_offset(in);
    if (!in.done() || year == 0) return std::nullopt;
    auto days = days_of(before_christ ? 1 - year : year, month, day);
    if (!days) return std::nullopt;
    made.days = *days;
    made.microseconds = *days * microseconds_per_day + clock;
    return made;
}

}  // namespace understudy
