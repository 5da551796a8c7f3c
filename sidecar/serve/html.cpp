#include "serve/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace understudy {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_continuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

std::size_t length_after(unsigned char first) noexcept
{
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return 2;
    if (first >= 0xE0 && first < 0xF0) return 3;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/// How many bytes the character at the front takes; 0 for what is no UTF-8.
std::size_t length_of(std::string_view text) noexcept
{
    auto length = length_after(static_cast<unsigned char>(text.front()));
    if (length == 0 || text.size() < length) return 0;
    auto rest = text.substr(1, length - 1);
    return std::all_of(rest.begin(), rest.end(), is_continuation) ? length : 0;
}

void append(html& into, std::string_view character)
{
    auto first = static_cast<unsigned char>(character.front());
    switch (first) {
    case '&': into += "&amp;"; return;
    case '<': into += "&lt;"; return;
    case '>': into += "&gt;"; return;
    case '"': into += "&quot;"; return;
    case '\'': into += "&#39;"; return;
    case '\n':
    case '\t': into += ' '; return;
    default: into += first < 0x20 || first == 0x7F ? replacement : character;
    }
}

std::string two_units(std::int64_t large, std::string_view large_unit, std::int64_t small, std::string_view small_unit)
{
    if (small == 0) return fmt::format("{} {}", large, large_unit);
    return fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

}  // namespace

html escaped(std::string_view text)
{
    html made;
    made.reserve(text.size());
    while (!text.empty()) {
        auto length = length_of(text);
        if (length == 0)
            made += replacement;
        else
            append(made, text.substr(0, length));
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return made;
}

html escaped_short(std::string_view text, std::size_t bytes_max)
{
    if (text.size() <= bytes_max) return escaped(text);
    auto end = bytes_max;
    while (end > 0 && is_continuation(text[end])) --end;
    return escaped(text.substr(0, end)) + "…";
}

std::string human(std::chrono::microseconds time)
{
    auto seconds = std::chrono::duration<double>(std::max(time, 0us)).count();
    if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
    if (seconds < 59.5) return fmt::format("{:.0f} s", seconds);
    auto minutes = (static_cast<std::int64_t>(seconds) + 30) / 60;
    if (minutes < 60) return fmt::format("{} min", std::max<std::int64_t>(minutes, 1));
    if (minutes < 48 * 60) return two_units(minutes / 60, "h", minutes % 60, "min");
    return two_units(minutes / 1440, "d", minutes % 1440 / 60, "h");
}

std::string human_count(std::uint64_t count)
{
    auto digits = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

std::string human_rate(double each_second)
{
    return human_count(each_second > 0 ? static_cast<std::uint64_t>(std::llround(each_second)) : 0);
}

std::string human_bytes(std::uint64_t bytes)
{
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
    if (unit == 0) return fmt::format("{} B", bytes);
    return fmt::format("{:.{}f} {}", value, value < 99.95 ? 1 : 0, units[unit]);
}

std::string words(std::string_view name)
{
    std::string made{name};
    std::replace(made.begin(), made.end(), '_', ' ');
    return made;
}

html count_element(std::uint64_t count)
{
    return fmt::format("<data value={}>{}</data>", count, human_count(count));
}

html bytes_element(std::uint64_t bytes)
{
    return fmt::format("<data value={0} title=\"{0} bytes\">{1}</data>", bytes, human_bytes(bytes));
}

html duration_element(std::chrono::microseconds time)
{
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    auto shown = ms < 1000                       ? fmt::format("{} ms", ms)
                 : ms % 1000 == 0 && ms < 60'000 ? fmt::format("{} s", ms / 1000)
                                                 : human(time);
    return fmt::format("<data value={0} title=\"{0} ms\">{1}</data>", ms, shown);
}

html time_element(db_time at, db_time now)
{
    auto text = to_string(at);
    auto day = text.substr(0, 10);
    auto shown = text.substr(11, 8);
    if (!to_string(now).starts_with(day)) shown = day + " " + shown;
    return fmt::format("<time datetime={0} title={0}>{1}</time>", text, shown);
}

html age_element(db_time at, db_time now)
{
    return fmt::format("<time datetime={0} title={0}>{1} ago</time>", to_string(at), human(now - at));
}

html until_element(db_time at, db_time now)
{
    auto text = at <= now ? "now" : "in " + human(at - now);
    return fmt::format("<time datetime={0} title={0}>{1}</time>", to_string(at), text);
}

html code(std::string_view text)
{
    return "<code>" + escaped(text) + "</code>";
}

}  // namespace understudy
