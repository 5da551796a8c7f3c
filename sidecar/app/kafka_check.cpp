#include "app/kafka_check.hpp"

#include "app/kafka_preparation.hpp"
#include "publish/document_plan.hpp"
#include "source/kafka/encodings.hpp"
#include "source/kafka/row_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace understudy {

namespace {

const char* remedy_for_sources(const failure& why)
{
    switch (why.code) {
    case errc::unreachable:
    case errc::timed_out: return "see source.kafka.brokers in the config, and security.protocol among its properties";
    case errc::authentication_failed: return "correct the credentials in source.kafka.properties_file";
    case errc::permission_denied: return "allow READ and DESCRIBE_CONFIGS on the topics";
    case errc::columns_unknown:
        return "have the connector send schemas, or describe the tables for source.kafka.description";
    case errc::topic_missing: return "start the connector for these tables, or correct source.kafka.topics";
    case errc::bad_config:
        return "correct source.kafka in the config, or write its description anew with `understudy describe`";
    case errc::unsupported_format:
        return "set the connector's converters to org.apache.kafka.connect.json.JsonConverter";
    case errc::table_unusable:
        return "give the table a primary key; or set message.key.columns of the connector to columns that tell its rows apart, and "
               "name them as `key` of the table in the description";
    default: return "see what the text says";
    }
}

check_item check_topic(const kafka_sources& sources, const kafka::topic_table& table, const settings& wanted)
{
    check_item item;
    item.name = "topic " + table.topic;
    const auto& config = sources.configs.at(table.topic);
    const auto& ranges = sources.ranges.at(table.topic);
    auto kept = sources.retention_of(table.topic, table.table.record.name, wanted.kafka);
    item.text = fmt::format("{} partition(s), cleanup.policy {}", ranges.size(), config.cleanup_policy);
    if (kept.only_compacts || kept.said_complete) return item;
    bool whole = std::all_of(ranges.begin(), ranges.end(), [](const auto& range) { return range.low == 0; });
    item.result = verdict::warning;
    item.text +=
        whole ? ": complete only while all of a snapshot of the connector is in it, which reading will show"
              : ": the first records are gone; complete only if all of a newer snapshot of the connector is in it";
    item.remedy =
        fmt::format("set cleanup.policy=compact for topic {} and have the connector make a new snapshot", table.topic);
    return item;
}

std::string_view origin_of(const kafka::topic_table& table) noexcept
{
    switch (table.origin) {
    case column_origin::description: return "from the description";
    case column_origin::messages: return "from the schemas in messages";
    case column_origin::store: return "from the store";
    }
    return "";
}

/// What their columns lose, each loss once.
std::string losses_of(const kafka::topic_table& table)
{
    std::vector<std::pair<std::string, std::string>> columns_by_loss;
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        const auto& lost = table.table.losses[at];
        if (lost.empty()) continue;
        auto named = fmt::format("{} ({})", table.columns[at].shape.name, table.columns[at].type_name);
        auto found = std::find_if(columns_by_loss.begin(), columns_by_loss.end(),
                                  [&](const auto& each) { return each.first == lost; });
        if (found == columns_by_loss.end())
            columns_by_loss.emplace_back(lost, named);
        else
            found->second += ", " + named;
    }
    std::string text;
    for (const auto& [lost, columns] : columns_by_loss)
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", columns, lost);
    return text;
}

check_item check_columns(const kafka_sources& sources, const kafka::topic_table& table, const settings& wanted)
{
    check_item item;
    item.name = "columns of " + to_string(table.table.record.name);
    auto decoder =
        debezium::row_decoder::compile(table.table, sources.types, kafka::encodings_of(wanted.kafka.encodings));
    if (!decoder)
        return {item.name, verdict::failed, decoder.error().text, "put the column under `exclude`",
                decoder.error().code};
    item.text = losses_of(table);
    if (!item.text.empty()) item.result = verdict::warning;
    if (item.result == verdict::warning)
        item.remedy = "change the connector as config/debezium/README.md says, or put the columns under `exclude`";
    else
        item.text = "come as Postgres prints them, with these settings of the connector";
    item.text = fmt::format("{}: {}", origin_of(table), item.text);
    return item;
}

check_item check_heartbeat(const kafka_sources& sources, const settings& wanted)
{
    check_item item;
    item.name = "heartbeats";
    if (sources.heartbeat) {
        item.text = "topic " + sources.heartbeat->first;
        return item;
    }
    auto topic = heartbeat_topic_of(wanted.kafka);
    item.result = verdict::warning;
    item.text = topic.empty() ? "source.kafka.heartbeat_topic is not set: nothing proves how new the copy is"
                              : fmt::format("there is no topic {}: nothing proves how new the copy is", topic);
    item.remedy = "set heartbeat.interval.ms of the connector";
    return item;
}

check_item check_transactions(const kafka_sources& sources, const settings& wanted)
{
    check_item item;
    item.name = "transactions";
    auto topic = transaction_topic_of(wanted.kafka);
    auto found = sources.cluster.topics.find(topic);
    if (sources.transactions) {
        item.text = fmt::format("topic {}: what one transaction wrote becomes visible together", topic);
    } else if (found == sources.cluster.topics.end()) {
        item.text =
            topic.empty()
                ? "source.kafka.transaction_topic is not set: each row becomes visible by itself (consistency `row`)"
                : fmt::format("there is no topic {}: each row becomes visible by itself (consistency `row`), until "
                              "the connector makes it, with its first transaction behind the snapshot if its "
                              "provide.transaction.metadata is set",
                              topic);
    } else {
        item.result = verdict::warning;
        item.text = fmt::format("topic {} has {} partitions, and so no order: each row becomes visible by itself "
                                "(consistency `row`)",
                                topic, found->second);
        item.remedy = "have it made with one partition: topic.creation.<group>.partitions of the connector";
    }
    return item;
}

check_item check_sweep(const kafka_sources& sources, const settings& wanted)
{
    check_item item;
    item.name = "on_resnapshot";
    item.text = "what a new snapshot does not bring is removed";
    for (const auto& [topic, ranges] : sources.ranges) {
        if (ranges.size() == 1 || wanted.kafka.on_resnapshot == resnapshot_policy::keep) continue;
        item.result = verdict::warning;
        item.text = fmt::format("topic {} has several partitions: its rows stay, and its table is marked", topic);
        item.remedy = "give the topic one partition, or leave on_resnapshot at keep";
    }
    return item;
}

check_item check_documents(const kafka_sources& sources, const settings& wanted)
{
    std::vector<table_record> records;
    for (const auto& table : sources.tables) records.push_back(table.table.record);
    auto plans = plan_documents(wanted.documents, records);
    if (plans) return {"documents", verdict::passed, fmt::format("{} document(s) can be made", plans->size()), {}, {}};
    return {"documents", verdict::failed, plans.error().text, "correct `documents` in the config", plans.error().code};
}

}  // namespace

std::vector<check_item> check_kafka(const settings& wanted)
{
    auto failed = [](const failure& why) {
        return std::vector<check_item>{{"kafka", verdict::failed, why.text, remedy_for_sources(why), why.code}};
    };
    auto client = kafka::client::make(wanted.kafka);
    if (!client) return failed(client.error());
    const std::atomic<bool> given_up = false;
    kafka::patient_client patient{**client, kafka::sign_in_timeout_of(wanted.kafka), given_up};
    auto sources = survey_topics(patient, wanted, {});
    if (!sources) return failed(sources.error());
    std::vector<check_item> items{{"kafka", verdict::passed, "cluster " + sources->cluster.id, {}, {}}};
    for (const auto& table : sources->tables) {
        items.push_back(check_topic(*sources, table, wanted));
        items.push_back(check_columns(*sources, table, wanted));
    }
    items.push_back(check_heartbeat(*sources, wanted));
    items.push_back(check_transactions(*sources, wanted));
    if (wanted.kafka.on_resnapshot == resnapshot_policy::sweep) items.push_back(check_sweep(*sources, wanted));
    items.push_back(check_documents(*sources, wanted));
    return items;
}

}  // namespace understudy
