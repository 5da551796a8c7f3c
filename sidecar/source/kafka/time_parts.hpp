#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::debezium {

// What times and intervals are read and printed with. Pure.

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t minute_us = 60 * second_us;
inline constexpr std::int64_t hour_us = 60 * minute_us;
inline constexpr std::int64_t day_us = 24 * hour_us;

inline void append_number(std::int64_t value, std::size_t digits, std::string& out)
{
    std::array<char, 20> buffer{};
    auto* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    auto size = static_cast<std::size_t>(end - buffer.data());
    if (size < digits) out.append(digits - size, '0');
    out.append(buffer.data(), size);
}

/// The parts of a second without zeros at the end; nothing for none.
inline void append_fraction(std::int64_t microseconds, std::string& out)
{
    if (microseconds == 0) return;
    out.push_back('.');
    append_number(microseconds, 6, out);
    while (out.back() == '0') out.pop_back();
}

/// Takes parts off the front of a text; the first that does not fit fails all the rest.
class iso_reader {
public:
    explicit iso_reader(std::string_view text) noexcept : rest_{text} {}

    bool maybe(char byte) noexcept
    {
        if (!rest_.starts_with(byte)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char byte) noexcept { ok_ = maybe(byte) && ok_; }

    std::int64_t digits(std::size_t min, std::size_t max) noexcept
    {
        std::int64_t value = 0;
        std::size_t size = 0;
        for (; size < max && size < rest_.size() && rest_[size] >= '0' && rest_[size] <= '9'; ++size)
            value = value * 10 + (rest_[size] - '0');
        ok_ = ok_ && size >= min;
        rest_.remove_prefix(size);
        return value;
    }

    std::int64_t two_digits(std::int64_t least, std::int64_t most) noexcept
    {
        auto value = digits(2, 2);
        ok_ = ok_ && value >= least && value <= most;
        return value;
    }

    /// In microseconds; more digits have to be zeros.
    std::int64_t fraction() noexcept
    {
        auto value = six_digits();
        ok_ = ok_ && digits(0, 3) == 0;
        return value;
    }

    /// The same to the nearest one: Debezium's seconds of an interval have passed through a double (1.867999999 for 1.868).
    std::int64_t rounded_fraction() noexcept
    {
        auto value = six_digits();
        auto next = digits(0, 1);
        digits(0, 2);
        return next >= 5 ? value + 1 : value;
    }

    /// One of these letters, or a zero.
    char letter(std::string_view choices) noexcept
    {
        if (rest_.empty() || choices.find(rest_.front()) == choices.npos) {
            ok_ = false;
            return '\0';
        }
        auto found = rest_.front();
        rest_.remove_prefix(1);
        return found;
    }

    bool ok() const noexcept { return ok_; }
    bool at_end() const noexcept { return rest_.empty(); }
    bool done() const noexcept { return ok_ && rest_.empty(); }
    void fail() noexcept { ok_ = false; }

private:
    std::int64_t six_digits() noexcept
    {
        auto value = digits(1, 1);
        for (int place = 1; place < 6; ++place) value = value * 10 + digits(0, 1);
        return value;
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace understudy::debezium
