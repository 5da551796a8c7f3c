#include "source/postgres/survey.hpp"

#include "core/limits.hpp"
#include "core/remedy.hpp"
#include "source/postgres/patient_query.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <optional>

namespace understudy {

namespace {

std::uint32_t number_or_zero(std::string_view text) noexcept
{
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

namespace {

// What we asked for when we connected decides how values are printed. A pooler in between may have dropped it.
outcome<void> check_output_settings(const pg_connection& made)
{
    constexpr std::array<std::pair<const char*, std::string_view>, 4> wanted{
        {{"TimeZone", "UTC"}, {"DateStyle", "ISO"}, {"IntervalStyle", "postgres"}, {"client_encoding", "UTF8"}}};
    for (const auto& [name, value] : wanted)
        if (auto actual = made.parameter(name); !actual.starts_with(value))
            return failure{
                errc::prerequisite_missing,
                fmt::format("the session has {} = '{}' instead of {}: something between us and the server drops the "
                            "connection's options; connect to the server itself, not to a pooler",
                            name, presentable(actual), value)};
    return {};
}

// As libpq does with several hosts: the first that takes us. One that does not know us is no reason to ask the next.
asio::awaitable<outcome<std::unique_ptr<pg_connection>>> open_first(const connection_options& options,
                                                                    const std::stop_token& stopped)
{
    auto hosts = one_per_host(options);
    for (auto host = hosts.begin();; ++host) {
        auto made = co_await pg_connection::open(*host, stopped);
        if (made || made.error().code == errc::authentication_failed || host + 1 == hosts.end())
            co_return std::move(made);
    }
}

}  // namespace

asio::awaitable<outcome<std::unique_ptr<pg_connection>>> connect(const postgres_settings& wanted, connection_kind kind,
                                                                 const std::stop_token& stopped)
{
    auto options = make_connection_options(wanted.connection, kind, wanted.slot);
    if (!options) co_return options.error();
    auto made = co_await open_first(*options, stopped);
    if (!made) co_return made.error();
    if (auto same = check_output_settings(**made); !same) co_return same.error();
    // A server before 17 refuses a connection that names this one.
    if ((*made)->server_version() < 170000) co_return std::move(made);
    auto set = co_await (*made)->query("SET transaction_timeout = 0", limits::query_timeout);
    if (!set) co_return set.error();
    co_return std::move(made);
}

asio::awaitable<outcome<survey>> survey_source(pg_connection& sql, const settings& wanted)
{
    survey found;
    auto server = co_await read_server(sql);
    if (!server) co_return server.error();
    found.server = std::move(*server);
    auto publication = co_await read_publication(sql, wanted.postgres.publication);
    if (!publication) co_return publication.error();
    found.publication = std::move(*publication);
    auto slot = co_await read_slot(sql, wanted.postgres.slot);
    if (!slot) co_return slot.error();
    found.slot = std::move(*slot);
    auto tables = co_await read_tables(sql, wanted.tables, wanted.postgres.publication);
    if (!tables) co_return tables.error();
    found.tables = std::move(*tables);
    auto types = co_await read_types(sql, found.tables.tables);
    if (!types) co_return types.error();
    found.types = std::move(*types);
    co_return std::move(found);
}

namespace {

// A table without an identity can be published; its updates fail from then on.
table_listing publishable(const table_listing& listed, const type_catalog& types)
{
    auto usable = listed;
    std::erase_if(usable.tables,
                  [&](const table_facts& facts) { return !facts.published && !plan_table(facts, types); });
    return usable;
}

}  // namespace

std::vector<check_item> survey::items(const postgres_settings& wanted) const
{
    auto all = check_server(server, wanted, slot);
    auto ours = check_slot_is_ours(slot, wanted.slot, server.database);
    if (!ours)
        all.push_back({"slot " + wanted.slot, verdict::failed, ours.error().text, {}, ours.error().code});
    else if (!slot.exists && !wanted.create)
        all.push_back({"slot " + wanted.slot, verdict::failed, "does not exist",
                       fmt::format("SELECT pg_create_logical_replication_slot('{}', 'pgoutput');", wanted.slot),
                       errc::prerequisite_missing});
    else
        all.push_back({"slot " + wanted.slot,
                       verdict::passed,
                       slot.exists ? fmt::format("exists, confirmed up to {}", to_string(slot.confirmed))
                                   : "does not exist; `run` makes it, as source.postgres.create is true",
                       {},
                       {}});
    for (auto& item : check_publication(publication, publishable(tables, types), wanted, server))
        all.push_back(std::move(item));
    for (auto& item : check_tables(tables, types, server.user)) all.push_back(std::move(item));
    return all;
}

outcome<void> all_passed(const std::vector<check_item>& items)
{
    std::vector<std::string> texts;
    std::optional<errc> reason;
    for (const auto& item : items) {
        if (item.result != verdict::failed) continue;
        // What a retry may mend is not the reason while something else needs a person.
        bool mends = reason && remedy_for(*reason) == remedy::retry && remedy_for(item.reason) != remedy::retry;
        if (!reason || mends) reason = item.reason;
        texts.push_back(fmt::format("{}: {}{}{}", item.name, item.text, item.remedy.empty() ? "" : ". ", item.remedy));
    }
    if (!reason) return {};
    return failure{*reason, fmt::format("{}", fmt::join(texts, " | "))};
}

outcome<void> still_mirrors(const survey& found)
{
    auto usable = all_passed(check_tables(found.tables, found.types, found.server.user));
    return usable ? check_published(found.tables) : usable;
}

outcome<void> check_published(const table_listing& listing)
{
    for (const auto& table : listing.tables)
        if (!table.published) return failure{errc::table_changed, to_string(table.name) + " left the publication"};
    return {};
}

asio::awaitable<outcome<created_parts>> create_missing(pg_connection& sql, pg_connection& replication,
                                                       const survey& found, const postgres_settings& wanted,
                                                       std::string& waiting_for)
{
    created_parts made;
    auto statement =
        publication_statement(found.publication, found.tables.tables, wanted.publication, found.server.version);
    if (!statement.empty()) {
        auto created = co_await sql.query(statement, limits::query_timeout);
        if (!created)
            co_return failure{created.error().code,
                              fmt::format("{}. Let the tables' owner type: {};", created.error().text, statement)};
        made.publication = true;
    }
    if (!found.slot.exists) {
        auto create = fmt::format("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput NOEXPORT_SNAPSHOT",
                                  quoted_identifier(wanted.slot));
        auto created = co_await query_patiently(replication, std::move(create), sql, waiting_for);
        if (!created) co_return created.error();
        made.slot = true;
    }
    co_return made;
}

asio::awaitable<outcome<void>> drop_slot(pg_connection& sql, std::string slot)
{
    auto drop = fmt::format("SELECT pg_drop_replication_slot({})", sql.quote_literal(slot));
    auto dropped = co_await sql.query(std::move(drop), limits::query_timeout);
    if (!dropped) co_return dropped.error();
    co_return outcome<void>{};
}

asio::awaitable<outcome<system_facts>> identify_system(pg_connection& replication, std::uint32_t stored_timeline)
{
    auto rows = co_await replication.query("IDENTIFY_SYSTEM", limits::query_timeout);
    if (!rows) co_return rows.error();
    system_facts facts;
    facts.system_id = rows->string(0, 0);
    facts.timeline = number_or_zero(rows->text(0, 1));
    auto flushed = parse_lsn(rows->text(0, 2));
    if (!flushed) co_return explain(flushed.error(), "IDENTIFY_SYSTEM gave no position");
    facts.flushed = *flushed;
    if (stored_timeline == 0 || facts.timeline <= stored_timeline) co_return std::move(facts);

    auto history =
        co_await replication.query(fmt::format("TIMELINE_HISTORY {}", facts.timeline), limits::query_timeout);
    if (!history) co_return history.error();
    auto left = switch_point(history->text(0, 1), stored_timeline);
    if (!left) co_return explain(left.error(), "TIMELINE_HISTORY cannot be read");
    facts.left_our_timeline_at = *left;
    co_return std::move(facts);
}

}  // namespace understudy
