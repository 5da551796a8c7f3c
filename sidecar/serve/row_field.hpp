#pragma once

#include "serve/json_place.hpp"
#include "serve/read_query.hpp"
#include "serve/served_table.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

/// What a filter, an order or a selection looks at in a row, bound to its table. Immutable; any thread.
class row_field {
public:
    /// Errors: 42703 for an unknown column; 42883 for an arrow on a column that is not json.
    static read_result<row_field> bind(const field_ref& field, const served_table& table);

    std::size_t column() const noexcept { return column_; }
    bool is_whole_column() const noexcept { return ref_.path.empty(); }

    /// How its values are compared; null if they cannot be. What `->>` gives is text.
    const value_kind* kind() const noexcept { return kind_ ? &*kind_ : nullptr; }

    enum class found { null, value, damaged };

    /// Appends the value's key bytes, or its text. Only with a kind(). damaged: it is not what its type prints, or an
    /// escape in a json string stands for no character.
    found append_key(const row_values& row, std::string& key) const;
    found append_text(const row_values& row, std::string& out) const;

    /// Appends the value as JSON, `null` for a null. False if it is damaged.
    bool append_json(const row_values& row, std::string& out) const;

    bool is_null(const row_values& row) const;

    /// For messages: `data->>colour`
    std::string text() const;

private:
    std::optional<std::string_view> find(const row_values& row) const;

    field_ref ref_;
    std::size_t column_ = 0;
    json_kind type_ = json_kind::json;
    std::optional<value_kind> kind_;
};

/// The error for a value of the generation that cannot be read. Names the column, never the value.
read_error damaged_value(const row_field& field);

}  // namespace understudy
