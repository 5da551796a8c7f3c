#pragma once

#include "core/error.hpp"
#include "render/type_catalog.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace understudy {

struct format_node;

/// How the text of one column becomes the JSON that `to_json` gives for it, and the bytes that sort as it sorts.
/// Compiled once per column from the catalog; immutable; cheap to copy; any thread.
///
/// The text must have been printed with TimeZone UTC, DateStyle ISO, IntervalStyle postgres,
/// extra_float_digits 1 and bytea_output hex (the source sets and verifies them).
class column_format {
public:
    /// Errors: unsupported_type if `type`, or a type inside it, has a JSON form that we do not know;
    /// over_limit if types nest deeper than limits::nesting_max.
    static result<column_format> compile(const type_catalog& types, oid type);

    /// Appends the JSON of a value that is not null. Errors: bad_text if `text` is not what the type prints;
    /// then `out` may hold a part and the caller drops it.
    error_code append_json(std::string_view text, std::string& out) const;

    /// Appends key bytes: two values of the type compare as their bytes do. Text sorts as under COLLATE "C",
    /// numbers by value, and a key of several columns is the columns' bytes one after the other (no value's bytes
    /// are a prefix of another's). Types without an order of their own sort by their text.
    /// Errors: as append_json.
    error_code append_key(std::string_view text, std::string& key) const;

    /// Whether values that are equal may have several texts, and one key: 1.0 and 1.00, 0 and -0, padded text.
    bool has_equal_texts() const noexcept;

    /// The name of the built-in scalar type whose values these are, through domains; `enum`; empty for everything else.
    std::string_view kind() const noexcept { return kind_; }

    /// Null sorts after every value.
    static void append_null_key(std::string& key);

private:
    column_format(std::shared_ptr<const format_node> root, std::string_view kind) : root_{std::move(root)}, kind_{kind}
    {
    }
    std::shared_ptr<const format_node> root_;
    std::string_view kind_;  ///< Static.
};

/// Appends `text` as a JSON string with its quotes, escaped as Postgres' escape_json does.
void append_json_string(std::string_view text, std::string& out);

}  // namespace understudy
