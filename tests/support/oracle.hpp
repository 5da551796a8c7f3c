#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

// The independent oracle: what the database itself says that a snapshot must hold. Shares no code with sidecar/,
// so that one mistake cannot be on both sides. Throws std::runtime_error when it cannot do its work.
namespace understudy::testing {

/// One table as a document shows it.
struct oracle_table {
    std::string table;                      ///< As SQL names it: `public.materials`.
    std::string member;                     ///< The document's member: `materials`.
    std::vector<std::string> columns = {};  ///< In the document's order; empty means all.
    std::string filter = {};                ///< SQL condition of the rows inside; empty means all.
    std::string keyed_by = {};              ///< Column whose value names each row; empty: the member is an array.
};

/// The rows of each member, sorted as text: order is not compared here.
using member_rows = std::map<std::string, std::vector<std::string>>;

/// The committed state of some tables at one position.
struct oracle_state {
    std::string position;  ///< As Postgres prints an LSN: every commit before it is inside, none after it.
    member_rows rows;
};

/// Reads the tables as `to_json` gives them, at the consistent point of a temporary logical slot, under the
/// snapshot that it exports: the only pair of position and rows that Postgres promises to belong together.
/// `connection` is a libpq string of a role with REPLICATION and SELECT. Waits for every open transaction.
oracle_state read_at_consistent_point(const std::string& connection, const std::vector<oracle_table>& tables);

/// Reads the tables in one transaction of its own. For servers where nobody writes.
member_rows read_now(const std::string& connection, const std::vector<oracle_table>& tables);

/// A published document: one row per line, one member per table. A row of a keyed member starts with its name.
struct published_document {
    std::string header;  ///< The object `understudy`, or empty.
    member_rows rows;
};

/// Errors, thrown: a file that is missing or not laid out so.
published_document read_document(const std::filesystem::path& file);

/// Says where two states differ, table by table with the first differing rows; empty when they are equal.
std::string difference(const member_rows& expected, const member_rows& found);

}  // namespace understudy::testing
