#pragma once

#include "core/change_batch.hpp"
#include "core/error.hpp"
#include "core/position.hpp"
#include "core/store_state.hpp"
#include "core/table.hpp"
#include "store/row_index.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

struct store_options {
    std::filesystem::path directory;
    bool any_filesystem = false;  ///< Also on copy-on-write and network filesystems.
};

struct store_size {
    std::uint64_t file_bytes = 0;
    std::uint64_t live_bytes = 0;  ///< Pages in use.
    std::uint64_t row_count = 0;
};

class read_snapshot;

/// The current rows and the position that they are true at, in one LMDB environment.
///
/// Owns the environment and the directory's lock. All members except read() belong to the store thread: LMDB
/// binds a write transaction to its thread. read() may be called by one other thread at a time.
/// Errors of every member that writes: disk_full, storage_failed, store_damaged. After an error nothing of the
/// call is in the store, and the call can be made again; but not after store_lost: whether the last commit is in the
/// file is not known then, and only another open() can tell.
class store {
public:
    /// Opens or creates. Errors: store_busy if another process holds the directory; store_newer; store_damaged;
    /// bad_directory for a filesystem that loses promises, a wrong owner or mode; disk_full; storage_failed.
    static outcome<std::unique_ptr<store>> open(const store_options& options);

    /// Moves a store that cannot be used to `damaged-<time>` beside it, as evidence, so that open() makes a new
    /// one. Only the newest limits::damaged_stores_max are kept. The directory's lock must be free. Returns the path
    /// that it went to.
    static outcome<std::filesystem::path> keep_aside(const std::filesystem::path& directory);

    virtual ~store() = default;

    /// The state as of the last commit.
    virtual const store_state& state() const noexcept = 0;

    /// Applies a group of whole transactions and the position behind them, in one durable commit. Changes to one
    /// row are folded. Changes of epochs that the store does not have are an internal error.
    virtual outcome<void> commit_group(const change_batch& changes, const stored_position& position) = 0;

    /// As commit_group, but durable and seen by readers only with a later one: of a long backlog, a page that many groups
    /// change is written once. What was added may become durable by itself, with the position of the last group in it. No
    /// other write in between but commit_group, which ends it, and abandon_large, which forgets it.
    /// After an error nothing is in the store of what was added since the last durable commit; store_full as for apply_large.
    virtual outcome<void> add_group(const change_batch& changes, const stored_position& position) = 0;

    /// A transaction too large for a batch: parts go into one LMDB transaction, invisible to readers, until
    /// finish_large commits them or abandon_large forgets them. No other write in between.
    /// `wal_bytes` is a guess at its size, from which room is made ahead; 0 when nothing is known.
    /// apply_large: store_full means that the whole transaction has to be asked for again; the map has grown.
    virtual outcome<void> begin_large(std::uint64_t wal_bytes) = 0;
    virtual outcome<void> apply_large(const change_batch& part) = 0;
    virtual outcome<void> finish_large(const stored_position& position) = 0;
    virtual void abandon_large() noexcept = 0;

    /// A new, empty place for a table's rows. Until a state that names it is written, it belongs to nobody and
    /// is dropped by the next open, drop_unnamed or write_state.
    virtual outcome<epoch> create_epoch() = 0;

    /// Drops what was created and no state names: a copy that was given up. On a full disk what cannot be dropped
    /// stays for the next time.
    virtual outcome<void> drop_unnamed() = 0;

    /// Adds copied rows (put and add only) to an epoch from create_epoch. Committed in batches.
    virtual outcome<void> load(epoch rows, const change_batch& batch) = 0;

    /// Makes this the state, durably, with all loads before it. Epochs that it does not name are dropped.
    virtual outcome<void> write_state(const store_state& state) = 0;

    /// Keeps these indexes and no others: each is in step with its rows after every commit from then on, over restarts
    /// too, until its epoch goes. What is missing is made from the rows that are there, in one transaction, during which
    /// nobody begins to read. Indexes of epochs that the store does not have are passed over.
    /// Errors also: catching_up while a large transaction or added groups are open and something is to be done.
    virtual outcome<void> keep_indexes(const std::set<row_index>& wanted) = 0;

    virtual store_size size() const = 0;

    /// Gives space back when the file is much larger than its live data and nobody reads. A no-op otherwise, and
    /// where the disk has no room for it. It takes as long as a copy of the live data; who wants to read meanwhile waits.
    virtual outcome<void> compact_if_worthwhile() = 0;

    /// A consistent view for one publish or verify. While it exists no page is reused and the map cannot grow:
    /// keep it short. Errors: store_damaged, store_lost, storage_failed.
    virtual outcome<std::unique_ptr<read_snapshot>> read() = 0;
};

/// Finds rows of one table. Borrows the snapshot that gave it.
class row_lookup {
public:
    using visitor = std::function<outcome<void>(std::string_view key, std::string_view tuple, std::uint64_t count)>;

    virtual ~row_lookup() = default;

    /// Visits the rows whose bytes begin with these, in order: as read_snapshot::each_row does.
    virtual outcome<void> each(std::string_view prefix, const visitor& visit) = 0;
};

/// The rows as of one commit. Belongs to the thread that asked for it.
class read_snapshot {
public:
    /// One row: its whole key, its tuple (core/row_tuple.hpp) and how often it stands in the table (1 unless a multiset).
    /// Both are borrowed from the snapshot, and good as long as it is.
    using visitor = row_lookup::visitor;

    virtual ~read_snapshot() = default;
    virtual const store_state& state() const noexcept = 0;
    virtual outcome<std::uint64_t> row_count(epoch rows) const = 0;

    /// Visits every row in key order. Stops at the visitor's first failure and returns it.
    /// Errors: store_damaged; the visitor's.
    virtual outcome<void> each_row(epoch rows, const visitor& visit) const = 0;

    /// Finds rows by the first bytes of their key. Errors: internal for an epoch that is not there.
    virtual outcome<std::unique_ptr<row_lookup>> look_up_by_key(epoch rows) const = 0;

    /// Finds rows by the bytes of an index' matched columns, one after the other (render/fragment_key.hpp).
    /// Errors: catching_up if the store did not keep this index.
    virtual outcome<std::unique_ptr<row_lookup>> look_up(const row_index& index) const = 0;
};

}  // namespace understudy
