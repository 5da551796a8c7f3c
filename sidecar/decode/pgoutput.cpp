#include "decode/pgoutput.hpp"

#include "core/byte_reader.hpp"
#include "core/limits.hpp"

#include <utility>

// Integers are big-endian; a string ends with a zero byte.
//
//   begin    := 'B' u64(final_lsn) i64(commit_us) u32(xid)
//   commit   := 'C' u8(0) u64(commit_lsn) u64(end_lsn) i64(commit_us)
//   origin   := 'O' u64(lsn) string(name)
//   type     := 'Y' u32(oid) string(schema) string(name)
//   relation := 'R' u32(oid) string(schema) string(name) u8(identity) u16(n) column{n}
//   column   := u8(0 | 1: in identity) string(name) u32(type) i32(typmod)
//   insert   := 'I' u32(oid) 'N' tuple
//   update   := 'U' u32(oid) [('K' | 'O') tuple] 'N' tuple
//   delete   := 'D' u32(oid) ('K' | 'O') tuple
//   truncate := 'T' u32(n) u8(1: cascade, 2: restart identity) u32(oid){n}
//   message  := 'M' u8(1: transactional) u64(lsn) string(prefix) u32(n) byte{n}
//   tuple    := u16(n) ('n' | 'u' | 't' i32(size) byte{size}){n}
//
//   wal data  := 'w' u64(start) u64(wal_end) i64(sent_us) payload
//   keepalive := 'k' u64(wal_end) i64(sent_us) u8(0 | 1: reply requested)
//   status    := 'r' u64(written) u64(flushed) u64(applied) i64(sent_us) u8(0 | 1: reply requested)

namespace understudy::pgoutput {

namespace {

constexpr std::string_view message_types = "BCRYIUDTMOA";
constexpr std::uint8_t truncate_cascade = 1;
constexpr std::uint8_t truncate_restart_identity = 2;

/// Without find(), whose memchr costs more than comparing a few bytes.
constexpr bool is_one_of(char value, std::string_view choices) noexcept
{
    for (char choice : choices)
        if (value == choice) return true;
    return false;
}

/// Reads one message. The first thing that is wrong is the error; what is read after it is empty.
class message_reader {
public:
    explicit message_reader(std::string_view whole) noexcept : in_{whole} {}

    /// Takes the message's first byte, or a marker inside it.
    void expect(char marker) noexcept { require(static_cast<char>(in_.u8()) == marker, errc::unknown_message); }

    bool boolean() noexcept { return flags(1) != 0; }

    /// A byte of which no bit outside `known` may be set.
    std::uint8_t flags(std::uint8_t known) noexcept
    {
        auto value = in_.u8();
        require((value & ~known) == 0, errc::unknown_message);
        return value;
    }

    char one_of(std::string_view choices) noexcept
    {
        auto value = static_cast<char>(in_.u8());
        require(is_one_of(value, choices), errc::unknown_message);
        return value;
    }

    std::string_view name() noexcept
    {
        auto text = in_.c_string();
        require(text.size() <= limits::name_bytes_max, errc::over_limit);
        return text;
    }

    /// A count of things that follow; zero once anything is wrong.
    std::size_t count(std::size_t value, std::size_t limit) noexcept
    {
        require(value <= limit, errc::over_limit);
        return ok() ? value : 0;
    }

    /// Bytes behind their size. A negative size is beyond the end of any message.
    std::string_view sized_bytes() noexcept { return in_.bytes(in_.u32()); }

    lsn position() noexcept { return lsn{in_.u64()}; }
    byte_reader& in() noexcept { return in_; }
    bool ok() const noexcept { return in_.ok() && !wrong_; }

    error_code finish() const noexcept
    {
        if (wrong_) return wrong_;
        return in_.finish();
    }

private:
    /// What was read past the end says nothing: then the message is truncated, not wrong.
    void require(bool holds, errc otherwise) noexcept
    {
        if (!holds && ok()) wrong_ = otherwise;
    }

    byte_reader in_;
    error_code wrong_;
};

template <class T>
result<T> finished(const message_reader& in, T value)
{
    if (auto ec = in.finish()) return ec;
    return value;
}

tuple_column read_tuple_column(message_reader& in)
{
    tuple_column column{.what = static_cast<tuple_column::kind>(in.one_of("nut")), .text = {}};
    if (column.what == tuple_column::kind::text) column.text = in.sized_bytes();
    return column;
}

void read_tuple(message_reader& in, tuple& into)
{
    into.clear();
    auto columns = in.count(in.in().u16(), limits::columns_max);
    for (std::size_t i = 0; i < columns && in.ok(); ++i) into.push_back(read_tuple_column(in));
}

relation_column read_relation_column(message_reader& in)
{
    relation_column column;
    column.in_identity = in.boolean();
    column.name = in.name();
    column.type = in.in().u32();
    column.typmod = in.in().i32();
    return column;
}

}  // namespace

result<kind> kind_of(std::string_view message) noexcept
{
    if (message.empty()) return make_error_code(errc::truncated_message);
    if (!is_one_of(message.front(), message_types)) return make_error_code(errc::unknown_message);
    return static_cast<kind>(message.front());
}

result<begin> decode_begin(std::string_view whole)
{
    message_reader in{whole};
    in.expect('B');
    begin decoded;
    decoded.final_lsn = in.position();
    decoded.commit_us = in.in().i64();
    decoded.xid = in.in().u32();
    return finished(in, decoded);
}

result<commit> decode_commit(std::string_view whole)
{
    message_reader in{whole};
    in.expect('C');
    in.flags(0);
    commit decoded;
    decoded.commit_lsn = in.position();
    decoded.end_lsn = in.position();
    decoded.commit_us = in.in().i64();
    return finished(in, decoded);
}

result<relation> decode_relation(std::string_view whole)
{
    message_reader in{whole};
    in.expect('R');
    relation decoded;
    decoded.id = in.in().u32();
    decoded.schema = in.name();
    decoded.name = in.name();
    decoded.replica_identity = in.one_of("dnfi");
    auto columns = in.count(in.in().u16(), limits::columns_max);
    for (std::size_t i = 0; i < columns && in.ok(); ++i) decoded.columns.push_back(read_relation_column(in));
    return finished(in, std::move(decoded));
}

error_code decode_insert(std::string_view whole, insert& into)
{
    message_reader in{whole};
    in.expect('I');
    into.relation = in.in().u32();
    in.expect('N');
    read_tuple(in, into.row);
    return in.finish();
}

error_code decode_update(std::string_view whole, update& into)
{
    message_reader in{whole};
    in.expect('U');
    into.relation = in.in().u32();
    into.before_kind = old_image::none;
    into.before.clear();
    if (auto marker = in.one_of("KON"); marker != 'N') {
        into.before_kind = static_cast<old_image>(marker);
        read_tuple(in, into.before);
        in.expect('N');
    }
    read_tuple(in, into.row);
    return in.finish();
}

error_code decode_remove(std::string_view whole, remove& into)
{
    message_reader in{whole};
    in.expect('D');
    into.relation = in.in().u32();
    into.before_kind = static_cast<old_image>(in.one_of("KO"));
    read_tuple(in, into.before);
    return in.finish();
}

result<truncate> decode_truncate(std::string_view whole)
{
    message_reader in{whole};
    in.expect('T');
    auto relations = in.count(in.in().u32(), limits::truncated_relations_max);
    auto flags = in.flags(truncate_cascade | truncate_restart_identity);
    truncate decoded;
    decoded.cascade = (flags & truncate_cascade) != 0;
    decoded.restart_identity = (flags & truncate_restart_identity) != 0;
    for (std::size_t i = 0; i < relations && in.ok(); ++i) decoded.relations.push_back(in.in().u32());
    return finished(in, std::move(decoded));
}

result<message> decode_message(std::string_view whole)
{
    message_reader in{whole};
    in.expect('M');
    message decoded;
    decoded.transactional = in.boolean();
    decoded.position = in.position();
    decoded.prefix = in.in().c_string();
    decoded.content = in.sized_bytes();
    return finished(in, decoded);
}

error_code check_origin(std::string_view whole)
{
    message_reader in{whole};
    in.expect('O');
    in.position();
    in.in().c_string();  // an origin's name can be longer than other names
    return in.finish();
}

error_code check_stream_abort(std::string_view whole)
{
    message_reader in{whole};
    in.expect('A');
    in.in().u32();
    in.in().u32();
    return in.finish();
}

error_code check_type(std::string_view whole)
{
    message_reader in{whole};
    in.expect('Y');
    in.in().u32();
    in.name();
    in.name();
    return in.finish();
}

namespace {

result<frame> decode_wal_data(byte_reader in) noexcept
{
    wal_data decoded;
    decoded.start = lsn{in.u64()};
    decoded.wal_end = lsn{in.u64()};
    decoded.sent_us = in.i64();
    decoded.payload = in.rest();
    if (!in.ok()) return make_error_code(errc::truncated_message);
    return frame{decoded};
}

result<frame> decode_keepalive(message_reader in) noexcept
{
    in.expect('k');
    keepalive decoded;
    decoded.wal_end = in.position();
    decoded.sent_us = in.in().i64();
    decoded.reply_requested = in.boolean();
    return finished(in, frame{decoded});
}

void append_u64(std::string& out, std::uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace

result<frame> decode_frame(std::string_view copy_data) noexcept
{
    if (copy_data.empty()) return make_error_code(errc::truncated_message);
    if (copy_data.front() == 'w') return decode_wal_data(byte_reader{copy_data.substr(1)});
    return decode_keepalive(message_reader{copy_data});
}

std::string encode(const status_update& status)
{
    std::string out{'r'};
    append_u64(out, status.written.value);
    append_u64(out, status.flushed.value);
    append_u64(out, status.applied.value);
    append_u64(out, static_cast<std::uint64_t>(status.sent_us));
    out.push_back(status.request_reply ? '\1' : '\0');
    return out;
}

}  // namespace understudy::pgoutput
