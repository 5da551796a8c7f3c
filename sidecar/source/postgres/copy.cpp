#include "source/postgres/copy.hpp"

#include "core/limits.hpp"
#include "decode/copy_text.hpp"
#include "source/postgres/mark_message.hpp"
#include "source/postgres/patient_query.hpp"
#include "source/postgres/preflight.hpp"
#include "source/row_builder.hpp"
#include "source/postgres/survey.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>
#include <random>

namespace understudy {

namespace {

constexpr std::size_t load_bytes = 4u << 20;  // rows on their way to the store at a time, per batch

// Where transactions end faster than a slot is built, its snapshot can be refused ("initial slot snapshot too large").
// The server has dropped the slot then, and the next one has another snapshot.
constexpr int slot_tries_max = 5;
constexpr int view_tries_max = 5;

asio::awaitable<outcome<query_result>> create_copy_slot(pg_connection& replication, const postgres_settings& wanted,
                                                        pg_connection& sql, copy_progress& progress)
{
    auto create = fmt::format("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT",
                              quoted_identifier(fmt::format("{}_copy_{}", wanted.slot.substr(0, 40), getpid())));
    for (int tries = 1;; ++tries) {
        auto slot = co_await query_patiently(replication, create, sql, progress.waiting_for);
        if (slot || slot.error().code != errc::query_failed || tries == slot_tries_max) co_return std::move(slot);
    }
}

asio::awaitable<outcome<consistent_view>> open_unlocked(const postgres_settings& wanted, pg_connection& sql,
                                                        copy_progress& progress, const std::stop_token& stopped)
{
    auto replication = co_await connect(wanted, connection_kind::replication, stopped);
    if (!replication) co_return replication.error();
    auto slot = co_await create_copy_slot(**replication, wanted, sql, progress);
    if (!slot) co_return slot.error();
    auto point = parse_lsn(slot->text(0, 1));
    if (!point) co_return explain(point.error(), "the new slot has no consistent point");

    auto reader = co_await connect(wanted, connection_kind::sql, stopped);
    if (!reader) co_return reader.error();
    auto import = fmt::format("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}",
                              (*reader)->quote_literal(slot->text(0, 2)));
    auto imported = co_await (*reader)->query_each(std::move(import), limits::query_timeout);
    if (!imported) co_return imported.error();
    consistent_view made;
    made.connection = std::move(*reader);
    made.point = *point;
    co_return std::move(made);  // the replication connection closes here, and the temporary slot with it
}

asio::awaitable<outcome<void>> lock_tables(pg_connection& reader, const std::vector<table_facts>& tables)
{
    std::vector<std::string> names;
    for (const auto& table : tables) names.push_back((table.kind == 'r' ? "ONLY " : "") + quoted_name(table.name));
    auto lock = fmt::format("SET LOCAL lock_timeout = '{}ms'; LOCK TABLE {} IN ACCESS SHARE MODE",
                            std::chrono::milliseconds{limits::lock_timeout}.count(), fmt::join(names, ", "));
    auto locked = co_await reader.query_each(std::move(lock), limits::query_timeout);
    if (!locked) co_return locked.error();
    co_return outcome<void>{};
}

std::vector<table_facts> chosen(const table_listing& listing, const std::vector<oid>& only)
{
    std::vector<table_facts> tables;
    for (const auto& facts : listing.tables)
        if (only.empty() || std::find(only.begin(), only.end(), facts.id) != only.end()) tables.push_back(facts);
    return tables;
}

/// A table that is gone, or no longer published, looks the same to the view and to the present.
outcome<void> check_complete(const table_listing& listing, const std::vector<oid>& only)
{
    if (!listing.missing.empty())
        return failure{errc::table_changed, fmt::format("{}.{} went away while its copy was prepared",
                                                        listing.missing.front().schema, listing.missing.front().name)};
    if (auto published = check_published(listing); !published) return published;
    auto is_listed = [&](oid wanted) {
        return std::any_of(listing.tables.begin(), listing.tables.end(),
                           [&](auto& table) { return table.id == wanted; });
    };
    if (!std::all_of(only.begin(), only.end(), is_listed))
        return failure{errc::table_changed, "a table went away while its copy was prepared"};
    return {};
}

outcome<void> compare_with_present(const std::vector<table_facts>& then, const std::vector<table_facts>& now)
{
    for (const auto& table : then) {
        auto same = [&](const table_facts& other) {
            return other.id == table.id && other.fingerprint == table.fingerprint;
        };
        if (std::none_of(now.begin(), now.end(), same))
            return failure{errc::table_changed, fmt::format("{} was altered or truncated while its copy was prepared",
                                                            to_string(table.name))};
    }
    if (then.size() != now.size()) return failure{errc::table_changed, "a table appeared while the copy was prepared"};
    return {};
}

asio::awaitable<outcome<std::vector<viewed_table>>> lock_and_describe(pg_connection& view, pg_connection& sql,
                                                                      const settings& wanted,
                                                                      const std::vector<oid>& only)
{
    auto before = co_await read_tables(sql, wanted.tables, wanted.postgres.publication);
    if (!before) co_return before.error();
    auto locked = co_await lock_tables(view, chosen(*before, only));
    if (!locked) co_return locked.error();
    auto then = co_await read_tables(view, wanted.tables, wanted.postgres.publication);
    if (!then) co_return then.error();
    auto now = co_await read_tables(sql, wanted.tables, wanted.postgres.publication);
    if (!now) co_return now.error();
    if (auto complete = check_complete(*then, only); !complete) co_return complete.error();
    auto tables = chosen(*then, only);
    if (auto same = compare_with_present(tables, chosen(*now, only)); !same) co_return same.error();
    auto types = co_await read_types(view, tables);
    if (!types) co_return types.error();

    std::vector<viewed_table> viewed;
    for (auto& facts : tables) {
        auto table = plan_table(facts, *types);
        if (!table) co_return table.error();
        viewed.push_back(viewed_table{std::move(facts), std::move(*table)});
    }
    co_return std::move(viewed);
}

}  // namespace

asio::awaitable<outcome<consistent_view>> open_consistent_view(const settings& wanted, std::vector<oid> only,
                                                               pg_connection& sql, copy_progress& progress,
                                                               const std::stop_token& stopped)
{
    for (int tries = 1;; ++tries) {
        auto view = co_await open_unlocked(wanted.postgres, sql, progress, stopped);
        if (!view) co_return view.error();
        auto tables = co_await lock_and_describe(*view->connection, sql, wanted, only);
        if (tables) {
            view->tables = std::move(*tables);
            co_return std::move(view);
        }
        if (tables.error().code != errc::table_changed || tries == view_tries_max) co_return tables.error();
    }
}

asio::awaitable<outcome<void>> end_view(consistent_view& view)
{
    auto ended = co_await view.connection->query("COMMIT", limits::query_timeout);
    if (!ended) co_return ended.error();
    co_return outcome<void>{};
}

namespace {

/// Turns the lines of one table's COPY into batches for the store.
class line_collector {
public:
    explicit line_collector(const mirrored_table& table) : table_{table} {}

    outcome<void> add(std::string_view line)
    {
        auto ec = add_row(line);
        if (!ec) return {};
        auto column = ec == errc::bad_text ? ", column " + builder_.failed_column(table_) : std::string{};
        return explain(
            ec, fmt::format("a row of {}{} cannot be read: {}", to_string(table_.record.name), column, ec.message()));
    }

    bool is_full() const noexcept { return batch_.memory_bytes() >= load_bytes; }
    bool empty() const noexcept { return batch_.empty(); }
    change_batch take()
    {
        change_batch next;
        next.reserve_as(batch_);
        return std::exchange(batch_, std::move(next));
    }

private:
    error_code add_row(std::string_view line)
    {
        if (auto ec = copy_text::split_line(line, table_.formats.size(), scratch_, fields_)) return ec;
        values_.clear();
        for (const auto& field : fields_)
            values_.push_back({field.is_null ? tuple_column::kind::null : tuple_column::kind::text, field.text});
        if (auto ec = builder_.build_key(table_, values_)) return ec;
        if (auto ec = builder_.build_tuple(table_, values_)) return ec;
        if (table_.record.shape.identity == row_identity::key)
            batch_.put(table_.record.rows, builder_.key(), builder_.tuple());
        else
            batch_.add(table_.record.rows, builder_.key(), builder_.tuple());
        return {};
    }

    const mirrored_table& table_;
    std::string scratch_;
    std::vector<copy_text::field> fields_;
    std::vector<tuple_column> values_;
    row_builder builder_;
    change_batch batch_;
};

/// Loads the lines that have arrived. Returns what followed the last of them.
asio::awaitable<outcome<pg_connection::taken>> load_arrived(pg_connection& reader, line_collector& lines, epoch rows,
                                                            copy_sink& sink, copy_progress& progress)
{
    if (auto consumed = reader.consume_input(); !consumed) co_return consumed.error();
    for (;;) {
        std::string_view line;
        auto taken = reader.take_copy_data(line);
        if (!taken || *taken != pg_connection::taken::data) co_return taken;
        if (auto added = lines.add(line); !added) co_return added.error();
        progress.rows += 1;
        progress.bytes += line.size();
        if (!lines.is_full()) continue;
        auto loaded = co_await sink.load(rows, lines.take());
        if (!loaded) co_return loaded.error();
    }
}

asio::awaitable<outcome<void>> copy_rows(pg_connection& reader, const viewed_table& planned, copy_sink& sink,
                                         copy_progress& progress)
{
    auto rows = planned.table.record.rows;
    line_collector lines{planned.table};
    auto found = pg_connection::found::nothing;
    for (int reads = 1;; ++reads) {
        auto rows_before = progress.rows;
        auto taken = co_await load_arrived(reader, lines, rows, sink, progress);
        if (!taken) co_return taken.error();
        if (*taken == pg_connection::taken::end) break;
        bool dry = progress.rows == rows_before;
        if (!dry)
            found = reads < pg_connection::reads_per_turn ? pg_connection::found::some : pg_connection::found::much;
        if (found == pg_connection::found::some && !dry) continue;
        auto waited = co_await reader.wait_after(found);
        if (!waited) co_return waited;
        found = pg_connection::found::nothing;
        reads = 0;
    }
    if (!lines.empty()) {
        auto loaded = co_await sink.load(rows, lines.take());
        if (!loaded) co_return loaded;
    }
    auto ended = co_await reader.finish_copy(limits::query_timeout);
    if (!ended && ended.error().code == errc::bad_text)
        co_return explain(errc::bad_text,
                          fmt::format("the server cannot send a row of {}: {}", progress.table, ended.error().text));
    co_return ended;
}

asio::awaitable<outcome<void>> copy_table(pg_connection& reader, viewed_table& planned, copy_sink& sink,
                                          copy_progress& progress)
{
    auto rows = co_await sink.create_epoch();
    if (!rows) co_return rows.error();
    planned.table.record.rows = *rows;
    progress.table = to_string(planned.table.record.name);
    auto started = co_await reader.start_copy(copy_statement(planned.facts, planned.table), limits::query_timeout);
    if (!started) co_return started;
    auto copied = co_await copy_rows(reader, planned, sink, progress);
    if (!copied) co_return copied;
    progress.tables_done += 1;
    co_return outcome<void>{};
}

}  // namespace

namespace {

/// COPY prints values as their types are now, the view plans them as they were: one that cannot be read may be that of
/// a type that was altered since.
asio::awaitable<failure> look_for_cause(failure why, pg_connection& sql, const settings& wanted,
                                        const consistent_view& view)
{
    if (why.code != errc::bad_text) co_return why;
    auto now = co_await read_tables(sql, wanted.tables, wanted.postgres.publication);
    if (!now) co_return why;
    std::vector<table_facts> then;
    std::vector<oid> ids;
    for (const auto& table : view.tables) {
        then.push_back(table.facts);
        ids.push_back(table.facts.id);
    }
    auto same = compare_with_present(then, chosen(*now, ids));
    co_return same ? why : same.error();
}

std::uint64_t random_token()
{
    std::random_device dice;
    std::uint64_t token = 0;
    while (token == 0) token = (std::uint64_t{dice()} << 32) | dice();
    return token;
}

/// Over the connection that the rows came from: while it lasts, the server has no other history. Whether a standby has
/// the mark is nothing to wait for, but a crash must not take it back.
asio::awaitable<outcome<history_mark>> mark_history(pg_connection& view)
{
    history_mark mark;
    mark.token = random_token();
    auto emit =
        fmt::format("BEGIN; SET LOCAL synchronous_commit = local; SELECT pg_logical_emit_message(true, '{}', '{}'); "
                    "COMMIT; SELECT pg_current_wal_insert_lsn()",
                    mark_prefix, mark_text(mark.token));
    auto emitted = co_await view.query(std::move(emit), limits::query_timeout);
    if (!emitted) co_return emitted.error();
    auto by = parse_lsn(emitted->text(0, 0));
    if (!by) co_return explain(by.error(), "pg_current_wal_insert_lsn gave no position");
    mark.by = *by;
    co_return mark;
}

std::string column_list(const mirrored_table& table)
{
    std::vector<std::string> columns;
    for (const auto& column : table.record.shape.columns) columns.push_back(quoted_identifier(column.name));
    return fmt::format("{}", fmt::join(columns, ", "));
}

bool has_generated(const table_facts& facts, const mirrored_table& table)
{
    for (const auto& known : facts.columns)
        for (const auto& column : table.record.shape.columns)
            if (known.generated && known.described.name == column.name) return true;
    return false;
}

}  // namespace

std::string rows_query(const table_facts& facts, const mirrored_table& table)
{
    auto filter = facts.row_filter.empty() ? std::string{} : fmt::format(" WHERE {}", facts.row_filter);
    return fmt::format("SELECT {} FROM {}{}{}", column_list(table), facts.kind == 'r' ? "ONLY " : "",
                       quoted_name(facts.name), filter);
}

std::string copy_statement(const table_facts& facts, const mirrored_table& table)
{
    // The plain form spares the server an executor; it cannot filter, descend to partitions or name generated columns.
    if (facts.kind == 'r' && facts.row_filter.empty() && !has_generated(facts, table))
        return fmt::format("COPY {} ({}) TO STDOUT", quoted_name(facts.name), column_list(table));
    return fmt::format("COPY ({}) TO STDOUT", rows_query(facts, table));
}

asio::awaitable<outcome<copy_result>> copy_tables(pg_connection& sql, const settings& wanted, std::vector<oid> only,
                                                  copy_sink& sink, copy_progress& progress,
                                                  const std::stop_token& stopped)
{
    progress = copy_progress{};
    progress.started = std::chrono::steady_clock::now();
    auto view = co_await open_consistent_view(wanted, std::move(only), sql, progress, stopped);
    if (!view) co_return view.error();
    progress.tables_total = view->tables.size();
    for (const auto& table : view->tables)
        progress.estimated_rows += static_cast<std::uint64_t>(table.facts.estimated_rows.value_or(0));

    copy_result result;
    result.consistent_point = view->point;
    for (auto& table : view->tables) {
        auto copied = co_await copy_table(*view->connection, table, sink, progress);
        if (!copied) co_return co_await look_for_cause(copied.error(), sql, wanted, *view);
        table.table.record.valid_from = result.consistent_point;
        result.tables.push_back(table.table.record);
    }
    auto ended = co_await end_view(*view);
    if (!ended) co_return ended.error();
    auto mark = co_await mark_history(*view->connection);
    if (!mark) co_return mark.error();
    result.mark = *mark;
    co_return std::move(result);
}

}  // namespace understudy
