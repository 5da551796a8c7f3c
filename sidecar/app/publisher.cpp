#include "app/publisher.hpp"

#include "app/logging.hpp"
#include "app/table_descriptions.hpp"
#include "core/limits.hpp"
#include "core/remedy.hpp"
#include "publish/announcement.hpp"
#include "publish/generation_check.hpp"

#include <boost/asio/as_tuple.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace understudy {

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

steady_time now() noexcept
{
    return std::chrono::steady_clock::now();
}

cadence::generation presence(const std::optional<manifest>& announced) noexcept
{
    return announced ? cadence::generation::announced : cadence::generation::none;
}

std::optional<manifest> find_announced(const snapshot_directory& directory)
{
    auto current = load_current(directory.path());
    if (current) return std::move(*current);
    if (current.error().code != errc::no_generation)
        log_event(log_level::error, "generation_damaged", current.error().text);
    return std::nullopt;
}

written_generation size_of(const manifest& made)
{
    written_generation size{made.generation, 0, 0};
    for (const auto& document : made.documents) {
        size.rows += document.rows;
        size.bytes += document.bytes;
    }
    return size;
}

// A store that cannot be read does not become readable by another try.
bool is_for_supervisor(errc code) noexcept
{
    auto what = remedy_for(code);
    return what == remedy::rebuild_store || what == remedy::reopen_store || what == remedy::halt;
}

}  // namespace

bool waits_to_catch_up(publish_reason why, std::uint64_t behind_bytes,
                       std::chrono::steady_clock::duration since_last) noexcept
{
    bool by_a_rule = why == publish_reason::changed || why == publish_reason::every ||
                     why == publish_reason::after_changes || why == publish_reason::after_bytes ||
                     why == publish_reason::after_quiet;
    return by_a_rule && behind_bytes > limits::publish_behind_bytes && since_last < limits::publish_behind_max;
}

publisher::publisher(const settings& wanted, store_writer& writer, store& rows, snapshot_directory& directory,
                     worker_thread& thread, daemon_state& state, publisher_events tell)
    : settings_{wanted},
      writer_{writer},
      directory_{directory},
      thread_{thread},
      state_{state},
      tell_{std::move(tell)},
      announced_{find_announced(directory)},
      cadence_{wanted.cadence, presence(announced_), now()},
      generations_{writer.executor(), thread, rows, directory, writer.durable().generation},
      wake_{writer.executor()},
      free_{writer.executor()},
      patience_{writer.executor()},
      cut_patience_{writer.executor()}
{
    thread_.be_nice();
    if (state_.pause) cadence_.pause();
    if (!announced_) return;
    freshness_.announced(announced_->generation, announced_->position);
    // What a killed run stored and did not publish is known by its position only.
    if (writer.durable().last.commit < announced_->position) return;
    freshness_.touched(announced_->position);
    cadence_.changed(1, 0, now());
}

void publisher::take_over(std::uint64_t generation, db_time current_as_of)
{
    if (announced_ && announced_->generation == generation) freshness_.restore(current_as_of);
}

asio::awaitable<void> publisher::run()
{
    is_running_ = true;
    while (!stopped_) {
        auto next = next_decision();
        if (std::holds_alternative<publish_due>(next)) {
            auto done = co_await publish();
            static_cast<void>(done);  // logged, and kept for status
            continue;
        }
        co_await idle();
    }
    is_running_ = false;
    free_.notify_all();
}

bool publisher::is_ready() const
{
    return session_ && session_->is_streaming() && writer_.received().is_presentable() && !busy_;
}

bool publisher::is_time_for(publish_reason why) const
{
    auto behind = distance(writer_.reached(), state_.server_flushed);
    return !waits_to_catch_up(why, behind, now() - published_at_);
}

asio::awaitable<void> publisher::idle()
{
    auto next = next_decision();
    const auto* wait = std::get_if<wait_until>(&next);
    if (!wait)
        wake_.expires_after(steady_time::duration::zero());
    else if (wait->reason == wait_reason::behind || (wait->reason == wait_reason::not_following && session_))
        wake_.expires_after(limits::behind_pause);
    else
        wake_.expires_at(wait->until.value_or(steady_time::max()));
    co_await wake_.async_wait(use_tuple);
}

asio::awaitable<void> publisher::stop()
{
    stopped_ = true;
    wake_.cancel();
    patience_.cancel();
    give_up_cut();
    while (busy_ || is_running_) co_await free_.wait();
}

void publisher::use(std::shared_ptr<source_session> session)
{
    session_ = std::move(session);
    if (session_) return;
    patience_.cancel();
    give_up_cut();
}

void publisher::on_streaming()
{
    if (has_new_copies()) {
        freshness_.forget_source();
        cadence_.outdated();
    }
    look_at_documents();
    presentable_ = writer_.received().is_presentable();
    wake_.cancel();
}

// A table that was copied again may differ in any row, though no transaction said so.
bool publisher::has_new_copies() const
{
    if (!announced_) return false;
    const auto& [identity, position, tables] = writer_.state();
    if (source_of(identity) != announced_->source) return true;
    auto same = [&](const table_record& stored, const manifest_table& shown) {
        return stored.rows == shown.rows_epoch && stored.valid_from <= announced_->position;
    };
    return !std::equal(tables.begin(), tables.end(), announced_->tables.begin(), announced_->tables.end(), same);
}

// The settings may have changed while we were away, or just now. Documents that cannot be made are due too, so that
// the failure says why.
void publisher::look_at_documents()
{
    if (!announced_) return;
    auto plans = plan_documents(settings_.documents, writer_.state().tables, reads());
    auto same = [](const document_plan& wanted, const manifest_document& made) {
        return wanted.file == made.file && wanted.fingerprint == made.plan;
    };
    const auto& made = announced_->documents;
    if (!plans || !std::equal(plans->begin(), plans->end(), made.begin(), made.end(), same)) cadence_.outdated();
}

void publisher::on_changed(const change_summary& summary)
{
    freshness_.touched(summary.commit_start);
    state_.counters.applied_bytes += summary.bytes;
    for (auto table : summary.touched) last_touched_[table] = summary.commit_start;
    cadence_.changed(summary.changes, summary.bytes, now());
    wake_.cancel();
}

void publisher::on_reached(lsn reached)
{
    freshness_.reached(reached);
    bool presentable = writer_.received().is_presentable();
    if (!std::exchange(presentable_, presentable) && presentable) wake_.cancel();
}

void publisher::on_probe(const source_probe& facts)
{
    freshness_.probed(facts.written, facts.at);
    look_after_announced();
}

// Somebody may have removed what is announced. Nothing in the database changes then, so nothing else would mend it.
void publisher::look_after_announced()
{
    if (busy_ || !announced_) return;
    auto work = [path = directory_.path(), expected = announced_] { return is_announced_whole(path, *expected); };
    thread_.post(writer_.executor(), std::move(work), [this, number = announced_->generation](bool whole) {
        if (whole || busy_ || !announced_ || announced_->generation != number) return;
        log_event(log_level::error, "generation_missing",
                  "the announced generation was removed, replaced or cut; writing a new one", {{"generation", number}});
        replace_announced();
    });
}

void publisher::on_damaged(std::uint64_t number)
{
    if (announced_ && announced_->generation == number) replace_announced();
}

// Nothing of it is linked to: the new one is written whole.
void publisher::replace_announced()
{
    announced_by_us_ = false;
    announced_.reset();
    cadence_.request(publish_reason::repair);
    wake_.cancel();
}

void publisher::on_settings_changed()
{
    cadence_.replace(settings_.cadence);
    look_at_documents();
    wake_.cancel();
}

void publisher::request(const char* who)
{
    if (is_held_back())
        return log_event(log_level::warn, "publish_refused", paused_failure().text,
                         {{"by", who}, {"reason", name_of(errc::paused)}});
    log_event(log_level::info, "publish_requested", "a generation was asked for", {{"by", who}});
    cadence_.request();
    wake_.cancel();
}

asio::awaitable<void> publisher::publish_last()
{
    if (!is_ready()) co_return;
    cadence_.shut_down();
    auto next = cadence_.decide(now());
    if (!std::holds_alternative<publish_due>(next) || last_took_ > limits::last_publish_max) co_return;
    auto done = co_await publish();
    static_cast<void>(done);  // logged
}

failure publisher::paused_failure() const
{
    return {errc::paused, state_.pause ? describe(*state_.pause) : "publishing is paused"};
}

asio::awaitable<void> publisher::pause()
{
    cadence_.pause();
    patience_.cancel();
    wake_.cancel();
    while (cadence_.is_publishing()) co_await free_.wait();
}

void publisher::resume()
{
    cadence_.resume();
    wake_.cancel();
}

wait_reason publisher::hindrance() const
{
    if (busy_ && !cadence_.is_publishing()) return wait_reason::held;
    return is_ready() ? wait_reason::behind : wait_reason::not_following;
}

decision publisher::next_decision()
{
    auto at = now();
    auto next = cadence_.evaluate(at);
    const auto* due = std::get_if<publish_due>(&next);
    if (due && !(is_ready() && is_time_for(due->reason))) return cadence_.wait(hindrance(), at);
    return cadence_.decide(at);
}

asio::awaitable<outcome<manifest>> publisher::publish_now()
{
    while (busy_) co_await free_.wait();
    if (is_held_back()) co_return paused_failure();
    cadence_.request();
    static_cast<void>(cadence_.decide(now()));
    co_return co_await publish();
}

asio::awaitable<outcome<manifest>> publisher::publish()
{
    busy_ = true;
    published_at_ = phase_begun_ = now();
    cadence_.started(now());
    auto made = co_await write_and_announce();
    if (made) {
        cadence_.published(now(), size_of(*made));
        last_took_ = now() - published_at_;
        last_failure_.reset();
        log_published(*made);
        look_at_documents();  // the settings may have changed since it was begun
        generations_.clean_history(settings_.snapshot, announced_->generation, cut_);
    } else {
        note_failure(made.error());
    }
    busy_ = false;
    free_.notify_all();
    wake_.cancel();
    co_return std::move(made);
}

void publisher::note_failure(const failure& why)
{
    if (why.code != errc::paused) last_failure_ = why;
    bool expected = why.code == errc::catching_up || why.code == errc::cancelled || why.code == errc::connection_lost ||
                    why.code == errc::table_changed || why.code == errc::publication_changed ||
                    why.code == errc::server_stopping || why.code == errc::paused;
    if (why.code == errc::table_locked || expected)
        cadence_.put_off(now(), limits::put_off_pause, why.code);
    else
        cadence_.failed(now(), why.code);
    log_event(expected ? log_level::info : log_level::warn, "not_published", why.text, {{"reason", name_of(why.code)}});
    if (is_for_supervisor(why.code)) tell_.broken(why);
}

asio::awaitable<outcome<manifest>> publisher::write_and_announce()
{
    auto session = session_;
    if (!session || !session->is_streaming())
        co_return state_.reason.value_or(failure{errc::connection_lost, "the source is not being followed now"});
    writer_.take_generation(generations_.next_number());
    auto flushed = co_await writer_.flush();
    if (!flushed) co_return flushed.error();
    if (!flushed->is_presentable()) co_return not_presentable(*flushed);
    auto kept = co_await keep_indexes();
    if (!kept) co_return kept.error();
    end_phase(publish_phase::freeze);
    auto made = co_await write(settings_.documents, reads());
    if (!made) co_return made.error();
    end_phase(publish_phase::write);
    auto announced = co_await announce_with_leave(std::move(session), *made);
    if (!announced) {
        // It must not stay: the next try writes another one.
        co_await generations_.discard(made->generation);
        co_return announced.error();
    }
    if (announced_) generations_.note_ended(announced_->generation, now());
    announced_ = *made;
    announced_by_us_ = true;
    freshness_.announced(made->generation, made->position);
    tell_.announced();
    co_return std::move(made);
}

row_files publisher::reads() const noexcept
{
    return settings_.serve.is_on() ? row_files::wanted : row_files::unwanted;
}

// Before each generation: the settings may have changed, and a table that was copied again has none yet.
asio::awaitable<outcome<void>> publisher::keep_indexes()
{
    auto plans = plan_documents(settings_.documents, writer_.state().tables);
    if (!plans) co_return plans.error();
    auto wanted = indexes_of(*plans);
    co_return co_await writer_.keep_indexes(std::move(wanted));
}

unchanged_tables publisher::unchanged_since_announced() const
{
    unchanged_tables unchanged;
    if (!announced_ || !announced_by_us_) return unchanged;
    unchanged.since = announced_->generation;
    for (const auto& table : writer_.state().tables) {
        auto touched = last_touched_.find(table.rows);
        if (touched == last_touched_.end() || touched->second < announced_->position) unchanged.rows.insert(table.rows);
    }
    return unchanged;
}

asio::awaitable<outcome<manifest>> publisher::write(std::vector<document_settings> documents, row_files reads)
{
    auto rows = co_await generations_.open();
    if (!rows) co_return rows.error();
    generation_order wanted;
    wanted.documents = std::move(documents);
    wanted.reads = reads;
    wanted.previous = announced_;
    // Asked after the view was opened, so that no change inside it can be missing from the answer.
    wanted.unchanged = unchanged_since_announced();
    if (session_) wanted.catalog = describe_tables(settings_.tables, session_->mirrored());
    co_return co_await generations_.write(std::move(*rows), std::move(wanted));
}

asio::awaitable<outcome<void>> publisher::announce_with_leave(std::shared_ptr<source_session> session,
                                                              const manifest& made)
{
    auto leave = co_await wait_for_leave(std::move(session), made.position);
    if (!leave) co_return leave;
    end_phase(publish_phase::check);
    auto work = [this, number = made.generation] { return announce(directory_, number); };
    auto announced = co_await thread_.run(std::move(work));
    end_phase(publish_phase::announce);
    co_return announced;
}

void publisher::end_phase(publish_phase phase)
{
    auto at = now();
    state_.counters.phase_seconds[static_cast<std::size_t>(phase)].note(at - std::exchange(phase_begun_, at));
}

// A strong lock may hide a DDL that the stream has shown already: wait a little, for most are short.
asio::awaitable<outcome<void>> publisher::wait_for_leave(std::shared_ptr<source_session> session, lsn position)
{
    auto deadline = now() + limits::lock_patience;
    for (;;) {
        if (session != session_ || !session->is_streaming() || stopped_)
            co_return failure{errc::cancelled, "the session ended before the announcement"};
        auto leave = co_await session->check_announcement(position);
        if (is_held_back()) co_return paused_failure();
        if (leave || leave.error().code != errc::table_locked || now() > deadline) co_return leave;
        patience_.expires_after(limits::lock_pause);
        co_await patience_.async_wait(use_tuple);
    }
}

void publisher::log_published(const manifest& made) const
{
    auto [number, rows, bytes] = size_of(made);
    const auto& events = cadence_.events();
    const char* why = events.empty() || !events.back().why ? "requested" : name_of(*events.back().why);
    log_event(log_level::info, "published", fmt::format("generation {} is announced", number),
              {{"generation", number},
               {"position", to_string(made.position)},
               {"reason", why},
               {"rows", rows},
               {"bytes", bytes}});
    std::uint64_t withheld = 0;
    for (const auto& document : made.documents) withheld += document.withheld;
    if (withheld > 0)
        log_event(log_level::warn, "rows_withheld", "rows are not in it, because the source lost a value of them",
                  {{"generation", number}, {"rows", withheld}});
}

asio::awaitable<outcome<std::filesystem::path>> publisher::cut_at(lsn limit)
{
    while (busy_) co_await free_.wait();
    busy_ = true;  // all the time: a publish would take the position past the limit
    auto made = co_await cut(limit);
    busy_ = false;
    free_.notify_all();
    wake_.cancel();
    if (!made) co_return made.error();
    cut_ = made->generation;
    co_return directory_.path() / "generations" / generation_name(*cut_);
}

asio::awaitable<outcome<manifest>> publisher::cut(lsn limit)
{
    auto reached = co_await stop_stream_at(limit);
    if (!reached) co_return reached.error();
    writer_.take_reached(limit);
    writer_.take_generation(generations_.next_number());
    auto flushed = co_await writer_.flush();
    if (!flushed) co_return flushed.error();
    if (flushed->position > limit)
        co_return failure{errc::timed_out, fmt::format("the store is at {}, past {} already; try again",
                                                       to_string(flushed->position), to_string(limit))};
    std::vector<document_settings> plain(1);  // one document with every table as it is stored
    co_return co_await write(std::move(plain), row_files::unwanted);
}

asio::awaitable<outcome<void>> publisher::stop_stream_at(lsn limit)
{
    auto session = session_;
    bool stopped = false;
    cut_patience_.expires_after(limits::cut_timeout);
    writer_.stop_at(limit, [&] {
        stopped = true;
        cut_patience_.cancel();
    });
    if (!stopped) co_await cut_patience_.async_wait(use_tuple);
    if (stopped && session && session == session_) co_return outcome<void>{};
    writer_.release();  // forgets the stop as well, which refers to this call
    co_return failure{errc::timed_out, fmt::format("the stream did not reach {}", to_string(limit))};
}

void publisher::give_up_cut()
{
    cut_patience_.cancel();
}

void publisher::drop_cut()
{
    if (!cut_) return;
    generations_.remove(*std::exchange(cut_, std::nullopt));
}

}  // namespace understudy
