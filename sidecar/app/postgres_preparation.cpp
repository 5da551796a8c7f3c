#include "app/postgres_preparation.hpp"

#include "app/logging.hpp"
#include "core/limits.hpp"
#include "core/remedy.hpp"
#include "source/postgres/copy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

// A stored copy serves as long as the catalog and the wanted columns are those that it was made with.
bool is_current(const table_record* stored, const table_record& planned)
{
    return stored && stored->fingerprint == planned.fingerprint && stored->shape == planned.shape;
}

// Before 15, pgoutput remembers for as long as it runs that a table was not published, though it was attached to one
// that is. A stream that starts behind the copy of every table never sees the rows from before.
bool forgets_partitions(const survey& found, const std::vector<oid>& changed)
{
    if (found.server.version >= 150000) return false;
    return std::any_of(found.tables.tables.begin(), found.tables.tables.end(), [&](const table_facts& facts) {
        return facts.kind == 'p' && std::find(changed.begin(), changed.end(), facts.id) != changed.end();
    });
}

outcome<std::vector<mirrored_table>> plan_tables(const survey& found)
{
    std::vector<mirrored_table> planned;
    for (const auto& facts : found.tables.tables) {
        auto table = plan_table(facts, found.types);
        if (!table) return table.error();
        planned.push_back(std::move(*table));
    }
    return planned;
}

}  // namespace

postgres_preparation::postgres_preparation(const settings& wanted, store_writer& writer, daemon_state& state,
                                           std::stop_token stopped)
    : settings_{wanted},
      writer_{writer},
      state_{state},
      stopped_{std::move(stopped)},
      progress_timer_{writer.executor()}
{
}

asio::awaitable<outcome<prepared_source>> postgres_preparation::run(copy_demand& demand)
{
    log_progress_later();
    auto prepared = co_await prepare(demand);
    progress_timer_.cancel();
    co_return std::move(prepared);
}

void postgres_preparation::log_progress_later()
{
    progress_timer_.expires_after(limits::progress_interval);
    progress_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        log_progress();
        log_progress_later();
    });
}

void postgres_preparation::log_progress() const
{
    const auto& copy = state_.copy;
    if (!copy.waiting_for.empty())
        return log_event(log_level::info, "waiting_for_consistent_point", "a new slot waits for an older transaction",
                         {{"for", copy.waiting_for}});
    if (copy.tables_total == 0) return;
    auto pace = pace_of(copy, std::chrono::steady_clock::now());
    log_event(log_level::info, "copy_progress", "copying " + copy.table,
              {{"tables_done", copy.tables_done},
               {"tables", copy.tables_total},
               {"rows", copy.rows},
               {"bytes", copy.bytes},
               {"rows_per_second", pace.rows_per_second},
               {"seconds_left", pace.seconds_left.value_or(0)}});
}

asio::awaitable<outcome<prepared_source>> postgres_preparation::prepare(copy_demand& demand)
{
    auto sql = co_await connect(settings_.postgres, connection_kind::sql, stopped_);
    if (!sql) co_return sql.error();
    sql_ = std::move(*sql);
    state_.server_version = sql_->server_version();
    auto surveyed = co_await survey_and_create(demand);
    if (!surveyed) co_return surveyed.error();
    auto found = co_await copy_where_needed(std::move(*surveyed), demand);
    if (!found) co_return found.error();
    auto tables = stored_tables(*found);
    if (!tables) co_return tables.error();

    prepared_source ready;
    ready.sql = std::move(sql_);
    ready.system = std::move(system_);
    ready.found = std::move(*found);
    ready.tables = std::move(*tables);
    co_return std::move(ready);
}

asio::awaitable<outcome<survey>> postgres_preparation::survey_and_create(copy_demand& demand)
{
    auto found = co_await survey_source(*sql_, settings_);
    if (!found) co_return found.error();
    if (auto ready = all_passed(found->items(settings_.postgres)); !ready) co_return ready.error();
    auto replication = co_await connect(settings_.postgres, connection_kind::replication, stopped_);
    if (!replication) co_return replication.error();
    replication_ = std::move(*replication);
    auto proved = co_await prove_continuity(*found, demand);
    if (!proved) co_return proved.error();

    auto replaced = co_await replace_lost_slot(found->slot);
    if (!replaced) co_return replaced.error();
    auto made = co_await create_missing(*sql_, *replication_, *found, settings_.postgres, state_.copy.waiting_for);
    if (!made) co_return made.error();
    if (!made->publication && !made->slot) co_return std::move(*found);
    if (made->publication)
        log_event(log_level::info, "created", "made the publication, or added the tables that it lacked",
                  {{"publication", settings_.postgres.publication}});
    if (made->slot) {
        state_.slot_explained = true;
        log_event(log_level::info, "created", "made the missing slot", {{"slot", settings_.postgres.slot}});
    }
    co_return co_await survey_source(*sql_, settings_);
}

// A store that cannot be continued is copied anew; one that belongs to somebody else is left alone.
asio::awaitable<outcome<void>> postgres_preparation::prove_continuity(const survey& found, copy_demand& demand)
{
    const auto& stored = writer_.state();
    auto system = co_await identify_system(*replication_, stored.identity.timeline);
    if (!system) co_return system.error();
    system_ = std::move(*system);
    if (stored.identity.system_id.empty()) {
        demand.everything_because = failure{errc::no_generation, "nothing was copied yet"};
        if (found.slot.active_pid != 0)
            co_return failure{errc::slot_busy,
                              fmt::format("slot {} is in use by pid {} and this state directory is empty; another "
                                          "understudy needs another source.postgres.slot",
                                          settings_.postgres.slot, found.slot.active_pid)};
        if (found.slot.exists && !std::exchange(state_.slot_explained, true))
            log_event(
                log_level::warn, "slot_taken_over",
                "the slot is there already and this state directory is empty; another understudy needs another slot",
                {{"slot", settings_.postgres.slot}, {"confirmed", to_string(found.slot.confirmed)}});
        co_return outcome<void>{};
    }
    if (stored.identity.database != found.server.database || stored.identity.slot != settings_.postgres.slot ||
        stored.identity.publication != settings_.postgres.publication)
        co_return failure{
            errc::store_foreign,
            fmt::format("the state directory belongs to database {}, slot {}, publication {}; use another "
                        "state.directory, or remove it to copy everything anew",
                        stored.identity.database, stored.identity.slot, stored.identity.publication)};
    auto continuous = check_continuity(stored, system_, found.slot, found.publication);
    if (continuous) co_return outcome<void>{};
    if (remedy_for(continuous.error().code) != remedy::resync_all) co_return continuous.error();
    demand.everything_because = continuous.error();
    co_return outcome<void>{};
}

// One that the server invalidated must be dropped before it can be made again.
asio::awaitable<outcome<void>> postgres_preparation::replace_lost_slot(slot_facts& slot)
{
    if (!slot.exists || slot.wal_status != "lost") co_return outcome<void>{};
    if (!settings_.postgres.create)
        co_return failure{errc::prerequisite_missing,
                          fmt::format("the slot was invalidated and source.postgres.create is false; type: SELECT "
                                      "pg_drop_replication_slot('{0}'), pg_create_logical_replication_slot('{0}', "
                                      "'pgoutput');",
                                      settings_.postgres.slot)};
    auto dropped = co_await drop_slot(*sql_, settings_.postgres.slot);
    if (dropped) slot = slot_facts{};
    co_return dropped;
}

// Returns what the source says when every table's copy is durable.
asio::awaitable<outcome<survey>> postgres_preparation::copy_where_needed(survey found, copy_demand& demand)
{
    auto planned = plan_tables(found);
    if (!planned) co_return planned.error();
    std::vector<oid> only;
    const auto& stored = writer_.state().tables;
    bool everything = demand.everything_because.has_value();
    for (const auto& table : *planned) {
        auto relation = table.record.relation;
        if (everything || demand.tables.contains(relation) || !is_current(find_table(stored, relation), table.record))
            only.push_back(relation);
    }
    if (!everything && forgets_partitions(found, only)) {
        demand.everything_because =
            failure{errc::table_changed, "a partitioned table was altered, and PostgreSQL 14 may "
                                         "send no rows of partitions that were attached"};
        co_return co_await copy_where_needed(std::move(found), demand);
    }
    auto same_table = [](const table_record& old, const mirrored_table& now) {
        return old.relation == now.record.relation;
    };
    bool same_list = std::equal(stored.begin(), stored.end(), planned->begin(), planned->end(), same_table);
    bool same_timeline = writer_.state().identity.timeline == system_.timeline;
    if (only.empty() && same_list && same_timeline) co_return std::move(found);

    if (!only.empty()) {
        state_.reason = demand.everything_because;
        state_.enter(everything ? daemon_phase::copying : daemon_phase::resyncing);
    }
    auto copied = co_await copy_and_store(found, std::move(only), everything);
    if (!copied) co_return copied.error();
    demand = copy_demand{};
    // It may have taken long, and what it was begun on may be gone.
    auto again = co_await survey_source(*sql_, settings_);
    if (!again) co_return again.error();
    if (auto same = still_mirrors(*again); !same) co_return same.error();
    co_return std::move(*again);
}

asio::awaitable<outcome<void>> postgres_preparation::copy_and_store(const survey& found, std::vector<oid> only,
                                                                    bool everything)
{
    if (!only.empty())
        log_event(log_level::info, "copy_started", "copying tables at a new consistent point",
                  {{"tables", std::to_string(only.size())},
                   {"reason", everything && state_.reason ? name_of(state_.reason->code) : "table_changed"}});
    writer_.begin_session();
    copy_result result;
    if (!only.empty()) {
        auto copied = co_await copy_tables(*sql_, settings_, only, writer_, state_.copy, stopped_);
        if (!copied) co_return copied.error();
        result = std::move(*copied);
    }
    auto state = writer_.state();
    state.identity = {system_.system_id,
                      system_.timeline,
                      found.server.database,
                      settings_.postgres.slot,
                      settings_.postgres.publication,
                      found.publication.fingerprint};
    if (everything) {
        state.position = stored_position{};
        state.position.position = result.consistent_point;
        state.position.keepalive = result.consistent_point;
    }
    if (!only.empty()) state.position.awaited = result.mark;
    auto old = std::exchange(state.tables, {});
    for (const auto& facts : found.tables.tables) {
        if (const auto* fresh = find_table(result.tables, facts.id))
            state.tables.push_back(*fresh);
        else if (const auto* kept = find_table(old, facts.id))
            state.tables.push_back(*kept);
    }
    auto written = co_await writer_.write_state(std::move(state));
    if (!written) co_return written;
    if (!only.empty())
        log_event(log_level::info, "copy_finished", "the copy is durable",
                  {{"position", to_string(result.consistent_point)}, {"rows", std::to_string(state_.copy.rows)}});
    co_return outcome<void>{};
}

// Each must be the one that the catalog shows now.
outcome<std::vector<mirrored_table>> postgres_preparation::stored_tables(const survey& found) const
{
    auto tables = plan_tables(found);
    if (!tables) return tables.error();
    for (auto& table : *tables) {
        const auto* stored = find_table(writer_.state().tables, table.record.relation);
        if (!is_current(stored, table.record))
            return failure{errc::table_changed, to_string(table.record.name) + " was altered just now"};
        table.record = *stored;
    }
    return tables;
}

}  // namespace understudy
