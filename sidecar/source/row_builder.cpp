#include "source/row_builder.hpp"

#include "core/row_tuple.hpp"

namespace understudy {

namespace {

using value_kind = tuple_column::kind;

error_code append_key_column(const column_format& format, const tuple_column& value, std::string& key)
{
    switch (value.what) {
    case value_kind::null: column_format::append_null_key(key); return {};
    case value_kind::unchanged: return errc::column_mismatch;
    case value_kind::text: return format.append_key(value.text, key);
    }
    return errc::internal;
}

error_code append_column(const column_format& format, const tuple_column& value, std::string& tuple)
{
    switch (value.what) {
    case value_kind::null: append_null(tuple); return {};
    case value_kind::unchanged: append_unchanged(tuple); return {};
    case value_kind::text: break;
    }
    auto mark = begin_fragment(tuple);
    if (auto ec = format.append_json(value.text, tuple)) return ec;
    end_fragment(tuple, mark);
    return {};
}

}  // namespace

error_code row_builder::build_tuple(const mirrored_table& table, std::span<const tuple_column> values)
{
    tuple_.clear();
    for (at_ = 0; at_ < table.formats.size(); ++at_)
        if (auto ec = append_column(table.formats[at_], values[at_], tuple_)) return ec;
    return {};
}

error_code row_builder::build_key(const mirrored_table& table, std::span<const tuple_column> values)
{
    key_.clear();
    if (table.record.shape.identity == row_identity::key) {
        for (auto position : table.record.shape.key)
            if (auto ec = append_key_column(table.formats[at_ = position], values[position], key_)) return ec;
        return {};
    }
    // Rows without a key are told apart by all their bytes; the columns' keys in front give them their order.
    for (at_ = 0; at_ < table.formats.size(); ++at_)
        if (auto ec = append_key_column(table.formats[at_], values[at_], key_)) return ec;
    if (auto ec = build_tuple(table, values)) return ec;
    key_ += tuple_;
    return {};
}

}  // namespace understudy
