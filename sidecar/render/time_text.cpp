#include "render/time_text.hpp"

#include <optional>

namespace understudy {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::size_t year_digits_max = 7;  // dates end in 5874897
constexpr std::int64_t timestamp_year_max = 294'276;

/// Takes fixed parts off the front of a time; the first that does not fit fails all the rest.
class time_reader {
public:
    explicit time_reader(std::string_view text) noexcept : whole_{text}, rest_{text} {}

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

    std::int64_t digits_up_to(std::int64_t largest) noexcept
    {
        auto value = digits(2, 2);
        ok_ = ok_ && value <= largest;
        return value;
    }

    bool maybe(std::string_view word) noexcept
    {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    void expect(std::string_view word) noexcept { ok_ = maybe(word) && ok_; }
    bool done() const noexcept { return ok_ && rest_.empty(); }

    std::size_t position() const noexcept { return whole_.size() - rest_.size(); }

    /// What has been taken since position() was `from`.
    std::string_view since(std::size_t from) const noexcept { return whole_.substr(from, position() - from); }

private:
    std::string_view whole_;
    std::string_view rest_;
    bool ok_ = true;
};

struct calendar_day {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
};

calendar_day read_day(time_reader& in) noexcept
{
    calendar_day date;
    date.year = in.digits(4, year_digits_max);
    in.expect("-");
    date.month = in.digits_up_to(12);
    in.expect("-");
    date.day = in.digits_up_to(31);
    return date;
}

/// In microseconds. Digits that are not there are zeros: Postgres cuts those at the end.
std::int64_t read_fraction(time_reader& in) noexcept
{
    auto fraction = in.digits(1, 1);
    for (int place = 1; place < 6; ++place) fraction = fraction * 10 + in.digits(0, 1);
    return fraction;
}

std::int64_t read_clock(time_reader& in) noexcept
{
    auto seconds = in.digits_up_to(23) * 3600;
    in.expect(":");
    seconds += in.digits_up_to(59) * 60;
    in.expect(":");
    seconds += in.digits_up_to(59);
    auto fraction = in.maybe(".") ? read_fraction(in) : 0;
    return seconds * microseconds_per_second + fraction;
}

/// Days since 2000-01-01 in the proleptic Gregorian calendar; std::chrono's years end at 32767.
/// https://howardhinnant.github.io/date_algorithms.html#days_from_civil
constexpr std::int64_t days_since_2000(calendar_day date) noexcept
{
    auto year = date.month <= 2 ? date.year - 1 : date.year;
    auto era = (year >= 0 ? year : year - 399) / 400;
    auto year_of_era = year - era * 400;
    auto day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 730'425;
}

static_assert(days_since_2000({2000, 1, 1}) == 0);
static_assert(days_since_2000({1999, 12, 31}) == -1);

std::int64_t days(calendar_day date, bool before_christ) noexcept
{
    if (before_christ) date.year = 1 - date.year;  // there is no year 0: 1 BC comes before 1 AD
    return days_since_2000(date);
}

std::optional<std::int64_t> infinity(std::string_view text) noexcept
{
    if (text == "infinity") return after_all_time;
    if (text == "-infinity") return before_all_time;
    return std::nullopt;
}

}  // namespace

result<std::int64_t> read_date(std::string_view text)
{
    if (auto infinite = infinity(text)) return *infinite;
    time_reader in{text};
    auto date = read_day(in);
    auto before_christ = in.maybe(" BC");
    if (!in.done()) return make_error_code(errc::bad_text);
    return days(date, before_christ);
}

result<timestamp_text> read_timestamp(std::string_view text, time_zone zone)
{
    timestamp_text parts;
    if (auto infinite = infinity(text)) {
        parts.microseconds = *infinite;
        return parts;
    }
    time_reader in{text};
    auto date = read_day(in);
    parts.day = in.since(0);
    in.expect(" ");
    auto clock_start = in.position();
    auto microseconds = read_clock(in);
    parts.clock = in.since(clock_start);
    if (zone == time_zone::utc) in.expect("+00");
    parts.before_christ = in.maybe(" BC");
    if (!in.done() || date.year > timestamp_year_max) return make_error_code(errc::bad_text);
    parts.microseconds = days(date, parts.before_christ) * seconds_per_day * microseconds_per_second + microseconds;
    return parts;
}

}  // namespace understudy
