#include "source/kafka/value_times.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>

// timestamp := date 'T' clock 'Z' | 'infinity' | '-infinity'
// date      := ['+' | '-'] digit{4,9} '-' month '-' day ['Z']     the Z where it stands alone
// clock     := hours ':' minutes [':' seconds ['.' digit{1,9}]]
// time      := clock 'Z'
// interval  := 'P' (number ('Y' | 'M' | 'D'))* ['T' (number ('H' | 'M' | 'S'))*]
// number    := ['+' | '-'] digit+ ['.' digit{1,9}]                the fraction only of seconds

namespace understudy::debezium {

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t minute_us = 60 * second_us;
constexpr std::int64_t hour_us = 60 * minute_us;
constexpr std::int64_t day_us = 24 * hour_us;

struct calendar_day {
    std::int64_t year = 0;  ///< Zero is 1 BC.
    std::int64_t month = 0;
    std::int64_t day = 0;
};

/// https://howardhinnant.github.io/date_algorithms.html#days_from_civil
constexpr std::int64_t days_of(calendar_day date) noexcept
{
    auto year = date.month <= 2 ? date.year - 1 : date.year;
    auto era = (year >= 0 ? year : year - 399) / 400;
    auto year_of_era = year - era * 400;
    auto day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

/// https://howardhinnant.github.io/date_algorithms.html#civil_from_days
constexpr calendar_day day_of(std::int64_t days) noexcept
{
    days += 719'468;
    auto era = (days >= 0 ? days : days - 146'096) / 146'097;
    auto day_of_era = days - era * 146'097;
    auto year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    auto day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    auto shifted_month = (5 * day_of_year + 2) / 153;
    auto month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

static_assert(days_of({1970, 1, 1}) == 0);
static_assert(day_of(days_of({-4713, 11, 24})).year == -4713);

// https://www.postgresql.org/docs/current/datatype-datetime.html: from 4713 BC on, which is Julian day 0.
constexpr std::int64_t first_day = days_of({-4713, 11, 24});
constexpr std::int64_t last_date = days_of({5'874'897, 12, 31});
constexpr std::int64_t last_timestamp_day = days_of({294'276, 12, 31});
static_assert(first_day == -2'440'588);

enum class infinity { none, future, past };

void append_infinity(infinity which, std::string& out)
{
    out.append(which == infinity::future ? "infinity" : "-infinity");
}

/// Numbers or texts that stand for an infinity.
template <class Value, std::size_t N>
infinity infinity_in(const std::array<std::pair<Value, infinity>, N>& known, Value value) noexcept
{
    for (const auto& [sent, which] : known)
        if (sent == value) return which;
    return infinity::none;
}

// The Java driver's own infinities are in milliseconds; Debezium's MicroTimestamp and NanoTimestamp have the ends of a
// 64-bit integer.
constexpr std::array<std::pair<std::int64_t, infinity>, 4> timestamp_infinities{{
    {std::numeric_limits<std::int64_t>::max(), infinity::future},
    {std::numeric_limits<std::int64_t>::min(), infinity::past},
    {9'223'372'036'825'200'000, infinity::future},
    {-9'223'372'036'832'400'000, infinity::past},
}};

// The first two in copied rows, the others in streamed ones.
constexpr std::array<std::pair<std::int64_t, infinity>, 4> date_infinities{{
    {-622'191'234, infinity::future},
    {-625'821'272, infinity::past},
    {2'146'033'979, infinity::future},
    {-2'147'472'691, infinity::past},
}};

// The last one is that of an array's elements.
constexpr std::array<std::pair<std::string_view, infinity>, 6> timestamp_infinity_texts{{
    {"infinity", infinity::future},
    {"-infinity", infinity::past},
    {"+292278994-08-16T23:00:00Z", infinity::future},
    {"-292275055-05-16T23:00:00Z", infinity::past},
    {"+292278994-08-16T23:00:00.000000Z", infinity::future},
    {"+292269055-12-02T23:00:00.000000Z", infinity::past},
}};

constexpr std::array<std::pair<std::string_view, infinity>, 6> date_infinity_texts{{
    {"infinity", infinity::future},
    {"-infinity", infinity::past},
    {"+292278994-08-16Z", infinity::future},
    {"+292269055-12-02Z", infinity::past},
    {"+5877611-06-21Z", infinity::future},
    {"-5877611-06-22Z", infinity::past},
}};

void append_number(std::int64_t value, std::size_t digits, std::string& out)
{
    std::array<char, 20> buffer{};
    auto* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    auto size = static_cast<std::size_t>(end - buffer.data());
    if (size < digits) out.append(digits - size, '0');
    out.append(buffer.data(), size);
}

/// The parts of a second without zeros at the end; nothing for none.
void append_fraction(std::int64_t microseconds, std::string& out)
{
    if (microseconds == 0) return;
    out.push_back('.');
    append_number(microseconds, 6, out);
    while (out.back() == '0') out.pop_back();
}

void append_clock(std::int64_t microseconds, std::string& out)
{
    append_number(microseconds / hour_us, 2, out);
    out.push_back(':');
    append_number(microseconds % hour_us / minute_us, 2, out);
    out.push_back(':');
    append_number(microseconds % minute_us / second_us, 2, out);
    append_fraction(microseconds % second_us, out);
}

void append_day(const calendar_day& date, std::string& out)
{
    append_number(date.year > 0 ? date.year : 1 - date.year, 4, out);
    out.push_back('-');
    append_number(date.month, 2, out);
    out.push_back('-');
    append_number(date.day, 2, out);
}

/// A time in parts: it does not fit 64 bits of microseconds since 1970 everywhere.
struct moment {
    std::int64_t days = 0;          ///< Since 1970.
    std::int64_t microseconds = 0;  ///< Of the day.
};

error_code append_finite_date(std::int64_t days, std::string& out)
{
    if (days < first_day || days > last_date) return errc::bad_text;
    auto date = day_of(days);
    append_day(date, out);
    if (date.year <= 0) out.append(" BC");
    return {};
}

error_code append_moment(moment at, zone_suffix zone, std::string& out)
{
    if (at.days < first_day || at.days > last_timestamp_day) return errc::bad_text;
    auto date = day_of(at.days);
    append_day(date, out);
    out.push_back(' ');
    append_clock(at.microseconds, out);
    if (zone == zone_suffix::utc) out.append("+00");
    if (date.year <= 0) out.append(" BC");
    return {};
}

/// Nothing for parts of a microsecond.
std::optional<moment> moment_of(std::int64_t value, time_unit unit) noexcept
{
    auto per_unit = static_cast<std::int64_t>(unit);
    if (per_unit < 0) {
        if (value % -per_unit != 0) return std::nullopt;
        value /= -per_unit;
        per_unit = 1;
    }
    auto units_a_day = day_us / per_unit;
    auto days = value / units_a_day;
    auto units = value % units_a_day;
    if (units < 0) {
        --days;
        units += units_a_day;
    }
    return moment{days, units * per_unit};
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

constexpr std::size_t year_digits_max = 9;

constexpr std::int64_t days_in(std::int64_t year, std::int64_t month) noexcept
{
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) return is_leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::int64_t read_days(iso_reader& in) noexcept
{
    bool is_negative = in.maybe('-');
    if (!is_negative) in.maybe('+');
    calendar_day date;
    date.year = in.digits(4, year_digits_max);
    if (is_negative) date.year = -date.year;
    in.expect('-');
    date.month = in.two_digits(1, 12);
    in.expect('-');
    date.day = in.two_digits(1, days_in(date.year, date.month));
    return days_of(date);
}

std::int64_t read_clock(iso_reader& in) noexcept
{
    auto time = in.two_digits(0, 24) * hour_us;
    in.expect(':');
    time += in.two_digits(0, 59) * minute_us;
    if (in.maybe(':')) {
        time += in.two_digits(0, 59) * second_us;
        if (in.maybe('.')) time += in.fraction();
    }
    if (time > day_us) in.fail();
    return time;
}

// Intervals.

struct interval {
    std::int64_t months = 0;
    std::int64_t days = 0;
    std::int64_t microseconds = 0;
};

/// Adds value * unit. False where that does not fit.
bool add(std::int64_t value, std::int64_t unit, std::int64_t& to) noexcept
{
    std::int64_t product = 0;
    return !__builtin_mul_overflow(value, unit, &product) && !__builtin_add_overflow(to, product, &to);
}

struct interval_part {
    std::int64_t value = 0;
    std::int64_t fraction_us = 0;  ///< With the sign of the whole.
    char unit = '\0';
};

constexpr std::size_t interval_digits_max = 15;

interval_part read_part(iso_reader& in, std::string_view units) noexcept
{
    bool is_negative = in.maybe('-');
    if (!is_negative) in.maybe('+');
    interval_part part;
    part.value = in.digits(1, interval_digits_max);
    bool has_fraction = in.maybe('.');
    if (has_fraction) part.fraction_us = in.rounded_fraction();
    part.unit = in.letter(units);
    if (has_fraction && part.unit != 'S') in.fail();
    if (is_negative) {
        part.value = -part.value;
        part.fraction_us = -part.fraction_us;
    }
    return part;
}

bool add_date_part(const interval_part& part, interval& to) noexcept
{
    switch (part.unit) {
    case 'Y': return add(part.value, 12, to.months);
    case 'M': return add(part.value, 1, to.months);
    case 'D': return add(part.value, 1, to.days);
    default: return false;
    }
}

bool add_time_part(const interval_part& part, interval& to) noexcept
{
    switch (part.unit) {
    case 'H': return add(part.value, hour_us, to.microseconds);
    case 'M': return add(part.value, minute_us, to.microseconds);
    case 'S': return add(part.value, second_us, to.microseconds) && add(part.fraction_us, 1, to.microseconds);
    default: return false;
    }
}

std::optional<interval> read_interval(std::string_view text) noexcept
{
    iso_reader in{text};
    interval span;
    in.expect('P');
    bool is_time = in.maybe('T');
    while (in.ok() && !in.at_end()) {
        auto part = read_part(in, is_time ? "HMS" : "YMD");
        if (!(is_time ? add_time_part(part, span) : add_date_part(part, span))) return std::nullopt;
        if (!is_time) is_time = in.maybe('T');
    }
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    if (!in.done() || std::abs(span.months) > most || std::abs(span.days) > most) return std::nullopt;
    return span;
}

/// Prints an interval as EncodeInterval does for IntervalStyle postgres (datetime.c): a part behind a negative one
/// has a plus sign.
class interval_writer {
public:
    explicit interval_writer(std::string& out) noexcept : out_{out} {}

    void write(std::int64_t value, std::string_view unit)
    {
        if (value == 0) return;
        separate();
        if (after_negative_ && value > 0) out_.push_back('+');
        out_.append(std::to_string(value)).append(" ").append(unit);
        if (value != 1) out_.push_back('s');
        after_negative_ = value < 0;
    }

    void write_clock(std::int64_t microseconds)
    {
        if (microseconds == 0 && !is_empty_) return;
        separate();
        if (microseconds < 0)
            out_.push_back('-');
        else if (after_negative_)
            out_.push_back('+');
        append_clock_of(microseconds);
    }

private:
    void separate()
    {
        if (!is_empty_) out_.push_back(' ');
        is_empty_ = false;
    }

    /// In parts, for the most negative number has no positive one.
    void append_clock_of(std::int64_t microseconds)
    {
        append_number(std::abs(microseconds / hour_us), 2, out_);
        out_.push_back(':');
        append_number(std::abs(microseconds % hour_us / minute_us), 2, out_);
        out_.push_back(':');
        append_number(std::abs(microseconds % minute_us / second_us), 2, out_);
        append_fraction(std::abs(microseconds % second_us), out_);
    }

    std::string& out_;
    bool is_empty_ = true;
    bool after_negative_ = false;
};

}  // namespace

error_code append_timestamp(std::int64_t value, time_unit unit, std::string& out)
{
    if (auto which = infinity_in(timestamp_infinities, value); which != infinity::none) {
        append_infinity(which, out);
        return {};
    }
    auto at = moment_of(value, unit);
    return at ? append_moment(*at, zone_suffix::none, out) : errc::bad_text;
}

error_code append_iso_timestamp(std::string_view text, zone_suffix zone, std::string& out)
{
    if (auto which = infinity_in(timestamp_infinity_texts, text); which != infinity::none) {
        append_infinity(which, out);
        return {};
    }
    iso_reader in{text};
    moment at;
    at.days = read_days(in);
    in.expect('T');
    at.microseconds = read_clock(in);
    in.expect('Z');
    if (!in.done() || at.microseconds == day_us) return errc::bad_text;
    return append_moment(at, zone, out);
}

error_code append_date(std::int64_t days, std::string& out)
{
    if (auto which = infinity_in(date_infinities, days); which != infinity::none) {
        append_infinity(which, out);
        return {};
    }
    return append_finite_date(days, out);
}

error_code append_iso_date(std::string_view text, std::string& out)
{
    if (auto which = infinity_in(date_infinity_texts, text); which != infinity::none) {
        append_infinity(which, out);
        return {};
    }
    iso_reader in{text};
    auto days = read_days(in);
    in.expect('Z');
    return in.done() ? append_finite_date(days, out) : errc::bad_text;
}

error_code append_time(std::int64_t value, time_unit unit, std::string& out)
{
    auto at = moment_of(value, unit);
    if (!at || (at->days != 0 && (at->days != 1 || at->microseconds != 0))) return errc::bad_text;
    append_clock(at->days * day_us + at->microseconds, out);
    return {};
}

error_code append_iso_time(std::string_view text, zone_suffix zone, std::string& out)
{
    iso_reader in{text};
    auto time = read_clock(in);
    in.expect('Z');
    if (!in.done()) return errc::bad_text;
    append_clock(time, out);
    if (zone == zone_suffix::utc) out.append("+00");
    return {};
}

error_code append_iso_interval(std::string_view text, std::string& out)
{
    auto span = read_interval(text);
    if (!span) return errc::bad_text;
    interval_writer writer{out};
    writer.write(span->months / 12, "year");
    writer.write(span->months % 12, "mon");
    writer.write(span->days, "day");
    writer.write_clock(span->microseconds);
    return {};
}

void append_duration(std::int64_t microseconds, std::string& out)
{
    interval_writer{out}.write_clock(microseconds);
}

}  // namespace understudy::debezium
