#include "core/db_time.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace understudy {

std::string to_string(db_time time)
{
    auto day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day date{day};
    std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

result<db_time> parse_db_time(std::string_view text)
{
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int micros = 0;
    int used = 0;
    std::string copy{text};
    if (std::sscanf(copy.c_str(), "%d-%2u-%2uT%2d:%2d:%2d.%6dZ%n", &year, &month, &day, &hour, &minute, &second,
                    &micros, &used) != 7 ||
        static_cast<std::size_t>(used) != text.size())
        return make_error_code(errc::bad_text);
    std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    if (!date.ok()) return make_error_code(errc::bad_text);
    db_time time{std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                 std::chrono::seconds{second} + std::chrono::microseconds{micros}};
    // sscanf also takes signs, spaces, short fractions and an hour 99.
    if (to_string(time) != text) return make_error_code(errc::bad_text);
    return time;
}

}  // namespace understudy
