#pragma once

#include "core/change_batch.hpp"
#include "core/error.hpp"
#include "core/position.hpp"
#include "decode/pgoutput.hpp"
#include "source/mirrored_table.hpp"
#include "source/row_builder.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace understudy {

/// What was committed before this is inside every table's copy. The end of all positions without tables.
lsn oldest_copy(const std::vector<mirrored_table>& tables);

/// Puts pgoutput messages together into transactions of row changes. Pure: no I/O, no clock.
///
/// Knows which transactions and rows are in the store already: a transaction that starts
/// before the position is a repeat, and a change that starts before its table's valid_from is inside its copy. The
/// repeats prove that the server's history is ours: the one that the store applied last has to be among them, unless
/// the server starts behind it, and none may lie between it and the position. So does the mark that the newest copy left:
/// while it is awaited, it has to come.
///
/// What it hands out says of each row whether it was there before, so that the store notices when it was not.
///
/// Errors of on_message, after which the reader is of no more use: those of decode; unexpected_message,
/// unknown_relation, column_mismatch; table_changed when a table no longer has the stored shape, or sends rows that do
/// not say enough or cannot be read (changed_table() says which); history_mismatch. failed_in() says in words where: the table,
/// and the column of a value that cannot be read.
class transaction_reader {
public:
    /// Borrows `tables`, which must outlive it. The server sends the transactions whose commit record starts at or
    /// after `from`.
    transaction_reader(const std::vector<mirrored_table>& tables, const stored_position& start, lsn from);

    enum class event { none, begun, changed, committed };
    result<event> on_message(std::string_view message);

    /// Notes that the server has nothing more before `reached`. Error: history_mismatch when a transaction that
    /// had to come did not. Between transactions only.
    error_code on_reached(lsn reached) noexcept;

    /// Changes of the transaction so far. After `committed` all of them; the caller empties them.
    change_batch& changes() noexcept { return changes_; }
    const std::vector<epoch>& touched() const noexcept { return touched_; }

    /// After `committed`: false when the transaction is a repeat, which nobody needs to see.
    bool is_news() const noexcept { return !repeat_; }
    const stored_position& position() const noexcept { return position_; }

    bool in_transaction() const noexcept { return in_transaction_; }

    /// Where the commit record starts of the transaction that is open, or was committed last.
    lsn commit_start() const noexcept { return begin_.final_lsn; }

    /// Of the transaction that is open, or was committed last.
    std::uint32_t xid() const noexcept { return begin_.xid; }

    /// Forgets what was handed over, after a commit.
    void next_transaction() noexcept;

    oid changed_table() const noexcept { return changed_table_; }
    const std::string& failed_in() const noexcept { return failed_in_; }

private:
    struct wire_relation {
        const mirrored_table* table = nullptr;     // null: published, but not ours
        std::vector<std::uint16_t> wire_position;  // of each stored column
        std::size_t wire_columns = 0;
        bool same_shape = false;
    };

    error_code begin(std::string_view message);
    error_code commit(std::string_view message);
    error_code check_repeat(const transaction_fingerprint& repeated) noexcept;
    error_code look_for_mark(std::string_view message);
    void add_to_content(std::string_view message) noexcept;
    bool mark_is_overdue(lsn reached) const noexcept;
    error_code describe(std::string_view message);
    error_code check_partition(oid leaf) noexcept;
    error_code insert(std::string_view message);
    error_code update(std::string_view message);
    error_code remove(std::string_view message);
    error_code truncate(std::string_view message);
    result<event> row_change(std::string_view message, error_code (transaction_reader::*apply)(std::string_view));

    const mirrored_table* find_table(oid relation) const noexcept;
    result<const wire_relation*> relation_for_change(oid relation);
    bool is_inside_copy(const mirrored_table& table) const noexcept;
    error_code arrange(const wire_relation& relation, const tuple& wire, std::vector<tuple_column>& stored);
    error_code copy_again(oid relation) noexcept;
    error_code fail_in(const mirrored_table& table, error_code ec);
    error_code update_keyed(const mirrored_table& table, pgoutput::old_image before);
    error_code update_counted(const mirrored_table& table);
    void touch(const mirrored_table& table);

    const std::vector<mirrored_table>& tables_;
    boost::unordered_flat_map<oid, wire_relation> relations_;
    stored_position position_;
    bool overlap_expected_;  // the last stored transaction has to come again
    lsn copied_from_;        // what was committed before this is inside every table's copy

    bool in_transaction_ = false;
    bool repeat_ = false;
    bool marked_ = false;  // the transaction is the awaited mark
    pgoutput::begin begin_;
    std::uint64_t content_ = 0;
    change_batch changes_;
    std::vector<epoch> touched_;

    // Kept between messages so that the hot path allocates nothing.
    pgoutput::insert insert_;
    pgoutput::update update_;
    pgoutput::remove remove_;
    std::vector<tuple_column> row_;
    std::vector<tuple_column> before_;
    row_builder builder_;
    std::string old_key_;

    oid described_last_ = 0;  // no row came since
    oid changed_table_ = 0;
    std::string failed_in_;
};

}  // namespace understudy
