#include "app/daemon.hpp"

#include "app/exit_on_signal.hpp"
#include "app/kafka_session.hpp"
#include "app/logging.hpp"
#include "app/postgres_session.hpp"
#include "app/reload_report.hpp"
#include "app/spawn.hpp"
#include "core/limits.hpp"
#include "core/remedy.hpp"
#include "publish/document_plan.hpp"
#include "settings/reload.hpp"
#include "settings/shown.hpp"

#include <boost/asio/as_tuple.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace understudy {

namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

std::chrono::milliseconds hold_limit_in(const json::object& request)
{
    const auto* wanted = request.if_contains("for_ms");
    if (!wanted || !wanted->is_int64() || wanted->get_int64() < 0) return limits::hold_max;
    return std::min<std::chrono::milliseconds>(std::chrono::milliseconds{wanted->get_int64()}, limits::hold_max);
}

daemon_state state_at_start(const settings& wanted)
{
    daemon_state made;
    made.pause = read_pause(wanted.state_directory);
    if (made.pause) log_event(log_level::warn, "paused", describe(*made.pause));
    return made;
}

}  // namespace

daemon::daemon(loaded_settings config, daemon_mode mode, std::unique_ptr<store> rows,
               std::unique_ptr<snapshot_directory> directory, read_service* reads, const service_notifier& manager)
    : config_{std::move(config)},
      mode_{mode},
      reads_{reads},
      manager_{manager},
      store_{std::move(rows)},
      directory_{std::move(directory)},
      state_{state_at_start(config_.values)},
      writer_{loop_.get_executor(),
              store_thread_,
              *store_,
              config_.values.commit,
              {.durable = [this](const stored_position& position) { confirm(position); },
               .changed = [this](const change_summary& summary) { publisher_.on_changed(summary); },
               .reached = [this](lsn reached) { publisher_.on_reached(reached); },
               .accepting = [this] { resume_stream(); },
               .failed = [this](failure why) { close_session(std::move(why)); }}},
      publisher_{config_.values,
                 writer_,
                 *store_,
                 *directory_,
                 publish_thread_,
                 state_,
                 {.broken = [this](failure why) { close_session(std::move(why)); },
                  .announced =
                      [reads] {
                          if (reads != nullptr) reads->look_for_announced();
                      }}},
      status_{config_.values, state_, writer_, publisher_, *directory_, publish_thread_, reads},
      reporter_{
          loop_.get_executor(), manager_, [this] { return status_.report(); }, {&store_thread_, &publish_thread_}},
      control_{
          loop_.get_executor(),
          [this](json::object request, control_client& client) { return handle_control(std::move(request), client); },
          [this] { end_hold(); }},
      signals_{loop_},
      retry_timer_{loop_},
      grace_timer_{loop_},
      hold_timer_{loop_}
{
}

void daemon::confirm(const stored_position& position)
{
    if (session_) session_->confirm(position);
}

void daemon::resume_stream()
{
    if (session_) session_->resume();
}

void daemon::close_session(failure why)
{
    if (session_) session_->close(std::move(why));
}

void daemon::take_over(const status_report& former)
{
    if (former.current_as_of) publisher_.take_over(former.generation, *former.current_as_of);
}

outcome<void> daemon::listen()
{
    if (mode_ == daemon_mode::once) return {};
    show_settings();
    return control_.listen(config_.values.state_directory);
}

outcome<daemon_end> daemon::run()
{
    for (int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(number);
    wait_for_signal();
    status_.start();
    reporter_.start(config_.values.heartbeat);
    if (mode_ != daemon_mode::once) spawn(loop_.get_executor(), publisher_.run(), "publisher");
    spawn(loop_.get_executor(), supervise(), "supervisor");
    loop_.run();
    let_go();
    // What they still do uses the members that are destroyed before them.
    store_thread_.join();
    publish_thread_.join();
    loop_.restart();
    loop_.poll();
    return *end_;
}

// Coroutines that wait end now: the loop outlives what they refer to, and would destroy them after it.
void daemon::let_go()
{
    boost::system::error_code ignored;
    signals_.clear(ignored);
    for (int number : {SIGHUP, SIGUSR1}) std::signal(number, SIG_IGN);
    exit_on_signal(exit_status());  // a disk may still hold up a thread
    for (auto* timer : {&retry_timer_, &grace_timer_, &hold_timer_}) timer->cancel();
    loop_.restart();
    loop_.run_for(limits::stop_grace / 3);
}

asio::awaitable<void> daemon::supervise()
{
    while (!stopping_) {
        auto session = make_session();
        session_ = session;
        publisher_.use(session);
        if (mode_ == daemon_mode::once) spawn(loop_.get_executor(), catch_up_once(), "once");
        streaming_since_.reset();
        announced_before_ = announced_number();
        auto why = co_await session->run(demand_);
        publisher_.use(nullptr);
        session_.reset();
        if (stopping_) break;
        if (!co_await react_to(std::move(why))) break;
    }
    co_await end_in_order();
    loop_.stop();
}

std::shared_ptr<source_session> daemon::make_session()
{
    source_session::callbacks notify;
    notify.probed = [this](const source_probe& facts) { publisher_.on_probe(facts); };
    notify.streaming = [this] {
        has_streamed_ = true;
        streaming_since_ = std::chrono::steady_clock::now();
        publisher_.on_streaming();
    };
    if (config_.values.kafka.is_on())
        return std::make_shared<kafka_session>(config_.values, writer_, state_, std::move(notify));
    return std::make_shared<postgres_session>(config_.values, writer_, state_, std::move(notify));
}

asio::awaitable<void> daemon::end_in_order()
{
    state_.enter(daemon_phase::stopping);
    // A store that is mended serves the next run, which begins when this one is over; everything else may be cut off.
    if (!end_ || !*end_) arm_grace();
    co_await publisher_.stop();
    control_.close();
    writer_.stop();
    if (!end_ && mode_ == daemon_mode::once && !published_once_)
        end_ = failure{errc::cancelled, "stopped before a generation was published"};
    if (!end_) end_ = daemon_end::stopped;
    state_.reason.reset();
    if (!*end_) state_.reason = end_->error();
    state_.enter(daemon_phase::stopped);
    status_.stop();
    reporter_.stop();
}

std::uint64_t daemon::announced_number() const noexcept
{
    return publisher_.announced() ? publisher_.announced()->generation : 0;
}

// False when the daemon is to end.
asio::awaitable<bool> daemon::react_to(failure why)
{
    auto what = remedy_for(why.code);
    state_.reason = why;
    state_.note_error(why);
    if (what == remedy::resync_all) demand_.everything_because = why;
    decide_end(what, why);
    if (end_) co_return false;
    // A session that ends at once each time it streams must not hammer the server with copies. One that announced
    // what it copied has done what it was for, as between the steps of a migration.
    bool proven = streaming_since_ && std::chrono::steady_clock::now() - *streaming_since_ > limits::session_proven;
    if (proven || announced_number() != announced_before_) back_off_.reset();
    auto delay = back_off_.next(static_cast<std::uint32_t>(dice_()));
    if (what == remedy::ask_operator) delay = limits::backoff_max;
    if (std::exchange(demand_.at_once, false)) delay = std::chrono::milliseconds{0};
    state_.enter(what == remedy::ask_operator ? daemon_phase::needs_operator : daemon_phase::waiting);
    co_await wait_before_retry(std::move(why), delay);
    co_return true;
}

void daemon::decide_end(remedy what, const failure& why)
{
    bool resync = what == remedy::resync_all || what == remedy::resync_tables;
    // A record that cannot be read stays where it is: what was announced is served until somebody looks.
    bool serves = config_.values.kafka.is_on() && announced_number() > 0;
    if (what == remedy::rebuild_store)
        end_ = daemon_end::store_damaged;
    else if (what == remedy::reopen_store)
        end_ = daemon_end::store_lost;
    else if (what == remedy::halt || (what == remedy::ask_operator && !has_streamed_ && !serves) ||
             (mode_ == daemon_mode::once && !resync))
        end_ = why;
}

asio::awaitable<void> daemon::wait_before_retry(failure why, std::chrono::milliseconds delay)
{
    log_event(
        log_level::warn, "waiting", why.text,
        {{"reason", name_of(why.code)}, {"remedy", name_of(remedy_for(why.code))}, {"retry_in_ms", delay.count()}});
    retry_timer_.expires_after(delay);
    co_await retry_timer_.async_wait(use_tuple);
}

void daemon::wait_for_signal()
{
    signals_.async_wait([this](const boost::system::error_code& ec, int number) {
        if (ec) return;
        on_signal(number);
        wait_for_signal();
    });
}

void daemon::on_signal(int number)
{
    switch (number) {
    case SIGHUP: return reload_as_told();
    case SIGUSR1: return publisher_.request("signal");
    default: break;
    }
    if (stopping_) {
        log_event(log_level::warn, "stopped", "a second signal: stopping at once");
        std::_Exit(exit_status());
    }
    begin_stop();
}

void daemon::begin_stop()
{
    stopping_ = true;
    manager_.stopping();
    state_.enter(daemon_phase::stopping);
    log_event(log_level::info, "stopping", "committing what is whole, then leaving");
    arm_grace();
    end_hold();
    spawn(loop_.get_executor(), stop_in_order(), "stop");
}

// Whatever hangs, a disk or a lock, must not hold up who stops us. Everything is made to be killed.
void daemon::arm_grace()
{
    if (grace_timer_.expiry() > std::chrono::steady_clock::now()) return;
    grace_timer_.expires_after(limits::stop_grace);
    grace_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        log_event(log_level::warn, "stopped", "the grace time is over: leaving the rest for the next start");
        std::_Exit(exit_status());
    });
}

// Of the process, if it ended now.
int daemon::exit_status() const
{
    if (end_ && !*end_) return exit_status_for(end_->error().code);
    return mode_ == daemon_mode::once && !published_once_ ? exit_status_for(errc::cancelled) : 0;
}

asio::awaitable<void> daemon::stop_in_order()
{
    auto flushed = co_await writer_.flush();
    if (flushed) co_await publisher_.publish_last();
    retry_timer_.cancel();
    if (session_) session_->close({errc::cancelled, "stopping"});
}

void daemon::reload_as_told()
{
    if (reporter_.is_ready()) manager_.reloading();
    reload();
    if (reporter_.is_ready()) manager_.ready();
}

void daemon::reload()
{
    auto at = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    auto loaded = load(config_.file, process_environment());
    if (!loaded) {
        state_.reload = report_refused_reload(loaded.error(), at);
        return;
    }
    if (const auto& tables = writer_.state().tables; !tables.empty())
        if (auto documents = plan_documents(loaded->values.documents, tables); !documents) {
            state_.reload = report_refused_reload("documents", documents.error().text, at);
            return;
        }
    state_.reload = report_reload(compare(config_.values, loaded->values), at);
    config_ = with_live_changes(std::move(config_), *loaded);
    configure_logging(config_.values.log);
    publisher_.on_settings_changed();
    show_settings();
}

void daemon::show_settings()
{
    if (reads_ == nullptr) return;
    std::vector<page_setting> shown;
    for (auto& setting : shown_settings(config_))
        shown.push_back({std::move(setting.key), std::move(setting.value), std::move(setting.origin)});
    reads_->show(std::move(shown));
}

asio::awaitable<void> daemon::catch_up_once()
{
    auto session = session_;
    asio::steady_timer pause{loop_};
    while (session == session_ && !session->is_streaming()) {
        pause.expires_after(20ms);
        co_await pause.async_wait(use_tuple);
    }
    if (session != session_) co_return;
    auto caught_up = co_await session->catch_up();
    if (!caught_up || session != session_) co_return;
    auto published = co_await publisher_.publish_now();
    published_once_ = published.has_value();
    if (published)
        begin_stop();
    else if (session == session_)
        session->close(published.error());
}

asio::awaitable<json::object> daemon::handle_control(json::object request, control_client& client)
{
    auto text_of = [&](std::string_view member) {
        const auto* value = request.if_contains(member);
        return value && value->is_string() ? std::string{value->get_string()} : std::string{};
    };
    auto what = text_of("do");
    pause_facts pause{std::chrono::system_clock::now(), text_of("by"), text_of("reason")};
    outcome<json::object> answer = failure{errc::usage, "unknown request"};
    if (what == "live") answer = json::object{};
    if (what == "publish") answer = co_await control_publish();
    if (what == "pause") answer = co_await control_pause(std::move(pause));
    if (what == "resume") answer = co_await control_resume();
    if (what == "hold") answer = co_await control_hold(hold_limit_in(request), client);
    if (what == "cut") answer = co_await control_cut(text_of("at"), client);
    if (what == "release") answer = co_await control_release(client);
    if (!answer)
        co_return json::object{{"ok", false}, {"reason", name_of(answer.error().code)}, {"text", answer.error().text}};
    answer->insert_or_assign("ok", true);
    co_return std::move(*answer);
}

asio::awaitable<outcome<json::object>> daemon::control_publish()
{
    auto published = co_await publisher_.publish_now();
    if (!published) co_return published.error();
    co_return json::object{{"generation", published->generation}, {"position", to_string(published->position)}};
}

// Whoever paused first is who is named: a second one learns of him instead.
asio::awaitable<outcome<json::object>> daemon::control_pause(pause_facts asked)
{
    bool before = state_.pause.has_value();
    if (!before) {
        log_event(log_level::warn, "paused", "nothing is announced until `understudy resume`",
                  {{"by", asked.by}, {"why", asked.reason}});
        state_.pause = asked;
        co_await publisher_.pause();
        if (!state_.pause) co_return failure{errc::cancelled, "somebody resumed meanwhile"};
        auto work = [where = config_.values.state_directory, asked = std::move(asked)] {
            return write_pause(where, asked);
        };
        auto kept = co_await publish_thread_.run(std::move(work));
        if (!kept)
            co_return failure{kept.error().code,
                              "publishing is paused, but a restart would end that: " + kept.error().text};
    }
    if (!state_.pause) co_return failure{errc::cancelled, "somebody resumed meanwhile"};
    co_return json::object{{"already", before}, {"text", describe(*state_.pause)}, {"generation", announced_number()}};
}

asio::awaitable<outcome<json::object>> daemon::control_resume()
{
    auto paused = std::exchange(state_.pause, std::nullopt);
    if (!paused) co_return json::object{{"was_paused", false}};
    auto work = [where = config_.values.state_directory] { return remove_pause(where); };
    auto forgotten = co_await publish_thread_.run(std::move(work));
    if (state_.pause) co_return failure{errc::paused, "somebody paused again meanwhile: " + describe(*state_.pause)};
    auto changes = publisher_.rhythm().pending().count;
    log_event(log_level::info, "resumed", "what changed meanwhile is published now", {{"pending_changes", changes}});
    publisher_.resume();
    if (!forgotten)
        co_return failure{forgotten.error().code,
                          "publishing goes on, but a restart would pause again: " + forgotten.error().text};
    co_return json::object{{"was_paused", true}, {"pending_changes", changes}};
}

asio::awaitable<outcome<json::object>> daemon::control_hold(std::chrono::milliseconds limit, control_client& client)
{
    if (!session_ || !session_->is_streaming())
        co_return state_.reason.value_or(failure{errc::connection_lost, "the daemon is not following the source now"});
    if (holder_) co_return failure{errc::timed_out, "another verify is under way; try again when it has ended"};
    holder_ = &client;
    client.holds = true;
    client.held_too_long = false;
    state_.hold = hold_facts{};
    state_.hold->since = std::chrono::system_clock::now();
    hold_for(limit);
    writer_.hold();
    co_return json::object{{"position", to_string(writer_.durable().position)}};
}

asio::awaitable<outcome<json::object>> daemon::control_cut(std::string_view at, const control_client& client)
{
    auto limit = parse_lsn(at);
    if (client.held_too_long)
        co_return failure{errc::timed_out,
                          "the daemon had stood still for as long as it may and went on; is a long transaction "
                          "open, or was this command stopped?"};
    if (!limit || holder_ != &client) co_return failure{errc::usage, "cut needs a position, and hold before it"};
    hold_for(limits::cut_timeout);
    auto directory = co_await publisher_.cut_at(*limit);
    if (holder_ != &client) {  // ended meanwhile, and somebody else may hold the stream now
        if (directory) publisher_.drop_cut();
        co_return failure{errc::timed_out, "the cut took longer than it may"};
    }
    if (!directory) {
        end_hold();
        co_return directory.error();
    }
    writer_.release();
    hold_for(limits::cut_kept_max);
    co_return json::object{{"directory", directory->string()}};
}

asio::awaitable<outcome<json::object>> daemon::control_release(const control_client& client)
{
    if (holder_ == &client) end_hold();
    co_return json::object{};
}

// A client that is stopped, or waits for a lock, must not keep the copy old for ever.
void daemon::hold_for(std::chrono::milliseconds limit)
{
    state_.hold->until = std::chrono::system_clock::now() + limit;
    hold_timer_.expires_after(limit);
    hold_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec || !holder_ || hold_timer_.expiry() > std::chrono::steady_clock::now()) return;
        log_event(log_level::warn, "hold_ended", "a verify held the stream, or what was cut for it, for too long");
        holder_->held_too_long = true;
        end_hold();
    });
}

void daemon::end_hold()
{
    if (!holder_) return;
    std::exchange(holder_, nullptr)->holds = false;
    state_.hold.reset();
    hold_timer_.cancel();
    publisher_.give_up_cut();
    publisher_.drop_cut();
    writer_.release();
}

}  // namespace understudy
