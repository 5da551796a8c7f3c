#pragma once

#include "core/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy::copy_text {

/// One field of a COPY TO line. `text` is empty for a null.
struct field {
    bool is_null = false;
    std::string_view text;
};

/// Splits one line of `COPY ... TO STDOUT` in text format (newline at its end included or not) into fields and
/// undoes the backslash escapes.
/// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
///
/// Fields are borrowed: from `line`, or from `scratch` where an escape had to be undone. Both must live on.
/// Errors: bad_text for a damaged escape; column_mismatch unless there are `columns` fields.
error_code split_line(std::string_view line, std::size_t columns, std::string& scratch, std::vector<field>& into);

}  // namespace understudy::copy_text
