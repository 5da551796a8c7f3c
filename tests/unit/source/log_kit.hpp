#pragma once

#include "core/row_tuple.hpp"
#include "source/kafka/log_reader.hpp"
#include "support/kafka_capture.hpp"
#include "unit/render/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Topics as Debezium fills them, and a reader of them whose rows can be looked at.
namespace understudy::log_kit {

using kafka::log_places;

/// Where an event comes from. Rows of a snapshot have no transaction; `commit` zero is the null of a new connector.
struct origin {
    std::uint64_t commit = 0;
    std::uint64_t lsn = 0;
    std::uint64_t order = 1;
    std::string snapshot = "false";
    std::int64_t at = 0;  ///< Seconds since 1970; zero: as the lsn says.
    std::string table = "item";
};

struct message {
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = 0;
    friend bool operator==(const message&, const message&) = default;
};

inline std::string key_json(int id)
{
    return fmt::format(R"({{"id":{}}})", id);
}

inline std::string row_json(int id, std::string_view name, std::string_view note)
{
    return fmt::format(R"({{"id":{},"name":"{}","note":"{}"}})", id, name, note);
}

inline constexpr std::string_view placeholder = "__debezium_unavailable_value";

inline std::string source_json(const origin& from)
{
    auto at = from.at != 0 ? from.at : static_cast<std::int64_t>(from.lsn);
    bool is_incremental = from.snapshot == "incremental";
    auto position = is_incremental ? "null" : std::to_string(from.lsn);
    auto commit = from.commit == 0 ? "null" : fmt::format(R"(\"{}\")", from.commit);
    return fmt::format(R"({{"name":"c","ts_ms":{},"snapshot":"{}","db":"d","sequence":"[{},\"{}\"]","ts_us":{},)"
                       R"("schema":"public","table":"{}","txId":{},"lsn":{}}})",
                       at * 1000, from.snapshot, commit, from.lsn, at * 1'000'000, from.table,
                       is_incremental ? "null" : "7", position);
}

/// `row` is the row's JSON, or `null`.
inline std::string envelope(char op, std::string_view row, const origin& from)
{
    return fmt::format(
        R"({{"before":null,"after":{},"source":{},"transaction":{{"id":"7:{}","total_order":{}}},"op":"{}"}})", row,
        source_json(from), from.lsn, from.order, op);
}

inline message upsert(char op, int id, std::string_view name, std::string_view note, const origin& from)
{
    return {.key = key_json(id), .value = envelope(op, row_json(id, name, note), from)};
}

inline message deletion(int id, const origin& from)
{
    auto value = envelope('d', "null", from);
    value.replace(value.find(R"("before":null)"), 13, R"("before":)" + key_json(id));
    return {.key = key_json(id), .value = std::move(value)};
}

inline message tombstone(int id)
{
    return {.key = key_json(id), .value = std::nullopt};
}

/// A column of `item` beside its key.
inline kafka::topic_table topic_of(std::vector<described_column> columns, std::string topic = "c.public.item",
                                   std::string name = "item", epoch rows = 1)
{
    kafka::topic_table made;
    made.topic = std::move(topic);
    made.table.record.name = {"public", std::move(name)};
    made.table.record.rows = rows;
    made.table.record.shape.key = {0};
    for (auto& described : columns) {
        made.table.formats.push_back(column_format::compile({}, described.shape.type).value());
        made.table.record.shape.columns.push_back(described.shape);
    }
    made.columns = std::move(columns);
    return made;
}

inline described_column column_of(std::string name, oid type = text_type)
{
    return {.shape = {std::move(name), type, -1}, .type_name = {}, .nullable = true, .has_default = false};
}

/// `public.item (id int4 PRIMARY KEY, name text, note text)`
inline kafka::topic_table items()
{
    return topic_of({column_of("id", int4_type), column_of("name"), column_of("note")});
}

/// Places at the beginning of empty topics, with all targets reached.
inline log_places beginning(const std::vector<kafka::topic_table>& tables, std::size_t partitions = 1)
{
    log_places made;
    for (const auto& table : tables) {
        auto& place = made.tables[table.table.record.name];
        place.topic = table.topic;
        place.partitions.resize(partitions);
    }
    return made;
}

/// A row in one line: `1 "steel" null ~`, `~` for a value that is not known.
inline std::string shown(std::string_view tuple)
{
    std::string line;
    tuple_reader reader{tuple};
    while (auto field = reader.next()) {
        if (!line.empty()) line += ' ';
        line += field->what == tuple_field::kind::unchanged ? "~" : std::string{field->fragment};
    }
    return line;
}

/// `fresh` with what it leaves as it was, where that is known: as the store does it.
inline std::string completed(std::string_view fresh, std::string_view stored)
{
    std::string made;
    tuple_reader fields{fresh};
    tuple_reader old{stored};
    while (auto field = fields.next()) {
        auto before = old.next();
        auto value = field->what == tuple_field::kind::unchanged && before ? *before : *field;
        if (value.what == tuple_field::kind::unchanged)
            append_unchanged(made);
        else if (value.what == tuple_field::kind::null)
            append_null(made);
        else
            append_fragment(made, value.fragment);
    }
    return made;
}

/// A reader, and the rows that its changes make.
class reading {
public:
    explicit reading(std::vector<kafka::topic_table> tables = {items()}, std::size_t partitions = 1,
                     kafka::reading_policy policy = {})
        : tables_{std::move(tables)}, policy_{policy}
    {
        begin(beginning(tables_, partitions));
    }

    reading(std::vector<kafka::topic_table> tables, kafka::reading_policy policy, log_places start)
        : tables_{std::move(tables)}, policy_{policy}
    {
        begin(std::move(start));
    }

    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;

    /// `ok`, or the error's name; then text() is its text. `table` is the topic's, by its place.
    std::string take(const message& what, std::size_t table = 0)
    {
        kafka::record record{.topic = tables_.at(table).topic,
                             .partition = what.partition,
                             .offset = what.offset,
                             .timestamp_ms = what.timestamp_ms,
                             .key = what.key,
                             .value = what.value};
        auto taken = reader->take(record);
        end_turn();
        if (taken && !reader->why_replaced()) return "ok";
        auto why = taken ? *reader->why_replaced() : taken.error();
        text_ = why.text;
        return name_of(why.code);
    }

    /// The first error; `ok` if there is none.
    std::string take_all(const std::vector<message>& log)
    {
        for (const auto& what : log)
            if (auto answer = take(what); answer != "ok") return answer;
        return "ok";
    }

    /// Nothing comes after what was read of this partition.
    void see_end(std::int32_t partition = 0)
    {
        kafka::record record;
        record.topic = tables_.front().topic;
        record.partition = partition;
        record.offset = place().partitions.at(static_cast<std::size_t>(partition)).next;
        record.at_end = true;
        if (!reader->take(record)) throw std::logic_error{"an end is never wrong"};
    }

    /// Ends the process and goes on from what was stored.
    void restart()
    {
        auto kept = kafka::decode_places(kafka::encode(reader->places())).value();
        begin(std::move(kept));
    }

    std::string rows() const
    {
        std::string all;
        for (const auto& [key, tuple] : rows_) all += (all.empty() ? "" : "; ") + shown(tuple);
        return all;
    }

    bool is_settled() const { return kafka::is_settled(reader->places()); }
    const kafka::table_place& place() const { return reader->places().tables.begin()->second; }
    const std::string& text() const { return text_; }
    std::size_t changes_seen() const { return changes_seen_; }

private:
    void begin(log_places start)
    {
        reader = kafka::log_reader::make(tables_, {}, types_, policy_, std::move(start)).value();
    }

    void end_turn()
    {
        reader->end_turn();
        const auto& changes = reader->changes();
        for (std::size_t at = 0; at < changes.size(); ++at) apply(changes[at]);
        changes_seen_ += changes.size();
        reader->next_turn();
    }

    void apply(const change_batch::change& change)
    {
        auto name = std::pair{change.table, std::string{change.key}};
        switch (change.what) {
        case operation::put: rows_[name] = completed(change.row, rows_[name]); return;
        case operation::remove: rows_.erase(name); return;
        case operation::clear:
            std::erase_if(rows_, [&](const auto& row) { return row.first.first == change.table; });
            return;
        default: throw std::logic_error{"a log has no such change"};
        }
    }

    std::vector<kafka::topic_table> tables_;
    type_catalog types_;
    kafka::reading_policy policy_;
    std::map<std::pair<epoch, std::string>, std::string> rows_;
    std::string text_;
    std::size_t changes_seen_ = 0;

public:
    std::unique_ptr<kafka::log_reader> reader;
};

/// One topic: gives each message its offset.
class topic_log {
public:
    topic_log& add(message what)
    {
        what.offset = ends_[what.partition]++;
        what.timestamp_ms = 1000 + static_cast<std::int64_t>(records.size());
        records.push_back(std::move(what));
        return *this;
    }

    topic_log& create(int id, std::string_view name, const origin& from)
    {
        return add(upsert('c', id, name, "n", from));
    }
    topic_log& update(int id, std::string_view name, const origin& from)
    {
        return add(upsert('u', id, name, "n", from));
    }
    topic_log& read(int id, std::string_view name, const origin& from) { return add(upsert('r', id, name, "n", from)); }
    topic_log& remove(int id, const origin& from) { return add(deletion(id, from)).add(tombstone(id)); }

    /// As after a crash of Connect: the records from this one on come again, but for the time at which they were sent.
    topic_log& repeat_from(std::size_t first)
    {
        auto count = records.size();
        for (auto at = first; at < count; ++at) {
            auto again = records[at];
            if (again.value) again.value = sent_at(*again.value, records.size());
            add(std::move(again));
        }
        return *this;
    }

    /// Per key only the last of the records before this one stays.
    std::vector<message> compacted(std::size_t before) const
    {
        std::vector<message> kept;
        for (std::size_t at = 0; at < records.size(); ++at) {
            const auto& one = records[at];
            auto is_same = [&](const message& other) { return other.key == one.key; };
            auto later = records.begin() + static_cast<std::ptrdiff_t>(at + 1);
            auto end = records.begin() + static_cast<std::ptrdiff_t>(std::max(before, at + 1));
            if (at >= before || std::none_of(later, end, is_same)) kept.push_back(one);
        }
        return kept;
    }

    std::vector<message> records;

private:
    static std::string sent_at(const std::string& value, std::size_t at)
    {
        static constexpr std::string_view member = ",\"ts_ms\":";
        auto end = value.rfind(member);
        if (end == value.npos || value.find('}', end) != value.size() - 1)
            end = value.size() - 1;  // sent for the first time
        return value.substr(0, end) + std::string{member} + std::to_string(at) + "}";
    }

    std::map<std::int32_t, std::int64_t> ends_;
};

/// The records of a topic of tests/data/kafka, with the partitions and offsets that they had.
inline std::vector<message> captured_log(const std::string& topic)
{
    std::vector<message> log;
    auto text = testing::kafka_data(topic + ".jsonl");
    for (std::size_t start = 0; start < text.size();) {
        auto end = text.find('\n', start);
        auto line = boost::json::parse(text.substr(start, end - start)).as_object();
        log.push_back({.key = testing::half_of(line, "key"),
                       .value = testing::half_of(line, "payload"),
                       .partition = static_cast<std::int32_t>(line.at("partition").as_int64()),
                       .offset = line.at("offset").as_int64(),
                       .timestamp_ms = line.at("ts").as_int64()});
        start = end + 1;
    }
    return log;
}

}  // namespace understudy::log_kit
