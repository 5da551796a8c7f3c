#include "source/kafka/topics.hpp"

#include "render/column_format.hpp"
#include "source/kafka/encodings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <regex>

namespace understudy::kafka {

namespace {

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
        all += fmt::format("|{} {} {} {} {}", column.shape.name, column.shape.type, column.shape.typmod, column.nullable,
                           column.has_default);
    for (const auto& column : planned.columns)
        if (const auto* facts = types.find(column.shape.type)) all += fmt::format("|{} {}", facts->base, facts->base_typmod);
    for (auto place : planned.table.record.shape.key) all += fmt::format("|{}", place);
    all += fmt::format("|{}|{}|{}|{}|{}|{}", encodings.decimal, encodings.time, encodings.interval, encodings.binary,
                       encodings.hstore, encodings.unavailable);
    return fmt::format("{:016x}", XXH3_64bits(all.data(), all.size()));
}

class planner {
public:
    planner(const settings& wanted, const description& known, const std::map<std::string, std::int32_t>& topics)
        : wanted_{wanted}, known_{known}, topics_{topics}, types_{catalog_of(known)}, encodings_{encodings_of(wanted.kafka.encodings)}
    {
    }

    outcome<std::vector<topic_table>> plan()
    {
        for (const auto& setting : wanted_.tables)
            if (auto added = setting.name.empty() ? add_schema(setting) : add_named(setting); !added) return added.error();
        if (missing_.empty()) return std::move(planned_);
        return failure{errc::topic_missing, fmt::format("no topic {} in the cluster, or none that we may see; the connector "
                                                        "makes it with the first row",
                                                        fmt::join(missing_, ", "))};
    }

private:
    outcome<void> add_named(const table_setting& setting)
    {
        table_name name{setting.schema, setting.name};
        const auto* table = find(known_, name);
        if (table != nullptr) return add(*table, setting);
        return refuse(name, errc::bad_config,
                      "source.kafka.description does not describe it; write it anew with `understudy describe`");
    }

    outcome<void> add_schema(const table_setting& setting)
    {
        for (const auto& table : known_.tables)
            if (table.name.schema == setting.schema && !is_named(table.name))
                if (auto added = add(table, setting); !added) return added;
        return {};
    }

    bool is_named(const table_name& name) const
    {
        return std::any_of(wanted_.tables.begin(), wanted_.tables.end(), [&](const table_setting& setting) {
            return setting.schema == name.schema && setting.name == name.name;
        });
    }

    outcome<void> add(const described_table& from, const table_setting& setting)
    {
        topic_table made;
        made.topic = topic_of(from.name);
        if (!topics_.contains(made.topic)) missing_.push_back(made.topic);
        for (const auto& other : planned_)
            if (other.topic == made.topic)
                return refuse(from.name, errc::table_unusable,
                              fmt::format("its topic {} holds the rows of {}, too; follow one of them", made.topic,
                                          to_string(other.table.record.name)));
        made.table.record.name = from.name;
        made.table.record.relation = from.relation;
        made.table.left_out = from.left_out;
        if (auto added = add_columns(from, setting, made); !added) return added;
        if (auto added = add_key(from, made.table.record.shape); !added) return added;
        made.table.record.fingerprint = fingerprint_of(made, types_, wanted_.kafka.encodings);
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
            auto format = column_format::compile(types_, column.shape.type);
            if (!format)
                return refuse(from.name, errc::unsupported_type,
                              fmt::format("column {} has type {} whose JSON form is not known; put the column under "
                                          "`exclude` of the table in the config",
                                          column.shape.name, column.type_name));
            into.columns.push_back(column);
            into.table.record.shape.columns.push_back(column.shape);
            into.table.formats.push_back(std::move(*format));
            auto loss = debezium::loses(types_, column.shape.type, column.shape.typmod, encodings_);
            into.table.losses.push_back(loss.value_or(""));
        }
        return {};
    }

    outcome<void> add_key(const described_table& from, table_shape& shape)
    {
        if (from.key.empty())
            return refuse(from.name, errc::table_unusable,
                          "nothing tells its rows apart; set message.key.columns of the connector, and `key` of the table in "
                          "the description");
        for (const auto& name : from.key) {
            auto found = std::find_if(shape.columns.begin(), shape.columns.end(),
                                      [&](const column& each) { return each.name == name; });
            if (found == shape.columns.end())
                return refuse(from.name, errc::bad_config, fmt::format("key column {} is not mirrored", name));
            shape.key.push_back(static_cast<std::uint16_t>(found - shape.columns.begin()));
        }
        return {};
    }

    std::string topic_of(const table_name& name) const
    {
        const auto& kafka = wanted_.kafka;
        if (!kafka.prefix.empty()) return topic_name(kafka.prefix, name);
        for (const auto& [topic, table] : kafka.list)
            if (table == name) return topic;
        if (!kafka.pattern.empty())
            for (const auto& [topic, partitions] : topics_)
                if (matches(topic, name)) return topic;
        return fmt::format("(of {})", to_string(name));
    }

    bool matches(const std::string& topic, const table_name& name) const
    {
        std::smatch groups;
        return std::regex_match(topic, groups, pattern()) && groups[1] == name.schema && groups[2] == name.name;
    }

    const std::regex& pattern() const
    {
        if (!pattern_) pattern_.emplace(wanted_.kafka.pattern);
        return *pattern_;
    }

    const settings& wanted_;
    const description& known_;
    const std::map<std::string, std::int32_t>& topics_;
    type_catalog types_;
    debezium::encodings encodings_;
    mutable std::optional<std::regex> pattern_;
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

outcome<std::vector<topic_table>> plan_topics(const settings& wanted, const description& known,
                                              const std::map<std::string, std::int32_t>& topics)
{
    return planner{wanted, known, topics}.plan();
}

}  // namespace understudy::kafka
