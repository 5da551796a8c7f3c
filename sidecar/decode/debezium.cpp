#include "decode/debezium.hpp"

#include "decode/debezium_half.hpp"
#include "decode/debezium_members.hpp"

#include <limits>
#include <utility>

// key       := null | {column: value, ...} | value
// value     := null | envelope | row | heartbeat | boundary
// envelope  := {"before": row | null, "after": row | null, "source": {...}, "op": letter,
//               "transaction": {"id": "txId:lsn", ...} | null, ...}
// row       := {column: value, ..., ["__deleted": "true" | "false",] [prefix name: value, ...]}
// heartbeat := {"ts_ms": integer}, under a key of {"serverName": name}
// boundary  := {"status": "BEGIN" | "END", "id": "txId:lsn", "event_count": integer | null,
//               "data_collections": [{"data_collection": table, "event_count": integer}, ...] | null, "ts_ms": ...}
// sequence  := '[' lsn ',' lsn ']'    lsn := 'null' | '"' digits '"'
//
// An integer may come as a number or as a string of it. Members with other names are passed over.

namespace understudy::debezium {

namespace {

constexpr std::string_view deleted_name = "__deleted";  // whatever the prefix of the others is

// In the order of the messages. Those that we do not use are here so that they are found at once.
constexpr std::string_view envelope_names[] = {"before", "after", "source", "transaction", "op",
                                               "ts_ms",  "ts_us", "ts_ns",  "message"};
constexpr std::string_view source_names[] = {"version",  "connector", "name",   "ts_ms",     "snapshot", "db",
                                             "sequence", "ts_us",     "ts_ns",  "schema",    "table",    "txId",
                                             "lsn",      "xmin",      "origin", "origin_lsn"};
constexpr std::string_view transaction_names[] = {"id", "total_order", "data_collection_order"};
constexpr std::string_view boundary_names[] = {"status", "id", "event_count", "data_collections", "ts_ms"};
constexpr std::string_view collection_names[] = {"data_collection", "event_count"};

using envelope_members = members<envelope_names>;
using source_members = members<source_names>;

snapshot_mark mark_of(json_node member, member_reader& in)
{
    static constexpr std::pair<std::string_view, snapshot_mark> marks[] = {
        {"false", snapshot_mark::none},
        {"true", snapshot_mark::inside},
        {"first", snapshot_mark::first},
        {"first_in_data_collection", snapshot_mark::first_in_table},
        {"last_in_data_collection", snapshot_mark::last_in_table},
        {"last", snapshot_mark::last},
        {"incremental", snapshot_mark::incremental},
    };
    if (!member.is_present()) return snapshot_mark::none;
    for (const auto& [text, mark] : marks)
        if (member.text() == text) return mark;
    in.fail(member.name(), "is not a known marker");
    return snapshot_mark::none;
}

/// Takes one half of a sequence off the front of `text`. False if there is none.
bool take_piece(std::string_view& text, std::optional<lsn>& piece) noexcept
{
    if (text.starts_with("null")) {
        text.remove_prefix(4);
        return true;
    }
    if (!text.starts_with('"')) return false;
    auto end = text.find('"', 1);
    if (end == text.npos) return false;
    auto value = read_integer(text.substr(1, end - 1));
    if (value) piece = lsn{static_cast<std::uint64_t>(*value)};
    text.remove_prefix(end + 1);
    return value.has_value();
}

bool take(std::string_view& text, char byte) noexcept
{
    if (!text.starts_with(byte)) return false;
    text.remove_prefix(1);
    return true;
}

void read_sequence(json_node member, source_block& into, member_reader& in)
{
    auto text = in.text(member);
    if (text.empty()) return;
    bool right = take(text, '[') && take_piece(text, into.last_commit) && take(text, ',') &&
                 take_piece(text, into.sequence) && take(text, ']') && text.empty();
    if (!right) in.fail(member.name(), "is not a pair of positions");
}

std::optional<std::int64_t> microseconds(std::optional<std::int64_t> milliseconds) noexcept
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max() / 1000;
    if (!milliseconds || *milliseconds > most || *milliseconds < -most) return std::nullopt;
    return *milliseconds * 1000;
}

source_block read_source(json_node object, member_reader& in)
{
    in.enter("source.");
    source_members from{object, in};
    source_block source;
    source.name = in.text(from["name"]);
    source.db = in.text(from["db"]);
    source.schema = in.text(from["schema"]);
    source.table = in.text(from["table"]);
    source.commit_us = in.integer(from["ts_us"]);
    if (!source.commit_us) source.commit_us = microseconds(in.integer(from["ts_ms"]));
    source.snapshot = mark_of(from["snapshot"], in);
    if (from["snapshot"].is(json_kind::null)) source.has_defaults_for_nulls = false;
    if (from["snapshot"].is(json_kind::string) && from["snapshot"].text() == "false")
        source.has_defaults_for_nulls = true;
    source.position = in.position(from["lsn"]);
    source.xid = in.count(from["txId"]);
    read_sequence(from["sequence"], source, in);
    in.enter({});
    return source;
}

transaction_id read_transaction_id(json_node member, member_reader& in)
{
    auto text = in.text(member);
    auto colon = text.find(':');
    transaction_id id{.xid = text.substr(0, colon), .position = {}};
    if (id.xid.empty()) in.fail("id", "is missing or empty");
    if (colon == text.npos) return id;
    auto position = read_integer(text.substr(colon + 1));
    if (!position) in.fail("id", "does not end with a position");
    if (position) id.position = lsn{static_cast<std::uint64_t>(*position)};
    return id;
}

transaction_block read_transaction(json_node object, member_reader& in)
{
    in.enter("transaction.");
    members<transaction_names> from{object, in};
    transaction_block block;
    block.id = read_transaction_id(from["id"], in);
    block.total_order = in.count(from["total_order"]);
    block.table_order = in.count(from["data_collection_order"]);
    in.enter({});
    return block;
}

std::optional<operation> operation_of(json_node member, member_reader& in)
{
    static constexpr std::string_view letters = "cudrtm";
    auto text = in.text(member);
    if (text.size() == 1 && letters.find(text.front()) != letters.npos) return static_cast<operation>(text.front());
    in.fail(member.name(), "is not an operation that we know");
    return std::nullopt;
}

event_kind kind_of(operation op) noexcept
{
    switch (op) {
    case operation::create:
    case operation::update:
    case operation::read: return event_kind::upsert;
    case operation::remove: return event_kind::remove;
    case operation::truncate: return event_kind::truncate;
    case operation::message: return event_kind::message;
    }
    return event_kind::message;
}

bool is_envelope(const envelope_members& from) noexcept
{
    if (!from["op"].is(json_kind::string)) return false;
    return from["source"].is(json_kind::object) || from["after"].is(json_kind::object) ||
           from["before"].is(json_kind::object);
}

bool is_heartbeat(json_node key, json_node value) noexcept
{
    return value.size() == 1 && value.find("ts_ms").is(json_kind::number) && key && key.size() == 1 &&
           key.find("serverName").is(json_kind::string);
}

/// A row of a table with columns of all these names would be taken for one, too, were it in a topic of ours.
bool is_boundary(json_node value) noexcept
{
    if (value.size() < 4 || value.size() > std::size(boundary_names)) return false;
    auto status = value.find("status");
    return status.is(json_kind::string) && (status.text() == "BEGIN" || status.text() == "END") &&
           value.find("id").is(json_kind::string) && value.find("event_count") && value.find("data_collections");
}

/// The name of a source or transaction member that the connector added to a flattened row as `prefix name`,
/// `prefix source_name` or `prefix transaction_name`.
std::string_view bare_name(std::string_view added, std::string_view block) noexcept
{
    if (added.starts_with(block)) added.remove_prefix(block.size());
    return added;
}

/// The schema of the row inside an envelope's; a flattened row has its own.
json_node row_schema_of(json_node schema, bool is_flattened) noexcept
{
    if (is_flattened) return schema;
    auto fields = schema.find("fields");
    if (!fields.is(json_kind::array)) return {};
    for (auto field : fields)
        if (auto name = field.find("field"); name.is(json_kind::string) && name.text() == "after") return field;
    return {};
}

}  // namespace

class event_reader::impl {
public:
    explicit impl(reader_options options) : options_{std::move(options)} {}

    error_code read(std::optional<std::string_view> key, std::optional<std::string_view> value)
    {
        event_ = {};
        wrong_.clear();
        if (auto ec = read_half(key, key_)) return ec;
        if (auto ec = read_half(value, value_)) return ec;
        member_reader in{wrong_};
        read_key(in);
        if (value_.payload()) read_value(value_.payload(), in);
        return in.finish();
    }

    const event& last() const noexcept { return event_; }
    const std::string& wrong() const noexcept { return wrong_; }

private:
    static error_code read_half(std::optional<std::string_view> text, half_reader& half)
    {
        if (text) return half.read(*text);
        half.read_none();
        return {};
    }

    void read_key(member_reader& in)
    {
        event_.key = key_.payload();
        event_.key_schema = key_.schema();
        event_.key_schema_number = key_.schema_number();
        if (event_.key.is(json_kind::array)) in.refuse("the key is neither an object nor one value");
    }

    void read_value(json_node value, member_reader& in)
    {
        if (value.kind() != json_kind::object) return in.refuse("the value is not an object");
        if (is_heartbeat(event_.key, value)) return read_heartbeat(value, in);
        if (is_boundary(value)) return read_boundary(value, in);
        member_reader trial{unused_};  // a flattened row's members may have any of these names
        envelope_members from{value, trial};
        event_.is_flattened = !is_envelope(from);
        if (event_.is_flattened) return read_flattened(value, in);
        if (!trial.ok()) return in.fail(twice(value), "is there twice");
        read_envelope(from, in);
    }

    void read_schema()
    {
        event_.row_schema_number = value_.schema_number();
        if (value_.schema()) event_.row_schema = row_schema_of(value_.schema(), event_.is_flattened);
    }

    void read_envelope(const envelope_members& from, member_reader& in)
    {
        read_schema();
        event_.op = operation_of(from["op"], in);
        if (!event_.op) return;
        event_.kind = kind_of(*event_.op);
        event_.row = in.object(from["after"]);
        event_.before = in.object(from["before"]);
        if (event_.kind == event_kind::upsert) in.expect(from["after"], "after");
        if (event_.kind != event_kind::upsert) in.expect_none(from["after"], "belongs to no such operation");
        if (auto source = in.object(from["source"])) event_.source = read_source(source, in);
        unmark_change();
        if (auto within = in.object(from["transaction"])) event_.within = read_transaction(within, in);
        event_.sent_ms = in.integer(from["ts_ms"]);
    }

    // After a snapshot that was asked for and cut short by a crash, Debezium 3.7.0 marks what it streams as inside of one (seen).
    void unmark_change() noexcept
    {
        if (event_.op && *event_.op != operation::read) event_.source.snapshot = snapshot_mark::none;
    }

    void read_heartbeat(json_node value, member_reader& in)
    {
        event_.kind = event_kind::heartbeat;
        event_.sent_ms = in.integer(value.find("ts_ms"));
    }

    void read_boundary(json_node value, member_reader& in)
    {
        members<boundary_names> from{value, in};
        event_.kind = event_kind::transaction;
        event_.boundary.is_end = from["status"].text() == "END";
        event_.boundary.id = read_transaction_id(from["id"], in);
        event_.boundary.events = in.count(from["event_count"]);
        event_.sent_ms = in.integer(from["ts_ms"]);
        read_counts(from["data_collections"], in);
        event_.boundary.tables = counts_;
    }

    void read_counts(json_node tables, member_reader& in)
    {
        counts_.clear();
        if (!tables.is_present()) return;
        if (tables.kind() != json_kind::array) return in.fail(tables.name(), "is not an array");
        in.enter("data_collections.");
        for (auto table : tables) {
            members<collection_names> from{in.object(table) ? table : empty_object(), in};
            in.expect(from["data_collection"], "data_collection");
            in.expect(from["event_count"], "event_count");
            counts_.push_back({in.text(from["data_collection"]), in.count(from["event_count"]).value_or(0)});
        }
        in.enter({});
    }

    static json_node empty_object() noexcept
    {
        static constexpr tape_entry empty{.name = {}, .text = {}, .extent = 1, .size = 0, .kind = json_kind::object};
        return json_node{&empty};
    }

    void read_flattened(json_node row, member_reader& in)
    {
        read_schema();
        event_.added_prefix = options_.added_prefix;
        bool is_deleted = false;
        for (auto member : row) {
            if (member.name() == deleted_name)
                is_deleted = read_deleted(member, in);
            else if (!options_.added_prefix.empty() && member.name().starts_with(options_.added_prefix))
                read_added(member, member.name().substr(options_.added_prefix.size()), in);
        }
        unmark_change();
        if (event_.op == operation::remove) is_deleted = true;
        event_.kind = is_deleted ? event_kind::remove : event_kind::upsert;
        (is_deleted ? event_.before : event_.row) = row;
    }

    static bool read_deleted(json_node member, member_reader& in)
    {
        auto text = in.text(member);
        if (text != "true" && text != "false") in.fail(member.name(), "is neither \"true\" nor \"false\"");
        return text == "true";
    }

    void read_added(json_node member, std::string_view added, member_reader& in)
    {
        if (added == "op") return read_added_op(member, in);
        if (read_added_source(member, bare_name(added, "source_"), in)) return;
        // The connector's clock and the commit's have one name; without its block it is the connector's.
        if (added == "source_ts_us") event_.source.commit_us = in.integer(member);
        if (added == "source_ts_ms" && !event_.source.commit_us)
            event_.source.commit_us = microseconds(in.integer(member));
        read_added_order(member, bare_name(added, "transaction_"), in);
    }

    void read_added_op(json_node member, member_reader& in)
    {
        event_.op = operation_of(member, in);
        if (event_.op == operation::truncate || event_.op == operation::message)
            in.fail(member.name(), "is not an operation on a row");
    }

    bool read_added_source(json_node member, std::string_view name, member_reader& in)
    {
        auto& source = event_.source;
        if (name == "name")
            source.name = in.text(member);
        else if (name == "db")
            source.db = in.text(member);
        else if (name == "schema")
            source.schema = in.text(member);
        else if (name == "table")
            source.table = in.text(member);
        else if (name == "lsn")
            source.position = in.position(member);
        else if (name == "txId")
            source.xid = in.count(member);
        else if (name == "snapshot")
            source.snapshot = mark_of(member, in);
        else if (name == "sequence")
            read_sequence(member, source, in);
        else
            return false;
        return true;
    }

    void read_added_order(json_node member, std::string_view name, member_reader& in)
    {
        if (name != "id" && name != "total_order" && name != "data_collection_order") return;
        if (!member.is_present()) return;  // a row of a snapshot is in no transaction
        if (!event_.within) event_.within.emplace();
        if (name == "id") event_.within->id = read_transaction_id(member, in);
        if (name == "total_order") event_.within->total_order = in.count(member);
        if (name == "data_collection_order") event_.within->table_order = in.count(member);
    }

    /// The first name that an object has a second time.
    static std::string_view twice(json_node object) noexcept
    {
        for (auto member : object)
            if (object.find(member.name()) != member) return member.name();
        return {};
    }

    reader_options options_;
    std::string wrong_;
    std::string unused_;
    half_reader key_{side::key, wrong_};
    half_reader value_{side::value, wrong_};
    std::vector<table_count> counts_;
    event event_;
};

bool is_added(const event& said, std::string_view name) noexcept
{
    if (!said.is_flattened) return false;
    return name == deleted_name || (!said.added_prefix.empty() && name.starts_with(said.added_prefix));
}

event_reader::event_reader(reader_options options) : impl_{std::make_unique<impl>(std::move(options))} {}
event_reader::~event_reader() = default;
event_reader::event_reader(event_reader&&) noexcept = default;
event_reader& event_reader::operator=(event_reader&&) noexcept = default;

error_code event_reader::read(std::optional<std::string_view> key, std::optional<std::string_view> value)
{
    return impl_->read(key, value);
}

const event& event_reader::last() const noexcept
{
    return impl_->last();
}

const std::string& event_reader::wrong() const noexcept
{
    return impl_->wrong();
}

}  // namespace understudy::debezium
