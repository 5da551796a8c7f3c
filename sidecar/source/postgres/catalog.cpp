#include "source/postgres/catalog.hpp"

#include "core/limits.hpp"
#include "source/postgres/catalog_sql.hpp"
#include "source/postgres/type_query.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace understudy {

namespace {

outcome<lsn> position_in(std::string_view text, std::string_view what)
{
    auto parsed = parse_lsn(text);
    if (!parsed)
        return explain(parsed.error(), fmt::format("{} is no position in the WAL: '{}'", what, presentable(text)));
    return *parsed;
}

// Some slots have none yet.
outcome<lsn> position_or_none(std::string_view text, std::string_view what)
{
    if (text.empty()) return lsn{};
    return position_in(text, what);
}

std::optional<std::uint64_t> number_in(std::string_view text) noexcept
{
    std::uint64_t number = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// `number,number,...`, the lower halves of them; nothing if one of them is none.
std::optional<std::vector<std::uint32_t>> numbers_in(std::string_view list)
{
    std::vector<std::uint32_t> all;
    while (!list.empty()) {
        auto end = std::min(list.find(','), list.size());
        auto number = number_in(list.substr(0, end));
        if (!number) return std::nullopt;
        all.push_back(static_cast<std::uint32_t>(*number));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return all;
}

// `xmin:xmax:xip,xip,...`, each with the epoch in its upper half, which replication messages leave out.
// https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
bool read_snapshot_text(std::string_view text, catalog_changes& into)
{
    auto first = text.find(':');
    auto second = text.find(':', first == text.npos ? first : first + 1);
    if (second == text.npos) return false;
    auto next = number_in(text.substr(first + 1, second - first - 1));
    auto running = numbers_in(text.substr(second + 1));
    if (!next || !running) return false;
    into.next_xid = static_cast<std::uint32_t>(*next);
    into.running = std::move(*running);
    return true;
}

char char_or(std::string_view text, char fallback) noexcept
{
    return text.empty() ? fallback : text.front();
}

}  // namespace

asio::awaitable<outcome<server_facts>> read_server(pg_connection& sql)
{
    auto rows = co_await sql.query(catalog_sql::server, limits::query_timeout);
    if (!rows) co_return rows.error();
    server_facts facts;
    facts.version = sql.server_version();
    facts.database = rows->string(0, 0);
    facts.encoding = rows->string(0, 1);
    facts.user = rows->string(0, 2);
    facts.in_recovery = rows->boolean(0, 3);
    facts.is_superuser = rows->boolean(0, 4);
    facts.may_replicate = rows->boolean(0, 5);
    facts.may_create = rows->boolean(0, 6);
    facts.wal_level = rows->string(0, 7);
    facts.synchronous_standby_names = rows->string(0, 8);
    facts.slots_max = static_cast<int>(rows->integer(0, 9));
    facts.slots_used = static_cast<int>(rows->integer(0, 10));
    facts.senders_max = static_cast<int>(rows->integer(0, 11));
    facts.senders_used = static_cast<int>(rows->integer(0, 12));
    facts.sender_timeout = std::chrono::milliseconds{rows->integer(0, 13)};
    facts.wal_level_needs_restart = rows->boolean(0, 14);
    facts.slot_wal_max = rows->string(0, 15);
    facts.may_mark = rows->boolean(0, 16);
    co_return std::move(facts);
}

asio::awaitable<outcome<publication_facts>> read_publication(pg_connection& sql, std::string name)
{
    auto query = fmt::format(catalog_sql::publication, fmt::arg("name", sql.quote_literal(name)));
    auto rows = co_await sql.query(std::move(query), limits::query_timeout);
    if (!rows) co_return rows.error();
    publication_facts facts;
    if (rows->size() == 0) co_return std::move(facts);
    facts.exists = true;
    facts.id = static_cast<oid>(rows->integer(0, 0));
    facts.all_tables = rows->boolean(0, 1);
    facts.inserts = rows->boolean(0, 2);
    facts.updates = rows->boolean(0, 3);
    facts.deletes = rows->boolean(0, 4);
    facts.truncates = rows->boolean(0, 5);
    facts.via_root = rows->boolean(0, 6);
    facts.fingerprint = rows->string(0, 7);
    facts.owned = rows->boolean(0, 8);
    co_return std::move(facts);
}

asio::awaitable<outcome<slot_facts>> read_slot(pg_connection& sql, std::string name)
{
    const char* invalidation = sql.server_version() >= 170000 ? "coalesce(invalidation_reason, '')" : "''";
    auto query = fmt::format(catalog_sql::slot, fmt::arg("name", sql.quote_literal(name)),
                             fmt::arg("invalidation", invalidation));
    auto rows = co_await sql.query(std::move(query), limits::query_timeout);
    if (!rows) co_return rows.error();
    slot_facts facts;
    if (rows->size() == 0) co_return std::move(facts);
    facts.exists = true;
    facts.plugin = rows->string(0, 0);
    facts.type = rows->string(0, 1);
    facts.database = rows->string(0, 2);
    facts.temporary = rows->boolean(0, 3);
    facts.two_phase = rows->boolean(0, 4);
    facts.active_pid = static_cast<int>(rows->integer(0, 5));
    facts.wal_status = rows->string(0, 6);
    facts.invalidation = rows->string(0, 7);
    auto restart = position_or_none(rows->text(0, 8), "restart_lsn");
    auto confirmed = position_or_none(rows->text(0, 9), "confirmed_flush_lsn");
    if (!restart) co_return restart.error();
    if (!confirmed) co_return confirmed.error();
    facts.restart = *restart;
    facts.confirmed = *confirmed;
    facts.retained_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, rows->integer(0, 10)));
    co_return std::move(facts);
}

namespace {

std::string wanted_values(pg_connection& sql, const std::vector<table_setting>& wanted)
{
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        rows.push_back(fmt::format("({}, {}, {})", i, sql.quote_literal(wanted[i].schema),
                                   wanted[i].name.empty() ? "NULL" : sql.quote_literal(wanted[i].name)));
    return fmt::format("{}", fmt::join(rows, ", "));
}

std::string oid_list(const std::vector<oid>& ids)
{
    return fmt::format("'{{{}}}'::pg_catalog.oid[]", fmt::join(ids, ","));
}

// One catalog has what the next version's has under another name, or not at all.
std::string fingerprint_sql(int version, const std::string& publication)
{
    auto membership =
        fmt::format(fmt::runtime(version >= 150000 ? catalog_sql::membership_15 : catalog_sql::membership_14),
                    fmt::arg("publication", publication));
    auto through_schema =
        fmt::format(fmt::runtime(version >= 150000 ? catalog_sql::through_schema_15 : catalog_sql::through_schema_14),
                    fmt::arg("publication", publication));
    return fmt::format(catalog_sql::fingerprint, fmt::arg("membership", membership),
                       fmt::arg("through_schema", through_schema));
}

outcome<table_facts> table_from(const query_result& rows, int row, const std::vector<table_setting>& wanted)
{
    table_facts facts;
    facts.setting = wanted[static_cast<std::size_t>(rows.integer(row, 0))];
    facts.id = static_cast<oid>(rows.integer(row, 1));
    facts.name = {rows.string(row, 2), rows.string(row, 3)};
    facts.kind = char_or(rows.text(row, 4), 'r');
    facts.persistence = char_or(rows.text(row, 5), 'p');
    facts.replica_identity = char_or(rows.text(row, 6), 'd');
    facts.is_partition = rows.boolean(row, 7);
    facts.has_inheritors = rows.boolean(row, 8);
    facts.may_select = rows.boolean(row, 9);
    facts.row_security = rows.boolean(row, 10);
    facts.published = rows.boolean(row, 11);
    facts.row_filter = rows.string(row, 12);
    facts.leaf_identities = rows.string(row, 13);
    if (!rows.is_null(row, 14)) facts.estimated_rows = rows.integer(row, 14);
    facts.bytes = rows.integer(row, 15);
    facts.fingerprint = rows.string(row, 16);
    facts.owned = rows.boolean(row, 17);
    facts.persistences = rows.string(row, 18);
    auto partitions = numbers_in(rows.text(row, 19));
    if (!partitions)
        return failure{errc::bad_text, fmt::format("the partitions of {} came as '{}'", to_string(facts.name),
                                                   presentable(rows.text(row, 19)))};
    facts.partitions = std::move(*partitions);
    facts.sent_as = rows.string(row, 20);
    return facts;
}

table_facts* find_table(std::vector<table_facts>& tables, oid id)
{
    auto found = std::find_if(tables.begin(), tables.end(), [id](auto& table) { return table.id == id; });
    return found == tables.end() ? nullptr : &*found;
}

void add_columns(const query_result& rows, std::vector<table_facts>& tables)
{
    for (int row = 0; row < rows.size(); ++row) {
        auto* table = find_table(tables, static_cast<oid>(rows.integer(row, 0)));
        if (!table) continue;
        column_facts facts;
        facts.described = {rows.string(row, 1), static_cast<oid>(rows.integer(row, 2)),
                           static_cast<std::int32_t>(rows.integer(row, 3))};
        facts.generated = rows.boolean(row, 4);
        facts.published = rows.boolean(row, 5);
        facts.type_name = rows.string(row, 6);
        facts.nullable = rows.boolean(row, 7);
        facts.has_default = rows.boolean(row, 8);
        table->columns.push_back(std::move(facts));
    }
}

void add_keys(const query_result& rows, std::vector<table_facts>& tables)
{
    for (int row = 0; row < rows.size(); ++row) {
        auto* table = find_table(tables, static_cast<oid>(rows.integer(row, 0)));
        if (!table) continue;
        if (rows.boolean(row, 1)) table->primary_key.push_back(rows.string(row, 3));
        if (rows.boolean(row, 2)) table->identity_index.push_back(rows.string(row, 3));
    }
}

bool is_among(oid table, const query_result& rows)
{
    for (int row = 0; row < rows.size(); ++row)
        if (static_cast<oid>(rows.integer(row, 0)) == table) return true;
    return false;
}

std::vector<table_setting> missing_of(const std::vector<table_setting>& wanted, const std::vector<table_facts>& found)
{
    std::vector<table_setting> missing;
    for (const auto& setting : wanted)
        if (std::none_of(found.begin(), found.end(), [&](auto& table) { return table.setting == setting; }))
            missing.push_back(setting);
    return missing;
}

}  // namespace

asio::awaitable<outcome<table_listing>> read_tables(pg_connection& sql, std::vector<table_setting> wanted,
                                                    std::string publication)
{
    auto version = sql.server_version();
    auto quoted = sql.quote_literal(publication);
    auto wanted_rows = wanted_values(sql, wanted);
    auto query = fmt::format(catalog_sql::tables, fmt::arg("wanted", wanted_rows), fmt::arg("publication", quoted),
                             fmt::arg("row_filter", version >= 150000 ? "pt.rowfilter" : "NULL"),
                             fmt::arg("fingerprint", fingerprint_sql(version, quoted)));
    auto rows = co_await sql.query(std::move(query), limits::query_timeout);
    if (!rows) co_return rows.error();
    if (static_cast<std::size_t>(rows->size()) > limits::tables_max)
        co_return failure{errc::over_limit,
                          fmt::format("{} tables are configured; the limit is {}", rows->size(), limits::tables_max)};

    table_listing listing;
    std::vector<oid> ids;
    for (int row = 0; row < rows->size(); ++row) {
        auto facts = table_from(*rows, row, wanted);
        if (!facts) co_return facts.error();
        if (find_table(listing.tables, facts->id)) continue;  // named, and in a `schema.*` too
        ids.push_back(facts->id);
        listing.tables.push_back(std::move(*facts));
    }
    auto list = oid_list(ids);
    auto columns = fmt::format(catalog_sql::columns, fmt::arg("tables", list), fmt::arg("publication", quoted),
                               fmt::arg("published", version >= 180000   ? catalog_sql::published_18
                                                     : version >= 150000 ? catalog_sql::published_15
                                                                         : catalog_sql::published_14));
    // Who is still there is asked last: then no columns means that it has none.
    auto query_details = columns + ";" + fmt::format(catalog_sql::keys, fmt::arg("tables", list)) + ";" +
                         fmt::format(catalog_sql::existing, fmt::arg("tables", list));
    auto details = co_await sql.query_each(std::move(query_details), limits::query_timeout);
    if (!details) co_return details.error();
    add_columns(details->at(0), listing.tables);
    add_keys(details->at(1), listing.tables);
    for (const auto& table : listing.tables)
        if (!is_among(table.id, details->at(2)))
            co_return failure{errc::table_changed, to_string(table.name) + " went away while the catalog was read"};
    listing.missing = missing_of(wanted, listing.tables);
    co_return std::move(listing);
}

asio::awaitable<outcome<catalog_changes>> read_catalog_changes(pg_connection& sql,
                                                               const std::vector<table_record>& tables,
                                                               std::string publication,
                                                               std::string publication_fingerprint)
{
    std::vector<oid> ids;
    for (const auto& table : tables) ids.push_back(table.relation);
    auto list = oid_list(ids);
    auto quoted = sql.quote_literal(publication);
    // What runs and what is locked first: what ends before the next statement has left the catalog changed for it.
    auto query = "SELECT pg_current_snapshot();" + fmt::format(catalog_sql::strong_locks, fmt::arg("tables", list)) +
                 ";" +
                 fmt::format(catalog_sql::fingerprints, fmt::arg("tables", list),
                             fmt::arg("fingerprint", fingerprint_sql(sql.server_version(), quoted))) +
                 ";" + fmt::format(catalog_sql::publication, fmt::arg("name", quoted));
    auto results = co_await sql.query_each(std::move(query), limits::query_timeout);
    if (!results) co_return results.error();

    catalog_changes facts;
    if (auto snapshot = results->at(0).text(0, 0); !read_snapshot_text(snapshot, facts))
        co_return failure{errc::bad_text, fmt::format("pg_current_snapshot gave '{}'", presentable(snapshot))};
    const auto& locks = results->at(1);
    if (locks.size() > 0)
        facts.locked_by = fmt::format("{} holds {} on {}", locks.text(0, 0), locks.text(0, 1), locks.text(0, 2));
    const auto& now = results->at(2);
    for (const auto& table : tables) {
        bool same = false;
        for (int row = 0; row < now.size() && !same; ++row)
            same = static_cast<oid>(now.integer(row, 0)) == table.relation && now.text(row, 1) == table.fingerprint;
        if (!same) facts.changed.push_back(table.relation);
    }
    const auto& own = results->at(3);
    facts.publication_changed = own.size() == 0 || own.text(0, 7) != publication_fingerprint;
    co_return std::move(facts);
}

namespace {

// The session cannot bind parameters (simple protocol), so the list takes the parameter's place.
std::string type_query_for(const std::vector<oid>& types)
{
    std::string query{type_query};
    constexpr std::string_view parameter = "$1::pg_catalog.oid[]";
    query.replace(query.find(parameter), parameter.size(), oid_list(types));
    return query;
}

}  // namespace

asio::awaitable<outcome<type_catalog>> read_types(pg_connection& sql, const std::vector<table_facts>& tables)
{
    std::vector<oid> ids;
    for (const auto& table : tables)
        for (const auto& column : table.columns) ids.push_back(column.described.type);
    auto rows = co_await sql.query(type_query_for(ids), limits::query_timeout);
    if (!rows) co_return rows.error();
    type_catalog types;
    for (int row = 0; row < rows->size();) {
        type_facts facts;
        facts.id = static_cast<oid>(rows->integer(row, 0));
        facts.schema = rows->string(row, 1);
        facts.name = rows->string(row, 2);
        facts.kind = char_or(rows->text(row, 3), 'b');
        facts.base = static_cast<oid>(rows->integer(row, 4));
        facts.element = static_cast<oid>(rows->integer(row, 5));
        facts.delimiter = char_or(rows->text(row, 6), ',');
        facts.casts_to_json = rows->boolean(row, 7);
        facts.base_typmod = static_cast<std::int32_t>(rows->integer(row, 10));
        auto id = facts.id;
        for (; row < rows->size() && static_cast<oid>(rows->integer(row, 0)) == id; ++row)
            if (!rows->is_null(row, 8))
                facts.attributes.push_back({rows->string(row, 8), static_cast<oid>(rows->integer(row, 9))});
        types.add(std::move(facts));
    }
    co_return std::move(types);
}

asio::awaitable<outcome<probe_facts>> read_probe(pg_connection& sql, std::string slot)
{
    auto query = fmt::format(catalog_sql::probe, fmt::arg("slot", sql.quote_literal(slot)));
    auto results = co_await sql.query_each(std::move(query), limits::query_timeout);
    if (!results) co_return results.error();
    probe_facts facts;
    facts.at = db_time{std::chrono::microseconds{results->at(0).integer(0, 0)}};
    const auto& wal = results->at(1);
    auto insert = position_in(wal.text(0, 0), "pg_current_wal_insert_lsn");
    auto flushed = position_in(wal.text(0, 3), "pg_current_wal_flush_lsn");
    if (!insert) co_return insert.error();
    if (!flushed) co_return flushed.error();
    facts.written = end_of_wal(*insert, static_cast<std::uint64_t>(wal.integer(0, 1)),
                               static_cast<std::uint64_t>(wal.integer(0, 2)));
    facts.flushed = *flushed;
    facts.retained_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, wal.integer(0, 4)));
    facts.synchronous_standby_names = wal.string(0, 5);
    facts.wal_status = wal.string(0, 6);
    if (!wal.is_null(0, 7))
        facts.safe_wal_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, wal.integer(0, 7)));
    co_return std::move(facts);
}

}  // namespace understudy
