#include "settings/kafka.hpp"

#include "settings/identifier.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <utility>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr std::string_view topics_key = "source.kafka.topics.list";
constexpr std::string_view pattern_key = "source.kafka.topics.pattern";
constexpr std::string_view complete_key = "source.kafka.complete";

struct kept_property {
    std::string_view name;
    std::string_view why;
};

// https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
constexpr std::array kept_properties{
    kept_property{"bootstrap.servers", "it is source.kafka.brokers"},
    kept_property{"metadata.broker.list", "it is source.kafka.brokers"},
    kept_property{"group.id", "no group is joined; for tools that show lag there is source.kafka.report_group"},
    kept_property{"group.instance.id", "no group is joined"},
    kept_property{"auto.offset.reset",
                  "where the log no longer holds what comes next, a jump would lose rows in silence"},
    kept_property{"enable.auto.commit", "positions are kept in the store, with the rows"},
    kept_property{"auto.commit.enable", "positions are kept in the store, with the rows"},
    kept_property{"enable.auto.offset.store", "positions are kept in the store, with the rows"},
    kept_property{"offset.store.method", "positions are kept in the store, with the rows"},
    kept_property{"isolation.level", "what a producer took back must not be read"},
    kept_property{"check.crcs", "damage on the way must not become rows"},
    kept_property{"allow.auto.create.topics", "reading must not make topics"},
    kept_property{"enable.partition.eof", "the end of a partition has to be seen"},
    kept_property{"plugin.library.paths", "no code is loaded that the configuration names"},
};

std::optional<std::string_view> why_kept(std::string_view name)
{
    auto found = std::find_if(kept_properties.begin(), kept_properties.end(),
                              [name](const kept_property& kept) { return kept.name == name; });
    return found == kept_properties.end() ? std::nullopt : std::optional{found->why};
}

class kafka_reader {
public:
    kafka_reader(const config_tree& tree, kafka_settings& into, config_errors& errors)
        : tree_{tree}, into_{into}, errors_{errors}
    {
    }

    void read()
    {
        read_topics();
        read_complete();
        read_properties();
        check_pattern();
    }

private:
    void complain(std::string_view key, std::string message)
    {
        errors_.push_back(tree_.error_at(key, std::move(message)));
    }

    const json::value* sound(std::string_view key) const { return is_sound(errors_, key) ? tree_.find(key) : nullptr; }

    std::optional<table_name> one_table(const json::value& written, const std::string& key)
    {
        auto name = parse_table_name(written.as_string());
        if (!name) {
            complain(key, name.error().text);
            return std::nullopt;
        }
        if (!name->name.empty()) return *name;
        complain(key, "expected one table, not a whole schema");
        return std::nullopt;
    }

    void read_topics()
    {
        const auto* entries = sound(topics_key);
        if (entries == nullptr || !entries->is_array()) return;
        std::size_t index = 0;
        for (const auto& entry : entries->get_array()) {
            auto key = child_key(topics_key, index++);
            if (auto table = one_table(entry.at("table"), child_key(key, "table"))) add_topic(entry, *table, key);
        }
    }

    void add_topic(const json::value& entry, const table_name& table, const std::string& key)
    {
        topic_setting made{json::value_to<std::string>(entry.at("topic")), table};
        for (const auto& other : into_.list) {
            if (other.topic == made.topic) return complain(child_key(key, "topic"), "the topic is listed twice");
            if (other.table == table) return complain(child_key(key, "table"), "the table has a topic already");
        }
        into_.list.push_back(std::move(made));
    }

    void read_complete()
    {
        const auto* entries = sound(complete_key);
        if (entries == nullptr || !entries->is_array()) return;
        std::size_t index = 0;
        for (const auto& entry : entries->get_array())
            if (auto table = one_table(entry, child_key(complete_key, index++))) into_.complete.push_back(*table);
    }

    void read_properties()
    {
        const auto* section = sound(kafka_properties_key);
        if (section == nullptr || !section->is_object()) return;
        for (const auto& [name, value] : section->get_object()) {
            auto key = child_key(kafka_properties_key, name);
            if (auto why = why_kept(name)) complain(key, fmt::format("cannot be set: {}", *why));
            into_.properties[name] = value.is_string() ? json::value_to<std::string>(value) : json::serialize(value);
        }
    }

    void check_pattern()
    {
        if (into_.pattern.empty()) return;
        try {
            if (std::regex{into_.pattern}.mark_count() != 2)
                complain(pattern_key, "expected two groups in parentheses: schema and table");
        } catch (const std::regex_error& error) {
            complain(pattern_key, fmt::format("not a regular expression: {}", error.what()));
        }
    }

    const config_tree& tree_;
    kafka_settings& into_;
    config_errors& errors_;
};

std::string_view without_spaces(std::string_view text)
{
    auto first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

bool is_secret_property(std::string_view name) noexcept
{
    constexpr std::array parts{"password", "secret", "sasl.jaas", "sasl.oauthbearer.config", "key.pem", "username"};
    return std::any_of(parts.begin(), parts.end(), [name](const char* part) { return name.find(part) != name.npos; });
}

void read_kafka(const config_tree& tree, kafka_settings& into, config_errors& errors)
{
    kafka_reader{tree, into, errors}.read();
}

void add_kafka_properties(std::string_view text, const config_tree& tree, kafka_settings& into, config_errors& errors)
{
    auto complain = [&](std::size_t line, std::string_view what) {
        errors.push_back(tree.error_at(kafka_properties_file_key, fmt::format("line {} of the file: {}", line, what)));
    };
    for (std::size_t number = 1; !text.empty(); ++number) {
        auto end = std::min(text.find('\n'), text.size());
        auto line = without_spaces(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;
        auto equals = line.find('=');
        if (equals == line.npos || equals == 0) {
            complain(number, "expected name=value");
            continue;
        }
        auto name = without_spaces(line.substr(0, equals));
        if (auto why = why_kept(name)) complain(number, fmt::format("{} cannot be set: {}", name, *why));
        into.properties[std::string{name}] = without_spaces(line.substr(equals + 1));
    }
}

}  // namespace understudy
