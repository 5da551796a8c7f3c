#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "core/table.hpp"
#include "store/row_index.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// One member of each row: which stored column, and the bytes in front of its value, `{"name":` or `,"name":`.
struct planned_column {
    std::size_t stored = 0;
    std::string prefix;
};

/// A column whose object gives its members to the row.
struct planned_hoist {
    std::size_t stored = 0;
    std::string name;  ///< For messages.
};

/// Where the rows of a table are that belong to a row of another.
struct planned_link {
    struct column {
        std::size_t stored = 0;
        oid type = 0;
    };
    std::vector<column> to;          ///< Of the other table: their values are what is looked up.
    std::optional<row_index> index;  ///< Of this table; nothing: its own key begins with these columns.
};

/// One table of a document, or one inside the rows of another.
struct planned_table {
    table_name name;
    epoch rows = 0;
    std::size_t stored_columns = 0;       ///< Fields that each tuple has.
    std::string member;                   ///< Escaped, with its quotes.
    std::vector<planned_column> columns;  ///< In the order of the document. May be empty.
    std::optional<std::size_t> keyed_by;  ///< Stored column whose value names each row; nothing: an array.
    std::string keyed_by_name;            ///< For messages.
    bool keys_may_repeat = false;         ///< The table's own key does not promise unique names.
    row_identity identity = row_identity::key;
    bool whole = false;    ///< As the table is: every column under its own name, in an array, and nothing else.
    bool indexed = false;  ///< Its rows are entered into the index beside the document.

    std::vector<planned_hoist> hoisted;  ///< Their members follow the columns,
    std::vector<planned_table> merged;   ///< the columns of one row of each of these follow them (all with a comma),
    std::vector<planned_table> nested;   ///< and these members come last.
    std::set<std::string> members;       ///< The names that hoisted members must not have.
    planned_link link;                   ///< Only of one inside another.
};

/// How a document is made from the rows of a store. Immutable; good until a table's epoch or shape changes.
struct document_plan {
    std::string file;
    bool header = true;
    std::vector<planned_table> tables;
    std::vector<std::string> wrap;  ///< As document_settings has it.
    std::string fingerprint;        ///< SHA-256 of all that shapes it, epochs and index included.
    std::set<epoch> epochs;         ///< Whose rows it is made of.
    std::set<row_index> indexes;    ///< Without which it cannot be written.

    /// Whether a document index is written beside it.
    bool has_index() const noexcept;
};

/// Whether reads are answered from the generation, so that it needs every table in an indexed row file.
enum class row_files { unwanted, wanted };

/// With row files wanted, the first document that holds a table whole gets an index of it; a table that none holds so
/// gets a document of its own, `rows.<table>.json`, behind the configured ones.
/// Errors: bad_config naming the document, the table or column and the known names.
outcome<std::vector<document_plan>> plan_documents(std::span<const document_settings> documents,
                                                   std::span<const table_record> tables,
                                                   row_files reads = row_files::unwanted);

/// What the store has to keep for them.
std::set<row_index> indexes_of(std::span<const document_plan> plans);

}  // namespace understudy
