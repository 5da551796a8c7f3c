#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

// A key is the bytes of its columns, one after the other. Bytes compare as the values do, and no value's bytes
// are a prefix of another's of the same type, nor of null's.
//
//   null     := FF
//   boolean  := 00 | 01
//   integer  := (80 - n) byte{n} | 80 | (80 + n) byte{n}   two's complement, n the bytes of its magnitude
//   floating := 01 byte{8}                                 IEEE 754, sign flipped; all bits flipped if negative
//   numeric  := 01 (-Infinity) | 02 ~decimal | 03 (zero) | 04 decimal | 05 (Infinity) | 06 (NaN)
//   decimal  := exponent{4} (01..64)* 00                   0.ddd * 10^exponent, two digits plus one in a byte
//   uuid     := 01 byte{16}
//   bytes    := 01 (byte | 00 FF)* 00 01                   FF behind a zero byte that is part of the value
//   text     := byte* 00                                   UTF-8, so that it never begins with FF
//
// Values of one number are equal whatever their text: 1.0 and 1.00, 0 and -0.

void append_integer_key(std::int64_t value, std::string& key);
void append_unsigned_key(std::uint64_t value, std::string& key);

// From the text of a value. Errors: bad_text.
error_code append_boolean_key(std::string_view text, std::string& key);
error_code append_integer_key(std::string_view text, std::string& key);
error_code append_floating_key(std::string_view text, std::string& key);
error_code append_numeric_key(std::string_view text, std::string& key);
error_code append_number_key(std::string_view text, std::string& key);  // any JSON number, as a numeric
error_code append_uuid_key(std::string_view text, std::string& key);
error_code append_bytes_key(std::string_view text, std::string& key);
error_code append_text_key(std::string_view text, std::string& key);

}  // namespace understudy
