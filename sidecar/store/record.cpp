#include "store/record.hpp"

#include "core/byte_reader.hpp"
#include "core/limits.hpp"

#include <xxhash.h>

#include <concepts>
#include <optional>

// Numbers are big-endian.
//
//   record      := u64(XXH3 of all that follows) u32(format) body
//   last epoch  := u64(epoch)
//   position    := u64(position) u64(keepalive) transaction i64(content_as_of, microseconds since 1970)
//                  mark u64(generation) logs?
//   logs        := string(places) u8(unsettled) u8(0 transaction | 1 row)   only of a source of several logs
//   mark        := u64(token) u64(by)
//   transaction := u64(commit) u64(end) u32(xid) i64(commit time, microseconds since 2000) u64(content)
//   state       := identity u32(tables) table*
//   identity    := string(system_id) u32(timeline) string(database) string(slot) string(publication)
//                  string(publication_fingerprint)
//   table       := u32(relation) string(schema) string(name) shape u64(epoch) u64(valid_from) string(fingerprint)
//   shape       := u8(0 key | 1 multiset) u16(columns) column* u16(key columns) u16(place of a column)*
//   column      := string(name) u32(type) i32(typmod)
//   string      := u32(size) byte*

namespace understudy {

namespace {

constexpr std::uint32_t format = 1;

class record_writer {
public:
    record_writer() { number<std::uint32_t>(format); }

    template <std::unsigned_integral T>
    void number(T value)
    {
        for (int shift = static_cast<int>(sizeof(T) * 8) - 8; shift >= 0; shift -= 8)
            body_.push_back(static_cast<char>(value >> shift));
    }
    void number(std::int64_t value) { number(static_cast<std::uint64_t>(value)); }

    void string(std::string_view text)
    {
        number(static_cast<std::uint32_t>(text.size()));
        body_.append(text);
    }

    std::string finish() &&
    {
        record_writer framed{empty{}};
        framed.number(std::uint64_t{XXH3_64bits(body_.data(), body_.size())});
        return std::move(framed.body_) + body_;
    }

private:
    struct empty {};
    explicit record_writer(empty) {}

    std::string body_;
};

std::string take_string(byte_reader& from)
{
    return std::string{from.bytes(from.u32())};
}

/// The body of a record whose checksum and format are right.
result<byte_reader> open_record(std::string_view record)
{
    byte_reader frame{record};
    auto checksum = frame.u64();
    if (!frame.ok() || XXH3_64bits(frame.rest().data(), frame.rest().size()) != checksum)
        return make_error_code(errc::store_damaged);
    auto written_as = frame.u32();
    if (frame.ok() && written_as > format) return make_error_code(errc::store_newer);
    if (!frame.ok() || written_as != format) return make_error_code(errc::store_damaged);
    return byte_reader{frame.rest()};
}

template <class T>
result<T> whole(const byte_reader& read, T value)
{
    if (read.finish()) return make_error_code(errc::store_damaged);
    return value;
}

void write(record_writer& to, const store_identity& identity)
{
    to.string(identity.system_id);
    to.number(identity.timeline);
    to.string(identity.database);
    to.string(identity.slot);
    to.string(identity.publication);
    to.string(identity.publication_fingerprint);
}

void write(record_writer& to, const table_shape& shape)
{
    to.number(static_cast<std::uint8_t>(shape.identity == row_identity::multiset ? 1 : 0));
    to.number(static_cast<std::uint16_t>(shape.columns.size()));
    for (const auto& column : shape.columns) {
        to.string(column.name);
        to.number(column.type);
        to.number(static_cast<std::uint32_t>(column.typmod));
    }
    to.number(static_cast<std::uint16_t>(shape.key.size()));
    for (auto place : shape.key) to.number(place);
}

void write(record_writer& to, const table_record& table)
{
    to.number(table.relation);
    to.string(table.name.schema);
    to.string(table.name.name);
    write(to, table.shape);
    to.number(table.rows);
    to.number(table.valid_from.value);
    to.string(table.fingerprint);
}

store_identity read_identity(byte_reader& from)
{
    return {.system_id = take_string(from),
            .timeline = from.u32(),
            .database = take_string(from),
            .slot = take_string(from),
            .publication = take_string(from),
            .publication_fingerprint = take_string(from)};
}

table_shape read_shape(byte_reader& from)
{
    table_shape shape;
    shape.identity = from.u8() == 1 ? row_identity::multiset : row_identity::key;
    for (auto left = from.u16(); left > 0 && from.ok(); --left)
        shape.columns.push_back({.name = take_string(from), .type = from.u32(), .typmod = from.i32()});
    for (auto left = from.u16(); left > 0 && from.ok(); --left) shape.key.push_back(from.u16());
    return shape;
}

table_record read_table(byte_reader& from)
{
    table_record table;
    table.relation = from.u32();
    table.name.schema = take_string(from);
    table.name.name = take_string(from);
    table.shape = read_shape(from);
    table.rows = from.u64();
    table.valid_from = lsn{from.u64()};
    table.fingerprint = take_string(from);
    return table;
}

transaction_fingerprint read_transaction(byte_reader& from)
{
    return {.commit = lsn{from.u64()},
            .end = lsn{from.u64()},
            .xid = from.u32(),
            .commit_us = from.i64(),
            .content = from.u64()};
}

void write_logs(record_writer& to, const stored_position& position)
{
    to.string(position.places);
    to.number(static_cast<std::uint8_t>(position.unsettled ? 1 : 0));
    to.number(static_cast<std::uint8_t>(position.consistency == consistency_level::row ? 1 : 0));
}

void read_logs(byte_reader& from, stored_position& into)
{
    into.places = take_string(from);
    into.unsettled = from.u8() != 0;
    into.consistency = from.u8() == 1 ? consistency_level::row : consistency_level::transaction;
}

}  // namespace

std::string encode_state(const store_state& state)
{
    record_writer to;
    write(to, state.identity);
    to.number(static_cast<std::uint32_t>(state.tables.size()));
    for (const auto& table : state.tables) write(to, table);
    return std::move(to).finish();
}

result<store_state> decode_state(std::string_view record)
{
    auto body = open_record(record);
    if (!body) return body.error();
    store_state state;
    state.identity = read_identity(*body);
    auto tables = body->u32();
    if (tables > limits::tables_max) return make_error_code(errc::store_damaged);
    for (; tables > 0 && body->ok(); --tables) state.tables.push_back(read_table(*body));
    return whole(*body, std::move(state));
}

std::string encode_position(const stored_position& position)
{
    record_writer to;
    to.number(position.position.value);
    to.number(position.keepalive.value);
    to.number(position.last.commit.value);
    to.number(position.last.end.value);
    to.number(position.last.xid);
    to.number(position.last.commit_us);
    to.number(position.last.content);
    to.number(static_cast<std::int64_t>(position.content_as_of.time_since_epoch().count()));
    to.number(position.awaited.token);
    to.number(position.awaited.by.value);
    to.number(position.generation);
    if (!position.places.empty()) write_logs(to, position);
    return std::move(to).finish();
}

result<stored_position> decode_position(std::string_view record)
{
    auto body = open_record(record);
    if (!body) return body.error();
    stored_position position;
    position.position = lsn{body->u64()};
    position.keepalive = lsn{body->u64()};
    position.last = read_transaction(*body);
    position.content_as_of = db_time{std::chrono::microseconds{body->i64()}};
    position.awaited.token = body->u64();
    position.awaited.by = lsn{body->u64()};
    position.generation = body->u64();
    if (body->ok() && !body->rest().empty()) read_logs(*body, position);
    return whole(*body, std::move(position));
}

std::string encode_last_epoch(epoch last)
{
    record_writer to;
    to.number(last);
    return std::move(to).finish();
}

result<epoch> decode_last_epoch(std::string_view record)
{
    auto body = open_record(record);
    if (!body) return body.error();
    auto last = body->u64();
    return whole(*body, last);
}

}  // namespace understudy
