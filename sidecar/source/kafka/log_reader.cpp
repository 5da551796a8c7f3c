#include "source/kafka/log_reader.hpp"

#include "core/limits.hpp"
#include "core/row_tuple.hpp"
#include "decode/debezium.hpp"
#include "render/key_bytes.hpp"
#include "source/kafka/column_watch.hpp"
#include "source/kafka/encodings.hpp"
#include "source/kafka/event_place.hpp"
#include "source/kafka/repeat_filter.hpp"
#include "source/kafka/row_decoder.hpp"
#include "source/row_builder.hpp"

#include <boost/unordered/unordered_flat_set.hpp>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace understudy::kafka {

namespace {

using debezium::event_kind;

std::string unreadable(std::string_view why)
{
    return fmt::format("cannot be read: {}", why);
}

/// In another partition than Kafka's own partitioner puts its key, as after the topic has got more of them, or with one that
/// goes by other columns: then what changed one row may stand in several, and nothing orders them.
bool is_scattered(const record& what, std::size_t partitions) noexcept
{
    if (partitions == 1 || !what.key) return false;
    auto count = static_cast<std::int32_t>(partitions);
    auto own = rd_kafka_msg_partitioner_murmur2(nullptr, what.key->data(), what.key->size(), count, nullptr, nullptr);
    return own != what.partition;
}

/// What is remembered of one partition while it is read.
struct read_partition {
    repeat_filter repeats;
    std::int64_t known_to = 0;                              // what lay before was there when reading began
    bool expects_last = false;                              // what comes first is the record that was read last
    boost::unordered_flat_set<std::uint64_t> written = {};  // keys of rows, since there was a gap
    std::optional<record> last = {};                        // of this turn
    std::string deleted = {};                               // the key of the last event, if it deleted a row
};

}  // namespace

/// One table while it is read.
struct log_reader::followed {
    const topic_table& table;
    table_place& place;
    debezium::row_decoder rows;
    column_watch columns{table, place};
    row_builder builder = {};
    debezium::event_reader events = debezium::event_reader{};
    std::vector<read_partition> partitions = {};
    std::string key = {};      // of the event at hand
    std::string row_key = {};  // the same from its row
    bool is_complete = false;  // the operator says so
    log_state log = log_state::known;

    const debezium::event& event() const noexcept { return events.last(); }
    read_partition& partition_of(const record& what) { return partitions[static_cast<std::size_t>(what.partition)]; }

    /// Of several texts that are one value to the database, as 0 and -0, each is a key of its own to Kafka: nothing orders
    /// what happened to them, so they are rows of their own here. They sort as the values do.
    error_code build_key(std::span<const tuple_column> values, std::string& made)
    {
        if (auto ec = builder.build_key(table.table, values)) return ec;
        made = builder.key();
        for (auto position : table.table.record.shape.key)
            if (table.table.formats[position].has_equal_texts() && values[position].what == tuple_column::kind::text)
                if (auto ec = append_text_key(values[position].text, made)) return ec;
        return {};
    }

    column_watch::age age_of(const record& what)
    {
        return what.offset < partition_of(what).known_to ? column_watch::age::was_there : column_watch::age::is_new;
    }
};

outcome<std::unique_ptr<log_reader>> log_reader::make(const std::vector<topic_table>& tables,
                                                      const debezium_encodings& encodings, const type_catalog& types,
                                                      reading_policy policy, log_places start)
{
    std::unique_ptr<log_reader> made{new log_reader{std::move(policy), std::move(start)}};
    std::size_t partitions = 1;
    for (const auto& [name, place] : made->places_.tables) partitions += place.partitions.size();
    for (const auto& table : tables) {
        using types_from = debezium::row_decoder::types_from;
        auto origin = table.origin == column_origin::description ? types_from::catalog : types_from::schemas;
        auto rows = debezium::row_decoder::compile(table.table, types, encodings_of(encodings), origin);
        if (!rows)
            return failure{rows.error().code,
                           fmt::format("table {}: {}", to_string(table.table.record.name), rows.error().text)};
        const auto& name = table.table.record.name;
        auto& place = made->places_.tables.at(name);
        auto into = std::make_unique<followed>(followed{.table = table, .place = place, .rows = std::move(*rows)});
        for (const auto& partition : place.partitions)
            into->partitions.push_back({.repeats = repeat_filter{limits::remembered_events_max / partitions, partition},
                                        .known_to = partition.target});
        into->is_complete = std::ranges::find(made->policy_.complete, name) != made->policy_.complete.end();
        made->followed_.push_back(std::move(into));
    }
    return made;
}

log_reader::log_reader(reading_policy policy, log_places start) : policy_{std::move(policy)}, places_{std::move(start)}
{
}

log_reader::~log_reader() = default;

log_reader::followed* log_reader::find(std::string_view topic)
{
    if (last_found_ != nullptr && last_found_->table.topic == topic) return last_found_;
    auto found =
        std::find_if(followed_.begin(), followed_.end(), [&](const auto& each) { return each->table.topic == topic; });
    last_found_ = found == followed_.end() ? nullptr : found->get();
    return last_found_;
}

void log_reader::know_up_to(std::string_view topic, std::int32_t partition, std::int64_t offset)
{
    if (auto* into = find(topic)) into->partitions.at(static_cast<std::size_t>(partition)).known_to = offset;
}

bool log_reader::has_read_what_was_known() const noexcept
{
    return std::all_of(followed_.begin(), followed_.end(), [](const auto& each) {
        return std::equal(each->partitions.begin(), each->partitions.end(), each->place.partitions.begin(),
                          [](const auto& one, const partition_place& place) { return place.next >= one.known_to; });
    });
}

void log_reader::expect_last_again(std::string_view topic, std::int32_t partition)
{
    if (auto* into = find(topic)) into->partitions.at(static_cast<std::size_t>(partition)).expects_last = true;
}

outcome<void> log_reader::take(const record& what)
{
    auto* into = find(what.topic);
    if (into == nullptr) return failure{errc::internal, place_of(what) + ": no table has this topic"};
    if (into->log != log_state::known) return {};
    auto index = static_cast<std::size_t>(what.partition);
    if (what.partition < 0 || index >= into->place.partitions.size())
        return failure{errc::topic_changed, fmt::format("topic {} has got more partitions", what.topic)};
    auto& partition = into->place.partitions[index];
    auto& reading = into->partitions[index];
    if (std::exchange(reading.expects_last, false) && (what.at_end || what.offset != partition.last)) {
        note_replaced(*into, what, log_state::lost);
        return {};
    }
    if (what.at_end) {
        partition.next = std::max(partition.next, what.offset);
        partition.has_gap = false;
        reading.written = {};
        return {};
    }
    if (what.offset < partition.next) {  // read once more, to see whether this is the same log
        if (what.offset == partition.last && hash_of(what) != partition.last_hash)
            note_replaced(*into, what, log_state::another);
        return {};
    }
    if (what.offset > partition.next) note_gap(*into, index);
    if (auto done = take_row(*into, what); !done && !may_skip(*into, done.error())) return done;
    partition.next = what.offset + 1;
    partition.last = what.offset;
    reading.last = what;
    return {};
}

// Its rows stay as they are: the table is read anew. All that are known together are, so that each does not cost a session.
void log_reader::note_replaced(followed& into, const record& what, log_state now)
{
    into.log = now;
    if (why_replaced_) return;
    why_replaced_ = refuse(
        into, what, errc::topic_replaced,
        now == log_state::another
            ? "is another record than the one that was read here before"
            : "is what comes first, and the record that was read last here is gone: the topic was made anew, or compacted");
}

std::optional<failure> log_reader::why_replaced() const
{
    if (!why_replaced_) return std::nullopt;
    auto is_unsure = [](const auto& each) {
        return each->log == log_state::known && std::ranges::any_of(each->partitions, &read_partition::expects_last);
    };
    return std::ranges::any_of(followed_, is_unsure) ? std::nullopt : why_replaced_;
}

log_reader::log_state log_reader::log_of(epoch rows) const noexcept
{
    auto found =
        std::ranges::find_if(followed_, [&](const auto& each) { return each->table.table.record.rows == rows; });
    return found == followed_.end() ? log_state::known : (*found)->log;
}

// Records were compacted away. Of a row that was read before, one of them may have changed what a later one leaves as it
// was: the later ones are in the log, up to its end at the most.
void log_reader::note_gap(followed& into, std::size_t index)
{
    into.place.partitions[index].has_gap = true;
    into.partitions[index].repeats.note_gap();
    into.partitions[index].written.clear();
}

outcome<void> log_reader::take_row(followed& into, const record& what)
{
    if (what.value && what.value->size() > limits::message_bytes_max) return bad(into, what, "is larger than 64 MiB");
    if (auto ec = into.events.read(what.key, what.value)) {
        if (ec == errc::unsupported_format) return refuse(into, what, errc::unsupported_format, into.events.wrong());
        return bad(into, what, into.events.wrong());
    }
    const auto& event = into.event();
    if (auto followed = into.rows.follow(event); !followed) return bad(into, what, followed.error().text);
    const auto& name = into.table.table.record.name;
    const auto& source = event.source;
    bool is_foreign =
        (!source.table.empty() && source.table != name.name) ||
        (!source.schema.empty() && source.schema != name.schema);  // flattened rows say what they were told to
    if (is_foreign) return bad(into, what, fmt::format("is a row of {}.{}", source.schema, source.table));
    return apply(into, what);
}

outcome<void> log_reader::apply(followed& into, const record& what)
{
    const auto& event = into.event();
    auto index = static_cast<std::size_t>(what.partition);
    if (event.kind == event_kind::message) return {};
    if (event.kind == event_kind::tombstone) return bury(into, what);
    into.partitions[index].deleted.clear();
    if (!into.place.doubts.untold_history && is_scattered(what, into.place.partitions.size()))
        into.place.doubts.untold_history = true;
    if (!event.source.name.empty()) into.place.connector = event.source.name;
    if (auto begun = runs_.note(into.place, event); begun != snapshot_runs::beginning::none)
        begin_snapshot(into, begun == snapshot_runs::beginning::another);
    into.place.doubts.no_snapshot = !into.place.has_snapshot_rows && !event.is_flattened && !into.is_complete;
    if (is_streamed(event)) {
        auto news = is_news(into, what);
        if (!news) return news.error();
        if (!*news) {
            // So that the tombstone behind it is left out, too.
            if (event.kind == event_kind::remove && !build_key(into, what).has_error())
                into.partitions[index].deleted = into.key;
            return {};
        }
    }
    if (auto time = commit_time(event.source)) {
        content_as_of_ = std::max(content_as_of_, *time);
        runs_.note_time(into.place, into.place.partitions[index], event.source, *time);
        if (is_streamed(event) && event.sent_ms) lag_.note(db_time{std::chrono::milliseconds{*event.sent_ms}}, *time);
    }
    into.place.has_events = true;
    switch (event.kind) {
    case event_kind::upsert: return put(into, what);
    case event_kind::remove: return remove(into, what);
    case event_kind::truncate: return truncate(into, what);
    default: return bad(into, what, "is no row of a table");
    }
}

outcome<void> log_reader::put(followed& into, const record& what)
{
    const auto& event = into.event();
    auto age = into.age_of(what);
    if (auto why = into.columns.why_other_types(event, age)) return refuse(into, what, errc::table_changed, *why);
    if (auto why = into.columns.why_mixed_up(event)) return bad(into, what, *why);
    if (auto built = build_key(into, what); !built) return built;
    if (into.rows.decode_row(event)) return bad(into, what, unreadable(into.rows.wrong()));
    if (into.rows.has_former_types()) into.place.doubts.other_types = true;
    into.columns.note_nulls(event, into.rows.values());
    if (auto why = into.columns.why_other_columns(event, into.rows, age))
        return refuse(into, what, errc::table_changed, *why);
    const auto& table = into.table.table;
    auto values = into.columns.values_of(into.rows);
    if (into.build_key(values, into.row_key) || into.row_key != into.key)
        return bad(into, what, "has another key than its row");
    if (into.builder.build_tuple(table, values))
        return bad(
            into, what,
            unreadable(fmt::format("column {} holds what its type does not print", into.builder.failed_column(table))));
    forget_stale(into, what);
    changes_.put(table.record.rows, into.key, into.builder.tuple(), row_before::unsure);
    touch(into);
    return {};
}

// A value that is not known is better than one that may have been another meanwhile.
void log_reader::forget_stale(followed& into, const record& what)
{
    if (!into.place.partitions[static_cast<std::size_t>(what.partition)].has_gap) return;
    auto& written = into.partition_of(what).written;
    auto key = XXH3_64bits(into.key.data(), into.key.size());
    if (has_unchanged(into.builder.tuple()) && !written.contains(key))
        changes_.remove(into.table.table.record.rows, into.key);
    if (written.size() < limits::remembered_events_max) written.insert(key);
}

outcome<void> log_reader::remove(followed& into, const record& what)
{
    if (auto why = into.columns.why_mixed_up(into.event())) return bad(into, what, *why);
    if (auto built = build_key(into, what); !built) return built;
    changes_.remove(into.table.table.record.rows, into.key);
    into.partition_of(what).deleted = into.key;
    touch(into);
    return {};
}

// Right behind the delete that it belongs to it says nothing new, and the delete may have been a repeat.
outcome<void> log_reader::bury(followed& into, const record& what)
{
    if (!what.key) return {};  // of a table without key: see put
    if (auto built = build_key(into, what); !built) return built;
    auto& partition = into.partition_of(what);
    if (std::exchange(partition.deleted, {}) == into.key) return {};
    // Its delete is gone, and may have been a repeat: then what it removed has to come again.
    partition.repeats.forget();
    changes_.remove(into.table.table.record.rows, into.key);
    touch(into);
    return {};
}

// It has no key, so it may be in any partition, and which rows of the others came before it is not known.
outcome<void> log_reader::truncate(followed& into, const record& what)
{
    if (into.place.partitions.size() != 1)
        return bad(into, what, "is a TRUNCATE, which has no place among several partitions");
    changes_.clear_table(into.table.table.record.rows);
    touch(into);
    return {};
}

outcome<void> log_reader::build_key(followed& into, const record& what)
{
    const auto& event = into.event();
    if (!event.key.is_present())
        return bad(into, what, "has no key: nothing tells its row apart; set message.key.columns of the connector");
    if (into.rows.decode_key(event)) return bad(into, what, unreadable(into.rows.wrong()));
    if (into.build_key(into.rows.values(), into.key))
        return bad(into, what,
                   unreadable(fmt::format("key column {} holds what its type does not print",
                                          into.builder.failed_column(into.table.table))));
    return {};
}

outcome<bool> log_reader::is_news(followed& into, const record& what)
{
    using verdict = repeat_filter::verdict;
    auto index = static_cast<std::size_t>(what.partition);
    auto found = into.partitions[index].repeats.judge(into.place.partitions[index], into.event());
    if (found == verdict::out_of_order)
        return refuse(into, what, errc::out_of_order,
                      "stands before others in the database's history and repeats none of them");
    // What happened before the connector began is not told, but the operator may say that it is there.
    if (found == verdict::news_of_new_connector && !into.is_complete) into.place.doubts.resnapshot = true;
    return found != verdict::repeat;
}

// Rows that it does not bring were deleted before it, if it is of the whole table.
void log_reader::begin_snapshot(followed& into, bool has_older_rows)
{
    for (auto& partition : into.partitions) partition.repeats.forget();
    if (!has_older_rows) return;
    bool is_sure = into.event().op == debezium::operation::read;  // a flattened row that has no `op` may be a change
    if (policy_.resnapshot == resnapshot_policy::sweep && is_sure && into.place.partitions.size() == 1) {
        changes_.clear_table(into.table.table.record.rows);
        into.place.doubts.resnapshot = false;
        touch(into);
    } else {
        into.place.doubts.resnapshot = true;
    }
}

outcome<void> log_reader::check_columns() const
{
    for (const auto& each : followed_)
        if (auto why = each->columns.why_newest_differs())
            return failure{errc::table_changed, fmt::format("topic {}: the newest row {}", each->table.topic, *why),
                           each->table.table.record.rows};
    return {};
}

failure log_reader::bad(const followed& into, const record& what, std::string_view why) const
{
    return refuse(into, what, errc::bad_message, why);
}

bool log_reader::may_skip(followed& into, const failure& why)
{
    if (why.code != errc::bad_message || policy_.bad_message == bad_message_policy::halt) return false;
    into.place.doubts.skipped_records = true;
    ++skipped_.count;
    skipped_.last = why.text;
    return true;
}

failure log_reader::refuse(const followed& into, const record& what, errc code, std::string_view why) const
{
    return {code, fmt::format("{} {}", place_of(what), why), into.table.table.record.rows};
}

void log_reader::touch(const followed& table)
{
    auto rows = table.table.table.record.rows;
    if (std::find(touched_.begin(), touched_.end(), rows) == touched_.end()) touched_.push_back(rows);
}

void log_reader::end_turn()
{
    for (auto& each : followed_)
        for (std::size_t index = 0; index < each->partitions.size(); ++index)
            if (auto last = std::exchange(each->partitions[index].last, std::nullopt))
                each->place.partitions[index].last_hash = hash_of(*last);
}

void log_reader::next_turn() noexcept
{
    changes_.reset();
    touched_.clear();
}

log_reader::skipped_records log_reader::take_skipped() noexcept
{
    return std::exchange(skipped_, {});
}

}  // namespace understudy::kafka
