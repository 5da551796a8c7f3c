#pragma once

#include "core/table.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

enum class operation : std::uint8_t {
    put,       ///< The row with this key is now `row`; unchanged fields come from the row that it replaces.
    move,      ///< As put, but the row was under `old_key` until now, and is no longer.
    remove,    ///< The row with this key is gone. Not an error if there is none.
    clear,     ///< Every row of the table is gone.
    add,       ///< Multiset: one more of this row.
    subtract,  ///< Multiset: one less of this row.
};

/// What a change says of its key until then. When that is not so, the source changes other rows than the store holds.
enum class row_before : std::uint8_t {
    any,      ///< It does not say.
    absent,   ///< There was no row.
    present,  ///< There was one. For a move: under the old key, and none under the new one.
    unsure,  ///< It does not say, and the source may have lost it: fields that it leaves as they were are unknown then.
};

/// Row changes in the order in which they happened, on their way from the event loop to the store.
///
/// Owns all bytes in one block, so that a batch costs no allocation per change and moves between threads as a
/// whole. Keys are encoded keys (render/key.hpp) of any length; rows are tuples (core/row_tuple.hpp).
class change_batch {
public:
    struct change {
        operation what;
        epoch table;
        std::string_view key;
        std::string_view old_key;  ///< Only for move.
        std::string_view row;      ///< Empty for remove, clear, subtract.
        row_before before = row_before::any;
    };

    void put(epoch table, std::string_view key, std::string_view row, row_before before = row_before::any)
    {
        append(operation::put, before, table, key, {}, row);
    }
    void move(epoch table, std::string_view old_key, std::string_view key, std::string_view row,
              row_before before = row_before::any)
    {
        append(operation::move, before, table, key, old_key, row);
    }
    void remove(epoch table, std::string_view key, row_before before = row_before::any)
    {
        append(operation::remove, before, table, key, {}, {});
    }
    void clear_table(epoch table) { append(operation::clear, row_before::any, table, {}, {}, {}); }
    void add(epoch table, std::string_view key, std::string_view row)
    {
        append(operation::add, row_before::any, table, key, {}, row);
    }
    void subtract(epoch table, std::string_view key)
    {
        append(operation::subtract, row_before::any, table, key, {}, {});
    }

    /// Makes room for as much as `other` has room for: the next one is often as large as the last.
    void reserve_as(const change_batch& other)
    {
        block_.reserve(other.block_.capacity());
        entries_.reserve(other.entries_.capacity());
    }

    /// Appends all of `other`, in order.
    void append(const change_batch& other);

    std::size_t size() const noexcept { return entries_.size(); }
    bool empty() const noexcept { return entries_.empty(); }

    /// Memory that the changes take here, for limits; not what they will take in the store.
    std::size_t memory_bytes() const noexcept { return block_.size() + entries_.size() * sizeof(entry); }

    /// Borrowed: valid until the batch changes.
    change operator[](std::size_t index) const noexcept;

    /// Forgets the changes but keeps the memory for the next ones.
    void reset() noexcept;

    /// Drops the changes from `size` on: those of a transaction that turned out to be a repeat.
    void truncate(std::size_t size) noexcept;

private:
    struct entry {
        epoch table;
        std::size_t offset;  // of key, old key and row, one after the other in block_
        std::uint32_t key_bytes;
        std::uint32_t old_key_bytes;
        std::uint32_t row_bytes;
        operation what;
        row_before before;
    };

    void append(operation what, row_before before, epoch table, std::string_view key, std::string_view old_key,
                std::string_view row);

    std::string block_;
    std::vector<entry> entries_;
};

}  // namespace understudy
