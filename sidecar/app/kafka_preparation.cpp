#include "app/kafka_preparation.hpp"

#include "files/files.hpp"
#include "source/kafka/encodings.hpp"
#include "source/kafka/row_schema.hpp"
#include "source/kafka/schema_finder.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include <fcntl.h>

namespace understudy {

namespace {

using kafka::offset_range;
using kafka::partition_place;
using kafka::table_place;
using named_range = std::pair<std::string, offset_range>;

constexpr std::size_t description_bytes_max = std::size_t{64} << 20;

outcome<description> read_description(const std::filesystem::path& file)
{
    if (file.empty()) return description{};
    // What Kubernetes mounts of a ConfigMap are links.
    auto text = read_file(AT_FDCWD, file, description_bytes_max, symlinks::follow);
    if (!text) return failure{errc::bad_config, fmt::format("source.kafka.description: {}", text.error().text)};
    auto read = description_from_json(*text);
    if (!read) return failure{read.error().code, fmt::format("{}: {}", file.native(), read.error().text)};
    return read;
}

outcome<std::vector<offset_range>> ranges_of(kafka::patient_client& client, const std::string& topic,
                                             std::int32_t partitions)
{
    std::vector<kafka::partition_id> asked;
    for (std::int32_t partition = 0; partition < partitions; ++partition) asked.emplace_back(topic, partition);
    auto told = client.ranges_of(asked);
    if (!told) return told.error();
    std::vector<offset_range> ranges;
    for (const auto& [partition, range] : *told) ranges.push_back(range);  // by number
    return ranges;
}

/// The range of its partition 0; nothing if the cluster has no such topic.
outcome<std::optional<named_range>> find_topic(kafka::patient_client& client, const std::string& topic,
                                               const kafka::cluster_facts& cluster)
{
    if (!cluster.topics.contains(topic)) return std::optional<named_range>{};
    auto ranges = ranges_of(client, topic, 1);
    if (!ranges) return ranges.error();
    return std::optional<named_range>{{topic, ranges->front()}};
}

outcome<void> add_ranges(kafka::patient_client& client, const std::string& topic, kafka_sources& into)
{
    if (into.ranges.contains(topic)) return {};
    auto ranges = ranges_of(client, topic, into.cluster.topics.at(topic));
    if (!ranges) return ranges.error();
    into.ranges[topic] = std::move(*ranges);
    return {};
}

/// As the copy is that the store holds of it. Of earlier rows nothing is known.
std::optional<described_table> table_stored_as(const std::vector<table_record>& stored, const table_name& name)
{
    auto found =
        std::find_if(stored.begin(), stored.end(), [&](const table_record& each) { return each.name == name; });
    if (found == stored.end()) return std::nullopt;
    described_table made;
    made.name = name;
    made.origin = column_origin::store;
    made.fingerprint = found->fingerprint;
    for (const auto& shape : found->shape.columns) {
        described_column column;
        column.shape = shape;
        column.has_default = true;
        made.columns.push_back(std::move(column));
    }
    for (auto place : found->shape.key) made.key.push_back(found->shape.columns[place].name);
    return made;
}

/// A number for a table of which no catalog has told one.
oid made_up_oid(const table_name& name, const description& known)
{
    auto text = to_string(name);
    auto made = static_cast<oid>(XXH3_64bits(text.data(), text.size()));
    auto is_taken = [&] {
        return made == 0 || std::any_of(known.tables.begin(), known.tables.end(),
                                        [&](const described_table& table) { return table.relation == made; });
    };
    while (is_taken()) ++made;
    return made;
}

/// Adds the tables that the description lacks, as their messages tell of them.
outcome<void> ask_messages(const kafka_sources& found, const std::vector<kafka::asked_topic>& asked,
                           const settings& wanted, const std::vector<table_record>& stored, description& known)
{
    std::vector<kafka::schema_finder> finders;
    for (const auto& topic : asked) finders.emplace_back(topic, kafka::encodings_of(wanted.kafka.encodings));
    if (auto read = kafka::find_schemas(wanted.kafka, found.ranges, finders); !read) return read;
    std::vector<described_table> told;
    for (const auto& finder : finders) {
        auto table = finder.found();
        if (!table && table.error().code == errc::columns_unknown)
            if (auto held = table_stored_as(stored, finder.wanted().table)) table = std::move(*held);
        if (!table) return table.error();
        told.push_back(std::move(*table));
    }
    std::sort(told.begin(), told.end(), [](const auto& one, const auto& other) { return one.name < other.name; });
    for (auto& table : told) {
        table.relation = made_up_oid(table.name, known);
        known.tables.push_back(std::move(table));
    }
    known.types.push_back(debezium::told_hstore_facts());
    return {};
}

/// Which topics, in the words of the settings.
std::string topics_of(const kafka_settings& wanted)
{
    if (!wanted.prefix.empty()) return "prefix " + wanted.prefix;
    if (!wanted.pattern.empty()) return "pattern " + wanted.pattern;
    return "list";
}

table_place from_beginning(const std::string& topic, const std::vector<offset_range>& ranges)
{
    table_place made;
    made.topic = topic;
    for (const auto& range : ranges) {
        partition_place partition;
        partition.next = partition.began = range.low;
        partition.target = range.high;
        made.partitions.push_back(partition);
    }
    return made;
}

const table_record* find_record(const store_state& stored, const table_name& name)
{
    auto found = std::find_if(stored.tables.begin(), stored.tables.end(),
                              [&](const table_record& table) { return table.name == name; });
    return found == stored.tables.end() ? nullptr : &*found;
}

/// Why a table cannot be read on where the store is.
std::optional<failure> why_not_on(const table_place& place, const std::vector<offset_range>& ranges)
{
    if (place.partitions.size() > ranges.size())
        return failure{errc::topic_replaced, fmt::format("topic {} has fewer partitions than it had", place.topic)};
    for (std::size_t index = 0; index < place.partitions.size(); ++index) {
        auto next = place.partitions[index].next;
        const auto& range = ranges[index];
        if (next < range.low)
            return failure{errc::offsets_lost, fmt::format("{} [{}] begins at {} now, and {} is next", place.topic,
                                                           index, range.low, next)};
        if (next > range.high)
            return failure{errc::topic_replaced, fmt::format("{} [{}] ends at {}, and was read up to {} already",
                                                             place.topic, index, range.high, next)};
    }
    return std::nullopt;
}

class planner {
public:
    planner(const store_state& stored, const kafka_sources& sources, const settings& wanted, const copy_demand& demand,
            db_time now)
        : stored_{stored}, sources_{sources}, wanted_{wanted}, demand_{demand}, now_{now}
    {
    }

    outcome<kafka_plan> plan()
    {
        made_.identity.system_id = sources_.cluster.id;
        made_.identity.database = topics_of(wanted_.kafka);
        if (auto ours = check_identity(); !ours) return ours.error();
        if (auto read = read_places(); !read) return read.error();
        for (const auto& table : sources_.tables)
            if (auto why = why_anew(table)) read_anew(table, *why);
        forget_others();
        keep_border();
        if (!made_.anew.empty()) {
            made_.places.began_at = now_;
            made_.places.read_for.reset();
        }
        if (made_.anew.size() == sources_.tables.size())
            made_.places.read_whole_at = now_;  // nothing that could be missed
        made_.changed = made_.changed || !made_.anew.empty();
        return std::move(made_);
    }

private:
    outcome<void> check_identity() const
    {
        const auto& held = stored_.identity;
        if (held.system_id.empty()) return {};
        if (!held.is_kafka() || held.database != made_.identity.database)
            return failure{
                errc::store_foreign,
                fmt::format("the state directory belongs to {} {}; use another state.directory, or remove it "
                            "to read everything anew",
                            held.is_kafka() ? "the Kafka topics" : "database", held.database)};
        if (held.system_id == made_.identity.system_id) return {};
        return failure{errc::wrong_system, fmt::format("the brokers are of cluster {}, and the state directory of {}",
                                                       made_.identity.system_id, held.system_id)};
    }

    outcome<void> read_places()
    {
        made_.changed = stored_.identity.system_id.empty();
        if (stored_.position.places.empty()) return {};
        auto places = kafka::decode_places(stored_.position.places);
        if (!places) return failure{errc::store_damaged, "the store's offsets cannot be read"};
        made_.places = std::move(*places);
        return {};
    }

    std::optional<failure> why_anew(const kafka::topic_table& wanted)
    {
        const auto& name = wanted.table.record.name;
        const auto* record = find_record(stored_, name);
        auto place = made_.places.tables.find(name);
        if (record == nullptr || place == made_.places.tables.end())
            return failure{errc::no_generation, "nothing was read yet"};
        if (demand_.everything_because) return demand_.everything_because;
        if (auto why = why_not_on(place->second, sources_.ranges.at(wanted.topic))) return why;
        if (demand_.replaced.contains(record->relation))
            return failure{errc::topic_replaced, fmt::format("topic {} is another one than was read", wanted.topic)};
        if (demand_.tables.contains(record->relation))
            return failure{errc::table_changed, "the table is to be read anew"};
        if (record->fingerprint != wanted.table.record.fingerprint || record->shape != wanted.table.record.shape)
            return failure{errc::table_changed, fmt::format("{} is described otherwise now", to_string(name))};
        auto kept = sources_.retention_of(wanted.topic, name, wanted_.kafka);
        if (kafka::may_have_missed_deletes(made_.places, kept, now_))
            return failure{
                errc::offsets_lost,
                fmt::format("topic {} was read whole last {} s ago, and keeps deletes for {} s", wanted.topic,
                            std::chrono::duration_cast<std::chrono::seconds>(now_ - made_.places.read_whole_at).count(),
                            std::chrono::duration_cast<std::chrono::seconds>(kept.delete_retention).count())};
        add_partitions(place->second, sources_.ranges.at(wanted.topic));
        return std::nullopt;
    }

    // A key may have moved to a new one. What it holds there came after all that the old ones held when it was made,
    // so they are read up to their ends of that moment first.
    void add_partitions(table_place& place, const std::vector<offset_range>& ranges)
    {
        auto count = static_cast<std::int32_t>(ranges.size());
        if (place.partitions.size() == ranges.size()) return;
        made_.changed = true;
        auto is_read = [](const partition_place& partition) { return partition.next >= partition.target; };
        if (std::exchange(place.growing_to, count) != count) {
            for (std::size_t index = 0; index < place.partitions.size(); ++index)
                place.partitions[index].target = ranges[index].high;
        } else if (std::all_of(place.partitions.begin(), place.partitions.end(), is_read)) {
            auto whole = from_beginning(place.topic, ranges);
            for (auto index = place.partitions.size(); index < ranges.size(); ++index)
                place.partitions.push_back(whole.partitions[index]);
        }
    }

    // Of several topics, and while one is read anew, no place in the topic of transactions is the border of all.
    void keep_border()
    {
        if (!sources_.transactions) made_.places.is_amid_transaction = false;  // then nothing tells where its end is
        auto& border = made_.places.border;
        if (!border || (has_transactions_from(*border) && made_.anew.empty() && !made_.changed)) return;
        border.reset();
        made_.changed = true;
    }

    // With the record before it, by which the topic is known.
    bool has_transactions_from(const kafka::transaction_border& border) const
    {
        if (!sources_.transactions || sources_.transactions->first != border.topic) return false;
        const auto& range = sources_.transactions->second;
        return range.low < border.next && border.next <= range.high;
    }

    void read_anew(const kafka::topic_table& table, const failure& why)
    {
        const auto& name = table.table.record.name;
        auto& place = made_.places.tables[name];
        bool is_doubted = place.doubts.other_types;
        bool was_made_anew = place.was_made_anew || why.code == errc::topic_replaced;
        place = from_beginning(table.topic, sources_.ranges.at(table.topic));
        place.was_made_anew = was_made_anew;
        if (table.origin == column_origin::description)
            place.doubts.other_types = is_doubted || has_other_types(table.table.record);
        made_.anew.push_back(name);
        if (!made_.because || made_.because->code == errc::no_generation) made_.because = why;
    }

    // Than when it was read before: records that were written then may be in its topic still.
    bool has_other_types(const table_record& wanted) const
    {
        const auto* before = find_record(stored_, wanted.name);
        if (before == nullptr) return false;
        const auto& columns = before->shape.columns;
        return std::any_of(wanted.shape.columns.begin(), wanted.shape.columns.end(), [&](const column& each) {
            auto same =
                std::find_if(columns.begin(), columns.end(), [&](const column& old) { return old.name == each.name; });
            return same != columns.end() && *same != each;
        });
    }

    void forget_others()
    {
        auto is_wanted = [&](const table_name& name) {
            return std::any_of(sources_.tables.begin(), sources_.tables.end(),
                               [&](const kafka::topic_table& table) { return table.table.record.name == name; });
        };
        auto gone = std::erase_if(made_.places.tables, [&](const auto& entry) { return !is_wanted(entry.first); });
        made_.changed = made_.changed || gone > 0;
    }

    const store_state& stored_;
    const kafka_sources& sources_;
    const settings& wanted_;
    const copy_demand& demand_;
    db_time now_;
    kafka_plan made_;
};

}  // namespace

kafka::retention kafka_sources::retention_of(const std::string& topic, const table_name& table,
                                             const kafka_settings& wanted) const
{
    const auto& config = configs.at(topic);
    bool said = std::find(wanted.complete.begin(), wanted.complete.end(), table) != wanted.complete.end();
    return {.only_compacts = config.cleanup_policy == "compact",
            .delete_retention = config.delete_retention,
            .said_complete = said};
}

std::string heartbeat_topic_of(const kafka_settings& wanted)
{
    if (!wanted.heartbeat_topic.empty()) return wanted.heartbeat_topic;
    return wanted.prefix.empty() ? std::string{} : "__debezium-heartbeat." + wanted.prefix;
}

std::string transaction_topic_of(const kafka_settings& wanted)
{
    if (!wanted.transaction_topic.empty()) return wanted.transaction_topic;
    return wanted.prefix.empty() ? std::string{} : wanted.prefix + ".transaction";
}

outcome<kafka_sources> survey_topics(kafka::patient_client& client, const settings& wanted,
                                     const std::vector<table_record>& stored)
{
    auto cluster = client.describe_cluster();
    if (!cluster) return cluster.error();
    kafka_sources found;
    found.cluster = std::move(*cluster);
    auto known = read_description(wanted.kafka.description);
    if (!known) return known.error();
    auto asked = kafka::topics_to_ask(wanted, *known, found.cluster.topics);
    for (const auto& each : asked)
        if (auto added = add_ranges(client, each.topic, found); !added) return added.error();
    if (!asked.empty())
        if (auto told = ask_messages(found, asked, wanted, stored, *known); !told) return told.error();
    for (const auto& facts : known->types) found.types.add(facts);
    auto planned = kafka::plan_topics(wanted, *known, found.cluster.topics);
    if (!planned) return planned.error();
    found.tables = std::move(*planned);
    for (const auto& table : found.tables) {
        auto config = client.describe_topic(table.topic);
        if (!config) return config.error();
        found.configs[table.topic] = std::move(*config);
        if (auto added = add_ranges(client, table.topic, found); !added) return added.error();
    }
    auto heartbeat = find_topic(client, heartbeat_topic_of(wanted.kafka), found.cluster);
    if (!heartbeat) return heartbeat.error();
    found.heartbeat = std::move(*heartbeat);
    auto transactions = find_topic(client, transaction_topic_of(wanted.kafka), found.cluster);
    if (!transactions) return transactions.error();
    if (*transactions && found.cluster.topics.at((*transactions)->first) == 1)
        found.transactions = std::move(*transactions);
    return found;
}

outcome<kafka_plan> plan_reading(const store_state& stored, const kafka_sources& sources, const settings& wanted,
                                 const copy_demand& demand, db_time now)
{
    return planner{stored, sources, wanted, demand, now}.plan();
}

}  // namespace understudy
