#pragma once

#include "store/lmdb.hpp"
#include "store/row_writer.hpp"

#include <set>
#include <string>
#include <vector>

namespace understudy {

// What the store finds by name in its environment. Errors: those of LMDB.

/// Makes the place for an epoch's rows.
outcome<lmdb::database> create_epoch_database(epoch rows, lmdb::transaction& within);

/// Every place for rows, and every index.
outcome<open_databases> open_named_databases(lmdb::transaction& within);

/// Drops epochs with their indexes. By name: after a transaction that was given up, the numbers of what it dropped are
/// void.
outcome<void> drop_epochs(const std::vector<epoch>& epochs, lmdb::transaction& within);

/// Drops an index. By name, too.
outcome<void> drop_index(const row_index& index, lmdb::transaction& within);

/// Makes an index and fills it with the rows that are there.
outcome<void> create_index(const row_index& index, lmdb::database rows, lmdb::transaction& within);

/// The definitions of what is open.
std::set<row_index> definitions_of(const epoch_indexes& indexes);

}  // namespace understudy
