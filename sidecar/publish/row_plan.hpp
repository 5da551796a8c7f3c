#pragma once

#include "publish/document_plan.hpp"

#include <string_view>

namespace understudy {

/// Plans what the rows of one document are made of. Borrows everything.
///
/// Errors of every member: bad_config naming the document, the table or column and the known names.
class row_planner {
public:
    row_planner(const document_settings& document, std::span<const table_record> tables)
        : document_{document}, tables_{tables}
    {
    }

    /// Also adds to the plan what it reads.
    outcome<planned_table> plan(const document_table& wanted, document_plan& into);

    failure refuse(std::string_view why) const;

    /// Everything that decided the bytes so far, except the rows.
    const std::string& description() const noexcept { return description_; }

private:
    using columns_of = std::vector<std::uint16_t>;

    outcome<const table_record*> find_table(std::string_view name) const;
    outcome<std::uint16_t> find_column(const table_record& table, std::string_view name) const;
    outcome<columns_of> find_columns(const table_record& table, const std::vector<std::string>& names) const;
    outcome<planned_table> plan_rows(const document_table& wanted, const table_record& table, document_plan& into);
    outcome<void> plan_columns(const document_table& wanted, const table_record& table, planned_table& made);
    outcome<void> plan_keyed_by(const document_table& wanted, const table_record& table, planned_table& made) const;
    outcome<void> plan_hoisted(const document_table& wanted, const table_record& table, planned_table& made) const;
    outcome<void> plan_merged(const document_table& wanted, const table_record& table, planned_table& made,
                              document_plan& into);
    outcome<void> plan_nested(const document_table& wanted, const table_record& table, planned_table& made,
                              document_plan& into);
    outcome<planned_table> plan_inside(const document_table& wanted, const table_record& parent, document_plan& into);
    outcome<planned_link> plan_link(const document_table& wanted, const table_record& table, const table_record& parent,
                                    document_plan& into) const;
    outcome<columns_of> columns_linked_to(const document_table& wanted, const table_record& parent) const;
    outcome<void> check_link(const table_record& table, const columns_of& by, const table_record& parent,
                             const columns_of& to) const;
    outcome<row_index> plan_index(const document_table& wanted, const table_record& table, const columns_of& by) const;
    outcome<void> claim(const table_record& table, const std::string& member, planned_table& made) const;
    void describe(const planned_table& made, const table_record& table);

    const document_settings& document_;
    std::span<const table_record> tables_;
    std::string description_;
};

}  // namespace understudy
