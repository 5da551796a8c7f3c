#include "settings/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace understudy {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

// From the largest to the smallest, the order in which they are tried for writing.
constexpr std::array<unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<unit, 6> size_units{{{"TiB", std::uint64_t{1} << 40},
                                          {"GiB", std::uint64_t{1} << 30},
                                          {"MiB", std::uint64_t{1} << 20},
                                          {"KiB", std::uint64_t{1} << 10},
                                          {"", 1},
                                          {"B", 1}}};

result<std::uint64_t> parse(std::string_view text, std::span<const unit> units)
{
    std::uint64_t number = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::result_out_of_range) return make_error_code(errc::over_limit);
    if (problem != std::errc{}) return make_error_code(errc::bad_text);
    std::string_view name{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    for (const auto& known : units) {
        if (known.name != name) continue;
        if (number > std::numeric_limits<std::int64_t>::max() / known.factor) return make_error_code(errc::over_limit);
        return number * known.factor;
    }
    return make_error_code(errc::bad_text);
}

std::string format(std::uint64_t number, std::span<const unit> units, std::string_view zero)
{
    if (number == 0) return std::string{zero};
    for (const auto& known : units)
        if (number % known.factor == 0) return fmt::format("{}{}", number / known.factor, known.name);
    return fmt::format("{}", number);
}

}  // namespace

result<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    auto number = parse(text, duration_units);
    if (!number) return number.error();
    return std::chrono::milliseconds{static_cast<std::int64_t>(*number)};
}

std::string format_duration(std::chrono::milliseconds duration)
{
    return format(static_cast<std::uint64_t>(duration.count()), duration_units, "0s");
}

result<std::uint64_t> parse_size(std::string_view text)
{
    return parse(text, size_units);
}

std::string format_size(std::uint64_t bytes)
{
    return format(bytes, size_units, "0");
}

}  // namespace understudy
