#include "source/kafka/encodings.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace understudy::kafka {

namespace {

template <class Mode, std::size_t Count>
Mode find(const std::array<std::pair<std::string_view, Mode>, Count>& words, const std::string& word)
{
    for (const auto& [name, mode] : words)
        if (name == word) return mode;
    return words.front().second;
}

using debezium::binary_mode;
using debezium::decimal_mode;
using debezium::hstore_mode;
using debezium::interval_mode;
using debezium::time_mode;

template <class Mode>
using word = std::pair<std::string_view, Mode>;

constexpr std::array decimals{word<decimal_mode>{"precise", decimal_mode::precise},
                              word<decimal_mode>{"double", decimal_mode::double_},
                              word<decimal_mode>{"string", decimal_mode::string}};
constexpr std::array times{word<time_mode>{"adaptive", time_mode::adaptive},
                           word<time_mode>{"adaptive_time_microseconds", time_mode::adaptive_time_microseconds},
                           word<time_mode>{"connect", time_mode::connect},
                           word<time_mode>{"isostring", time_mode::isostring},
                           word<time_mode>{"microseconds", time_mode::microseconds},
                           word<time_mode>{"nanoseconds", time_mode::nanoseconds}};
constexpr std::array intervals{word<interval_mode>{"numeric", interval_mode::numeric},
                               word<interval_mode>{"string", interval_mode::string}};
constexpr std::array binaries{
    word<binary_mode>{"bytes", binary_mode::bytes}, word<binary_mode>{"base64", binary_mode::base64},
    word<binary_mode>{"base64-url-safe", binary_mode::base64_url_safe}, word<binary_mode>{"hex", binary_mode::hex}};
constexpr std::array hstores{word<hstore_mode>{"json", hstore_mode::json}, word<hstore_mode>{"map", hstore_mode::map}};

}  // namespace

debezium::encodings encodings_of(const debezium_encodings& from)
{
    return {.decimal_handling = find(decimals, from.decimal),
            .time_precision = find(times, from.time),
            .interval_handling = find(intervals, from.interval),
            .binary_handling = find(binaries, from.binary),
            .hstore_handling = find(hstores, from.hstore),
            .unavailable_value_placeholder = from.unavailable};
}

}  // namespace understudy::kafka
