#include "app/kafka_session.hpp"

#include "app/logging.hpp"
#include "app/spawn.hpp"
#include "core/limits.hpp"
#include "decode/debezium.hpp"
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

kafka::reading_policy policy_of(const kafka_settings& wanted) noexcept
{
    return {.bad_message = wanted.on_bad_message, .resnapshot = wanted.on_resnapshot, .complete = wanted.complete};
}

/// Where reading goes on. The last record is read once more, to see whether this is still the same log, if it is there still.
std::int64_t first_offset(const kafka::partition_place& place, std::int64_t low) noexcept
{
    return place.last >= std::max(place.began, low) ? place.last : place.next;
}

kafka::partition_ends ends_of(const auto& ranges)
{
    kafka::partition_ends ends;
    for (const auto& [partition, range] : ranges) ends[partition] = range.high;
    return ends;
}

/// Of a changed table messages may tell what they told before, as when a column came and went: then only a reading from the
/// beginning gets past it.
bool needs_reading_anew(const failure& why, column_origin origin)
{
    return why.rows != 0 && (why.code == errc::topic_replaced ||
                             (why.code == errc::table_changed && origin != column_origin::description));
}

const kafka::table_place* growing_table(const kafka::log_places& places)
{
    for (const auto& [name, place] : places.tables)
        if (place.growing_to > static_cast<std::int32_t>(place.partitions.size())) return &place;
    return nullptr;
}

std::optional<db_time> sign_of_life_in(const kafka::record& what)
{
    debezium::event_reader reader;
    if (what.at_end || reader.read(what.key, what.value)) return std::nullopt;
    const auto& event = reader.last();
    if (event.kind != debezium::event_kind::heartbeat || !event.sent_ms) return std::nullopt;
    return db_time{std::chrono::milliseconds{*event.sent_ms}};
}

}  // namespace

kafka_session::kafka_session(const settings& wanted, store_writer& writer, daemon_state& state, callbacks notify)
    : settings_{wanted},
      writer_{writer},
      state_{state},
      notify_{std::move(notify)},
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
    for (const auto& table : sources_.tables)
        if (table.table.record.rows == why.rows && needs_reading_anew(why, table.origin))
            demand.tables.insert(table.table.record.relation);
    writer_.end_session();
    auto drained = co_await writer_.flush();
    if (!drained)
        log_event(log_level::warn, "not_stored", drained.error().text, {{"reason", name_of(drained.error().code)}});
    while (asking_) co_await asking_ended_.wait();
    if (wake_) wake_->release();
    auto end = [client = std::move(client_)]() mutable {
        client.reset();
        return true;
    };
    co_await asker_.run(std::move(end));
    co_return *closed_because_;
}

asio::awaitable<outcome<void>> kafka_session::open(copy_demand& demand)
{
    auto made = kafka::client::make(settings_.kafka);
    if (!made) co_return made.error();
    client_ = std::move(*made);
    auto survey = [this, stored = writer_.state().tables] { return survey_topics(*client_, settings_, stored); };
    auto surveyed = co_await asker_.run(std::move(survey));
    if (closed_because_) co_return *closed_because_;
    if (!surveyed) co_return surveyed.error();
    sources_ = std::move(*surveyed);
    auto plan = plan_reading(writer_.state(), sources_, settings_, demand, wall_clock());
    if (!plan) co_return plan.error();
    auto stored = co_await store_plan(*plan);
    if (!stored) co_return stored;
    demand = copy_demand{};
    if (auto documents = plan_documents(settings_.documents, writer_.state().tables); !documents)
        co_return documents.error();
    writer_.begin_session();
    last_ = writer_.durable();
    auto reader = kafka::log_reader::make(sources_.tables, settings_.kafka.encodings, sources_.types,
                                          policy_of(settings_.kafka), std::move(plan->places));
    if (!reader) co_return reader.error();
    reader_ = std::move(*reader);
    reader_->set_content_as_of(last_.content_as_of);
    read_whole_stored_ = reader_->places().read_whole_at;
    if (sources_.transactions) {
        gate_.emplace(sources_.transactions->first, sources_.tables, reader_->places(),
                      std::chrono::steady_clock::now());
        gate_was_closed_ = gate_->is_closed();
    }
    for (const auto& table : sources_.tables) mirrored_.push_back(table.table);
    co_return assign();
}

// New epochs for the tables that are read anew, and the places where they begin, in one durable step.
asio::awaitable<outcome<void>> kafka_session::store_plan(const kafka_plan& plan)
{
    bool first = writer_.state().tables.empty();
    if (!plan.anew.empty()) {
        state_.reason = plan.because;
        state_.enter(first || plan.anew.size() == sources_.tables.size() ? daemon_phase::copying
                                                                         : daemon_phase::resyncing);
        state_.copy = copy_progress{};
        state_.copy.tables_total = plan.anew.size();
        state_.copy.started = std::chrono::steady_clock::now();
        log_event(
            log_level::info, "copy_started", "reading topics from their beginning",
            {{"tables", plan.anew.size()}, {"reason", plan.because ? name_of(plan.because->code) : "no_generation"}});
    }
    writer_.begin_session();
    auto state = writer_.state();
    auto old = std::exchange(state.tables, {});
    for (auto& table : sources_.tables) {
        auto& record = table.table.record;
        auto kept =
            std::find_if(old.begin(), old.end(), [&](const table_record& each) { return each.name == record.name; });
        bool anew = std::find(plan.anew.begin(), plan.anew.end(), record.name) != plan.anew.end();
        if (!anew) {
            record.rows = kept->rows;
        } else {
            auto rows = co_await writer_.create_epoch();
            if (!rows) co_return rows.error();
            record.rows = *rows;
        }
        state.tables.push_back(record);
    }
    if (!plan.changed && state.tables == old) co_return outcome<void>{};
    state.identity = plan.identity;
    state.position.places = kafka::encode(plan.places);
    state.position.position = kafka::position_of(plan.places);
    state.position.keepalive = lsn{};
    state.position.last = transaction_fingerprint{};
    state.position.unsettled = true;
    state.position.consistency = consistency_level::row;
    co_return co_await writer_.write_state(std::move(state));
}

outcome<void> kafka_session::assign()
{
    std::vector<kafka::partition_start> starts;
    kafka::for_each_partition(reader_->places(), [&](const auto& topic, auto number, const auto& place) {
        const auto& range = sources_.ranges.at(topic).at(static_cast<std::size_t>(number));
        starts.push_back({topic, number, first_offset(place, range.low)});
        if (starts.back().offset < place.next) reader_->expect_last_again(topic, number);
        reader_->know_up_to(topic, number, range.high);
    });
    if (sources_.transactions) {
        const auto& [topic, range] = *sources_.transactions;
        // The record before it is read once more, as are the last ones of rows.
        const auto& border = reader_->places().border;
        starts.push_back({topic, 0, border ? border->next - 1 : range.high});
    }
    if (sources_.heartbeat) {
        const auto& [topic, range] = *sources_.heartbeat;
        starts.push_back({topic, 0, std::max(range.low, range.high - 1)});
    }
    wake_.emplace(writer_.executor(), client_->wake_fd());
    return client_->assign(starts);
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
    if (auto passed = pass_gate(); !passed) return passed.error();
    writer_.expect(records_waiting());
    hand_over();
    settle_ends();
    if (auto same = check_columns_when_read(); !same) return same.error();
    if (!streaming_)
        if (auto begun = begin_streaming_when_read(); !begun) return begun.error();
    if (records_waiting() == 0) writer_.on_reached(last_.position);
    log_skipped();
    return !records->empty();
}

// As far as is known.
std::uint64_t kafka_session::records_waiting() const
{
    auto progress = kafka::progress_of(reader_->places());
    auto read = kafka::position_of(reader_->places());
    return std::max(progress.of - progress.records, distance(read, state_.server_flushed));
}

outcome<void> kafka_session::take(const kafka::record& what)
{
    if (sources_.heartbeat && what.topic == sources_.heartbeat->first) {
        if (auto at = sign_of_life_in(what)) {
            if (alive_ && *at > *alive_) alive_at_ = std::chrono::steady_clock::now();  // the first may be of long ago
            alive_ = std::max(alive_.value_or(*at), *at);
        }
        return {};
    }
    state_.counters.received_bytes += what.key.value_or("").size() + what.value.value_or("").size();
    if (gate_ && what.topic == gate_->topic()) {
        gate_->take_boundary(what, turn_at_);
        return {};
    }
    if (!what.at_end) last_record_at_ = turn_at_;  // of our tables: others may never be quiet
    if (gate_ && gate_->take(what, turn_at_)) return {};
    return reader_->take(what);
}

// What may be applied of what was kept; and the end of the turn.
outcome<void> kafka_session::pass_gate()
{
    if (gate_) {
        const auto& places = reader_->places();
        kafka::transaction_gate::circumstances now_is;
        now_is.is_settled = streaming_ && kafka::is_settled(places);
        if (places.run_seen_by && reader_->content_as_of() <= *places.run_seen_by)
            now_is.newer_than = places.run_seen_by;
        gate_->advance(now_is, turn_at_);
        while (const auto* what = gate_->next())
            if (auto taken = reader_->take(*what); !taken) return taken;
        reader_->note_transactions(gate_->is_at_border() ? std::optional{gate_->border()} : std::nullopt,
                                   gate_->is_amid_transaction());
        log_level_change();
    }
    reader_->end_turn();
    if (gate_) gate_->forget_passed();
    return {};
}

void kafka_session::log_level_change()
{
    if (std::exchange(gate_was_closed_, gate_->is_closed()) == gate_->is_closed()) return;
    if (gate_->is_closed())
        log_event(log_level::info, "consistency", "what one transaction wrote becomes visible together",
                  {{"level", name_of(consistency_level::transaction)}});
    else
        log_event(log_level::warn, "consistency", "each row becomes visible by itself: " + gate_->why_open(),
                  {{"level", name_of(consistency_level::row)}});
}

// What was read in this turn, as one step of the store.
void kafka_session::hand_over()
{
    auto now = position();
    bool moved = now.position != last_.position || now.unsettled != last_.unsettled ||
                 now.consistency != last_.consistency || !reader_->changes().empty();
    if (moved) hand_over(std::move(now));
}

void kafka_session::hand_over(stored_position now)
{
    if (!reader_->changes().empty()) {
        now.last = transaction_fingerprint{};
        now.last.commit = last_.position;
        now.last.end = now.position;
    }
    committed_transaction step{reader_->changes(), now, reader_->touched()};
    writer_.on_begin(last_.position);
    writer_.on_transaction(step);
    reader_->next_turn();
    last_ = std::move(now);
    show_progress();
    reached_.notify_all();
}

stored_position kafka_session::position() const
{
    const auto& places = reader_->places();
    auto now = last_;
    now.position = kafka::position_of(places);
    now.content_as_of = reader_->content_as_of();
    now.places = kafka::encode(places);
    bool is_of_known_columns = columns_are_checked_ || reader_->check_columns();
    now.unsettled = !kafka::has_reached_targets(places) || !kafka::is_settled(places) || places.is_amid_transaction ||
                    !is_of_known_columns || why_incomplete();
    bool is_whole = places.border && std::none_of(places.tables.begin(), places.tables.end(), [](const auto& table) {
                        return kafka::has_other_rows(table.second.doubts);
                    });
    now.consistency = is_whole ? consistency_level::transaction : consistency_level::row;
    return now;
}

std::optional<std::string> kafka_session::why_incomplete() const
{
    const auto& places = reader_->places();
    for (const auto& [name, place] : places.tables) {
        auto kept = sources_.retention_of(place.topic, name, settings_.kafka);
        if (auto why = kafka::why_incomplete(place, kept, places.read_for)) return why;
    }
    return std::nullopt;
}

// Amid what was there at the start, columns may have come and gone.
outcome<void> kafka_session::check_columns_when_read()
{
    if (columns_are_checked_ || !reader_->has_read_what_was_known()) return {};
    columns_are_checked_ = true;
    return reader_->check_columns();
}

outcome<void> kafka_session::begin_streaming_when_read()
{
    const auto& places = reader_->places();
    if (!kafka::has_reached_targets(places)) return {};
    if (const auto* growing = growing_table(places))
        return failure{errc::topic_changed,
                       fmt::format("topic {} has got {} partitions; the old ones were read to their ends",
                                   growing->topic, growing->growing_to)};
    reader_->note_targets_reached(wall_clock());
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

// Why nothing is announced though the topics are followed.
void kafka_session::show_progress()
{
    if (!streaming_) {
        auto progress = kafka::progress_of(reader_->places());
        state_.copy.rows = progress.records;
        state_.copy.estimated_rows = progress.of;
        state_.copy.bytes = state_.counters.received_bytes;
        return;
    }
    auto incomplete = why_incomplete();
    state_.reason.reset();
    if (incomplete)
        state_.reason = failure{errc::incomplete_log, *incomplete + "; nothing is announced from it"};
    else if (reader_->places().is_amid_transaction)
        state_.reason = failure{errc::catching_up, "a large transaction is half-way"};
    else if (last_.unsettled)
        state_.reason =
            failure{errc::catching_up, "the connector's snapshot, or a repeat of what it had sent, is half-way"};
    if (incomplete != incomplete_ && incomplete)
        log_event(log_level::error, "incomplete_log", state_.reason->text, {{"reason", name_of(errc::incomplete_log)}});
    incomplete_ = std::move(incomplete);
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
    auto looked = std::chrono::steady_clock::now();
    while (!closed_because_) {
        asked_ends asked;
        asked.asked_at = wall_clock();
        auto asked_at = std::chrono::steady_clock::now();
        asked.alive = alive_;
        if (reader_->places().run_is_ending) asked.ended = reader_->places().run;
        auto ranges = co_await ask_ranges();
        if (closed_because_) break;
        if (!ranges) {
            close(ranges.error());
            break;
        }
        asked.ends = ends_of(*ranges);
        note_at_gate(asked.ends, asked_at);
        note_ends(std::move(asked));
        settle_ends();
        if (is_time_to_look(looked)) {
            looked = std::chrono::steady_clock::now();
            if (auto same = co_await look_at_topics(); !same) close(same.error());
        }
        if (auto looked_at = look_at_logs(*ranges); !looked_at) close(looked_at.error());
        boost::system::error_code ignored;
        if (wake_) wake_->cancel(ignored);  // a look at what has arrived, should nobody have said so
        ask_timer_.expires_after(settings_.heartbeat);
        co_await ask_timer_.async_wait(use_tuple);
    }
    asking_ = false;
    asking_ended_.notify_all();
}

asio::awaitable<outcome<kafka::partition_ends>> kafka_session::ask_ends()
{
    auto ranges = co_await ask_ranges();
    if (!ranges) co_return ranges.error();
    co_return ends_of(*ranges);
}

asio::awaitable<outcome<kafka_session::partition_ranges>> kafka_session::ask_ranges()
{
    std::vector<std::pair<std::string, std::int32_t>> partitions;
    kafka::for_each_partition(reader_->places(), [&](const auto& topic, auto number, const auto&) {
        partitions.emplace_back(topic, number);
    });
    if (gate_) partitions.emplace_back(gate_->topic(), 0);
    auto ask = [client = client_.get(), partitions = std::move(partitions)]() -> outcome<partition_ranges> {
        partition_ranges ranges;
        for (const auto& [topic, partition] : partitions) {
            auto range = client->range_of(topic, partition);
            if (!range) return range.error();
            ranges[{topic, partition}] = *range;
        }
        return ranges;
    };
    co_return co_await asker_.run(std::move(ask));
}

// The reader of rows does not wait for the topic of transactions.
void kafka_session::note_at_gate(kafka::partition_ends& ends, std::chrono::steady_clock::time_point asked_at)
{
    if (!gate_) return;
    gate_->note_ends(ends, asked_at);
    ends.erase({gate_->topic(), 0});
}

bool kafka_session::is_time_to_look(std::chrono::steady_clock::time_point last) const
{
    auto now = std::chrono::steady_clock::now();
    bool is_soon = last_.unsettled || now - began_ < limits::topics_come_within;
    return now - last > (is_soon ? limits::topics_interval_soon : limits::topics_interval);
}

// Whether the topics are those that were surveyed.
asio::awaitable<outcome<void>> kafka_session::look_at_topics()
{
    auto ask = [client = client_.get()] { return client->describe_cluster(); };
    auto cluster = co_await asker_.run(std::move(ask));
    if (!cluster) co_return cluster.error();
    for (const auto& [topic, ranges] : sources_.ranges) {
        auto found = cluster->topics.find(topic);
        if (found == cluster->topics.end())
            co_return failure{errc::topic_missing, fmt::format("topic {} is no longer there", topic)};
        if (static_cast<std::size_t>(found->second) != ranges.size())
            co_return failure{errc::topic_changed, fmt::format("topic {} has {} partitions now", topic, found->second)};
    }
    if (!sources_.heartbeat && cluster->topics.contains(heartbeat_topic_of(settings_.kafka)))
        co_return failure{errc::topic_changed, "the connector's heartbeats have begun"};
    auto transactions = cluster->topics.find(transaction_topic_of(settings_.kafka));
    if (!sources_.transactions && transactions != cluster->topics.end() && transactions->second == 1)
        co_return failure{errc::topic_changed, "the connector's transactions have begun"};
    co_return outcome<void>{};
}

// Whether the logs are still those that were read: one that was made anew under us, or cut by an unclean election and filled
// again, may be as long. The last record of each is read once more.
outcome<void> kafka_session::look_at_logs(const partition_ranges& ranges)
{
    auto now = std::chrono::steady_clock::now();
    bool is_quiet = !closed_because_ && records_waiting() == 0 && !(gate_ && gate_->is_keeping());
    if (!is_quiet || now - logs_looked_at_ <= limits::topics_interval) return {};
    logs_looked_at_ = now;
    outcome<void> looked;
    kafka::for_each_partition(reader_->places(), [&](const auto& topic, auto number, const auto& place) {
        auto range = ranges.find({topic, number});
        if (!looked || range == ranges.end() || place.last < std::max(place.began, range->second.low)) return;
        looked = client_->seek({topic, number, place.last});
    });
    return looked;
}

void kafka_session::note_ends(asked_ends asked)
{
    std::uint64_t sum = 0;
    for (const auto& [partition, end] : asked.ends) sum += static_cast<std::uint64_t>(end);
    state_.server_flushed = lsn{sum};
    state_.counters.last_answer = asked.asked_at;
    if (asked_.size() == limits::asked_ends_max) asked_.pop_back();
    asked_.push_back(std::move(asked));
}

bool kafka_session::has_reached(const kafka::partition_ends& ends) const
{
    bool all = true;
    kafka::for_each_partition(reader_->places(), [&](const auto& topic, auto number, const auto& place) {
        auto end = ends.find({topic, number});
        all = all && (end == ends.end() || place.next >= end->second);
    });
    return all;
}

// Everything that was in the topics when their ends were asked for has been handed over.
void kafka_session::settle_ends()
{
    while (!asked_.empty() && has_reached(asked_.front().ends)) {
        auto asked = std::move(asked_.front());
        asked_.pop_front();
        if (asked.ended && asked.ended == reader_->places().run && !reader_->places().run_is_over) {
            reader_->end_run();
            hand_over();
        }
        if (std::chrono::steady_clock::now() - last_record_at_ > limits::quiet_time) note_quiet();
        if (!streaming_) continue;
        reader_->note_read_whole(asked.asked_at);
        if (!asked.alive) continue;
        auto by = *asked.alive - reader_->connector_lag_before(*asked.alive);
        if (by <= proved_) continue;
        proved_ = by;
        state_.clock_offset = std::chrono::milliseconds{0};  // nobody tells us the database's
        notify_.probed({.written = last_.position, .at = by});
    }
    store_read_whole();
}

// What was half-way and never got on is over, as far as can be told.
void kafka_session::note_quiet()
{
    if (kafka::is_settled(reader_->places())) return;
    reader_->end_behind_run();
    if (alive_ && alive_at_ > last_record_at_) reader_->note_idle_connector(*alive_);
    hand_over();
}

// A store that is not written to for long must not look as if nothing had been read.
void kafka_session::store_read_whole()
{
    auto at = reader_->places().read_whole_at;
    std::chrono::microseconds patience = limits::read_whole_interval;
    for (const auto& [topic, config] : sources_.configs)
        if (config.cleanup_policy == "compact")
            patience =
                std::min<std::chrono::microseconds>(patience, config.delete_retention / limits::read_whole_share);
    if (at - read_whole_stored_ < patience || !writer_.accepts()) return;
    read_whole_stored_ = at;
    hand_over(position());
}

void kafka_session::log_skipped()
{
    auto skipped = reader_->take_skipped();
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
    auto ends = co_await ask_ends();
    if (!ends) co_return ends.error();
    while (!closed_because_ && !incomplete_ && !(has_reached(*ends) && writer_.received().is_presentable()))
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
    boost::system::error_code ignored;
    if (wake_) wake_->cancel(ignored);
    ask_timer_.cancel();
    progress_timer_.cancel();
    accepting_.notify_all();
    reached_.notify_all();
}

}  // namespace understudy
