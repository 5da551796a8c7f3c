#pragma once

#include "store/fold.hpp"
#include "store/index_writer.hpp"
#include "store/lmdb.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <string>

namespace understudy {

/// Where the rows of each epoch are.
using epoch_databases = boost::unordered_flat_map<epoch, lmdb::database>;

/// Errors: internal for an epoch that the store does not have.
outcome<lmdb::database> database_of(const epoch_databases& databases, epoch table);

/// The rows that a write transaction sees, for the folding.
class transaction_rows final : public rows_before {
public:
    /// Borrows both.
    transaction_rows(const lmdb::transaction& within, const epoch_databases& databases) noexcept
        : within_{within}, databases_{databases}
    {
    }
    outcome<std::optional<std::string_view>> tuple_of(epoch table, std::string_view key) override;

private:
    const lmdb::transaction& within_;
    const epoch_databases& databases_;
};

/// The databases that hold rows, and those that hold other orders of them.
struct open_databases {
    epoch_databases rows;
    epoch_indexes indexes;
};

/// Writes what a group was folded to. Errors: table_changed when it cannot follow from the rows that are there
/// (see contradiction()); store_damaged; those of LMDB.
outcome<void> write_rows(group_fold& group, lmdb::transaction& within, const open_databases& databases);

}  // namespace understudy
