#pragma once

#include "core/error.hpp"

#include <string>
#include <string_view>

namespace understudy {

/// Appends the text of a json or jsonb value as it is, but on one line: the newlines between its tokens become
/// spaces.
///
/// The text is checked first, as strictly as Postgres's json type does (RFC 8259; \u escapes only by their
/// digits, so lone surrogates pass; any depth), because it goes into a document unquoted. Errors: bad_text.
error_code append_json_value(std::string_view text, std::string& out);

}  // namespace understudy
