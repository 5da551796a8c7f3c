#include "source/postgres/transaction_reader.hpp"

#include "core/row_tuple.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace understudy {

namespace {

using value_kind = pgoutput::tuple_column::kind;

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
void fill_unchanged(std::vector<pgoutput::tuple_column>& row, const std::vector<pgoutput::tuple_column>& before,
                    const table_shape& shape)
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

}  // namespace

transaction_reader::transaction_reader(const std::vector<mirrored_table>& tables, const stored_position& start)
    : tables_{tables}, position_{start}, overlap_expected_{start.expects_overlap()}
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
        if ((ec = begin(message))) return ec;
        return event::begun;
    case pgoutput::kind::commit:
        if ((ec = commit(message))) return ec;
        return event::committed;
    case pgoutput::kind::relation: ec = describe(message); break;
    case pgoutput::kind::type: ec = pgoutput::check_type(message); break;
    case pgoutput::kind::origin: ec = pgoutput::check_origin(message); break;
    case pgoutput::kind::message: ec = pgoutput::decode_message(message).error(); break;
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
    content_ = 0;
    return {};
}

error_code transaction_reader::commit(std::string_view message)
{
    auto decoded = pgoutput::decode_commit(message);
    if (!decoded) return decoded.error();
    if (!in_transaction_ || decoded->commit_lsn != begin_.final_lsn || decoded->end_lsn <= decoded->commit_lsn)
        return errc::unexpected_message;
    // Both say whether the transaction is inside; where they disagree, the position is not a record's border.
    if (repeat_ != (decoded->end_lsn <= position_.position)) return errc::unexpected_message;

    transaction_fingerprint fingerprint{.commit = decoded->commit_lsn,
                                        .end = decoded->end_lsn,
                                        .xid = begin_.xid,
                                        .commit_us = decoded->commit_us,
                                        .content = content_};
    if (std::exchange(overlap_expected_, false) && fingerprint != position_.last) return errc::history_mismatch;
    in_transaction_ = false;
    if (repeat_) return {};
    position_.position = decoded->end_lsn;
    position_.last = fingerprint;
    position_.content_as_of = std::max(position_.content_as_of, from_postgres_us(decoded->commit_us));
    return {};
}

error_code transaction_reader::on_reached(lsn reached) noexcept
{
    if (overlap_expected_ && reached >= position_.last.end) return errc::history_mismatch;
    return {};
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
                              identity_covers_key(*decoded, relation.wire_position, relation.table->record.shape.key) &&
                              to_string(relation.table->record.name) ==
                                  to_string(table_name{std::string{decoded->schema}, std::string{decoded->name}});
    }
    relations_.insert_or_assign(decoded->id, std::move(relation));
    return {};
}

result<transaction_reader::event> transaction_reader::row_change(std::string_view message,
                                                                 error_code (transaction_reader::*apply)(std::string_view))
{
    if (!in_transaction_) return make_error_code(errc::unexpected_message);
    content_ = XXH3_64bits_withSeed(message.data(), message.size(), content_);
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
    if (!described.same_shape) {
        changed_table_ = relation;
        return make_error_code(errc::table_changed);
    }
    return &described;
}

error_code transaction_reader::arrange(const wire_relation& relation, const pgoutput::tuple& wire,
                                       std::vector<pgoutput::tuple_column>& stored)
{
    if (wire.size() != relation.wire_columns) return errc::column_mismatch;
    stored.clear();
    for (auto position : relation.wire_position) stored.push_back(wire[position]);
    return {};
}

error_code transaction_reader::fail_in(const mirrored_table& table, error_code ec)
{
    failed_in_ = to_string(table.record.name);
    return ec;
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
    if (auto ec = builder_.build_key(table, row_)) return fail_in(table, ec);
    if (auto ec = builder_.build_tuple(table, row_)) return fail_in(table, ec);
    touch(table);
    if (table.record.shape.identity == row_identity::key)
        changes_.put(table.record.rows, builder_.key(), builder_.tuple());
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
    if (update_.before_kind != pgoutput::old_image::none)
        if (auto ec = arrange(**relation, update_.before, before_)) return fail_in(table, ec);
    if (auto ec = arrange(**relation, update_.row, row_)) return fail_in(table, ec);
    fill_unchanged(row_, before_, table.record.shape);
    touch(table);
    auto ec = table.record.shape.identity == row_identity::key ? update_keyed(table, update_.before_kind)
                                                               : update_counted(table, update_.before_kind);
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
        changes_.put(table.record.rows, builder_.key(), builder_.tuple());
    else
        changes_.move(table.record.rows, old_key_, builder_.key(), builder_.tuple());
    return {};
}

error_code transaction_reader::update_counted(const mirrored_table& table, pgoutput::old_image before)
{
    if (!is_whole(table, before)) return errc::column_mismatch;
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
    bool counted = table.record.shape.identity == row_identity::multiset;
    if (counted && !is_whole(table, remove_.before_kind)) return fail_in(table, errc::column_mismatch);
    if (auto ec = builder_.build_key(table, before_)) return fail_in(table, ec);
    touch(table);
    if (counted)
        changes_.subtract(table.record.rows, builder_.key());
    else
        changes_.remove(table.record.rows, builder_.key());
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
