#pragma once

#include "core/settings.hpp"
#include "settings/config_tree.hpp"
#include "settings/name_set.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// The member that a table is: `as`, or what core/table.hpp's member_of says of its name.
std::string member_of(const document_table& table);

/// Reads what the rows of a document are made of: columns, and what other tables give to them.
///
/// Adds to `errors` what a schema cannot say: tables and columns that are not mirrored, members of one name, children
/// too deep inside each other. Borrows everything.
class document_rows_reader {
public:
    document_rows_reader(const config_tree& tree, const std::vector<table_setting>& mirrored, config_errors& errors)
        : tree_{tree}, mirrored_{mirrored}, errors_{errors}
    {
    }

    /// Reads a table of a document: its name, or a section.
    document_table read_table(const boost::json::value& entry, const std::string& key);

private:
    /// Of which table the columns are; none where its entry was wrong.
    struct owner {
        const table_setting* entry = nullptr;
    };

    void complain(const std::string& key, std::string message);
    owner read_name(const boost::json::value& written, const std::string& key, document_table& table);
    void read_shape(const boost::json::object& section, const std::string& key, owner of, document_table& table,
                    std::size_t depth);
    void read_columns(const boost::json::array& entries, const std::string& key, owner of, document_table& table);
    void read_others(const boost::json::object& section, const std::string& key, owner of, document_table& table,
                     std::size_t depth);
    document_table read_merged(const boost::json::object& section, const std::string& key, owner of);
    document_table read_nested(const boost::json::object& section, const std::string& key, owner of, std::size_t depth);
    void read_link(const boost::json::object& section, const std::string& key, owner child, owner parent,
                   document_table& table);
    void read_order(const boost::json::object& section, const std::string& key, owner of, document_table& table);
    std::vector<std::string> read_names(const boost::json::object& section, std::string_view member,
                                        const std::string& key, owner of);
    void check_column(owner of, const std::string& column, const std::string& key);
    void check_members(const document_table& table, const std::string& key);

    const config_tree& tree_;
    const std::vector<table_setting>& mirrored_;
    config_errors& errors_;
};

}  // namespace understudy
