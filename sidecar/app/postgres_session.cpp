#include "app/postgres_session.hpp"

#include "app/logging.hpp"
#include "app/spawn.hpp"
#include "core/limits.hpp"
#include "publish/document_plan.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace understudy {

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

const table_record* find_owner(const std::vector<table_record>& tables, epoch rows)
{
    auto found =
        std::find_if(tables.begin(), tables.end(), [&](const table_record& table) { return table.rows == rows; });
    return found == tables.end() ? nullptr : &*found;
}

}  // namespace

postgres_session::postgres_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify)
    : settings_{wanted},
      writer_{writer},
      state_{state},
      notify_{std::move(notify)},
      sql_free_{writer.executor()},
      probe_timer_{writer.executor()},
      probe_ended_{writer.executor()}
{
}

asio::awaitable<failure> postgres_session::run(copy_demand& demand)
{
    state_.enter(daemon_phase::connecting);
    postgres_preparation preparation{settings_, writer_, state_, stopped_};
    auto prepared = co_await preparation.run(demand);
    if (!prepared) co_return closed_because_.value_or(prepared.error());
    state_.connected = true;
    auto why = co_await follow(std::move(*prepared), demand);
    state_.connected = false;
    co_return why;
}

asio::awaitable<failure> postgres_session::follow(prepared_source from, copy_demand& demand)
{
    sql_ = std::move(from.sql);
    tables_ = std::move(from.tables);
    auto opened = co_await open_stream(from.found, from.system);
    if (!opened) co_return closed_because_.value_or(opened.error());
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

asio::awaitable<outcome<void>> postgres_session::open_stream(const survey& found, const system_facts& system)
{
    if (auto documents = plan_documents(settings_.documents, writer_.state().tables); !documents)
        co_return documents.error();
    auto replication = co_await connect(settings_.postgres, connection_kind::replication, stopped_);
    if (!replication) co_return replication.error();
    auto again = co_await identify_system(**replication, system.timeline);
    if (!again) co_return again.error();
    if (again->system_id != system.system_id || again->timeline != system.timeline)
        co_return failure{errc::connection_lost, "another server answers now"};
    auto continuous = check_continuity(writer_.state(), *again, found.slot, found.publication);
    if (!continuous) co_return continuous;
    writer_.begin_session();
    stream_ = std::make_unique<postgres_stream>(std::move(*replication), options_for(found), tables_, writer_.durable(),
                                                writer_);
    co_return co_await stream_->start();
}

stream_options postgres_session::options_for(const survey& found)
{
    stream_options options;
    options.slot = settings_.postgres.slot;
    options.publication = settings_.postgres.publication;
    options.transaction_bytes_max = settings_.commit.max_bytes;
    options.received_bytes = &state_.counters.received_bytes;
    options.slot_confirmed = found.slot.confirmed;
    auto third = found.server.sender_timeout / 3;
    options.status_interval = third.count() > 0
                                  ? std::min<std::chrono::milliseconds>(third, limits::status_interval_max)
                                  : limits::status_interval_max;
    return options;
}

// After the stream: what it was closed for names tables, and nothing that it gave is on its way any more.
asio::awaitable<void> postgres_session::wind_up(const failure& why)
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
    while (probing_) co_await probe_ended_.wait();
}

asio::awaitable<void> postgres_session::lock_sql()
{
    while (sql_locked_) co_await sql_free_.wait();
    sql_locked_ = true;
}

void postgres_session::unlock_sql()
{
    sql_locked_ = false;
    sql_free_.notify_all();
}

asio::awaitable<outcome<void>> postgres_session::catch_up()
{
    auto facts = co_await probe();
    if (!facts) co_return facts.error();
    asio::steady_timer pause{writer_.executor()};
    while (!closed_because_ && writer_.reached() < facts->written) {
        pause.expires_after(limits::catch_up_pause);
        co_await pause.async_wait(use_tuple);
        if (is_streaming()) stream_->request_reply();
    }
    if (closed_because_) co_return *closed_because_;
    co_return outcome<void>{};
}

// One batch of statements on the session's SQL connection, after those before it.
asio::awaitable<outcome<probe_facts>> postgres_session::probe()
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

asio::awaitable<void> postgres_session::probe_until_closed()
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
            notify_.probed({.written = facts->written, .at = facts->at});
        else if (unchanged.error().code != errc::table_locked)
            break;
        auto took = unchanged ? std::chrono::steady_clock::now() - started : std::chrono::steady_clock::duration{};
        probe_timer_.expires_after(
            std::max<std::chrono::steady_clock::duration>(settings_.heartbeat, took * limits::catalog_share));
        co_await probe_timer_.async_wait(use_tuple);
    }
    probing_ = false;
    probe_ended_.notify_all();
}

void postgres_session::note(const probe_facts& facts)
{
    state_.server_flushed = facts.flushed;
    state_.retained_bytes = facts.retained_bytes;
    auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    state_.clock_offset = std::chrono::duration_cast<std::chrono::milliseconds>(facts.at - now);
    state_.wal_status = facts.wal_status;
    state_.safe_wal_bytes = facts.safe_wal_bytes;
    state_.counters.last_answer = now;
}

// A change of the catalog alone sends no message. What was acknowledged when the probe was made is in the catalog now.
asio::awaitable<outcome<void>> postgres_session::prove_unchanged(const probe_facts& facts)
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
asio::awaitable<outcome<catalog_changes>> postgres_session::compare_catalog()
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

outcome<void> postgres_session::end_when_changed(const catalog_changes& seen)
{
    if (!seen.publication_changed && seen.changed.empty()) return {};
    failure changed{errc::publication_changed, "the publication was altered or dropped"};
    if (!seen.publication_changed) {
        std::vector<std::string> names;
        for (auto relation : seen.changed)
            if (const auto* table = find_table(writer_.state().tables, relation))
                names.push_back(to_string(table->name));
        changed = {errc::table_changed, fmt::format("the catalog changed for {}", fmt::join(names, ", "))};
    }
    changed_.insert(seen.changed.begin(), seen.changed.end());
    close(changed);
    return changed;
}

asio::awaitable<outcome<void>> postgres_session::check_announcement(lsn position)
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

void postgres_session::confirm(const stored_position& durable)
{
    if (is_streaming()) stream_->confirm(durable.acknowledged());
}

void postgres_session::resume()
{
    if (stream_) stream_->resume();
}

void postgres_session::close(failure why)
{
    if (closed_because_) return;
    closed_because_ = std::move(why);
    if (stream_) stream_->close();
    stop_.request_stop();
    probe_timer_.cancel();
}

}  // namespace understudy
