#include "source/kafka/log_reader.hpp"

#include "core/limits.hpp"
#include "core/row_tuple.hpp"
#include "decode/debezium.hpp"
#include "source/kafka/encodings.hpp"
#include "source/kafka/row_decoder.hpp"
#include "source/kafka/schema_finder.hpp"
#include "source/row_builder.hpp"

#include <boost/unordered/unordered_flat_set.hpp>
#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace understudy::kafka {

namespace {

using debezium::event_kind;
using debezium::snapshot_mark;

std::uint64_t add_to_hash(std::uint64_t hash, std::string_view bytes) noexcept
{
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), hash);
}

std::uint64_t add_to_hash(std::uint64_t hash, json_node row) noexcept
{
    if (!row.is_present()) return hash;
    for (auto member : row) hash = add_to_hash(add_to_hash(hash, member.name()), member.text());
    return hash;
}

/// All of a streamed event that is the same when the connector sends it again: not when it did.
std::uint64_t fingerprint_of(const debezium::event& event) noexcept
{
    const auto& source = event.source;
    auto hash = source.xid.value_or(0) * 31 + static_cast<std::uint64_t>(source.commit_us.value_or(0));
    hash = hash * 31 + static_cast<std::uint64_t>(event.op.value_or(debezium::operation::message));
    if (event.within) hash = hash * 31 + event.within->total_order.value_or(0);
    return add_to_hash(add_to_hash(hash, event.key), event.row);
}

/// The lsn alone does not tell whether an event stands before another one: that takes the sequence.
bool is_streamed(const debezium::event& event) noexcept
{
    const auto& source = event.source;
    return source.snapshot == snapshot_mark::none && source.position.has_value() && source.sequence.has_value();
}

event_mark mark_of(const debezium::source_block& source) noexcept
{
    return {source.last_commit.value_or(lsn{}).value, source.position->value};
}

std::optional<db_time> commit_time(const debezium::source_block& source) noexcept
{
    if (!source.commit_us) return std::nullopt;
    return db_time{std::chrono::microseconds{*source.commit_us}};
}

/// When the snapshot began that a row is of, if that is the table's newest.
std::optional<db_time> begun_at(const table_place& place, const debezium::source_block& source) noexcept
{
    bool is_of_run = source.snapshot != snapshot_mark::none && source.position && source.position == place.run_at;
    return is_of_run ? place.run : std::nullopt;
}

std::optional<std::string> why_other_columns(column_origin origin, std::string_view unknown, std::string_view missing)
{
    if (origin != column_origin::description) {
        if (!unknown.empty()) return fmt::format("has a column {} that those before lack", unknown);
        return missing.empty() ? std::nullopt
                               : std::optional{fmt::format("lacks column {}, which those before have", missing)};
    }
    if (!unknown.empty())
        return fmt::format(
            "has a column {} that the description of the table lacks; write it anew with `understudy describe`",
            unknown);
    if (missing.empty()) return std::nullopt;
    return fmt::format(
        "lacks column {}: if it was dropped, write the description anew with `understudy describe`; if the "
        "connector leaves it out, put it under `exclude` of the table in the config",
        missing);
}

/// How the schemas of an event describe its table otherwise than the messages did that it is read by.
std::optional<std::string> why_other_types(const topic_table& table, const debezium::event& event)
{
    auto told = table_told_by(event, table.table.record.name, {});
    if (!told) return told.error().text;
    for (const auto& column : table.columns)
        for (const auto& other : told->columns)
            if (other.shape.name == column.shape.name && other.shape != column.shape)
                return fmt::format("has a column {} of another type than those before", column.shape.name);
    const auto& shape = table.table.record.shape;
    auto is_same = [&](const std::string& name, std::uint16_t place) { return name == shape.columns[place].name; };
    if (std::equal(told->key.begin(), told->key.end(), shape.key.begin(), shape.key.end(), is_same))
        return std::nullopt;
    return "has another key than those before";
}

/// A null in such a column may come as the default.
bool may_hide_null(const described_column& column) noexcept
{
    return column.nullable && column.has_default;
}

bool may_hide_nulls(const topic_table& table)
{
    return std::any_of(table.columns.begin(), table.columns.end(), may_hide_null);
}

bool has_null_beside_default(const topic_table& table, std::span<const tuple_column> values)
{
    for (std::size_t at = 0; at < values.size(); ++at)
        if (values[at].what == tuple_column::kind::null && may_hide_null(table.columns[at])) return true;
    return false;
}

}  // namespace

/// The latest streamed events of a partition, to know them by when they come again.
///
/// They follow each other without one left out that could come again: so when one is known, all that have come since
/// are, too, and to leave it out changes nothing.
class log_reader::memory {
public:
    memory(std::size_t most, const std::optional<event_mark>& forgotten) : most_{most}, forgotten_{forgotten} {}

    bool knows(const event_mark& mark, std::uint64_t fingerprint) const
    {
        return known_.contains(mixed(mark, fingerprint));
    }

    /// Whether everything that came with such a mark is known: what is not is then no repeat.
    bool reaches_back_to(const event_mark& mark) const noexcept { return !forgotten_ || mark > *forgotten_; }

    void add(const event_mark& mark, std::uint64_t fingerprint)
    {
        auto one = mixed(mark, fingerprint);
        if (!known_.insert(one).second) return;
        order_.emplace_back(mark, one);
        if (order_.size() <= most_) return;
        known_.erase(order_.front().second);
        forget(order_.front().first);
        order_.pop_front();
    }

    /// Something up to this may have come that is not here.
    void forget(const event_mark& mark) noexcept { forgotten_ = std::max(forgotten_.value_or(mark), mark); }

    void clear()
    {
        for (const auto& [mark, one] : order_) forget(mark);
        known_ = {};
        order_.clear();
    }

private:
    static std::uint64_t mixed(const event_mark& mark, std::uint64_t fingerprint) noexcept
    {
        return fingerprint ^ (mark.last_commit * 0x9E3779B97F4A7C15ULL) ^ (mark.lsn * 0xC2B2AE3D27D4EB4FULL);
    }

    std::size_t most_;
    std::optional<event_mark> forgotten_;
    boost::unordered_flat_set<std::uint64_t> known_;
    std::deque<std::pair<event_mark, std::uint64_t>> order_;
};

/// One table while it is read.
struct log_reader::followed {
    const topic_table& table;
    table_place& place;
    debezium::row_decoder rows;
    row_builder builder;
    debezium::event_reader events;
    std::vector<memory> known;  // of each partition
    // Of each: something may have come that did not, since the last streamed event that was new.
    std::vector<char> skips;
    // Of each that has a gap: the keys of rows since then.
    std::vector<boost::unordered_flat_set<std::uint64_t>> written;
    std::vector<char> expects_last;            // of each
    std::vector<std::int64_t> known_to;        // of each: what lay before was there when reading began
    std::vector<std::optional<record>> taken;  // the last record of this turn, of each partition
    std::vector<std::string> deleted;          // the key of the last event of each partition, if it deleted a row
    std::string key;                           // of the event at hand
    std::vector<tuple_column> filled;          // its row, where columns are missing in it
    bool may_hide_nulls = false;               // behind defaults
    bool is_complete = false;                  // the operator says so
    std::uint64_t row_schema = 0;              // numbers of the schemas that were compared last
    std::uint64_t key_schema = 0;

    const debezium::event& event() const noexcept { return events.last(); }
};

outcome<std::unique_ptr<log_reader>> log_reader::make(const std::vector<topic_table>& tables,
                                                      const debezium_encodings& encodings, const type_catalog& types,
                                                      reading_policy policy, log_places start)
{
    std::unique_ptr<log_reader> made{new log_reader{policy, std::move(start)}};
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
        bool is_complete = std::ranges::find(made->policy_.complete, name) != made->policy_.complete.end();
        auto& place = made->places_.tables.at(name);
        auto count = place.partitions.size();
        std::vector<memory> known;
        std::vector<char> skips;
        std::vector<std::int64_t> known_to;
        for (const auto& partition : place.partitions) {
            known.emplace_back(limits::remembered_events_max / partitions, partition.mark);
            skips.push_back(partition.next > 0 ? 1 : 0);
            known_to.push_back(partition.target);
        }
        made->followed_.push_back(
            std::make_unique<followed>(followed{.table = table,
                                                .place = place,
                                                .rows = std::move(*rows),
                                                .builder = {},
                                                .events = debezium::event_reader{},
                                                .known = std::move(known),
                                                .skips = std::move(skips),
                                                .written = std::vector<boost::unordered_flat_set<std::uint64_t>>(count),
                                                .expects_last = std::vector<char>(count),
                                                .known_to = std::move(known_to),
                                                .taken = std::vector<std::optional<record>>(count),
                                                .deleted = std::vector<std::string>(count),
                                                .key = {},
                                                .filled = {},
                                                .may_hide_nulls = may_hide_nulls(table),
                                                .is_complete = is_complete,
                                                .row_schema = 0,
                                                .key_schema = 0}));
    }
    return made;
}

log_reader::log_reader(reading_policy policy, log_places start) : policy_{policy}, places_{std::move(start)} {}

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
    if (auto* into = find(topic)) into->known_to.at(static_cast<std::size_t>(partition)) = offset;
}

bool log_reader::has_read_what_was_known() const noexcept
{
    return std::all_of(followed_.begin(), followed_.end(), [](const auto& each) {
        return std::equal(each->known_to.begin(), each->known_to.end(), each->place.partitions.begin(),
                          [](std::int64_t known, const partition_place& partition) { return partition.next >= known; });
    });
}

void log_reader::expect_last_again(std::string_view topic, std::int32_t partition)
{
    if (auto* into = find(topic)) into->expects_last.at(static_cast<std::size_t>(partition)) = 1;
}

outcome<void> log_reader::take(const record& what)
{
    auto* into = find(what.topic);
    if (into == nullptr) return failure{errc::internal, place_of(what) + ": no table has this topic"};
    auto index = static_cast<std::size_t>(what.partition);
    if (what.partition < 0 || index >= into->place.partitions.size())
        return failure{errc::topic_changed, fmt::format("topic {} has got more partitions", what.topic)};
    auto& partition = into->place.partitions[index];
    if (std::exchange(into->expects_last[index], 0) != 0 && (what.at_end || what.offset != partition.last))
        return refuse(
            *into, what, errc::topic_replaced,
            "is what comes first, and the record that was read last here is gone: the topic was made anew, or compacted");
    if (what.at_end) {
        partition.next = std::max(partition.next, what.offset);
        partition.has_gap = false;
        into->written[index] = {};
        return {};
    }
    if (what.offset < partition.next) {  // read once more, to see whether this is the same log
        if (what.offset != partition.last || hash_of(what) == partition.last_hash) return {};
        return refuse(*into, what, errc::topic_replaced, "another record than the one that was read here before");
    }
    if (what.offset > partition.next) note_gap(*into, index);
    if (auto done = take_row(*into, what); !done && !may_skip(*into, done.error())) return done;
    partition.next = what.offset + 1;
    partition.last = what.offset;
    into->taken[index] = what;
    return {};
}

// Records were compacted away. Of a row that was read before, one of them may have changed what a later one leaves as it
// was: the later ones are in the log, up to its end at the most.
void log_reader::note_gap(followed& into, std::size_t index)
{
    into.place.partitions[index].has_gap = true;
    into.skips[index] = 1;
    into.written[index].clear();
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
    into.deleted[index].clear();
    note_snapshot(into);
    into.place.doubts.no_snapshot = !into.place.has_snapshot_rows && !event.is_flattened && !into.is_complete;
    if (is_streamed(event)) {
        auto news = is_news(into, what);
        if (!news) return news.error();
        if (!*news) {
            // So that the tombstone behind it is left out, too.
            if (event.kind == event_kind::remove && !build_key(into, what).has_error()) into.deleted[index] = into.key;
            return {};
        }
    }
    if (auto time = commit_time(event.source)) {
        content_as_of_ = std::max(content_as_of_, *time);
        auto& partition = into.place.partitions[index];
        if (!partition.first_event) partition.first_event = begun_at(into.place, event.source).value_or(*time);
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
    if (auto same = check_schemas(into, what); !same) return same;
    if (auto lacking = check_generated(into, what); !lacking) return lacking;
    if (auto built = build_key(into, what); !built) return built;
    if (into.rows.decode_row(into.event())) return bad(into, what, into.rows.wrong());
    if (into.rows.has_former_types()) into.place.doubts.other_types = true;
    if (into.may_hide_nulls) note_nulls(into);
    if (auto done = note_columns(into, what); !done) return done;
    const auto& table = into.table.table;
    auto values = row_values(into);
    if (into.builder.build_key(table, values) || into.builder.key() != into.key)
        return bad(into, what, "has another key than its row");
    if (into.builder.build_tuple(table, values))
        return bad(into, what,
                   fmt::format("column {} holds what its type does not print", into.builder.failed_column(table)));
    forget_stale(into, static_cast<std::size_t>(what.partition));
    changes_.put(table.record.rows, into.key, into.builder.tuple(), row_before::unsure);
    touch(into);
    return {};
}

// A value that is not known is better than one that may have been another meanwhile.
void log_reader::forget_stale(followed& into, std::size_t index)
{
    if (!into.place.partitions[index].has_gap) return;
    auto& written = into.written[index];
    auto key = XXH3_64bits(into.key.data(), into.key.size());
    if (has_unchanged(into.builder.tuple()) && !written.contains(key))
        changes_.remove(into.table.table.record.rows, into.key);
    if (written.size() < limits::remembered_events_max) written.insert(key);
}

// A column that was added later is null in a row from before, if it can be. One that was renamed may stand in it under
// its former name, and so is not known.
std::span<const tuple_column> log_reader::row_values(followed& into) const
{
    auto values = into.rows.values();
    auto missing = into.rows.missing();
    if (missing.empty() || !into.rows.unknown_member().empty()) return values;
    into.filled.assign(values.begin(), values.end());
    for (auto at : missing) {
        const auto& column = into.table.columns[at];
        if (!column.nullable || column.has_default || column.earlier == earlier_rows::unknown) continue;
        if (column.earlier == earlier_rows::likely_null) into.place.doubts.untold_defaults = true;
        into.filled[at] = tuple_column{};
    }
    return into.filled;
}

outcome<void> log_reader::remove(followed& into, const record& what)
{
    if (auto lacking = check_generated(into, what); !lacking) return lacking;
    if (auto built = build_key(into, what); !built) return built;
    changes_.remove(into.table.table.record.rows, into.key);
    into.deleted[static_cast<std::size_t>(what.partition)] = into.key;
    touch(into);
    return {};
}

// Right behind the delete that it belongs to it says nothing new, and the delete may have been a repeat.
outcome<void> log_reader::bury(followed& into, const record& what)
{
    if (!what.key) return {};  // of a table without key: see put
    if (auto built = build_key(into, what); !built) return built;
    auto index = static_cast<std::size_t>(what.partition);
    if (std::exchange(into.deleted[index], {}) == into.key) return {};
    // Its delete is gone, and may have been a repeat: then what it removed has to come again.
    into.known[index].clear();
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
    if (into.rows.decode_key(event)) return bad(into, what, into.rows.wrong());
    if (into.builder.build_key(into.table.table, into.rows.values()))
        return bad(into, what,
                   fmt::format("key column {} holds what its type does not print",
                               into.builder.failed_column(into.table.table)));
    into.key = into.builder.key();
    return {};
}

// What the connector sends again after a crash lies where it was before. Offsets alone give the order, so what is not
// known to be a repeat is applied, unless it can be told that it is none; and with it all that follow, known or not.
outcome<bool> log_reader::is_news(followed& into, const record& what)
{
    const auto& event = into.event();
    auto index = static_cast<std::size_t>(what.partition);
    auto& partition = into.place.partitions[index];
    auto& known = into.known[index];
    auto mark = mark_of(event.source);
    auto fingerprint = fingerprint_of(event);
    if (known.knows(mark, fingerprint)) {
        partition.repeating = mark < partition.mark;
        return false;
    }
    if (std::exchange(into.skips[index], 0) != 0) known.forget(std::max(mark, partition.mark.value_or(mark)));
    // Which is a new one, if it stands behind the other's last commit.
    bool is_first_of_connector = mark.last_commit == 0;
    if (is_first_of_connector && partition.mark && partition.mark->last_commit != 0 &&
        mark.lsn > partition.mark->last_commit) {
        known.clear();
        partition.mark.reset();
    }
    if (mark < partition.mark) {
        if (!is_first_of_connector && known.reaches_back_to(mark))
            return refuse(into, what, errc::out_of_order,
                          "stands before others in the database's history and repeats none of them");
        known.clear();
        partition.repeating = true;
    } else {
        partition.mark = mark;
        partition.repeating = false;
    }
    known.add(mark, fingerprint);
    return true;
}

void log_reader::note_snapshot(followed& into)
{
    const auto& source = into.event().source;
    auto time = commit_time(source);
    if (source.snapshot != snapshot_mark::none) into.place.has_snapshot_rows = true;
    if (source.snapshot == snapshot_mark::incremental) return;
    if (source.snapshot == snapshot_mark::none) {
        if (time && places_.run && source.position) note_stream(into, *time);
        return;
    }
    if (time) begin_run(into, *time);
    if (source.snapshot == snapshot_mark::last) places_.run_is_ending = true;
}

// The connector streams only when no snapshot is under way. What was committed before a snapshot comes behind it where the
// connector goes on from an older place, as after a snapshot that was cut short.
void log_reader::note_stream(followed& into, db_time committed)
{
    if (committed > *places_.run) places_.run_is_ending = true;
    if (committed >= places_.run_seen_by)
        places_.is_behind_run = false;
    else if (into.place.run == places_.run)
        places_.is_behind_run = true;
}

void log_reader::note_idle_connector(db_time alive) noexcept
{
    if (places_.run && alive > *places_.run) places_.run_is_over = true;
    for (auto& [name, place] : places_.tables)
        for (auto& partition : place.partitions) partition.repeating = false;
}

void log_reader::begin_run_of_all(db_time run, const followed& into)
{
    const auto& event = into.event();
    places_.run = run;
    places_.run_at = event.source.position;
    auto sent = event.sent_ms;
    places_.run_seen_by = sent ? std::max(run, db_time{std::chrono::milliseconds{*sent + 1}}) : run;
    places_.run_is_ending = false;
    places_.run_is_over = false;
}

// The rows of a snapshot bear the time at which it began; those of each thread that reads for it (snapshot.max.threads)
// another one. Their place in the database's history is the same.
void log_reader::begin_run(followed& into, db_time run)
{
    const auto& at = into.event().source.position;
    bool is_known = at && places_.run && places_.run_at == at;
    if (is_known)
        run = *places_.run;
    else if (!places_.run || run > *places_.run)
        begin_run_of_all(run, into);
    bool is_of_same = at && into.place.run_at == at;
    if (is_of_same || (into.place.run && run <= *into.place.run)) return;
    bool again = into.place.has_events;
    into.place.run = run;
    into.place.run_at = at;
    for (auto& partition : into.place.partitions) {
        partition.mark.reset();
        partition.repeating = false;
    }
    for (auto& known : into.known) known.clear();
    if (!again) return;
    if (policy_.resnapshot == resnapshot_policy::sweep && into.place.partitions.size() == 1) {
        changes_.clear_table(into.table.table.record.rows);
        touch(into);
    } else {
        into.place.doubts.resnapshot = true;
    }
}

// The converter's setting is told by streamed events, or by a null that came as one. Until then it may be either.
void log_reader::note_nulls(followed& into)
{
    auto& place = into.place;
    auto told = into.event().source.has_defaults_for_nulls;
    if (told == true) place.nulls = nulls_seen::as_defaults;
    if (place.nulls == nulls_seen::nothing &&
        (told == false || has_null_beside_default(into.table, into.rows.values())))
        place.nulls = nulls_seen::as_nulls;
    place.doubts.nulls_as_defaults = place.nulls != nulls_seen::as_nulls;
}

// Columns come and go without a word, and a connector may leave some out. In what was written before the start other
// columns are no surprise, if the newest row has those of the description.
outcome<void> log_reader::note_columns(followed& into, const record& what)
{
    auto& place = into.place;
    auto unknown = into.rows.unknown_member();
    auto lost = into.rows.missing();
    auto missing = lost.empty() ? std::string_view{} : std::string_view{into.table.columns[lost.front()].shape.name};
    if (into.event().is_flattened) place.doubts.untold_history = true;
    if (what.offset >= into.known_to[static_cast<std::size_t>(what.partition)])
        if (auto why = why_other_columns(into.table.origin, unknown, missing))
            return refuse(into, what, errc::table_changed, *why);
    auto time = commit_time(into.event().source);
    if (time && place.newest_event && *time < *place.newest_event) return {};
    if (time) place.newest_event = time;
    place.unknown_column = unknown;
    place.missing_column = missing;
    return {};
}

// What was written before the start may be of older types: the newest row's are those that were asked for then.
outcome<void> log_reader::check_schemas(followed& into, const record& what) const
{
    const auto& event = into.event();
    if (into.table.origin == column_origin::description || !event.row_schema || !event.key_schema) return {};
    if (what.offset < into.known_to[static_cast<std::size_t>(what.partition)]) return {};
    if (into.row_schema == event.row_schema_number && into.key_schema == event.key_schema_number) return {};
    into.row_schema = event.row_schema_number;
    into.key_schema = event.key_schema_number;
    auto why = why_other_types(into.table, event);
    if (why) return refuse(into, what, errc::table_changed, *why);
    return {};
}

// Seen with Debezium 3.7: after a blocking snapshot it takes a change's values as if the server sent generated columns, too, and
// so each stands under the column before its own.
outcome<void> log_reader::check_generated(followed& into, const record& what) const
{
    const auto& event = into.event();
    if (event.is_flattened || event.source.snapshot != snapshot_mark::none) return {};
    auto row = event.row ? event.row : event.before;
    if (!row) return {};
    for (const auto& name : into.table.generated) {
        auto member = row.find(name);
        if (!member)
            into.place.lacks_generated = true;
        else if (member.is_present() && into.place.lacks_generated)
            return bad(
                into, what,
                fmt::format("has a value of the generated column {}, which changes before lack: the connector mixes up "
                            "the table's columns, as after a snapshot that a signal asked for; restart it",
                            name));
    }
    return {};
}

outcome<void> log_reader::check_columns() const
{
    for (const auto& each : followed_)
        if (auto why = why_other_columns(each->table.origin, each->place.unknown_column, each->place.missing_column))
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
        for (std::size_t index = 0; index < each->taken.size(); ++index)
            if (auto last = std::exchange(each->taken[index], std::nullopt))
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
