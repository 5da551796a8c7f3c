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

/// Appends what a JSON string with its quotes stands for. False if it is none, or an escape in it stands for no character.
bool append_unescaped(std::string_view quoted, std::string& out);

/// Appends the text that `form` made `fragment` of. Not for arrays, vectors, records and hstore.
/// Errors: bad_text, and then `out` may hold a part.
error_code append_text_of(json_form form, std::string_view fragment, std::string& out);

}  // namespace understudy
