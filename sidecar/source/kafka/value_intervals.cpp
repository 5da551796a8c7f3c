#include "source/kafka/value_intervals.hpp"

#include "source/kafka/time_parts.hpp"

#include <cstdlib>
#include <limits>
#include <optional>

// interval  := 'P' (number ('Y' | 'M' | 'D'))* ['T' (number ('H' | 'M' | 'S'))*]
// number    := ['+' | '-'] digit+ ['.' digit{1,9}]                the fraction only of seconds

namespace understudy::debezium {

namespace {

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
