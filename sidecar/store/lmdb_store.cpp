#include "store/lmdb_store.hpp"

#include "store/data_file.hpp"
#include "store/lmdb_read_snapshot.hpp"
#include "store/named_databases.hpp"
#include "store/record.hpp"
#include "store/record_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <random>

namespace understudy {

namespace {

constexpr std::uint64_t compact_bytes_min = std::uint64_t{64} << 20;
constexpr std::uint64_t compact_factor = 3;

bool names(const store_state& state, epoch rows)
{
    return std::any_of(state.tables.begin(), state.tables.end(),
                       [&](const table_record& table) { return table.rows == rows; });
}

write_estimate estimate_of(const change_batch& changes)
{
    return {.changes = changes.size(), .bytes = changes.memory_bytes()};
}

/// A change can touch as many pages in each index as among the rows.
write_estimate with_indexes(write_estimate rows, const epoch_indexes& indexes)
{
    std::size_t most = 0;
    for (const auto& [table, kept] : indexes) most = std::max(most, kept.size());
    return {.changes = rows.changes * (1 + most), .bytes = rows.bytes * (1 + most)};
}

/// Rows in the order of their keys go to the end of the table, and touch no page but its last.
write_estimate estimate_of_load(const change_batch& rows)
{
    bool ascending = true;
    for (std::size_t index = 1; index < rows.size() && ascending; ++index)
        ascending = rows[index - 1].key < rows[index].key;
    return ascending ? write_estimate{.changes = 0, .bytes = rows.memory_bytes()} : estimate_of(rows);
}

outcome<void> put_position(lmdb::transaction& within, lmdb::database records, const stored_position& position)
{
    return within.put(records, record_names::position, encode_position(position));
}

outcome<void> put_state(lmdb::transaction& within, lmdb::database records, const store_state& state)
{
    if (auto put = within.put(records, record_names::state, encode_state(state)); !put) return put;
    return put_position(within, records, state.position);
}

/// The next number, noted so that it is not given again.
outcome<epoch> take_epoch(lmdb::transaction& within, lmdb::database records)
{
    auto record = within.find(records, record_names::last_epoch);
    if (!record) return record.error();
    auto last = decode_last_epoch(*record ? **record : std::string_view{});
    if (!last) return explain(last.error(), "the store's record `last_epoch` cannot be read");
    auto next = *last + 1;
    if (auto put = within.put(records, record_names::last_epoch, encode_last_epoch(next)); !put) return put.error();
    return next;
}

/// Where a new store begins to count. What was published from another store names its epochs, which must never look
/// like ours; below 2^53, so that every reader of JSON keeps all digits.
epoch any_epoch()
{
    std::random_device dice;
    return epoch{dice()} << 20;
}

/// Copied rows only: neither what is there nor what is gone matters to a load.
outcome<void> check_load(epoch rows, const change_batch& batch)
{
    for (std::size_t index = 0; index < batch.size(); ++index) {
        auto change = batch[index];
        bool copied = change.what == operation::put || change.what == operation::add;
        if (!copied || change.table != rows) return failure{errc::internal, "a load holds more than copied rows"};
    }
    return {};
}

}  // namespace

outcome<void> fill_new_store(lmdb::transaction& within)
{
    auto records = within.open(record_names::database, lmdb::missing::create);
    if (!records) return records.error();
    if (auto put = within.put(*records, record_names::last_epoch, encode_last_epoch(any_epoch())); !put) return put;
    return put_state(within, *records, {});
}

outcome<void> lmdb_store::load_state()
{
    if (auto opened = open_all(); !opened) return opened;
    auto state = last_state();
    if (!state) return state.error();
    state_ = std::move(*state);
    for (const auto& table : state_.tables)
        if (!databases_.rows.contains(table.rows))
            return failure{errc::store_damaged,
                           fmt::format("{}: the rows of {} are missing", directory_.native(), to_string(table.name))};
    return drop_unnamed();
}

outcome<store_state> lmdb_store::last_state() const
{
    auto reading = environment_.begin(lmdb::access::read);
    if (!reading) return reading.error();
    return read_state(*reading, records_);
}

outcome<void> lmdb_store::commit_group(const change_batch& changes, const stored_position& position)
{
    if (added_) {
        auto added = add_group(changes, position);
        return added && added_ ? commit_added() : added;
    }
    auto coming = with_indexes(estimate_of(changes), databases_.indexes);
    auto written = write(coming, isolation::shared, [&](lmdb::transaction& within) -> outcome<void> {
        if (auto rows = write_changes(changes, within); !rows) return rows;
        return put_position(within, records_, position);
    });
    if (written) state_.position = position;
    return written;
}

outcome<void> lmdb_store::add_group(const change_batch& changes, const stored_position& position)
{
    auto coming = with_indexes(estimate_of(changes), databases_.indexes);
    if (added_ && !has_room_for(added_->room, coming))
        if (auto committed = commit_added(); !committed) return committed;
    if (!added_) {
        auto begun = begin_adding();
        if (!begun) return begun.error();
        if (!*begun) return commit_group(changes, position);
    }
    if (has_room_for(added_->room, coming)) return add(changes, position);
    added_.reset();  // there is nothing in it
    return commit_group(changes, position);
}

/// False while somebody reads: what a reader keeps from being used again is not known.
outcome<bool> lmdb_store::begin_adding()
{
    if (auto free = check_usable(); !free) return free.error();
    if (std::unique_lock alone{gate_, std::try_to_lock}; !alone) return false;
    // What the transaction before has set free can be used behind the next one.
    auto next = write({}, isolation::shared,
                      [&](lmdb::transaction& within) { return put_position(within, records_, state_.position); });
    if (!next) return next.error();
    if (auto grown = grow_at_once(estimate_of_backlog(use())); !grown && grown.error().code != errc::disk_full)
        return grown.error();
    auto before = count();
    if (!before) return before.error();
    auto begun = environment_.begin(lmdb::access::write);
    if (!begun) return begun.error();
    transaction_room room{.at_begin = {.page_bytes = environment_.page_bytes(), .live_pages = before->pages},
                          .map_bytes = environment_.map_bytes()};
    added_.emplace(added_groups{std::move(*begun), room, before->pages, {}});
    return true;
}

outcome<void> lmdb_store::add(const change_batch& changes, const stored_position& position)
{
    auto written = write_changes(changes, added_->within);
    if (written) written = put_position(added_->within, records_, position);
    if (!written) return end_large(written.error());
    auto after = count_in(added_->within);
    if (!after) return end_large(after.error());
    auto pages = std::exchange(added_->pages, after->pages);
    if (after->pages > pages) added_->room.new_pages += after->pages - pages;
    added_->room.changes += with_indexes(estimate_of(changes), databases_.indexes).changes;
    added_->position = position;
    return {};
}

outcome<void> lmdb_store::commit_added()
{
    if (auto committed = added_->within.commit(); !committed) return end_large(committed.error());
    state_.position = added_->position;
    added_.reset();
    large_to_come_ = false;
    return {};
}

outcome<void> lmdb_store::begin_large(std::uint64_t wal_bytes)
{
    if (auto free = check_usable(); !free) return free;
    if (auto grown = grow_at_once(estimate_of_wal(wal_bytes)); !grown && grown.error().code != errc::disk_full)
        return grown;
    auto begun = environment_.begin(lmdb::access::write);
    if (!begun) return begun.error();
    large_.emplace(std::move(*begun));
    return {};
}

outcome<void> lmdb_store::apply_large(const change_batch& part)
{
    if (!large_) return failure{errc::internal, "no large transaction was begun"};
    auto written = write_changes(part, *large_);
    if (!written) return end_large(written.error());
    return {};
}

outcome<void> lmdb_store::finish_large(const stored_position& position)
{
    if (!large_) return failure{errc::internal, "no large transaction was begun"};
    auto written = put_position(*large_, records_, position);
    if (written) written = large_->commit();
    if (!written) return end_large(written.error());
    large_.reset();
    large_to_come_ = false;
    state_.position = position;
    return {};
}

/// Forgets the large transaction, or the added groups, and makes room for it to be applied again when that is why it ended.
failure lmdb_store::end_large(failure why)
{
    abandon_large();
    if (why.code != errc::store_full) return why;
    large_to_come_ = true;
    auto grown = grow_after_full();
    return grown ? why : grown.error();
}

outcome<epoch> lmdb_store::create_epoch()
{
    epoch made = 0;
    lmdb::database database = 0;
    auto written = write({.changes = 1, .bytes = 0}, isolation::alone, [&](lmdb::transaction& within) -> outcome<void> {
        auto taken = take_epoch(within, records_);
        if (!taken) return taken.error();
        auto opened = create_epoch_database(*taken, within);
        if (!opened) return opened.error();
        made = *taken;
        database = *opened;
        return {};
    });
    if (!written) return written.error();
    std::unique_lock alone{gate_};
    databases_.rows.emplace(made, database);
    return made;
}

outcome<void> lmdb_store::load(epoch rows, const change_batch& batch)
{
    if (auto free = check_usable(); !free) return free;
    if (auto copied = check_load(rows, batch); !copied) return copied;
    // Not into the last pages of a full disk: without them the copy could not even be dropped again.
    auto coming = estimate_of_load(batch);
    if (auto grown = grow_ahead(coming); !grown) return grown;
    return write(coming, isolation::shared, [&](lmdb::transaction& within) { return write_changes(batch, within); });
}

outcome<void> lmdb_store::write_state(const store_state& state)
{
    for (const auto& table : state.tables)
        if (auto there = database_of(databases_.rows, table.rows); !there) return there.error();
    auto unnamed = epochs_not_in(state);
    auto written =
        write({.changes = 2, .bytes = encode_state(state).size()},
              unnamed.empty() ? isolation::shared : isolation::alone, [&](lmdb::transaction& within) -> outcome<void> {
                  if (auto put = put_state(within, records_, state); !put) return put;
                  return drop_epochs(unnamed, within);
              });
    if (written) state_ = state;
    if (unnamed.empty()) return written;
    auto opened = open_all();
    return written ? opened : written;
}

outcome<void> lmdb_store::keep_indexes(const std::set<row_index>& wanted)
{
    auto there = definitions_of(databases_.indexes);
    std::vector<row_index> missing;
    std::vector<row_index> surplus;
    std::set_difference(wanted.begin(), wanted.end(), there.begin(), there.end(), std::back_inserter(missing));
    std::set_difference(there.begin(), there.end(), wanted.begin(), wanted.end(), std::back_inserter(surplus));
    std::erase_if(missing, [&](const row_index& index) { return !databases_.rows.contains(index.rows); });
    if (missing.empty() && surplus.empty()) return {};
    if (large_ || added_) return failure{errc::catching_up, "an index waits for the end of a large transaction"};
    auto written = write(estimate_of_indexes(missing), isolation::alone,
                         [&](lmdb::transaction& within) { return change_indexes(surplus, missing, within); });
    auto opened = open_all();
    return written ? opened : written;
}

outcome<void> lmdb_store::change_indexes(const std::vector<row_index>& surplus, const std::vector<row_index>& missing,
                                         lmdb::transaction& within)
{
    for (const auto& index : surplus)
        if (auto dropped = drop_index(index, within); !dropped) return dropped;
    for (const auto& index : missing) {
        auto rows = database_of(databases_.rows, index.rows);
        if (!rows) return rows.error();
        if (auto made = create_index(index, *rows, within); !made) return made;
    }
    return {};
}

/// A guess at what they will take; the write grows the map if it is too low.
write_estimate lmdb_store::estimate_of_indexes(const std::vector<row_index>& missing) const
{
    constexpr std::uint64_t entry_bytes = 48;
    write_estimate coming;
    auto reading = environment_.begin(lmdb::access::read);
    if (!reading) return coming;
    for (const auto& index : missing)
        if (auto used = reading->usage_of(databases_.rows.at(index.rows))) coming.bytes += used->entries * entry_bytes;
    return coming;
}

store_size lmdb_store::size() const
{
    auto counted = count();
    if (!counted) return {.file_bytes = environment_.map_bytes(), .live_bytes = 0, .row_count = 0};
    return {.file_bytes = environment_.map_bytes(),
            .live_bytes = counted->pages * environment_.page_bytes(),
            .row_count = counted->rows.entries};
}

outcome<void> lmdb_store::compact_if_worthwhile()
{
    if (auto free = check_usable(); !free) return free;
    if (large_to_come_) return {};  // or it would never fit, where it is waited for longer than for this
    auto now = size();
    bool worthwhile = now.file_bytes > compact_bytes_min && now.file_bytes > compact_factor * now.live_bytes;
    if (!worthwhile || now.file_bytes <= not_compacted_bytes_) return {};
    std::unique_lock alone{gate_, std::try_to_lock};
    return alone ? compact() : outcome<void>{};
}

/// Nobody reads, nor begins to. What cannot be written leaves the file as it is, until it has grown more.
outcome<void> lmdb_store::compact()
{
    auto room = next_map_bytes(map_bytes_min, bytes_wanted(use(), {}));
    auto written = write_compacted(environment_, directory_, room);
    not_compacted_bytes_ = written ? 0 : environment_.map_bytes();
    if (!written && written.error().code == errc::store_damaged) return written;
    if (!written) return {};
    auto replaced = replace_data_file();
    auto opened = find_databases();
    return replaced ? opened : replaced;
}

outcome<std::unique_ptr<read_snapshot>> lmdb_store::read()
{
    std::shared_lock pass{gate_};
    auto reading = environment_.begin(lmdb::access::read);
    if (!reading) return reading.error();
    auto state = read_state(*reading, records_);
    if (!state) return state.error();
    return std::unique_ptr<read_snapshot>{std::make_unique<lmdb_read_snapshot>(
        lmdb_read_snapshot::parts{std::move(pass), std::move(*reading), databases_, std::move(*state)})};
}

/// One durable transaction. When the map turns out to be too small, it grows and `apply` is called again.
outcome<void> lmdb_store::write(const write_estimate& coming, isolation kept, const work& apply)
{
    if (auto free = check_usable(); !free) return free;
    // When the disk is full, what is reserved may still do: only the write can tell.
    if (auto grown = grow_ahead(coming); !grown && grown.error().code != errc::disk_full) return grown;
    for (;;) {
        auto written = write_once(kept, apply);
        if (written || written.error().code != errc::store_full) return written;
        if (auto grown = grow_after_full(); !grown) return grown;
    }
}

outcome<void> lmdb_store::write_once(isolation kept, const work& apply)
{
    std::unique_lock alone{gate_, std::defer_lock};
    if (kept == isolation::alone) alone.lock();
    auto writing = environment_.begin(lmdb::access::write);
    if (!writing) return writing.error();
    if (auto applied = apply(*writing); !applied) return applied;
    return writing->commit();
}

outcome<void> lmdb_store::write_changes(const change_batch& changes, lmdb::transaction& within)
{
    transaction_rows before{within, databases_.rows};
    fold_.begin();
    if (auto folded = fold_.add(changes, before); !folded) return folded;
    return write_rows(fold_, within, databases_);
}

outcome<void> lmdb_store::check_usable() const
{
    if (large_ || added_) return failure{errc::internal, "a large transaction is open"};
    if (!environment_.is_open()) return failure{errc::store_lost, directory_.native() + ": the store lost its map"};
    return {};
}

/// Grows before it is needed, if nobody reads.
outcome<void> lmdb_store::grow_ahead(const write_estimate& coming)
{
    return grow_to(bytes_wanted(use(), coming));
}

/// A guess, so it takes no more than half of what the disk has left.
outcome<void> lmdb_store::grow_at_once(const write_estimate& coming)
{
    auto now = environment_.map_bytes();
    auto wanted = bytes_wanted_at_once(use(), coming);
    std::error_code unknown;
    auto disk = std::filesystem::space(directory_, unknown);
    bool has_room = !unknown && (wanted <= now || wanted - now <= disk.available / 2);
    return has_room ? grow_to(wanted) : grow_ahead({});
}

outcome<void> lmdb_store::grow_to(std::uint64_t wanted)
{
    auto now = environment_.map_bytes();
    auto next = next_map_bytes(now, wanted);
    if (next == now) return {};
    std::unique_lock alone{gate_, std::try_to_lock};
    if (!alone) return {};
    return grow_data_file(environment_, directory_, next);
}

/// Waits for the reader, if there is one.
outcome<void> lmdb_store::grow_after_full()
{
    std::unique_lock alone{gate_};
    return grow_data_file(environment_, directory_, map_bytes_after_full(environment_.map_bytes(), use()));
}

outcome<lmdb_store::total> lmdb_store::count() const
{
    auto reading = environment_.begin(lmdb::access::read);
    if (!reading) return reading.error();
    return count_in(*reading);
}

outcome<lmdb_store::total> lmdb_store::count_in(const lmdb::transaction& within) const
{
    total all;
    for (auto kept : {lmdb::free_list, lmdb::names, records_}) {
        auto used = within.usage_of(kept);
        if (!used) return used.error();
        all.pages += used->pages;
    }
    for (const auto& [rows, database] : databases_.rows) {
        auto used = within.usage_of(database);
        if (!used) return used.error();
        all.rows.entries += used->entries;
        all.rows.pages += used->pages;
    }
    for (const auto& [rows, kept] : databases_.indexes)
        for (const auto& index : kept) {
            auto used = within.usage_of(index.database);
            if (!used) return used.error();
            all.pages += used->pages;
        }
    all.pages += all.rows.pages + 2;  // the meta pages
    return all;
}

map_use lmdb_store::use() const
{
    auto counted = count();
    if (!counted) return {};
    return {.page_bytes = environment_.page_bytes(), .live_pages = counted->pages};
}

/// Opens every database anew and remembers its number. The numbers of those that were dropped in a transaction
/// are void even if it was not committed.
outcome<void> lmdb_store::open_all()
{
    std::unique_lock alone{gate_};
    return find_databases();
}

outcome<void> lmdb_store::find_databases()
{
    auto reading = environment_.begin(lmdb::access::read);
    if (!reading) return reading.error();
    auto records = reading->open(record_names::database, lmdb::missing::fail);
    if (!records) return records.error();
    auto databases = open_named_databases(*reading);
    if (!databases) return databases.error();
    if (auto kept = reading->commit(); !kept) return kept;
    records_ = *records;
    databases_ = std::move(*databases);
    return {};
}

std::vector<epoch> lmdb_store::epochs_not_in(const store_state& state) const
{
    std::vector<epoch> unnamed;
    for (const auto& [rows, database] : databases_.rows)
        if (!names(state, rows)) unnamed.push_back(rows);
    return unnamed;
}

outcome<void> lmdb_store::drop_unnamed()
{
    auto unnamed = epochs_not_in(state_);
    if (unnamed.empty()) return {};
    auto dropped = write({}, isolation::alone, [&](lmdb::transaction& within) { return drop_epochs(unnamed, within); });
    if (!dropped && dropped.error().code != errc::disk_full) return dropped;
    return open_all();
}

/// Closes before the new file is opened: LMDB must not have one file twice.
outcome<void> lmdb_store::replace_data_file()
{
    environment_.close();
    auto installed = install_compacted(directory_);
    auto opened = open_data_file(directory_);
    if (!opened) return opened.error();
    environment_ = std::move(*opened);
    return installed;
}

}  // namespace understudy
