#include "app/kafka_intake.hpp"

#include "app/logging.hpp"
#include "core/limits.hpp"
#include "decode/debezium.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy {

namespace {

kafka::reading_policy policy_of(const kafka_settings& wanted) noexcept
{
    return {.bad_message = wanted.on_bad_message, .resnapshot = wanted.on_resnapshot, .complete = wanted.complete};
}

/// With the record that was read last, if it is there still.
std::int64_t first_offset(const kafka::partition_place& place, std::int64_t low) noexcept
{
    return place.last >= std::max(place.began, low) ? place.last : place.next;
}

std::optional<db_time> sign_of_life_in(const kafka::record& what)
{
    debezium::event_reader reader;
    if (what.at_end || reader.read(what.key, what.value)) return std::nullopt;
    const auto& event = reader.last();
    if (event.kind != debezium::event_kind::heartbeat || !event.sent_ms) return std::nullopt;
    return db_time{std::chrono::milliseconds{*event.sent_ms}};
}

const kafka::table_place* growing_table(const kafka::log_places& places)
{
    for (const auto& [name, place] : places.tables)
        if (place.growing_to > static_cast<std::int32_t>(place.partitions.size())) return &place;
    return nullptr;
}

bool has_other_rows(const kafka::log_places& places)
{
    return std::any_of(places.tables.begin(), places.tables.end(),
                       [](const auto& table) { return kafka::has_other_rows(table.second.doubts); });
}

}  // namespace

outcome<std::unique_ptr<kafka_intake>> kafka_intake::make(const settings& wanted, const kafka_sources& sources,
                                                          kafka::signs_of_life& life, kafka::log_places places,
                                                          db_time content_as_of)
{
    auto reader = kafka::log_reader::make(sources.tables, wanted.kafka.encodings, sources.types,
                                          policy_of(wanted.kafka), std::move(places));
    if (!reader) return reader.error();
    (*reader)->set_content_as_of(content_as_of);
    return std::unique_ptr<kafka_intake>{new kafka_intake{wanted, sources, life, std::move(*reader)}};
}

kafka_intake::kafka_intake(const settings& wanted, const kafka_sources& sources, kafka::signs_of_life& life,
                           std::unique_ptr<kafka::log_reader> reader)
    : settings_{wanted}, sources_{sources}, reader_{std::move(reader)}, life_{life}
{
    if (!sources.transactions) return;
    gate_.emplace(sources.transactions->first, sources.tables, places(), std::chrono::steady_clock::now());
    was_whole_ = shows_whole_transactions();
}

std::vector<kafka::partition_start> kafka_intake::begin(const std::set<oid>& known)
{
    std::vector<kafka::partition_start> starts;
    for (const auto& table : sources_.tables) {
        const auto& place = places().tables.at(table.table.record.name);
        bool is_known = known.contains(table.table.record.relation);
        for (std::size_t index = 0; index < place.partitions.size(); ++index) {
            auto number = static_cast<std::int32_t>(index);
            const auto& partition = place.partitions[index];
            const auto& range = sources_.ranges.at(table.topic).at(index);
            starts.push_back({table.topic, number, is_known ? partition.next : first_offset(partition, range.low)});
            if (starts.back().offset < partition.next) reader_->expect_last_again(table.topic, number);
            reader_->know_up_to(table.topic, number, range.high);
        }
    }
    if (sources_.transactions) {
        const auto& [topic, range] = *sources_.transactions;
        // The record before it is read once more, as are the last ones of rows.
        const auto& border = places().border;
        starts.push_back({topic, 0, border ? border->next - 1 : range.high});
    }
    if (sources_.heartbeat) {
        const auto& [topic, range] = *sources_.heartbeat;
        starts.push_back({topic, 0, std::max(range.low, range.high - 1)});
    }
    return starts;
}

outcome<void> kafka_intake::take(const kafka::record& what, time_point now)
{
    if (gate_ && what.topic == gate_->topic()) {
        gate_->take_boundary(what, now);
        return {};
    }
    if (!what.at_end) last_record_at_ = now;  // of our tables: others may never be quiet
    if (gate_ && gate_->take(what, now)) return {};
    return reader_->take(what);
}

void kafka_intake::take_heartbeat(const kafka::record& what)
{
    if (auto at = sign_of_life_in(what)) life_.note(*at, std::chrono::steady_clock::now());
}

outcome<void> kafka_intake::end_turn(bool is_streaming, time_point now)
{
    if (gate_)
        if (auto passed = pass_gate(is_streaming, now); !passed) return passed;
    reader_->end_turn();
    if (gate_) gate_->forget_passed();
    return {};
}

outcome<void> kafka_intake::pass_gate(bool is_streaming, time_point now)
{
    kafka::transaction_gate::circumstances now_is;
    now_is.is_settled = is_streaming && kafka::is_settled(places()) && kafka::is_of_one_connector(places());
    if (places().run_seen_by && reader_->content_as_of() <= *places().run_seen_by)
        now_is.newer_than = places().run_seen_by;
    gate_->advance(now_is, now);
    while (const auto* what = gate_->next())
        if (auto taken = reader_->take(*what); !taken) return taken;
    reader_->note_transactions(gate_->is_at_border() ? std::optional{gate_->border()} : std::nullopt,
                               gate_->is_amid_transaction());
    log_level_change();
    return {};
}

void kafka_intake::log_level_change()
{
    bool is_whole = shows_whole_transactions();
    if (std::exchange(was_whole_, is_whole) == is_whole) return;
    if (is_whole)
        log_event(log_level::info, "consistency", "what one transaction wrote becomes visible together",
                  {{"level", name_of(consistency_level::transaction)}});
    else
        log_event(log_level::warn, "consistency", "each row becomes visible by itself: " + why_by_row(),
                  {{"level", name_of(consistency_level::row)}});
}

// As the generations to come will say.
bool kafka_intake::shows_whole_transactions() const
{
    return gate_->is_closed() && !has_other_rows(places());
}

std::string kafka_intake::why_by_row() const
{
    return gate_->is_closed() ? "rows were left out, or are too many: see `doubts` of the tables in the manifest"
                              : gate_->why_open();
}

stored_position kafka_intake::position(stored_position last) const
{
    auto now = std::move(last);
    now.position = kafka::position_of(places());
    now.content_as_of = reader_->content_as_of();
    now.places = kafka::encode(places());
    bool is_of_known_columns = columns_are_checked_ || reader_->check_columns();
    now.unsettled = !kafka::has_reached_targets(places()) || !kafka::is_settled(places()) || reader_->has_replaced() ||
                    places().is_amid_transaction || !is_of_known_columns || why_incomplete();
    bool is_whole = places().border && !has_other_rows(places()) && kafka::is_of_one_connector(places());
    now.consistency = is_whole ? consistency_level::transaction : consistency_level::row;
    return now;
}

std::optional<std::string> kafka_intake::why_incomplete() const
{
    for (const auto& [name, place] : places().tables) {
        auto kept = sources_.retention_of(place.topic, name, settings_.kafka);
        if (auto why = kafka::why_incomplete(place, kept, places().read_for)) return why;
    }
    return std::nullopt;
}

outcome<bool> kafka_intake::has_reached_targets() const
{
    if (!kafka::has_reached_targets(places())) return false;
    const auto* growing = growing_table(places());
    if (growing == nullptr) return true;
    return failure{errc::topic_changed,
                   fmt::format("topic {} has got {} partitions; the old ones were read to their ends", growing->topic,
                               growing->growing_to)};
}

outcome<void> kafka_intake::check_columns_when_read()
{
    if (columns_are_checked_ || !reader_->has_read_what_was_known()) return {};
    columns_are_checked_ = true;
    return reader_->check_columns();
}

std::vector<kafka::partition_id> kafka_intake::partitions() const
{
    std::vector<kafka::partition_id> all;
    kafka::for_each_partition(places(),
                              [&](const auto& topic, auto number, const auto&) { all.emplace_back(topic, number); });
    if (gate_) all.emplace_back(gate_->topic(), 0);
    return all;
}

// The reader of rows does not wait for the topic of transactions.
kafka::partition_ends kafka_intake::note_ends(const kafka::partition_ranges& ranges, time_point asked_at)
{
    auto ends = ends_of(ranges);
    if (gate_) {
        gate_->note_ends(ends, asked_at);
        ends.erase({gate_->topic(), 0});
    }
    return ends;
}

std::vector<kafka::partition_start> kafka_intake::last_records(const kafka::partition_ranges& ranges) const
{
    std::vector<kafka::partition_start> last;
    kafka::for_each_partition(places(), [&](const auto& topic, auto number, const auto& place) {
        auto range = ranges.find({topic, number});
        if (range == ranges.end() || place.last < std::max(place.began, range->second.low)) return;
        last.push_back({topic, number, place.last});
    });
    return last;
}

bool kafka_intake::has_reached(const kafka::partition_ends& ends) const
{
    bool all = true;
    kafka::for_each_partition(places(), [&](const auto& topic, auto number, const auto& place) {
        auto end = ends.find({topic, number});
        all = all && (end == ends.end() || place.next >= end->second);
    });
    return all;
}

std::optional<db_time> kafka_intake::ending_run() const
{
    return places().run_is_ending ? places().run : std::nullopt;
}

bool kafka_intake::end_run(std::optional<db_time> ending)
{
    if (!ending || ending != places().run || places().run_is_over) return false;
    reader_->end_run();
    return true;
}

bool kafka_intake::end_what_is_quiet(time_point now)
{
    if (now - last_record_at_ <= limits::quiet_time || kafka::is_settled(places())) return false;
    reader_->end_behind_run();
    if (life_.alive_at() > last_record_at_) reader_->note_idle_connector(*life_.last());
    return true;
}

std::optional<db_time> kafka_intake::prove(db_time alive)
{
    if (!kafka::is_of_one_connector(places())) return std::nullopt;
    auto by = alive - reader_->connector_lag_before(alive);
    if (by <= proved_) return std::nullopt;
    proved_ = by;
    return by;
}

}  // namespace understudy
