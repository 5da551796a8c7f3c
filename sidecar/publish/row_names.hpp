#pragma once

#include "core/error.hpp"
#include "core/row_tuple.hpp"
#include "publish/document_plan.hpp"

#include <string>
#include <vector>

#include <xxhash.h>

namespace understudy {

/// The member names of a table that is written as an object: the value of its keyed_by column.
///
/// Where the table's key does not promise that they differ, 16 bytes are kept of each. Two names with one
/// hash (by accident: about 1 in 10^26 for a million rows) refuse a generation; they never lose a row.
class row_names {
public:
    /// `plan` must outlive this.
    explicit row_names(const planned_table& plan) noexcept : plan_{plan} {}

    /// Appends `"name":`. Errors: bad_config for a null and for a value that is an array or object.
    outcome<void> append(const tuple_field& value, std::string& out);

    /// Errors: bad_config if a name was appended twice. Forgets them: the next rows are others.
    outcome<void> check_unique();

private:
    failure refuse(const char* why) const;

    const planned_table& plan_;
    std::vector<XXH128_hash_t> seen_;
};

}  // namespace understudy
