#pragma once

#include "decode/pgoutput.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace understudy {

/// One column of a tuple under construction.
struct built_column {
    tuple_column::kind what;
    std::string text;
};

inline built_column text(std::string_view value)
{
    return {tuple_column::kind::text, std::string{value}};
}
inline built_column null()
{
    return {tuple_column::kind::null, {}};
}
inline built_column unchanged()
{
    return {tuple_column::kind::unchanged, {}};
}

/// Makes the bytes of pgoutput messages, as a server sends them. Each function gives one whole message; the
/// frames go around it. Also takes what no server sends, so that tests can damage a message at a chosen place.
namespace pgoutput_builder {

using tuple = std::initializer_list<built_column>;

/// Big-endian fields, one after the other.
class bytes {
public:
    bytes& u8(unsigned value) { return number(value, 1); }
    bytes& u16(std::size_t value) { return number(value, 2); }
    bytes& u32(std::size_t value) { return number(value, 4); }
    bytes& u64(std::uint64_t value) { return number(value, 8); }
    bytes& byte(char value) { return u8(static_cast<unsigned char>(value)); }
    bytes& raw(std::string_view value)
    {
        out_.append(value);
        return *this;
    }
    bytes& c_string(std::string_view value) { return raw(value).u8(0); }

    bytes& tuple(pgoutput_builder::tuple columns)
    {
        u16(columns.size());
        for (const auto& column : columns) {
            byte(static_cast<char>(column.what));
            if (column.what == tuple_column::kind::text) u32(column.text.size()).raw(column.text);
        }
        return *this;
    }

    std::string take() { return std::move(out_); }

private:
    bytes& number(std::uint64_t value, int size)
    {
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift));
        return *this;
    }

    std::string out_;
};

inline std::string begin(lsn final_lsn, std::int64_t commit_us, std::uint32_t xid)
{
    return bytes{}.byte('B').u64(final_lsn.value).u64(static_cast<std::uint64_t>(commit_us)).u32(xid).take();
}

inline std::string commit(lsn commit_lsn, lsn end_lsn, std::int64_t commit_us)
{
    return bytes{}
        .byte('C')
        .u8(0)
        .u64(commit_lsn.value)
        .u64(end_lsn.value)
        .u64(static_cast<std::uint64_t>(commit_us))
        .take();
}

inline std::string origin(lsn position, std::string_view name)
{
    return bytes{}.byte('O').u64(position.value).c_string(name).take();
}

inline std::string type(oid id, std::string_view schema, std::string_view name)
{
    return bytes{}.byte('Y').u32(id).c_string(schema).c_string(name).take();
}

inline std::string stream_abort(std::uint32_t xid, std::uint32_t subxid)
{
    return bytes{}.byte('A').u32(xid).u32(subxid).take();
}

inline std::string relation(const pgoutput::relation& described)
{
    bytes out;
    out.byte('R').u32(described.id).c_string(described.schema).c_string(described.name);
    out.byte(described.replica_identity).u16(described.columns.size());
    for (const auto& column : described.columns)
        out.u8(column.in_identity ? 1 : 0)
            .c_string(column.name)
            .u32(column.type)
            .u32(static_cast<std::uint32_t>(column.typmod));
    return out.take();
}

inline std::string insert(oid relation, tuple row)
{
    return bytes{}.byte('I').u32(relation).byte('N').tuple(row).take();
}

inline std::string update(oid relation, tuple row)
{
    return bytes{}.byte('U').u32(relation).byte('N').tuple(row).take();
}

inline std::string update(oid relation, pgoutput::old_image kind, tuple before, tuple row)
{
    return bytes{}.byte('U').u32(relation).byte(static_cast<char>(kind)).tuple(before).byte('N').tuple(row).take();
}

inline std::string remove(oid relation, pgoutput::old_image kind, tuple before)
{
    return bytes{}.byte('D').u32(relation).byte(static_cast<char>(kind)).tuple(before).take();
}

inline std::string truncate(const pgoutput::truncate& described)
{
    bytes out;
    out.byte('T').u32(described.relations.size());
    out.u8((described.cascade ? 1u : 0u) | (described.restart_identity ? 2u : 0u));
    for (auto relation : described.relations) out.u32(relation);
    return out.take();
}

inline std::string message(const pgoutput::message& described)
{
    return bytes{}
        .byte('M')
        .u8(described.transactional ? 1 : 0)
        .u64(described.position.value)
        .c_string(described.prefix)
        .u32(described.content.size())
        .raw(described.content)
        .take();
}

/// XLogData around a message.
inline std::string wal_data(lsn start, lsn wal_end, std::int64_t sent_us, std::string_view payload)
{
    return bytes{}
        .byte('w')
        .u64(start.value)
        .u64(wal_end.value)
        .u64(static_cast<std::uint64_t>(sent_us))
        .raw(payload)
        .take();
}

inline std::string keepalive(lsn wal_end, std::int64_t sent_us, bool reply_requested)
{
    return bytes{}
        .byte('k')
        .u64(wal_end.value)
        .u64(static_cast<std::uint64_t>(sent_us))
        .u8(reply_requested ? 1 : 0)
        .take();
}

}  // namespace pgoutput_builder

}  // namespace understudy
