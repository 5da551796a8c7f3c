#include "app/source_session.hpp"

#include "app/logging.hpp"
#include "app/spawn.hpp"
#include "core/limits.hpp"
#include "core/remedy.hpp"
#include "publish/document_plan.hpp"
#include "source/postgres/copy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace understudy {

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

const table_record* find_if(const std::vector<table_record>& tables, auto matches)
{
    auto found = std::find_if(tables.begin(), tables.end(), matches);
    return found == tables.end() ? nullptr : &*found;
}

const table_record* find_record(const std::vector<table_record>& tables, oid relation)
{
    return find_if(tables, [&](const table_record& table) { return table.relation == relation; });
}

const table_record* find_owner(const std::vector<table_record>& tables, epoch rows)
{
    return find_if(tables, [&](const table_record& table) { return table.rows == rows; });
}

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

source_session::source_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify)
    : settings_{wanted},
      writer_{writer},
      state_{state},
      notify_{std::move(notify)},
      progress_timer_{writer.executor()},
      sql_free_{writer.executor(), asio::steady_timer::time_point::max()},
      probe_timer_{writer.executor()},
      probe_ended_{writer.executor()}
{
}

asio::awaitable<failure> source_session::run(copy_demand& demand)
{
    state_.enter(daemon_phase::connecting);
    log_progress_later();
    auto prepared = co_await prepare(demand);
    progress_timer_.cancel();
    state_.connected = sql_ && prepared;
    if (!prepared) {
        state_.connected = false;
        co_return closed_because_.value_or(prepared.error());
    }
    auto found = co_await survey_source(*sql_, settings_);
    if (!found) co_return found.error();
    // The copy may have taken long, and what it was begun on may be gone.
    if (auto same = still_mirrors(*found); !same) co_return same.error();
    auto why = co_await follow(*found, demand);
    state_.connected = false;
    co_return why;
}

void source_session::log_progress_later()
{
    progress_timer_.expires_after(limits::progress_interval);
    progress_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        log_progress();
        log_progress_later();
    });
}

void source_session::log_progress() const
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

asio::awaitable<outcome<void>> source_session::prepare(copy_demand& demand)
{
    auto sql = co_await connect(settings_.postgres, connection_kind::sql);
    if (!sql) co_return sql.error();
    sql_ = std::move(*sql);
    state_.server_version = sql_->server_version();
    auto found = co_await survey_and_create(demand);
    if (!found) co_return found.error();
    co_return co_await copy(*found, demand);
}

asio::awaitable<outcome<survey>> source_session::survey_and_create(copy_demand& demand)
{
    auto found = co_await survey_source(*sql_, settings_);
    if (!found) co_return found.error();
    if (auto ready = all_passed(found->items(settings_.postgres)); !ready) co_return ready.error();
    auto replication = co_await connect(settings_.postgres, connection_kind::replication);
    if (!replication) co_return replication.error();
    replication_ = std::move(*replication);
    auto proved = co_await prove_continuity(*found, demand);
    if (!proved) co_return proved.error();

    if (found->slot.exists && found->slot.wal_status == "lost") {
        if (!settings_.postgres.create)
            co_return failure{errc::prerequisite_missing,
                              fmt::format("the slot was invalidated and source.postgres.create is false; type: SELECT "
                                          "pg_drop_replication_slot('{0}'), pg_create_logical_replication_slot('{0}', "
                                          "'pgoutput');",
                                          settings_.postgres.slot)};
        auto dropped = co_await drop_slot(*sql_, settings_.postgres.slot);
        if (!dropped) co_return dropped.error();
        found->slot = slot_facts{};
    }
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
asio::awaitable<outcome<void>> source_session::prove_continuity(const survey& found, copy_demand& demand)
{
    const auto& stored = writer_.state();
    auto system = co_await identify_system(*replication_, stored.identity.timeline);
    if (!system) co_return system.error();
    system_ = std::move(*system);
    if (stored.identity.system_id.empty()) {
        demand.everything_because = failure{errc::no_generation, "nothing was copied yet"};
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

asio::awaitable<outcome<void>> source_session::copy(const survey& found, copy_demand& demand)
{
    auto planned = plan_tables(found);
    if (!planned) co_return planned.error();
    std::vector<oid> only;
    const auto& stored = writer_.state().tables;
    bool everything = demand.everything_because.has_value();
    for (const auto& table : *planned) {
        auto relation = table.record.relation;
        if (everything || demand.tables.contains(relation) || !is_current(find_record(stored, relation), table.record))
            only.push_back(relation);
    }
    if (!everything && forgets_partitions(found, only)) {
        demand.everything_because =
            failure{errc::table_changed, "a partitioned table was altered, and PostgreSQL 14 may "
                                         "send no rows of partitions that were attached"};
        co_return co_await copy(found, demand);
    }
    auto same_table = [](const table_record& old, const mirrored_table& now) {
        return old.relation == now.record.relation;
    };
    bool same_list = std::equal(stored.begin(), stored.end(), planned->begin(), planned->end(), same_table);
    bool same_timeline = writer_.state().identity.timeline == system_.timeline;
    if (only.empty() && same_list && same_timeline) co_return outcome<void>{};
    if (only.empty()) co_return co_await copy_and_store(found, only, everything);

    state_.reason = demand.everything_because;
    state_.enter(everything ? daemon_phase::copying : daemon_phase::resyncing);
    auto copied = co_await copy_and_store(found, std::move(only), everything);
    if (copied) demand = copy_demand{};
    co_return copied;
}

asio::awaitable<outcome<void>> source_session::copy_and_store(const survey& found, std::vector<oid> only,
                                                              bool everything)
{
    if (!only.empty())
        log_event(log_level::info, "copy_started", "copying tables at a new consistent point",
                  {{"tables", std::to_string(only.size())},
                   {"reason", everything && state_.reason ? name_of(state_.reason->code) : "table_changed"}});
    writer_.begin_session();
    copy_result result;
    if (!only.empty()) {
        auto copied = co_await copy_tables(*sql_, settings_, only, writer_, state_.copy);
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
    auto old = std::exchange(state.tables, {});
    for (const auto& facts : found.tables.tables) {
        if (const auto* fresh = find_record(result.tables, facts.id))
            state.tables.push_back(*fresh);
        else if (const auto* kept = find_record(old, facts.id))
            state.tables.push_back(*kept);
    }
    auto written = co_await writer_.write_state(std::move(state));
    if (!written) co_return written;
    if (!only.empty())
        log_event(log_level::info, "copy_finished", "the copy is durable",
                  {{"position", to_string(result.consistent_point)}, {"rows", std::to_string(state_.copy.rows)}});
    co_return outcome<void>{};
}

// The stored tables with what renders them; each must be the one that the catalog shows now.
outcome<void> source_session::plan_mirror(const survey& found)
{
    auto planned = plan_tables(found);
    if (!planned) return planned.error();
    tables_.clear();
    announce_from_ = lsn{};
    for (auto& table : *planned) {
        const auto* stored = find_record(writer_.state().tables, table.record.relation);
        if (!is_current(stored, table.record))
            return failure{errc::table_changed, to_string(table.record.name) + " was altered just now"};
        table.record = *stored;
        announce_from_ = std::max(announce_from_, stored->valid_from);
        tables_.push_back(std::move(table));
    }
    return {};
}

asio::awaitable<failure> source_session::follow(const survey& found, copy_demand& demand)
{
    auto opened = co_await open_stream(found);
    if (!opened) co_return opened.error();
    if (closed_because_) co_return *closed_because_;
    sql_->watch([this](failure ended) { close(std::move(ended)); });
    streaming_ = true;
    state_.enter(daemon_phase::streaming);
    state_.reason.reset();
    probing_ = true;
    spawn(writer_.executor(), probe_until_closed(), "probe");
    notify_.streaming();

    auto why = co_await stream_->run();
    streaming_ = false;
    co_await wind_up(why);
    demand.tables.insert(changed_.begin(), changed_.end());
    if (why.code == errc::history_mismatch) demand.everything_because = why;
    co_return closed_because_.value_or(why);
}

asio::awaitable<outcome<void>> source_session::open_stream(const survey& found)
{
    if (auto planned = plan_mirror(found); !planned) co_return planned;
    if (auto documents = plan_documents(settings_.documents, writer_.state().tables); !documents)
        co_return documents.error();
    if (closed_because_) co_return *closed_because_;
    // A copy may have taken long, and this connection was silent: the timeouts between us could have ended it.
    replication_.reset();
    auto replication = co_await connect(settings_.postgres, connection_kind::replication);
    if (!replication) co_return replication.error();
    auto again = co_await identify_system(**replication, system_.timeline);
    if (!again) co_return again.error();
    if (again->system_id != system_.system_id || again->timeline != system_.timeline)
        co_return failure{errc::connection_lost, "another server answers now"};
    auto continuous = check_continuity(writer_.state(), *again, found.slot, found.publication);
    if (!continuous) co_return continuous;
    writer_.begin_session();
    stream_ = std::make_unique<postgres_stream>(std::move(*replication), options_for(found), tables_, writer_.durable(),
                                                writer_);
    co_return outcome<void>{};
}

stream_options source_session::options_for(const survey& found) const
{
    stream_options options;
    options.slot = settings_.postgres.slot;
    options.publication = settings_.postgres.publication;
    options.transaction_bytes_max = settings_.commit.max_bytes;
    options.slot_confirmed = found.slot.confirmed;
    auto third = found.server.sender_timeout / 3;
    options.status_interval = third.count() > 0
                                  ? std::min<std::chrono::milliseconds>(third, limits::status_interval_max)
                                  : limits::status_interval_max;
    return options;
}

// After the stream: what it was closed for names tables, and nothing that it gave is on its way any more.
asio::awaitable<void> source_session::wind_up(const failure& why)
{
    if (auto table = stream_->changed_table(); table != 0) changed_.insert(table);
    if (closed_because_)
        if (const auto* table = find_owner(writer_.state().tables, closed_because_->rows))
            changed_.insert(table->relation);
    writer_.end_session();
    close(why);
    // The next session starts from what is durable: a group still on its way would come twice.
    auto drained = co_await writer_.flush();
    if (!drained)
        log_event(log_level::warn, "not_stored", drained.error().text, {{"reason", name_of(drained.error().code)}});
    while (probing_) {
        probe_ended_.expires_at(asio::steady_timer::time_point::max());
        co_await probe_ended_.async_wait(use_tuple);
    }
}

asio::awaitable<void> source_session::lock_sql()
{
    while (sql_locked_) co_await sql_free_.async_wait(use_tuple);
    sql_locked_ = true;
}

void source_session::unlock_sql()
{
    sql_locked_ = false;
    sql_free_.cancel();
}

asio::awaitable<outcome<probe_facts>> source_session::probe()
{
    co_await lock_sql();
    if (closed_because_) {
        unlock_sql();
        co_return *closed_because_;
    }
    auto facts = co_await read_probe(*sql_, settings_.postgres.slot);
    unlock_sql();
    if (!facts) {
        close(facts.error());
        co_return facts.error();
    }
    if (stream_) stream_->request_reply();
    co_return facts;
}

asio::awaitable<void> source_session::probe_until_closed()
{
    while (!closed_because_) {
        auto facts = co_await probe();
        if (!facts) break;
        note(*facts);
        if (could_match_standby(facts->synchronous_standby_names, settings_.postgres.slot)) {
            close({errc::synchronous_standby,
                   "synchronous_standby_names was changed and could match us: commits would wait"});
            break;
        }
        auto started = std::chrono::steady_clock::now();
        auto unchanged = co_await prove_unchanged(*facts);
        if (unchanged)
            notify_.probed(*facts);
        else if (unchanged.error().code != errc::table_locked)
            break;
        auto took = unchanged ? std::chrono::steady_clock::now() - started : std::chrono::steady_clock::duration{};
        probe_timer_.expires_after(
            std::max<std::chrono::steady_clock::duration>(settings_.heartbeat, took * limits::catalog_share));
        co_await probe_timer_.async_wait(use_tuple);
    }
    probing_ = false;
    probe_ended_.cancel();
}

void source_session::note(const probe_facts& facts)
{
    state_.server_flushed = facts.flushed;
    state_.retained_bytes = facts.retained_bytes;
    auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    state_.clock_offset = std::chrono::duration_cast<std::chrono::milliseconds>(facts.at - now);
}

// A change of the catalog alone sends no message. What was acknowledged when the probe was made is in the catalog now.
asio::awaitable<outcome<void>> source_session::prove_unchanged(const probe_facts& facts)
{
    if (facts.written == catalog_compared_at_) co_return outcome<void>{};
    auto seen = co_await compare_catalog();
    if (!seen) co_return seen.error();
    // A change that is committed and not visible yet becomes visible without anything more being written.
    if (seen->running.empty() && !seen->locked_by) catalog_compared_at_ = facts.written;
    if (seen->locked_by) co_return failure{errc::table_locked, *seen->locked_by};
    if (stream_) stream_->streamed().settle(std::move(seen->running), seen->next_xid, lsn{});
    co_return outcome<void>{};
}

// What the catalog says now; the session ends when it is not what the tables were copied with.
asio::awaitable<outcome<catalog_changes>> source_session::compare_catalog()
{
    co_await lock_sql();
    if (closed_because_) {
        unlock_sql();
        co_return *closed_because_;
    }
    auto seen = co_await read_catalog_changes(*sql_, writer_.state().tables, settings_.postgres.publication,
                                              writer_.state().identity.publication_fingerprint);
    unlock_sql();
    if (!seen) {
        if (seen.error().code != errc::table_locked) close(seen.error());
        co_return seen.error();
    }
    if (auto same = end_when_changed(*seen); !same) co_return same.error();
    co_return seen;
}

outcome<void> source_session::end_when_changed(const catalog_changes& seen)
{
    if (!seen.publication_changed && seen.changed.empty()) return {};
    failure changed{errc::publication_changed, "the publication was altered or dropped"};
    if (!seen.publication_changed) {
        std::vector<std::string> names;
        for (auto relation : seen.changed)
            if (const auto* table = find_record(writer_.state().tables, relation))
                names.push_back(to_string(table->name));
        changed = {errc::table_changed, fmt::format("the catalog changed for {}", fmt::join(names, ", "))};
    }
    changed_.insert(seen.changed.begin(), seen.changed.end());
    close(changed);
    return changed;
}

asio::awaitable<outcome<void>> source_session::check_announcement(lsn position)
{
    auto seen = co_await compare_catalog();
    if (!seen) co_return seen.error();
    if (seen->locked_by) co_return failure{errc::table_locked, *seen->locked_by};
    if (!stream_) co_return failure{errc::connection_lost, "the source is not being followed now"};
    if (auto hidden = stream_->streamed().settle(std::move(seen->running), seen->next_xid, position))
        co_return failure{errc::table_locked,
                          fmt::format("transaction {} is committed, and not visible to others yet", *hidden)};
    co_return outcome<void>{};
}

void source_session::request_reply()
{
    if (is_streaming()) stream_->request_reply();
}

void source_session::confirm(const stored_position& durable)
{
    if (is_streaming()) stream_->confirm(durable.acknowledged());
}

void source_session::resume()
{
    if (stream_) stream_->resume();
}

void source_session::close(failure why)
{
    if (closed_because_) return;
    closed_because_ = std::move(why);
    if (stream_) stream_->close();
    if (sql_) sql_->cancel();
    if (replication_) replication_->cancel();
    probe_timer_.cancel();
}

}  // namespace understudy
