#pragma once

#include "serve/row_field.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

enum class row_format { json, csv };

/// What an answer shows of each row. Immutable; any thread.
class row_shape {
public:
    /// Errors: those of row_field::bind; as CSV, a column whose text we cannot make from its JSON.
    static read_result<row_shape> bind(const std::vector<selected_field>& select, const served_table& table,
                                       row_format format);

    /// How many values of each row it needs.
    std::size_t columns() const noexcept { return columns_; }

    /// Appends one row: as JSON the object, as CSV the line with its end. Errors: damaged_value.
    read_result<void> append(std::string_view row, const row_values& values, std::string& out) const;

    /// The names of the columns as a line of CSV.
    void append_header(std::string& out) const;

private:
    struct member {
        row_field field;
        std::string name;
        std::string prefix;  ///< In front of the value: `{"name":` or `,"name":`.
        bool is_opaque;      ///< Its text, for CSV, is that of a JSON string: nothing else can be.
    };
    read_result<void> add(const selected_field& field, const served_table& table);
    read_result<void> append_csv(const row_values& values, std::string& out) const;
    bool append_cell(const member& shown, const row_values& values, std::string& out) const;

    row_format format_ = row_format::json;
    bool as_stored_ = false;  ///< As JSON the whole row, as it stands.
    std::vector<member> members_;
    std::size_t columns_ = 0;
};

}  // namespace understudy
