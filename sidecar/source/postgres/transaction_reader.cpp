#include "source/postgres/transaction_reader.hpp"

#include "core/row_tuple.hpp"
#include "source/postgres/mark_message.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace understudy {

namespace {

using value_kind = tuple_column::kind;

bool is_left_out(const mirrored_table& table, std::string_view column)
{
    return std::find(table.left_out.begin(), table.left_out.end(), column) != table.left_out.end();
}

bool is_whole(const mirrored_table& table, pgoutput::old_image before) noexcept
{
    return before == pgoutput::old_image::whole || (before == pgoutput::old_image::key && table.old_rows_are_whole);
}

// Takes `before`'s values for the unchanged columns that tell rows apart. A row with a key leaves the others to the
// store. A mark as whole proves nothing there: pgoutput marks the old rows of a partition by the identity of its root,
// and those of a partition under another identity than FULL hold the key alone.
void fill_unchanged(std::vector<tuple_column>& row, const std::vector<tuple_column>& before, const table_shape& shape)
{
    if (before.empty()) return;
    auto fill = [&](std::size_t i) {
        if (row[i].what == value_kind::unchanged) row[i] = before[i];
    };
    if (shape.identity == row_identity::key)
        for (auto i : shape.key) fill(i);
    else
        for (std::size_t i = 0; i < row.size(); ++i) fill(i);
}

// Old images carry the columns of the replica identity. When these no longer cover the stored key, an update or a
// delete would miss its row. Without an identity the server refuses updates and deletes itself.
bool identity_covers_key(const pgoutput::relation& wire, const std::vector<std::uint16_t>& wire_position,
                         const std::vector<std::uint16_t>& key)
{
    if (wire.replica_identity == 'n') return true;
    return std::all_of(key.begin(), key.end(),
                       [&](auto position) { return wire.columns[wire_position[position]].in_identity; });
}

// A row that moves into a row filter comes as an insert, without the large values that its update left as they were.
bool has_unchanged_value(const std::vector<tuple_column>& row) noexcept
{
    return std::any_of(row.begin(), row.end(), [](auto& column) { return column.what == value_kind::unchanged; });
}

// A counted row needs the whole row before it; a key, each of its columns.
bool does_not_tell_rows_apart(const mirrored_table& table, const std::vector<tuple_column>& row,
                              pgoutput::old_image before) noexcept
{
    const auto& shape = table.record.shape;
    if (shape.identity == row_identity::multiset) return !is_whole(table, before);
    return std::any_of(shape.key.begin(), shape.key.end(),
                       [&](auto position) { return row[position].what == value_kind::unchanged; });
}

// Key columns cannot be null: an old image without them is that of another replica identity, which the server does not
// describe when it is a partition's own.
bool lacks_key(const std::vector<tuple_column>& before, const table_shape& shape) noexcept
{
    return std::any_of(shape.key.begin(), shape.key.end(),
                       [&](auto position) { return before[position].what == value_kind::null; });
}

}  // namespace

lsn oldest_copy(const std::vector<mirrored_table>& tables)
{
    lsn oldest{~std::uint64_t{0}};
    for (const auto& table : tables) oldest = std::min(oldest, table.record.valid_from);
    return oldest;
}

transaction_reader::transaction_reader(const std::vector<mirrored_table>& tables, const stored_position& start,
                                       lsn from)
    : tables_{tables},
      position_{start},
      overlap_expected_{start.last.commit != lsn{} && start.last.commit >= std::max(from, oldest_copy(tables))},
      copied_from_{oldest_copy(tables)}
{
}

result<transaction_reader::event> transaction_reader::on_message(std::string_view message)
{
    auto kind = pgoutput::kind_of(message);
    if (!kind) return kind.error();
    error_code ec;
    switch (*kind) {
    case pgoutput::kind::insert: return row_change(message, &transaction_reader::insert);
    case pgoutput::kind::update: return row_change(message, &transaction_reader::update);
    case pgoutput::kind::remove: return row_change(message, &transaction_reader::remove);
    case pgoutput::kind::truncate: return row_change(message, &transaction_reader::truncate);
    case pgoutput::kind::begin:
        ec = begin(message);
        if (ec) return ec;
        return event::begun;
    case pgoutput::kind::commit:
        ec = commit(message);
        if (ec) return ec;
        return event::committed;
    case pgoutput::kind::relation: ec = describe(message); break;
    case pgoutput::kind::type: ec = pgoutput::check_type(message); break;
    case pgoutput::kind::origin: ec = pgoutput::check_origin(message); break;
    case pgoutput::kind::message: ec = look_for_mark(message); break;
    case pgoutput::kind::stream_abort:
        ec = in_transaction_ ? make_error_code(errc::unexpected_message) : pgoutput::check_stream_abort(message);
        break;
    }
    if (ec) return ec;
    return event::none;
}

error_code transaction_reader::begin(std::string_view message)
{
    auto decoded = pgoutput::decode_begin(message);
    if (!decoded) return decoded.error();
    if (in_transaction_) return errc::unexpected_message;
    begin_ = *decoded;
    in_transaction_ = true;
    repeat_ = begin_.final_lsn < position_.position;
    marked_ = false;
    content_ = 0;
    return {};
}

error_code transaction_reader::commit(std::string_view message)
{
    auto decoded = pgoutput::decode_commit(message);
    if (!decoded) return decoded.error();
    if (!in_transaction_ || decoded->commit_lsn != begin_.final_lsn || decoded->end_lsn <= decoded->commit_lsn)
        return errc::unexpected_message;
    // Both say whether the transaction is inside; where they disagree, our position is no border of this history.
    if (repeat_ != (decoded->end_lsn <= position_.position)) return errc::history_mismatch;

    transaction_fingerprint fingerprint{.commit = decoded->commit_lsn,
                                        .end = decoded->end_lsn,
                                        .xid = begin_.xid,
                                        .commit_us = decoded->commit_us,
                                        .content = content_};
    in_transaction_ = false;
    if (repeat_) return check_repeat(fingerprint);
    if (overlap_expected_) return errc::history_mismatch;
    if (marked_)
        position_.awaited = history_mark{};
    else if (mark_is_overdue(decoded->commit_lsn))
        return errc::history_mismatch;
    position_.position = decoded->end_lsn;
    position_.last = fingerprint;
    position_.content_as_of = std::max(position_.content_as_of, from_postgres_us(decoded->commit_us));
    return {};
}

// Of repeats before the last one nothing is known any more. One behind it would be in the store, had it been there when
// the store reached its position: the server was restored from before it, and has written another history since.
error_code transaction_reader::check_repeat(const transaction_fingerprint& repeated) noexcept
{
    const auto& last = position_.last;
    if (repeated.commit < last.commit || repeated.commit < copied_from_) return {};
    if (repeated != last) return errc::history_mismatch;
    overlap_expected_ = false;
    return {};
}

error_code transaction_reader::on_reached(lsn reached) noexcept
{
    if (overlap_expected_ && reached >= position_.last.end) return errc::history_mismatch;
    if (mark_is_overdue(reached)) return errc::history_mismatch;
    return {};
}

bool transaction_reader::mark_is_overdue(lsn reached) const noexcept
{
    return position_.awaits_mark() && reached >= position_.awaited.by;
}

// Of messages only ours count: what others tell each other may be of any size and is none of our business.
error_code transaction_reader::look_for_mark(std::string_view message)
{
    auto decoded = pgoutput::decode_message(message);
    if (!decoded) return decoded.error();
    if (!decoded->transactional || decoded->prefix != mark_prefix) return {};
    if (!in_transaction_) return errc::unexpected_message;
    add_to_content(message);
    if (position_.awaits_mark() && decoded->content == mark_text(position_.awaited.token)) marked_ = true;
    return {};
}

void transaction_reader::add_to_content(std::string_view message) noexcept
{
    content_ = XXH3_64bits_withSeed(message.data(), message.size(), content_);
}

void transaction_reader::next_transaction() noexcept
{
    changes_.reset();
    touched_.clear();
}

const mirrored_table* transaction_reader::find_table(oid relation) const noexcept
{
    auto found = std::find_if(tables_.begin(), tables_.end(),
                              [relation](auto& table) { return table.record.relation == relation; });
    return found == tables_.end() ? nullptr : &*found;
}

error_code transaction_reader::describe(std::string_view message)
{
    auto decoded = pgoutput::decode_relation(message);
    if (!decoded) return decoded.error();
    if (auto ec = check_partition(decoded->id)) return ec;
    described_last_ = decoded->id;
    wire_relation relation;
    relation.table = find_table(decoded->id);
    relation.wire_columns = decoded->columns.size();
    if (relation.table) {
        // The columns of interest, in wire order, must be the stored ones in stored order.
        const auto& stored = relation.table->record.shape.columns;
        bool same = true;
        for (std::size_t i = 0; i < decoded->columns.size(); ++i) {
            const auto& wire = decoded->columns[i];
            if (is_left_out(*relation.table, wire.name)) continue;
            auto next = relation.wire_position.size();
            same = same && next < stored.size() && stored[next].name == wire.name && stored[next].type == wire.type &&
                   stored[next].typmod == wire.typmod;
            relation.wire_position.push_back(static_cast<std::uint16_t>(i));
        }
        relation.same_shape = same && relation.wire_position.size() == stored.size() &&
                              decoded->replica_identity == relation.table->replica_identity &&
                              identity_covers_key(*decoded, relation.wire_position, relation.table->record.shape.key) &&
                              to_string(relation.table->record.name) ==
                                  to_string(table_name{std::string{decoded->schema}, std::string{decoded->name}});
    }
    relations_.insert_or_assign(decoded->id, std::move(relation));
    return {};
}

// The server describes a partition right behind the table under whose name it sends the partition's rows. One that was
// none when the copy was made can come and go and leave nothing in the catalog; and a mirrored table that is one for a
// while does not send its own rows. An unknown table and ours in one TRUNCATE look the same; ours is copied again anyway.
error_code transaction_reader::check_partition(oid leaf) noexcept
{
    auto root = std::exchange(described_last_, oid{0});
    if (root == 0 || root == leaf || !in_transaction_ || repeat_) return {};
    const auto* above = find_table(root);
    if (above && above->partitions.empty()) return {};  // has none: both are of one TRUNCATE
    const auto* below = find_table(leaf);
    if (below && !is_inside_copy(*below)) return copy_again(leaf);
    if (!above || is_inside_copy(*above)) return {};
    bool known = std::find(above->partitions.begin(), above->partitions.end(), leaf) != above->partitions.end();
    return known ? error_code{} : copy_again(root);
}

result<transaction_reader::event> transaction_reader::row_change(
    std::string_view message, error_code (transaction_reader::*apply)(std::string_view))
{
    if (!in_transaction_) return make_error_code(errc::unexpected_message);
    described_last_ = 0;
    add_to_content(message);
    // A repeat still counts for its fingerprint, but nobody wants its rows.
    if (repeat_) return event::none;
    if (auto ec = (this->*apply)(message)) return ec;
    return event::changed;
}

bool transaction_reader::is_inside_copy(const mirrored_table& table) const noexcept
{
    return begin_.final_lsn < table.record.valid_from;
}

result<const transaction_reader::wire_relation*> transaction_reader::relation_for_change(oid relation)
{
    auto found = relations_.find(relation);
    if (found == relations_.end()) return make_error_code(errc::unknown_relation);
    const auto& described = found->second;
    if (!described.table || is_inside_copy(*described.table)) return nullptr;
    if (!described.same_shape) return copy_again(relation);
    return &described;
}

error_code transaction_reader::arrange(const wire_relation& relation, const tuple& wire,
                                       std::vector<tuple_column>& stored)
{
    if (wire.size() != relation.wire_columns) return errc::column_mismatch;
    stored.clear();
    for (auto position : relation.wire_position) stored.push_back(wire[position]);
    return {};
}

error_code transaction_reader::copy_again(oid relation) noexcept
{
    changed_table_ = relation;
    if (const auto* table = find_table(relation); table && failed_in_.empty())
        failed_in_ = to_string(table->record.name);
    return errc::table_changed;
}

error_code transaction_reader::fail_in(const mirrored_table& table, error_code ec)
{
    failed_in_ = to_string(table.record.name);
    if (ec == errc::bad_text) failed_in_ += ", column " + builder_.failed_column(table);
    // What a value means may have changed since, as when an attribute of its type is gone again: the copy will tell.
    return ec == errc::bad_text ? copy_again(table.record.relation) : ec;
}

void transaction_reader::touch(const mirrored_table& table)
{
    auto rows = table.record.rows;
    if (touched_.empty() || touched_.back() != rows)
        if (std::find(touched_.begin(), touched_.end(), rows) == touched_.end()) touched_.push_back(rows);
}

error_code transaction_reader::insert(std::string_view message)
{
    if (auto ec = pgoutput::decode_insert(message, insert_)) return ec;
    auto relation = relation_for_change(insert_.relation);
    if (!relation) return relation.error();
    if (!*relation) return {};
    const auto& table = *(*relation)->table;
    if (auto ec = arrange(**relation, insert_.row, row_)) return fail_in(table, ec);
    if (has_unchanged_value(row_)) return copy_again(insert_.relation);
    if (auto ec = builder_.build_key(table, row_)) return fail_in(table, ec);
    if (auto ec = builder_.build_tuple(table, row_)) return fail_in(table, ec);
    touch(table);
    if (table.record.shape.identity == row_identity::key)
        changes_.put(table.record.rows, builder_.key(), builder_.tuple(), row_before::absent);
    else
        changes_.add(table.record.rows, builder_.key(), builder_.tuple());
    return {};
}

error_code transaction_reader::update(std::string_view message)
{
    if (auto ec = pgoutput::decode_update(message, update_)) return ec;
    auto relation = relation_for_change(update_.relation);
    if (!relation) return relation.error();
    if (!*relation) return {};
    const auto& table = *(*relation)->table;
    before_.clear();
    if (update_.before_kind != pgoutput::old_image::none) {
        if (auto ec = arrange(**relation, update_.before, before_)) return fail_in(table, ec);
        if (lacks_key(before_, table.record.shape)) return copy_again(update_.relation);
    }
    if (auto ec = arrange(**relation, update_.row, row_)) return fail_in(table, ec);
    fill_unchanged(row_, before_, table.record.shape);
    touch(table);
    if (does_not_tell_rows_apart(table, row_, update_.before_kind)) return copy_again(update_.relation);
    auto ec = table.record.shape.identity == row_identity::key ? update_keyed(table, update_.before_kind)
                                                               : update_counted(table);
    return ec ? fail_in(table, ec) : ec;
}

error_code transaction_reader::update_keyed(const mirrored_table& table, pgoutput::old_image before)
{
    old_key_.clear();
    if (before != pgoutput::old_image::none) {
        if (auto ec = builder_.build_key(table, before_)) return ec;
        old_key_ = builder_.key();
    }
    if (auto ec = builder_.build_key(table, row_)) return ec;
    if (auto ec = builder_.build_tuple(table, row_)) return ec;
    if (before == pgoutput::old_image::none || old_key_ == builder_.key())
        changes_.put(table.record.rows, builder_.key(), builder_.tuple(), row_before::present);
    else
        changes_.move(table.record.rows, old_key_, builder_.key(), builder_.tuple(), row_before::present);
    return {};
}

error_code transaction_reader::update_counted(const mirrored_table& table)
{
    if (auto ec = builder_.build_key(table, before_)) return ec;
    changes_.subtract(table.record.rows, builder_.key());
    if (auto ec = builder_.build_key(table, row_)) return ec;
    if (auto ec = builder_.build_tuple(table, row_)) return ec;
    changes_.add(table.record.rows, builder_.key(), builder_.tuple());
    return {};
}

error_code transaction_reader::remove(std::string_view message)
{
    if (auto ec = pgoutput::decode_remove(message, remove_)) return ec;
    auto relation = relation_for_change(remove_.relation);
    if (!relation) return relation.error();
    if (!*relation) return {};
    const auto& table = *(*relation)->table;
    if (auto ec = arrange(**relation, remove_.before, before_)) return fail_in(table, ec);
    if (lacks_key(before_, table.record.shape)) return copy_again(remove_.relation);
    bool counted = table.record.shape.identity == row_identity::multiset;
    if (counted && !is_whole(table, remove_.before_kind)) return copy_again(remove_.relation);
    if (auto ec = builder_.build_key(table, before_)) return fail_in(table, ec);
    touch(table);
    if (counted)
        changes_.subtract(table.record.rows, builder_.key());
    else
        changes_.remove(table.record.rows, builder_.key(), row_before::present);
    return {};
}

error_code transaction_reader::truncate(std::string_view message)
{
    auto decoded = pgoutput::decode_truncate(message);
    if (!decoded) return decoded.error();
    for (auto id : decoded->relations) {
        auto relation = relation_for_change(id);
        if (!relation) return relation.error();
        if (!*relation) continue;
        touch(*(*relation)->table);
        changes_.clear_table((*relation)->table->record.rows);
    }
    return {};
}

}  // namespace understudy
