#pragma once

#include "core/error.hpp"
#include "core/table.hpp"
#include "render/column_format.hpp"
#include "render/type_table.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace understudy {

/// The key bytes of values of which only the JSON is left, as the store keeps them.
///
/// For a built-in scalar type they are what column_format::append_key gave for the value's text. Other types sort by
/// their JSON: strings as text, numbers by value. Immutable; cheap to copy; any thread.
class fragment_key {
public:
    explicit fragment_key(oid type);

    /// Appends the bytes of a value that is not null. Errors: bad_text for what the type's JSON never is.
    error_code append(std::string_view fragment, std::string& key) const;

private:
    const builtin_type* type_;
    std::optional<column_format> format_;  // where there is a type_
};

/// Whether values of the two types are equal, by Postgres' own `=`, exactly when their key bytes are. Not so, for one,
/// for intervals, where a day is 24 hours, nor for types that are not built in: what `=` means there is not known.
bool keys_match(oid left, oid right) noexcept;

}  // namespace understudy
