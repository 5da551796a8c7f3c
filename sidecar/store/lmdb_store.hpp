#pragma once

#include "store/directory_lock.hpp"
#include "store/fold.hpp"
#include "store/lmdb.hpp"
#include "store/map_size.hpp"
#include "store/row_writer.hpp"
#include "store/store.hpp"

#include <functional>
#include <optional>
#include <set>
#include <shared_mutex>
#include <vector>

namespace understudy {

/// Writes the records of a store that nothing was copied to yet.
outcome<void> fill_new_store(lmdb::transaction& within);

/// The store on LMDB.
///
/// The gate: a read transaction holds it shared for its life. What pulls the ground from under a reader holds it
/// exclusively: growing the map, replacing the file, and opening or dropping an epoch's database or an index. So does each
/// change of databases_, which read() copies. Everything else belongs to the store thread.
class lmdb_store final : public store {
public:
    lmdb_store(std::filesystem::path directory, directory_lock lock, lmdb::environment environment)
        : directory_{std::move(directory)}, lock_{std::move(lock)}, environment_{std::move(environment)}
    {
    }

    /// Reads what is there and drops the epochs that nobody names. To be called once, first.
    outcome<void> load_state();

    const store_state& state() const noexcept override { return state_; }
    outcome<void> commit_group(const change_batch& changes, const stored_position& position) override;
    outcome<void> add_group(const change_batch& changes, const stored_position& position) override;
    outcome<void> begin_large(std::uint64_t wal_bytes) override;
    outcome<void> apply_large(const change_batch& part) override;
    outcome<void> finish_large(const stored_position& position) override;
    void abandon_large() noexcept override
    {
        large_.reset();
        added_.reset();
    }
    outcome<epoch> create_epoch() override;
    outcome<void> drop_unnamed() override;
    outcome<void> load(epoch rows, const change_batch& batch) override;
    outcome<void> write_state(const store_state& state) override;
    outcome<void> keep_indexes(const std::set<row_index>& wanted) override;
    store_size size() const override;
    outcome<void> compact_if_worthwhile() override;
    outcome<std::unique_ptr<read_snapshot>> read() override;

private:
    using work = std::function<outcome<void>(lmdb::transaction&)>;
    struct total {
        lmdb::usage rows;
        std::uint64_t pages = 0;
    };

    /// Groups that are not durable yet.
    struct added_groups {
        lmdb::transaction within;
        transaction_room room;
        std::uint64_t pages = 0;  ///< In use now.
        stored_position position;
    };

    enum class isolation {
        shared,  ///< Readers begin and go on meanwhile.
        alone    ///< No reader: databases are made or dropped.
    };

    outcome<void> write(const write_estimate& coming, isolation kept, const work& apply);
    outcome<void> write_once(isolation kept, const work& apply);
    outcome<void> write_changes(const change_batch& changes, lmdb::transaction& within);
    outcome<bool> begin_adding();
    outcome<void> add(const change_batch& changes, const stored_position& position);
    outcome<void> commit_added();
    outcome<void> check_usable() const;
    outcome<void> grow_ahead(const write_estimate& coming);
    outcome<void> grow_at_once(const write_estimate& coming);
    outcome<void> grow_to(std::uint64_t wanted);
    outcome<void> grow_after_full();
    failure end_large(failure why);
    outcome<void> change_indexes(const std::vector<row_index>& surplus, const std::vector<row_index>& missing,
                                 lmdb::transaction& within);
    write_estimate estimate_of_indexes(const std::vector<row_index>& missing) const;
    outcome<total> count() const;
    outcome<total> count_in(const lmdb::transaction& within) const;
    map_use use() const;
    outcome<store_state> last_state() const;
    outcome<void> open_all();
    outcome<void> find_databases();
    std::vector<epoch> epochs_not_in(const store_state& state) const;
    outcome<void> compact();
    outcome<void> replace_data_file();

    std::filesystem::path directory_;
    directory_lock lock_;
    lmdb::environment environment_;
    lmdb::database records_ = 0;
    open_databases databases_;
    store_state state_;
    group_fold fold_;
    std::optional<lmdb::transaction> large_;
    std::optional<added_groups> added_;
    bool large_to_come_ = false;             ///< One did not fit, and the file has grown for it.
    std::uint64_t not_compacted_bytes_ = 0;  ///< The file's size when that failed.
    std::shared_mutex gate_;
};

}  // namespace understudy
