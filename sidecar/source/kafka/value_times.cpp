#include "source/kafka/value_times.hpp"

#include "source/kafka/time_parts.hpp"

#include <array>
#include <limits>
#include <optional>
#include <utility>

// timestamp := date 'T' clock 'Z' | 'infinity' | '-infinity'
// date      := ['+' | '-'] digit{4,9} '-' month '-' day ['Z']     the Z where it stands alone
// clock     := hours ':' minutes [':' seconds ['.' digit{1,9}]]
// time      := clock 'Z'
// ranges    := {(printed in quotes) | other}
// printed   := date ' ' clock ('+' | '-') hours [':' minutes [':' seconds]] [' BC']

namespace understudy::debezium {

namespace {

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

constexpr std::size_t year_digits_max = 9;

constexpr std::int64_t days_in(std::int64_t year, std::int64_t month) noexcept
{
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) return is_leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::int64_t read_days(iso_reader& in, bool is_before_christ = false) noexcept
{
    bool is_negative = in.maybe('-');
    if (!is_negative) in.maybe('+');
    calendar_day date;
    date.year = in.digits(4, year_digits_max);
    if (is_negative) date.year = -date.year;
    if (is_before_christ) date.year = 1 - date.year;
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

std::int64_t read_offset(iso_reader& in) noexcept
{
    bool is_west = in.maybe('-');
    if (!is_west) in.expect('+');
    auto offset = in.two_digits(0, 15) * hour_us;  // Postgres has none of 16 hours
    if (in.maybe(':')) offset += in.two_digits(0, 59) * minute_us;
    if (in.maybe(':')) offset += in.two_digits(0, 59) * second_us;
    return is_west ? -offset : offset;
}

error_code append_printed_timestamptz(std::string_view text, std::string& out)
{
    constexpr std::string_view before_christ = " BC";
    bool is_before_christ = text.ends_with(before_christ);
    if (is_before_christ) text.remove_suffix(before_christ.size());
    iso_reader in{text};
    moment at;
    at.days = read_days(in, is_before_christ);
    in.expect(' ');
    at.microseconds = read_clock(in);
    at.microseconds -= read_offset(in);
    if (!in.done()) return errc::bad_text;
    if (at.microseconds < 0) {
        at.microseconds += day_us;
        --at.days;
    } else if (at.microseconds >= day_us) {
        at.microseconds -= day_us;
        ++at.days;
    }
    return append_moment(at, zone_suffix::utc, out);
}

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

error_code append_zoned_ranges(std::string_view text, std::string& out)
{
    for (;;) {
        auto quote = text.find('"');
        out.append(text.substr(0, quote));
        if (quote == text.npos) return {};
        text.remove_prefix(quote + 1);
        auto end = text.find('"');
        if (end == text.npos) return errc::bad_text;
        out.push_back('"');
        if (auto ec = append_printed_timestamptz(text.substr(0, end), out)) return ec;
        out.push_back('"');
        text.remove_prefix(end + 1);
    }
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

}  // namespace understudy::debezium
