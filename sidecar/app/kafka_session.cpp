#include "app/kafka_session.hpp"

#include "app/kafka_epochs.hpp"
#include "app/logging.hpp"
#include "app/spawn.hpp"
#include "core/limits.hpp"
#include "publish/document_plan.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <unistd.h>

namespace understudy {

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

db_time wall_clock() noexcept
{
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

kafka_session::kafka_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify)
    : settings_{wanted},
      writer_{writer},
      state_{state},
      notify_{std::move(notify)},
      asker_{wanted},
      ask_timer_{writer.executor()},
      progress_timer_{writer.executor()},
      accepting_{writer.executor()},
      asking_ended_{writer.executor()},
      reached_{writer.executor()}
{
}

kafka_session::~kafka_session() = default;

asio::awaitable<failure> kafka_session::run(copy_demand& demand)
{
    state_.enter(daemon_phase::connecting);
    failure why;
    auto opened = co_await open(demand);
    if (opened)
        why = co_await read();
    else
        why = opened.error();
    streaming_ = false;
    state_.connected = false;
    close(why);
    note_demand(why, demand);
    writer_.end_session();
    auto drained = co_await writer_.flush();
    if (!drained)
        log_event(log_level::warn, "not_stored", drained.error().text, {{"reason", name_of(drained.error().code)}});
    while (asking_) co_await asking_ended_.wait();
    if (wake_) wake_->release();
    co_await asker_.end(std::move(client_));
    co_return *closed_because_;
}

// Where a log turned out to be another, those that are not need no second look: until it came, their last records might be
// compacted away, too.
void kafka_session::note_demand(const failure& why, copy_demand& demand) const
{
    using log_state = kafka::log_reader::log_state;
    demand.at_once = intake_ && intake_->reader().why_replaced();
    for (const auto& table : sources_.tables) {
        const auto& record = table.table.record;
        auto log = intake_ ? intake_->reader().log_of(record.rows) : log_state::known;
        // Of a changed table messages may tell what they told before, as when a column came and went: then only a reading
        // from the beginning gets past it.
        bool is_changed =
            why.code == errc::table_changed && why.rows == record.rows && table.origin != column_origin::description;
        if (is_changed || log != log_state::known) demand.tables.insert(record.relation);
        if (log == log_state::another) demand.replaced.insert(record.relation);
        if (log == log_state::known && demand.at_once) demand.known.insert(record.relation);
    }
}

asio::awaitable<outcome<void>> kafka_session::open(copy_demand& demand)
{
    auto known = std::exchange(demand.known, {});  // for now, not for after a failure
    auto made = kafka::client::make(settings_.kafka);
    if (!made) co_return made.error();
    client_ = std::move(*made);
    auto surveyed = co_await asker_.survey(*client_, writer_.state().tables);
    if (closed_because_) co_return *closed_because_;
    if (!surveyed) co_return surveyed.error();
    sources_ = std::move(*surveyed);
    auto plan = plan_reading(writer_.state(), sources_, settings_, demand, wall_clock());
    if (!plan) co_return plan.error();
    auto stored = co_await store_plan(*plan, sources_, writer_, state_);
    if (!stored) co_return stored;
    demand = copy_demand{};
    if (auto documents = plan_documents(settings_.documents, writer_.state().tables); !documents)
        co_return documents.error();
    writer_.begin_session();
    last_ = writer_.durable();
    auto intake =
        kafka_intake::make(settings_, sources_, state_.connector, std::move(plan->places), last_.content_as_of);
    if (!intake) co_return intake.error();
    intake_ = std::move(*intake);
    read_whole_stored_ = intake_->places().read_whole_at;
    for (const auto& table : sources_.tables) mirrored_.push_back(table.table);
    wake_.emplace(writer_.executor(), client_->wake_fd());
    co_return client_->assign(intake_->begin(known));
}

asio::awaitable<failure> kafka_session::read()
{
    state_.connected = true;
    asking_ = true;
    spawn(writer_.executor(), ask_until_closed(), "ask");
    log_progress_later();
    hand_over();
    while (!closed_because_) {
        if (!writer_.accepts()) {
            co_await accepting_.wait();
            continue;
        }
        auto any = read_turn();
        if (!any) co_return any.error();
        if (*any)
            co_await asio::post(writer_.executor(), asio::use_awaitable);  // others may run, too
        else
            co_await wait_for_records();
    }
    co_return *closed_because_;
}

outcome<bool> kafka_session::read_turn()
{
    auto records = client_->take(limits::records_per_turn_max);
    if (!records) return records.error();
    turn_at_ = std::chrono::steady_clock::now();
    for (const auto& what : *records)
        if (auto taken = take(what); !taken) return taken.error();
    if (auto passed = intake_->end_turn(streaming_, turn_at_); !passed) return passed.error();
    writer_.expect(records_waiting());
    hand_over();
    settle_ends();
    if (auto replaced = intake_->reader().why_replaced()) return *replaced;
    if (auto same = intake_->check_columns_when_read(); !same) return same.error();
    if (!streaming_)
        if (auto begun = begin_streaming_when_read(); !begun) return begun.error();
    if (records_waiting() == 0) writer_.on_reached(last_.position);
    log_skipped();
    return !records->empty();
}

// As far as is known.
std::uint64_t kafka_session::records_waiting() const
{
    auto progress = kafka::progress_of(intake_->places());
    auto read = kafka::position_of(intake_->places());
    return std::max(progress.of - progress.records, distance(read, state_.server_flushed));
}

outcome<void> kafka_session::take(const kafka::record& what)
{
    if (sources_.heartbeat && what.topic == sources_.heartbeat->first) {
        intake_->take_heartbeat(what);
        return {};
    }
    state_.counters.received_bytes += what.key.value_or("").size() + what.value.value_or("").size();
    return intake_->take(what, turn_at_);
}

// What was read in this turn, as one step of the store.
void kafka_session::hand_over()
{
    auto now = intake_->position(last_);
    bool moved = now.position != last_.position || now.unsettled != last_.unsettled ||
                 now.consistency != last_.consistency || !intake_->reader().changes().empty();
    if (moved) hand_over(std::move(now));
}

void kafka_session::hand_over(stored_position now)
{
    auto& reader = intake_->reader();
    if (!reader.changes().empty()) {
        now.last = transaction_fingerprint{};
        now.last.commit = last_.position;
        now.last.end = now.position;
    }
    committed_transaction step{reader.changes(), now, reader.touched()};
    writer_.on_begin(last_.position);
    writer_.on_transaction(step);
    reader.next_turn();
    last_ = std::move(now);
    show_progress();
    reached_.notify_all();
}

outcome<void> kafka_session::begin_streaming_when_read()
{
    auto reached = intake_->has_reached_targets();
    if (!reached) return reached.error();
    if (!*reached) return {};
    intake_->reader().note_targets_reached(wall_clock());
    streaming_ = true;
    progress_timer_.cancel();
    if (state_.copy.tables_total > 0)
        log_event(log_level::info, "copy_finished", "the topics were read to the ends that they had at the start",
                  {{"records", state_.copy.rows}});
    state_.copy = copy_progress{};
    state_.enter(daemon_phase::streaming);
    show_progress();
    notify_.streaming();
    return {};
}

// Why nothing is announced though the topics are followed, or nothing new will be.
void kafka_session::show_progress()
{
    if (!streaming_) {
        auto progress = kafka::progress_of(intake_->places());
        state_.copy.rows = progress.records;
        state_.copy.estimated_rows = progress.of;
        state_.copy.bytes = state_.counters.received_bytes;
        return;
    }
    auto incomplete = intake_->why_incomplete();
    state_.reason.reset();
    if (incomplete)
        state_.reason = failure{errc::incomplete_log, *incomplete + "; nothing is announced from it"};
    else if (intake_->places().is_amid_transaction)
        state_.reason = failure{errc::catching_up, "a large transaction is half-way"};
    else if (last_.unsettled)
        state_.reason =
            failure{errc::catching_up, "the connector's snapshot, or a repeat of what it had sent, is half-way"};
    else if (state_.connector_silence)
        state_.reason = state_.connector_silence;
    if (incomplete != incomplete_ && incomplete)
        log_event(log_level::error, "incomplete_log", state_.reason->text, {{"reason", name_of(errc::incomplete_log)}});
    incomplete_ = std::move(incomplete);
}

void kafka_session::listen_for_connector()
{
    if (!streaming_) return;
    auto now = std::chrono::steady_clock::now();
    auto& silence = state_.connector_silence;
    bool is_silent = state_.connector.is_silent(now);
    bool may_be_us = !silence && now - began_ < limits::silence_min;  // no session of ours, so no heartbeat
    if (is_silent == silence.has_value() || may_be_us) return;
    if (!is_silent) {
        silence.reset();
        return log_event(log_level::info, "connector_heard", "the connector's heartbeats come again");
    }
    silence =
        failure{errc::connector_silent,
                fmt::format("no heartbeat of the connector has come since that of {}: it does not run, reaches no "
                            "broker or no database, or makes a snapshot",
                            to_string(*state_.connector.last()))};
    log_event(log_level::warn, "connector_silent", silence->text, {{"reason", name_of(silence->code)}});
}

asio::awaitable<void> kafka_session::wait_for_records()
{
    auto [ec] = co_await wake_->async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
    if (ec) co_return;  // the session ends, or it is time to look again
    std::array<char, 8> count{};
    [[maybe_unused]] auto taken = ::read(client_->wake_fd(), count.data(), count.size());
}

asio::awaitable<void> kafka_session::ask_until_closed()
{
    topics_compared_at_ = std::chrono::steady_clock::now();
    while (!closed_because_) {
        if (auto asked = co_await ask_once(); !asked) close(asked.error());
        if (closed_because_) break;
        boost::system::error_code ignored;
        if (wake_) wake_->cancel(ignored);  // a look at what has arrived, should nobody have said so
        ask_timer_.expires_after(settings_.heartbeat);
        co_await ask_timer_.async_wait(use_tuple);
    }
    asking_ = false;
    asking_ended_.notify_all();
}

asio::awaitable<outcome<void>> kafka_session::ask_once()
{
    auto asked = ask_now();
    auto ranges = co_await asker_.ask_ranges(*client_, intake_->partitions());
    if (!ranges) co_return ranges.error();
    if (closed_because_) co_return *closed_because_;
    note_ends(*ranges, asked);
    settle_ends();
    listen_for_connector();
    show_progress();
    if (is_time_to_compare()) {
        topics_compared_at_ = std::chrono::steady_clock::now();
        if (auto same = co_await asker_.compare_topics(*client_, sources_); !same) co_return same;
    }
    co_return look_at_logs(*ranges);
}

kafka_session::asked_when kafka_session::ask_now() const
{
    return {.at = wall_clock(),
            .steady_at = std::chrono::steady_clock::now(),
            .alive = state_.connector.last(),
            .ending = intake_->ending_run()};
}

bool kafka_session::is_time_to_compare() const
{
    auto now = std::chrono::steady_clock::now();
    bool is_soon = last_.unsettled || now - began_ < limits::topics_come_within;
    return now - topics_compared_at_ > (is_soon ? limits::topics_interval_soon : limits::topics_interval);
}

// Whether the logs are still those that were read: one that was made anew under us, or cut by an unclean election and filled
// again, may be as long. The last record of each is read once more.
outcome<void> kafka_session::look_at_logs(const kafka::partition_ranges& ranges)
{
    auto now = std::chrono::steady_clock::now();
    bool is_quiet = !closed_because_ && records_waiting() == 0 && intake_->has_applied_all();
    if (!is_quiet || now - logs_looked_at_ <= limits::topics_interval) return {};
    logs_looked_at_ = now;
    for (const auto& last : intake_->last_records(ranges))
        if (auto looked = client_->seek(last); !looked) return looked;
    return {};
}

void kafka_session::note_ends(const kafka::partition_ranges& ranges, const asked_when& asked)
{
    auto ends = intake_->note_ends(ranges, asked.steady_at);
    std::uint64_t sum = 0;
    for (const auto& [partition, end] : ends) sum += static_cast<std::uint64_t>(end);
    state_.server_flushed = lsn{sum};
    state_.counters.last_answer = asked.at;
    asked_.note(std::move(ends), asked);
}

// Everything that was in the topics when their ends were asked for has been handed over.
void kafka_session::settle_ends()
{
    auto has_come = [this](const kafka::partition_ends& ends) { return intake_->has_reached(ends); };
    while (auto asked = asked_.take(has_come)) {
        if (intake_->end_run(asked->ending)) hand_over();
        if (intake_->end_what_is_quiet(std::chrono::steady_clock::now())) hand_over();
        if (!streaming_) continue;
        intake_->reader().note_read_whole(asked->at);
        if (!asked->alive) continue;
        auto by = intake_->prove(*asked->alive);
        if (!by) continue;
        state_.clock_offset = std::chrono::milliseconds{0};  // nobody tells us the database's
        notify_.probed({.written = last_.position, .at = *by});
    }
    store_read_whole();
}

// A store that is not written to for long must not look as if nothing had been read.
void kafka_session::store_read_whole()
{
    auto at = intake_->places().read_whole_at;
    std::chrono::microseconds patience = limits::read_whole_interval;
    for (const auto& [topic, config] : sources_.configs)
        if (config.cleanup_policy == "compact")
            patience =
                std::min<std::chrono::microseconds>(patience, config.delete_retention / limits::read_whole_share);
    if (at - read_whole_stored_ < patience || !writer_.accepts()) return;
    read_whole_stored_ = at;
    hand_over(intake_->position(last_));
}

void kafka_session::log_skipped()
{
    auto skipped = intake_->reader().take_skipped();
    if (skipped.count == 0) return;
    log_event(log_level::error, "records_skipped", skipped.last,
              {{"reason", name_of(errc::bad_message)}, {"records", skipped.count}});
}

void kafka_session::log_progress_later()
{
    progress_timer_.expires_after(limits::progress_interval);
    progress_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec || streaming_ || closed_because_) return;
        auto pace = pace_of(state_.copy, std::chrono::steady_clock::now());
        log_event(log_level::info, "copy_progress", "reading topics",
                  {{"records", state_.copy.rows},
                   {"of", state_.copy.estimated_rows},
                   {"records_per_second", pace.rows_per_second},
                   {"seconds_left", pace.seconds_left.value_or(0)}});
        log_progress_later();
    });
}

asio::awaitable<outcome<void>> kafka_session::check_announcement(lsn)
{
    if (closed_because_) co_return *closed_because_;
    co_return outcome<void>{};
}

asio::awaitable<outcome<void>> kafka_session::catch_up()
{
    auto ranges = co_await asker_.ask_ranges(*client_, intake_->partitions());
    if (!ranges) co_return ranges.error();
    auto ends = ends_of(*ranges);
    while (!closed_because_ && !incomplete_ && !(intake_->has_reached(ends) && writer_.received().is_presentable()))
        co_await reached_.wait();
    if (closed_because_) co_return *closed_because_;
    if (incomplete_) co_return failure{errc::incomplete_log, *incomplete_};
    co_return outcome<void>{};
}

void kafka_session::confirm(const stored_position& durable)
{
    if (settings_.kafka.report_group.empty() || closed_because_ || !client_) return;
    auto places = kafka::decode_places(durable.places);
    if (!places) return;
    std::vector<kafka::partition_start> positions;
    kafka::for_each_partition(*places, [&](const auto& topic, auto number, const auto& place) {
        positions.push_back({topic, number, place.next});
    });
    client_->report(positions);
}

void kafka_session::resume()
{
    accepting_.notify_all();
}

void kafka_session::close(failure why)
{
    if (closed_because_) return;
    closed_because_ = std::move(why);
    asker_.give_up();
    boost::system::error_code ignored;
    if (wake_) wake_->cancel(ignored);
    ask_timer_.cancel();
    progress_timer_.cancel();
    accepting_.notify_all();
    reached_.notify_all();
}

}  // namespace understudy
