#include "source/kafka/topics.hpp"

#include "render/column_format.hpp"
#include "source/kafka/encodings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>

namespace understudy::kafka {

namespace {

/// https://www.postgresql.org/docs/18/logical-replication-gencols.html
constexpr int first_to_send_generated = 18;

/// Of a version as a description has it: `15.18`.
bool can_send_generated(std::string_view server_version) noexcept
{
    int major = first_to_send_generated;
    std::from_chars(server_version.data(), server_version.data() + server_version.size(), major);
    return major >= first_to_send_generated;
}

// https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-topic-names
bool is_topic_letter(char letter) noexcept
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '.' || letter == '_' || letter == '-';
}

type_catalog catalog_of(const description& known)
{
    type_catalog types;
    for (const auto& facts : known.types) types.add(facts);
    return types;
}

const described_table* find(const description& known, const table_name& name)
{
    auto found = std::find_if(known.tables.begin(), known.tables.end(),
                              [&](const described_table& table) { return table.name == name; });
    return found == known.tables.end() ? nullptr : &*found;
}

failure refuse(const table_name& table, errc code, std::string_view why)
{
    return {code, fmt::format("table {}: {}", to_string(table), why)};
}

/// The description and the settings, in one number: another one is another copy.
std::string fingerprint_of(const topic_table& planned, const type_catalog& types, const debezium_encodings& encodings)
{
    std::string all = planned.topic;
    for (const auto& column : planned.columns)
        all += fmt::format("|{} {} {} {} {}", column.shape.name, column.shape.type, column.shape.typmod,
                           column.nullable, column.has_default);
    for (const auto& column : planned.columns)
        if (const auto* facts = types.find(column.shape.type))
            all += fmt::format("|{} {}", facts->base, facts->base_typmod);
    for (auto place : planned.table.record.shape.key) all += fmt::format("|{}", place);
    all += fmt::format("|{}|{}|{}|{}|{}|{}", encodings.decimal, encodings.time, encodings.interval, encodings.binary,
                       encodings.hstore, encodings.unavailable);
    return fmt::format("{:016x}", XXH3_64bits(all.data(), all.size()));
}

/// Which topics hold the rows of which tables, as the settings say.
class topic_names {
public:
    topic_names(const kafka_settings& wanted, const std::map<std::string, std::int32_t>& topics)
        : wanted_{wanted}, topics_{topics}
    {
    }

    std::string topic_of(const table_name& name) const
    {
        if (!wanted_.prefix.empty()) return topic_name(wanted_.prefix, name);
        for (const auto& [topic, table] : wanted_.list)
            if (table == name) return topic;
        if (!wanted_.pattern.empty())
            for (const auto& [topic, partitions] : topics_)
                if (table_in(topic) == name) return topic;
        return fmt::format("(of {})", to_string(name));
    }

    /// Of a schema, each topic that the cluster has.
    std::vector<asked_topic> topics_of(const std::string& schema) const
    {
        std::vector<asked_topic> found;
        auto start = topic_name(wanted_.prefix, {schema, ""});
        for (const auto& [topic, table] : wanted_.list)
            if (table.schema == schema && topics_.contains(topic)) found.push_back({topic, table});
        for (const auto& [topic, partitions] : topics_) {
            if (!wanted_.prefix.empty() && topic.starts_with(start))
                found.push_back({topic, {schema, topic.substr(start.size())}, true});
            if (!wanted_.pattern.empty())
                if (auto name = table_in(topic); name && name->schema == schema) found.push_back({topic, *name});
        }
        return found;
    }

private:
    std::optional<table_name> table_in(const std::string& topic) const
    {
        if (!pattern_) pattern_.emplace(wanted_.pattern);
        std::smatch groups;
        if (!std::regex_match(topic, groups, *pattern_)) return std::nullopt;
        return table_name{groups[1], groups[2]};
    }

    const kafka_settings& wanted_;
    const std::map<std::string, std::int32_t>& topics_;
    mutable std::optional<std::regex> pattern_;
};

bool is_named(const settings& wanted, const table_name& name)
{
    return std::any_of(wanted.tables.begin(), wanted.tables.end(), [&](const table_setting& setting) {
        return setting.schema == name.schema && setting.name == name.name;
    });
}

class planner {
public:
    planner(const settings& wanted, const description& known, const std::map<std::string, std::int32_t>& topics)
        : wanted_{wanted},
          known_{known},
          topics_{topics},
          types_{catalog_of(known)},
          encodings_{encodings_of(wanted.kafka.encodings)},
          names_{wanted.kafka, topics}
    {
    }

    outcome<std::vector<topic_table>> plan()
    {
        for (const auto& setting : wanted_.tables)
            if (auto added = setting.name.empty() ? add_schema(setting) : add_named(setting); !added)
                return added.error();
        if (missing_.empty()) return std::move(planned_);
        return failure{errc::topic_missing,
                       fmt::format("no topic {} in the cluster, or none that we may see; the connector "
                                   "makes it with the first row",
                                   fmt::join(missing_, ", "))};
    }

private:
    outcome<void> add_named(const table_setting& setting)
    {
        table_name name{setting.schema, setting.name};
        const auto* table = find(known_, name);
        if (table != nullptr) return add(*table, setting);
        if (auto topic = names_.topic_of(name); !topics_.contains(topic)) {
            missing_.push_back(topic);
            return {};
        }
        return refuse(name, errc::bad_config,
                      "source.kafka.description does not describe it; write it anew with `understudy describe`");
    }

    outcome<void> add_schema(const table_setting& setting)
    {
        auto before = planned_.size();
        for (const auto& table : known_.tables)
            if (table.name.schema == setting.schema && !is_named(wanted_, table.name))
                if (auto added = add(table, setting); !added) return added;
        if (planned_.size() == before && wanted_.kafka.description.empty())
            missing_.push_back(fmt::format("of {}.*", setting.schema));
        return {};
    }

    outcome<void> add(const described_table& from, const table_setting& setting)
    {
        topic_table made;
        made.topic = names_.topic_of(from.name);
        made.origin = from.origin;
        if (!topics_.contains(made.topic)) missing_.push_back(made.topic);
        for (const auto& other : planned_)
            if (other.topic == made.topic)
                return refuse(from.name, errc::table_unusable,
                              fmt::format("its topic {} holds the rows of {}, too; follow one of them", made.topic,
                                          to_string(other.table.record.name)));
        made.table.record.name = from.name;
        made.table.record.relation = from.relation;
        made.table.left_out = made.generated = from.left_out;
        made.may_send_generated = can_send_generated(known_.server_version);
        if (auto added = add_columns(from, setting, made); !added) return added;
        if (auto added = add_key(from, made.table.record.shape); !added) return added;
        made.table.record.fingerprint =
            from.fingerprint.empty() ? fingerprint_of(made, types_, wanted_.kafka.encodings) : from.fingerprint;
        planned_.push_back(std::move(made));
        return {};
    }

    outcome<void> add_columns(const described_table& from, const table_setting& setting, topic_table& into)
    {
        for (const auto& column : from.columns) {
            if (!setting.chooses(column.shape.name)) {
                into.table.left_out.push_back(column.shape.name);
                continue;
            }
            if (column.shape.type == 0)
                return refuse(
                    from.name, errc::unsupported_type,
                    fmt::format("the schema of column {} in the messages, {}, does not tell its type: describe the "
                                "table with `understudy describe` for source.kafka.description, or put the column "
                                "under `exclude` of the table in the config",
                                column.shape.name, column.type_name));
            auto format = column_format::compile(types_, column.shape.type);
            if (!format)
                return refuse(from.name, errc::unsupported_type,
                              fmt::format("column {} has type {} whose JSON form is not known; put the column under "
                                          "`exclude` of the table in the config",
                                          column.shape.name, column.type_name));
            into.columns.push_back(column);
            into.table.record.shape.columns.push_back(column.shape);
            into.table.formats.push_back(std::move(*format));
            auto loss =
                column.loss ? column.loss : debezium::loses(types_, column.shape.type, column.shape.typmod, encodings_);
            into.table.losses.push_back(loss.value_or(""));
        }
        leave_out_untold(setting, into.table.left_out);
        return {};
    }

    // Messages differ in what they have: a snapshot's rows hold generated columns, and changes do not.
    static void leave_out_untold(const table_setting& setting, std::vector<std::string>& left_out)
    {
        for (const auto& name : setting.exclude)
            if (std::find(left_out.begin(), left_out.end(), name) == left_out.end()) left_out.push_back(name);
    }

    outcome<void> add_key(const described_table& from, table_shape& shape)
    {
        if (from.key.empty())
            return refuse(
                from.name, errc::table_unusable,
                from.origin == column_origin::description
                    ? "nothing tells its rows apart; set message.key.columns of the connector, and `key` of the "
                      "table in the description"
                    : "its messages have no key, so nothing tells its rows apart; set message.key.columns of the "
                      "connector");
        for (const auto& name : from.key) {
            auto found = std::find_if(shape.columns.begin(), shape.columns.end(),
                                      [&](const column& each) { return each.name == name; });
            if (found == shape.columns.end())
                return refuse(from.name, errc::bad_config, fmt::format("key column {} is not mirrored", name));
            shape.key.push_back(static_cast<std::uint16_t>(found - shape.columns.begin()));
        }
        return {};
    }

    const settings& wanted_;
    const description& known_;
    const std::map<std::string, std::int32_t>& topics_;
    type_catalog types_;
    debezium::encodings encodings_;
    topic_names names_;
    std::vector<topic_table> planned_;
    std::vector<std::string> missing_;
};

}  // namespace

std::string topic_name(const std::string& prefix, const table_name& table)
{
    std::string name;
    for (char letter : fmt::format("{}.{}.{}", prefix, table.schema, table.name)) {
        auto byte = static_cast<unsigned char>(letter);
        bool continues = (byte & 0xC0) == 0x80;
        if (is_topic_letter(letter))
            name += letter;
        else if (!continues)
            name += byte >= 0xF0 ? "__" : "_";  // one for each unit of UTF-16
    }
    return name;
}

std::vector<asked_topic> topics_to_ask(const settings& wanted, const description& known,
                                       const std::map<std::string, std::int32_t>& topics)
{
    topic_names names{wanted.kafka, topics};
    std::vector<asked_topic> asked;
    auto add = [&](asked_topic one) {
        auto is_same = [&](const asked_topic& other) { return other.topic == one.topic; };
        if (find(known, one.table) == nullptr && std::none_of(asked.begin(), asked.end(), is_same))
            asked.push_back(std::move(one));
    };
    for (const auto& setting : wanted.tables) {
        if (setting.name.empty()) continue;
        table_name name{setting.schema, setting.name};
        if (auto topic = names.topic_of(name); topics.contains(topic)) add({topic, name});
    }
    if (!wanted.kafka.description.empty()) return asked;
    for (const auto& setting : wanted.tables)
        if (setting.name.empty())
            for (auto& topic : names.topics_of(setting.schema))
                if (!is_named(wanted, topic.table)) add(std::move(topic));
    return asked;
}

outcome<std::vector<topic_table>> plan_topics(const settings& wanted, const description& known,
                                              const std::map<std::string, std::int32_t>& topics)
{
    return planner{wanted, known, topics}.plan();
}

}  // namespace understudy::kafka
