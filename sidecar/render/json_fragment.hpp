#pragma once

#include "core/error.hpp"
#include "render/type_table.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy {

// The way back: from a value's JSON, as column_format made it, to the text that Postgres prints.

/// The length of the JSON value at the front of `text`, which begins with its first byte; zero if it is not whole. Looks
/// only for where it ends: whether it is right JSON was checked when it was made.
std::size_t json_fragment_size(std::string_view text) noexcept;

/// Appends the bytes that a JSON string stands for. A surrogate without its other half becomes three bytes, too, so that
/// different strings stay different. Errors: bad_text if it is no string with its quotes.
error_code append_string_bytes(std::string_view quoted, std::string& out);

/// The same, where it has to be text. False also for a zero byte and for half a surrogate pair.
bool append_unescaped(std::string_view quoted, std::string& out);

/// False for arrays, vectors, records and hstore, whose text is made of many values.
bool has_text_of_its_own(json_form form) noexcept;

/// Appends the text that `form` made `fragment` of. Only where has_text_of_its_own().
/// Errors: bad_text, and then `out` may hold a part.
error_code append_text_of(json_form form, std::string_view fragment, std::string& out);

}  // namespace understudy
