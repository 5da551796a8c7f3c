#pragma once

#include "store/lmdb.hpp"
#include "store/row_writer.hpp"
#include "store/store.hpp"

#include <shared_mutex>

namespace understudy {

/// Reads the state as a transaction sees it. Errors: store_damaged, store_newer, storage_failed.
outcome<store_state> read_state(const lmdb::transaction& within, lmdb::database records);

/// One read transaction, and its pass through the gate: while it exists, the map stays where it is.
class lmdb_read_snapshot final : public read_snapshot {
public:
    struct parts {
        std::shared_lock<std::shared_mutex> pass;  // first, so that it is given back last
        lmdb::transaction within;
        open_databases databases;
        store_state state;
    };
    explicit lmdb_read_snapshot(parts taken) : taken_{std::move(taken)} {}

    const store_state& state() const noexcept override { return taken_.state; }
    outcome<std::uint64_t> row_count(epoch rows) const override;
    outcome<void> each_row(epoch rows, const visitor& visit) const override;
    outcome<std::unique_ptr<row_lookup>> look_up_by_key(epoch rows) const override;
    outcome<std::unique_ptr<row_lookup>> look_up(const row_index& index) const override;

private:
    parts taken_;
};

}  // namespace understudy
