#include "source/kafka/row_decoder.hpp"

#include "source/kafka/row_schema.hpp"

#include <algorithm>
#include <utility>

namespace understudy::debezium {

row_decoder::row_decoder(const mirrored_table& table, const type_catalog& types, encodings settings, types_from origin)
    : table_{&table},
      types_{&types},
      settings_{std::move(settings)},
      origin_{origin},
      values_(table.record.shape.columns.size()),
      scratch_(values_.size()),
      seen_(values_.size())
{
}

outcome<row_decoder> row_decoder::compile(const mirrored_table& table, const type_catalog& types, encodings settings,
                                          types_from origin)
{
    row_decoder decoder{table, types, std::move(settings), origin};
    auto compiled = decoder.compile_texts({}, origin, decoder.row_texts_);
    if (!compiled) return compiled.error();
    decoder.key_texts_ = decoder.row_texts_;
    return decoder;
}

outcome<void> row_decoder::compile_texts(json_node schema, types_from origin, column_texts& texts) const
{
    column_texts compiled;
    for (const auto& column : table_->record.shape.columns) {
        auto field = schema_of(schema, compiled.of.size());
        auto change =
            origin == types_from::schemas ? change_since(field, column.type, column.typmod) : type_change::none;
        compiled.has_former_types = compiled.has_former_types || change != type_change::none;
        auto& text = compiled.of.emplace_back();
        // Without its key there is no row: where that cannot be read, it is an error.
        if (change == type_change::to_other_json && !is_key(compiled.of.size() - 1)) continue;
        auto made = value_text::compile(*types_, column.type, column.typmod, settings_, field);
        if (!made) return failure{made.error().code, "column " + column.name + ": " + made.error().text};
        text = *std::move(made);
    }
    texts = std::move(compiled);
    return outcome<void>{};
}

outcome<void> row_decoder::follow(const event& said)
{
    if (said.row || said.before) {
        auto row = follow(said.row_schema, said.row_schema_number, row_schema_, origin_, row_texts_);
        if (!row) return row;
    }
    if (!said.key) return outcome<void>{};
    // The connector may say less of a key's columns than of a row's.
    return follow(said.key_schema, said.key_schema_number, key_schema_, types_from::catalog, key_texts_);
}

outcome<void> row_decoder::follow(json_node schema, std::uint64_t number, std::uint64_t& followed, types_from origin,
                                  column_texts& texts) const
{
    if (number == followed) return outcome<void>{};
    auto compiled = compile_texts(schema, origin, texts);
    if (compiled) followed = number;
    return compiled;
}

/// A key that is one value has the schema of its column.
json_node row_decoder::schema_of(json_node schema, std::size_t column) const noexcept
{
    const auto& shape = table_->record.shape;
    if (!schema || schema.find("fields")) return field_of(schema, shape.columns[column].name);
    return shape.key.size() == 1 && shape.key.front() == column ? schema : json_node{};
}

error_code row_decoder::decode_row(const event& said)
{
    return decode_whole(said.row, said);
}

error_code row_decoder::decode_before(const event& said)
{
    return decode_whole(said.before, said);
}

error_code row_decoder::decode_whole(json_node row, const event& said)
{
    begin();
    if (auto ec = decode(row, said, row_texts_, row_order_)) return ec;
    if (found_ != values_.size()) note_missing();
    return {};
}

error_code row_decoder::decode_key(const event& said)
{
    begin();
    std::ranges::fill(values_, tuple_column{});
    if (said.key.is(json_kind::object)) {
        if (auto ec = decode(said.key, said, key_texts_, key_order_)) return ec;
    } else if (said.key) {
        if (auto ec = decode_lone(said.key)) return ec;
    }
    return check_key(said.key);
}

void row_decoder::begin() noexcept
{
    ++round_;
    found_ = 0;
    missing_.clear();
    unknown_ = {};
    wrong_.clear();
}

error_code row_decoder::decode(json_node object, const event& said, const column_texts& texts, member_order& order)
{
    if (!object.is(json_kind::object)) {
        wrong_ = "a row is not an object";
        return errc::bad_text;
    }
    std::size_t place = 0;
    for (auto member : object) {
        auto column = column_of(member.name(), place++, said, order);
        if (column == left_out) continue;
        if (column != unknown) {
            if (auto ec = take(member, column, texts)) return ec;
        } else if (unknown_.empty()) {
            unknown_ = member.name();
        }
    }
    return {};
}

// As a transform leaves it that extracts the field from the key (ExtractField$Key).
error_code row_decoder::decode_lone(json_node value)
{
    const auto& key = table_->record.shape.key;
    if (key.size() == 1) return take(value, key.front(), key_texts_);
    wrong_ = "the key is one value, and the table's has several columns";
    return errc::column_mismatch;
}

error_code row_decoder::take(json_node member, std::size_t column, const column_texts& texts)
{
    const auto& name = table_->record.shape.columns[column].name;
    if (std::exchange(seen_[column], round_) == round_) return refuse(errc::bad_text, name, "is there twice");
    ++found_;
    const auto& text = texts.of[column];
    if (!text) {
        values_[column] = {.what = tuple_column::kind::unchanged, .text = {}};
        return {};
    }
    auto ec = text->convert(member, scratch_[column], values_[column]);
    if (!ec) return {};
    return refuse(reason_of(ec), name,
                  ec == errc::over_limit ? "has a value that is too long"
                                         : "has a value that the connector does not write for its type and settings");
}

/// Members come in one order until the table changes: its place says what a member is, if the name there is the same.
std::size_t row_decoder::column_of(std::string_view name, std::size_t place, const event& said,
                                   member_order& order) const
{
    if (place < order.size() && order[place].name == name) return order[place].column;
    if (place >= order.size()) order.resize(place + 1);
    order[place] = {std::string{name}, look_up(name, said)};
    return order[place].column;
}

std::size_t row_decoder::look_up(std::string_view name, const event& said) const noexcept
{
    const auto& columns = table_->record.shape.columns;
    auto found = std::ranges::find(columns, name, &column::name);
    if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
    if (std::ranges::find(table_->left_out, name) != table_->left_out.end()) return left_out;
    return is_added(said, name) ? left_out : unknown;
}

void row_decoder::note_missing()
{
    for (std::size_t column = 0; column < values_.size(); ++column) {
        if (seen_[column] == round_) continue;
        missing_.push_back(static_cast<std::uint16_t>(column));
        values_[column] = {.what = tuple_column::kind::unchanged, .text = {}};
    }
}

bool row_decoder::is_key(std::size_t column) const noexcept
{
    const auto& key = table_->record.shape.key;
    return std::ranges::find(key, column) != key.end();
}

// A row has to have one key of messages: by that they are ordered, and compacted.
error_code row_decoder::check_key(json_node key)
{
    const auto& shape = table_->record.shape;
    for (auto position : shape.key)
        if (seen_[position] != round_)
            return refuse(errc::column_mismatch, shape.columns[position].name, "is not in the key");
    if (!key.is(json_kind::object) || key.size() == shape.key.size()) return {};
    auto is_own = [&](json_node member) {
        return std::ranges::any_of(shape.key, [&](auto at) { return shape.columns[at].name == member.name(); });
    };
    for (auto member : key)
        if (!is_own(member))
            return refuse(errc::column_mismatch, member.name(),
                          "is in the key of the message, and not in that of the table: set the connector's "
                          "message.key.columns to the table's key");
    return {};
}

error_code row_decoder::refuse(errc code, std::string_view name, std::string_view what)
{
    wrong_.assign("column `").append(name).append("` ").append(what);
    return code;
}

}  // namespace understudy::debezium
