#pragma once

#include "core/db_time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Pieces of HTML. Whatever returns `html` is safe to put between tags; what takes `text` escapes it.
namespace understudy {

using html = std::string;

/// For text and for attributes in double quotes. Control characters and bytes that are no UTF-8 become U+FFFD.
html escaped(std::string_view text);

/// Cut with an ellipsis where longer than `bytes_max`, then escaped.
html escaped_short(std::string_view text, std::size_t bytes_max);

/// An age in human units: `0.8 s`, `42 s`, `12 min`, `5 h 10 min`, `3 d 4 h`.
std::string human(std::chrono::microseconds time);

/// `1,204,311`.
std::string human_count(std::uint64_t count);

/// Whole ones: `61,234`.
std::string human_rate(double each_second);

/// `812 B`, `4.0 KiB`, `1.2 GiB`.
std::string human_bytes(std::uint64_t bytes);

/// `every` for `every`, `nothing changed` for `nothing_changed`: a name of ours as words.
std::string words(std::string_view name);

// With the exact value for who looks closer, and for programs.
html count_element(std::uint64_t count);
html bytes_element(std::uint64_t bytes);
html duration_element(std::chrono::microseconds time);
html time_element(db_time at, db_time now);   ///< `14:02:11`, with the date if it is not today's.
html age_element(db_time at, db_time now);    ///< `3.2 s ago`.
html until_element(db_time at, db_time now);  ///< `in 3.2 s`.
html code(std::string_view text);

}  // namespace understudy
