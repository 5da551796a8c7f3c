#pragma once

#include "serve/like_pattern.hpp"
#include "serve/row_field.hpp"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

/// A filter bound to a table, with SQL's three truth values. Immutable; any thread.
class row_filter {
public:
    /// Errors: those of row_field::bind and of literals; 42883 for an operator that the type does not have; what we cannot
    /// compare, by name.
    static read_result<row_filter> bind(const filter_group& filter, const served_table& table);

    /// Whether a row is chosen. Looks at its first columns() values. Errors: damaged_value.
    read_result<bool> chooses(const row_values& row) const;

    /// How many values of each row it needs.
    std::size_t columns() const noexcept { return columns_; }
    bool is_empty() const noexcept { return root_.conditions.empty() && root_.groups.empty(); }

    /// Key bytes between which all chosen rows are, low and high included; an empty one is no bound.
    struct bounds {
        std::string low;
        std::string high;
    };
    bounds key_bounds(const served_table& table) const;

    /// The keys of all rows that can be chosen, in order, where eq or in names them and the key is one column.
    std::optional<std::vector<std::string>> named_keys(const served_table& table) const;

private:
    struct bound_condition {
        row_field field;
        bool negated = false;
        filter_operator what = filter_operator::eq;
        std::vector<std::string> keys{};  ///< Sorted.
        std::shared_ptr<const like_pattern> pattern{};
    };
    struct bound_group {
        bool negated = false;
        bool any = false;
        std::vector<bound_condition> conditions{};
        std::vector<bound_group> groups{};
    };
    class binder;
    class evaluation;

    const bound_condition* plain_condition(std::size_t column,
                                           std::initializer_list<filter_operator> of) const noexcept;

    bound_group root_;
    std::size_t columns_ = 0;
};

}  // namespace understudy
