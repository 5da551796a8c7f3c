#pragma once

#include "core/error.hpp"

#include <string>
#include <string_view>

namespace understudy {

// JSON's scalars, as Postgres prints them. append_json_string is in column_format.hpp.

/// RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

/// RFC 8259 `number`: no leading zero, plus sign or bare point.
bool is_json_number(std::string_view text) noexcept;

/// The same, without point or exponent.
bool is_json_integer(std::string_view text) noexcept;

/// The length of the JSON number at the front of `text`; zero if there is none.
std::size_t json_number_size(std::string_view text) noexcept;

/// As append_json_string. Errors: bad_text if `text` is not UTF-8 (a SQL_ASCII database can hold anything).
error_code append_checked_string(std::string_view text, std::string& out);

}  // namespace understudy
