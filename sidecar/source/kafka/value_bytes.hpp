#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy::debezium {

// Bytes as Debezium writes them. Each appends to `out`, which may hold a part after an error. Errors: bad_text.

/// How binary columns are written: binary.handling.mode.
enum class byte_encoding { base64, base64_url, hex };

/// The bytes that `text` stands for.
error_code append_bytes(std::string_view text, byte_encoding encoding, std::string& out);

/// Bytes as bytea prints them with bytea_output hex.
void append_bytea(std::string_view bytes, std::string& out);

/// What append_bytes would read again.
std::string encoded(std::string_view bytes, byte_encoding encoding);

/// `length` bits, the lowest of the first byte last, as bit(length) prints them. Zero bytes at the end are not sent.
error_code append_bits(std::string_view bytes, std::size_t length, std::string& out);

/// The same without zeros in front, for varbit, whose length is not sent.
void append_significant_bits(std::string_view bytes, std::string& out);

}  // namespace understudy::debezium
