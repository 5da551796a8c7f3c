#pragma once

#include "core/table.hpp"

#include <string>
#include <string_view>

namespace understudy {

/// Reads a table's name as SQL writes it: `schema.table`, each part plain or in double quotes (a quote inside is
/// doubled). `schema.*` gives an empty name. Plain parts have no capital letters: SQL would fold them, people
/// rarely mean that, so it has to be said with quotes.
/// Errors: bad_text with a sentence that says what to write instead.
outcome<table_name> parse_table_name(std::string_view text);

/// Writes what parse_table_name reads, with quotes only where they are needed.
std::string quoted(const table_name& name);

}  // namespace understudy
