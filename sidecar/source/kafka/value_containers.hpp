#pragma once

#include "core/error.hpp"
#include "decode/json_tape.hpp"

#include <string>
#include <string_view>

namespace understudy::debezium {

/// Appends an element of an array, in quotes where array_out puts them.
void append_element(std::string_view text, char delimiter, std::string& out);

/// Appends an object of strings and nulls as hstore prints it: shorter keys first.
/// Errors: bad_text; then `out` may hold a part.
error_code append_hstore(json_node object, std::string& out);

}  // namespace understudy::debezium
