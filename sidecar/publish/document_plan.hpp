#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "core/table.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy {

/// One member of each row: which stored column, and the bytes in front of its value, `{"name":` or `,"name":`.
struct planned_column {
    std::size_t stored = 0;
    std::string prefix;
};

/// One table of a document.
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
    bool whole = false;    ///< As the table is: every column under its own name, in an array.
    bool indexed = false;  ///< Its rows are entered into the row index beside the document.
};

/// How a document is made from the rows of a store. Immutable; good until a table's epoch or shape changes.
struct document_plan {
    std::string file;
    bool header = true;
    std::vector<planned_table> tables;
    std::string fingerprint;  ///< SHA-256 of all that shapes it, epochs and index included.

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

}  // namespace understudy
