#include "support/kafka_topics.hpp"

#include "support/kafka_handles.hpp"
#include "support/kafka_producer.hpp"
#include "support/waiting.hpp"

#include <algorithm>
#include <stdexcept>

namespace understudy::testing {

namespace {

constexpr int deadline_ms = 30'000;

/// The single topic of an answer.
void check_topic(const rd_kafka_topic_result_t* const* results, std::size_t count, const std::string& what)
{
    for (std::size_t at = 0; at < count; ++at)
        check_kafka(rd_kafka_topic_result_error(results[at]), what, rd_kafka_topic_result_error_string(results[at]));
}

void check_config(const rd_kafka_ConfigResource_t* const* results, std::size_t count, const std::string& what)
{
    for (std::size_t at = 0; at < count; ++at)
        check_kafka(rd_kafka_ConfigResource_error(results[at]), what,
                    rd_kafka_ConfigResource_error_string(results[at]));
}

/// A controller answers before its brokers, even the one in the same process, have heard of it.
template <class Condition>
void wait_until_seen(const std::string& what, Condition condition)
{
    if (!wait_for(condition, std::chrono::milliseconds{deadline_ms}))
        throw std::runtime_error{what + ": the broker does not show it"};
}

kafka_config_resource_handle resource_of(const std::string& topic)
{
    return kafka_config_resource_handle{rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
}

std::optional<std::string> copied(const void* bytes, std::size_t size)
{
    if (bytes == nullptr) return std::nullopt;
    return std::string{static_cast<const char*>(bytes), size};
}

std::vector<std::pair<std::string, std::string>> headers_of(const rd_kafka_message_t* message)
{
    std::vector<std::pair<std::string, std::string>> found;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t at = 0; rd_kafka_header_get_all(headers, at, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++at)
        found.emplace_back(name, copied(value, size).value_or(""));
    return found;
}

kafka_message message_of(const rd_kafka_message_t* message)
{
    return {.key = copied(message->key, message->key_len),
            .value = copied(message->payload, message->len),
            .partition = message->partition,
            .headers = headers_of(message),
            .offset = message->offset,
            .timestamp = std::chrono::milliseconds{rd_kafka_message_timestamp(message, nullptr)}};
}

/// By partition, and in each in their order.
void sort_by_place(std::vector<kafka_message>& messages)
{
    std::ranges::sort(messages, {}, [](const auto& message) { return std::pair{message.partition, message.offset}; });
}

}  // namespace

struct kafka_topics::client {
    struct offset_range {
        std::int64_t begin = 0;
        std::int64_t end = 0;
    };

    kafka_client_handle producer;
    kafka_queue_handle answers;
    std::map<isolation, kafka_client_handle> consumers;

    explicit client(const std::string& bootstrap)
        : producer{new_kafka_producer(bootstrap)}, answers{rd_kafka_queue_new(producer.get())}
    {
    }

    kafka_admin_options_handle options(rd_kafka_admin_op_t operation) const
    {
        char reason[512] = "";
        kafka_admin_options_handle made{rd_kafka_AdminOptions_new(producer.get(), operation)};
        rd_kafka_AdminOptions_set_request_timeout(made.get(), deadline_ms, reason, sizeof reason);
        return made;
    }

    kafka_event_handle answer(const std::string& what) const
    {
        kafka_event_handle event{rd_kafka_queue_poll(answers.get(), 2 * deadline_ms)};
        if (!event) throw std::runtime_error{what + ": no answer"};
        check_kafka(rd_kafka_event_error(event.get()), what, rd_kafka_event_error_string(event.get()));
        return event;
    }

    std::vector<offset_range> ranges(const std::string& topic, int partitions) const
    {
        std::vector<offset_range> found;
        for (int partition = 0; partition < partitions; ++partition) found.push_back(range(topic, partition));
        return found;
    }

    /// Waits for the leader of a partition, which a broker that has just started may not be yet.
    offset_range range(const std::string& topic, int partition) const
    {
        offset_range found;
        auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
        auto is_known = [&] {
            error = rd_kafka_query_watermark_offsets(producer.get(), topic.c_str(), partition, &found.begin, &found.end,
                                                     deadline_ms);
            return error != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION &&
                   error != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE && error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        };
        wait_for(is_known, std::chrono::milliseconds{deadline_ms});
        check_kafka(error, "offsets of " + topic);
        return found;
    }

    /// Kept, for the first read of each takes a second.
    rd_kafka_t* consumer(const std::string& bootstrap, isolation level)
    {
        auto& kept = consumers[level];
        if (!kept)
            kept = new_kafka_client(
                RD_KAFKA_CONSUMER,
                {{"bootstrap.servers", bootstrap},
                 {"group.id", "understudy-tests"},  // asked for by the library; nothing is committed
                 {"enable.auto.commit", "false"},
                 {"enable.partition.eof", "true"},
                 {"fetch.wait.max.ms", "10"},
                 {"fetch.error.backoff.ms", "10"},
                 {"isolation.level", level == isolation::read_committed ? "read_committed" : "read_uncommitted"}});
        return kept.get();
    }
};

kafka_topics::kafka_topics(std::string bootstrap)
    : bootstrap_{std::move(bootstrap)}, client_{std::make_unique<client>(bootstrap_)}
{
}

kafka_topics::~kafka_topics() = default;

void kafka_topics::create(const std::string& topic, const topic_options& options)
{
    auto what = "create " + topic;
    char reason[512] = "";
    kafka_new_topic_handle made{rd_kafka_NewTopic_new(topic.c_str(), options.partitions, 1, reason, sizeof reason)};
    if (!made) throw std::runtime_error{what + ": " + reason};
    for (const auto& [name, value] : options.config)
        check_kafka(rd_kafka_NewTopic_set_config(made.get(), name.c_str(), value.c_str()), what);
    auto how = client_->options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
    auto* topics = made.get();
    rd_kafka_CreateTopics(client_->producer.get(), &topics, 1, how.get(), client_->answers.get());
    auto event = client_->answer(what);
    std::size_t count = 0;
    const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    check_topic(results, count, what);
    wait_until_seen(what, [&] { return partitions(topic) == options.partitions; });
    client_->ranges(topic, options.partitions);  // has leaders: what is written before that may come in another order
}

void kafka_topics::remove(const std::string& topic)
{
    auto what = "delete " + topic;
    kafka_delete_topic_handle named{rd_kafka_DeleteTopic_new(topic.c_str())};
    auto how = client_->options(RD_KAFKA_ADMIN_OP_DELETETOPICS);
    auto* topics = named.get();
    rd_kafka_DeleteTopics(client_->producer.get(), &topics, 1, how.get(), client_->answers.get());
    auto event = client_->answer(what);
    std::size_t count = 0;
    const auto* results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
    check_topic(results, count, what);
    wait_until_seen(what, [&] { return partitions(topic) == 0; });
}

void kafka_topics::set_partitions(const std::string& topic, int total)
{
    auto what = "partitions of " + topic;
    char reason[512] = "";
    kafka_new_partitions_handle more{
        rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(total), reason, sizeof reason)};
    if (!more) throw std::runtime_error{what + ": " + reason};
    auto how = client_->options(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS);
    auto* wanted = more.get();
    rd_kafka_CreatePartitions(client_->producer.get(), &wanted, 1, how.get(), client_->answers.get());
    auto event = client_->answer(what);
    std::size_t count = 0;
    const auto* results =
        rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event.get()), &count);
    check_topic(results, count, what);
    wait_until_seen(what, [&] { return partitions(topic) == total; });
}

void kafka_topics::set_config(const std::string& topic, const topic_config& config)
{
    auto what = "settings of " + topic;
    auto resource = resource_of(topic);
    for (const auto& [name, value] : config)
        check_kafka(rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str()), what);
    auto how = client_->options(RD_KAFKA_ADMIN_OP_ALTERCONFIGS);
    auto* resources = resource.get();
    rd_kafka_AlterConfigs(client_->producer.get(), &resources, 1, how.get(), client_->answers.get());
    auto event = client_->answer(what);
    std::size_t count = 0;
    const auto* results =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
    check_config(results, count, what);
    wait_until_seen(what, [&] {
        auto seen = this->config(topic);
        return std::ranges::all_of(config, [&](const auto& one) { return seen[one.first] == one.second; });
    });
}

topic_config kafka_topics::config(const std::string& topic)
{
    auto what = "settings of " + topic;
    auto resource = resource_of(topic);
    auto how = client_->options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    auto* resources = resource.get();
    rd_kafka_DescribeConfigs(client_->producer.get(), &resources, 1, how.get(), client_->answers.get());
    auto event = client_->answer(what);
    std::size_t count = 0;
    const auto* results =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    check_config(results, count, what);
    topic_config found;
    const auto* const* entries = rd_kafka_ConfigResource_configs(results[0], &count);
    for (std::size_t at = 0; at < count; ++at) {
        const auto* value = rd_kafka_ConfigEntry_value(entries[at]);
        found.emplace(rd_kafka_ConfigEntry_name(entries[at]), value != nullptr ? value : "");
    }
    return found;
}

void kafka_topics::allow(const std::string& user, const std::string& topic, topic_right what)
{
    auto operation = what == topic_right::see    ? RD_KAFKA_ACL_OPERATION_DESCRIBE
                     : what == topic_right::read ? RD_KAFKA_ACL_OPERATION_READ
                                                 : RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS;
    char reason[512] = "";
    kafka_acl_handle wanted{rd_kafka_AclBinding_new(
        RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, ("User:" + user).c_str(), "*",
        operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, reason, sizeof reason)};
    if (!wanted) throw std::runtime_error{"rights on " + topic + ": " + reason};
    auto how = client_->options(RD_KAFKA_ADMIN_OP_CREATEACLS);
    auto* bindings = wanted.get();
    rd_kafka_CreateAcls(client_->producer.get(), &bindings, 1, how.get(), client_->answers.get());
    auto event = client_->answer("rights on " + topic);
    std::size_t count = 0;
    const auto* const* results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
    for (std::size_t at = 0; at < count; ++at)
        if (const auto* error = rd_kafka_acl_result_error(results[at]))
            check_kafka(rd_kafka_error_code(error), "rights on " + topic, rd_kafka_error_string(error));
}

void kafka_topics::delete_before(const std::string& topic, std::int32_t partition, std::int64_t offset)
{
    auto what = "delete records of " + topic;
    kafka_partitions_handle places{rd_kafka_topic_partition_list_new(1)};
    rd_kafka_topic_partition_list_add(places.get(), topic.c_str(), partition)->offset = offset;
    kafka_delete_records_handle wanted{rd_kafka_DeleteRecords_new(places.get())};
    auto how = client_->options(RD_KAFKA_ADMIN_OP_DELETERECORDS);
    auto* requests = wanted.get();
    rd_kafka_DeleteRecords(client_->producer.get(), &requests, 1, how.get(), client_->answers.get());
    auto event = client_->answer(what);
    const auto* done = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
    for (int at = 0; at < done->cnt; ++at) check_kafka(done->elems[at].err, what);
}

std::vector<std::string> kafka_topics::names()
{
    const rd_kafka_metadata_t* answer = nullptr;
    check_kafka(rd_kafka_metadata(client_->producer.get(), 1, nullptr, &answer, deadline_ms), "list topics");
    kafka_metadata_handle metadata{answer};
    std::vector<std::string> found;
    for (int at = 0; at < answer->topic_cnt; ++at) found.emplace_back(answer->topics[at].topic);
    std::ranges::sort(found);
    return found;
}

// Of all topics, for asking about one would let the client wait for it to appear.
int kafka_topics::partitions(const std::string& topic)
{
    const rd_kafka_metadata_t* answer = nullptr;
    check_kafka(rd_kafka_metadata(client_->producer.get(), 1, nullptr, &answer, deadline_ms), "list topics");
    kafka_metadata_handle metadata{answer};
    for (int at = 0; at < answer->topic_cnt; ++at)
        if (answer->topics[at].topic == topic) return answer->topics[at].partition_cnt;
    return 0;
}

void kafka_topics::produce(const std::string& topic, const std::vector<kafka_message>& messages)
{
    produce_all(client_->producer.get(), topic, messages);
}

std::vector<kafka_message> kafka_topics::read_to_end(const std::string& topic, isolation level)
{
    auto what = "read " + topic;
    auto ranges = client_->ranges(topic, partitions(topic));
    if (ranges.empty()) throw std::runtime_error{what + ": there is no such topic"};
    auto* consumer = client_->consumer(bootstrap_, level);
    kafka_partitions_handle places{rd_kafka_topic_partition_list_new(static_cast<int>(ranges.size()))};
    for (std::size_t partition = 0; partition < ranges.size(); ++partition)
        rd_kafka_topic_partition_list_add(places.get(), topic.c_str(), static_cast<int>(partition))->offset =
            ranges[partition].begin;
    check_kafka(rd_kafka_assign(consumer, places.get()), what);
    std::vector<kafka_message> messages;
    for (auto open = ranges.size(); open > 0;) {
        kafka_message_handle message{rd_kafka_consumer_poll(consumer, deadline_ms)};
        if (!message) throw std::runtime_error{what + ": no answer"};
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            --open;
            continue;
        }
        check_kafka(message->err, what, rd_kafka_message_errstr(message.get()));
        messages.push_back(message_of(message.get()));
    }
    rd_kafka_assign(consumer, nullptr);
    sort_by_place(messages);
    return messages;
}

std::vector<std::int64_t> kafka_topics::end_offsets(const std::string& topic)
{
    std::vector<std::int64_t> ends;
    for (auto range : client_->ranges(topic, partitions(topic))) ends.push_back(range.end);
    return ends;
}

struct kafka_transaction::producer {
    kafka_client_handle client;
    bool is_open = false;
};

kafka_transaction::kafka_transaction(const std::string& bootstrap, const std::string& transactional_id)
    : producer_{std::make_unique<producer>()}
{
    producer_->client = new_kafka_producer(bootstrap, {{"transactional.id", transactional_id}});
    check_kafka(rd_kafka_init_transactions(producer_->client.get(), deadline_ms), "transactions");
    check_kafka(rd_kafka_begin_transaction(producer_->client.get()), "transaction");
    producer_->is_open = true;
}

kafka_transaction::~kafka_transaction()
{
    if (!producer_->is_open) return;
    kafka_error_handle ignored{rd_kafka_abort_transaction(producer_->client.get(), deadline_ms)};
}

void kafka_transaction::produce(const std::string& topic, const std::vector<kafka_message>& messages)
{
    produce_all(producer_->client.get(), topic, messages);
}

void kafka_transaction::commit()
{
    check_kafka(rd_kafka_commit_transaction(producer_->client.get(), deadline_ms), "commit");
    producer_->is_open = false;
}

void kafka_transaction::abort()
{
    check_kafka(rd_kafka_abort_transaction(producer_->client.get(), deadline_ms), "abort");
    producer_->is_open = false;
}

std::int64_t kafka_topics::committed(const std::string& group, const std::string& topic)
{
    auto asking = new_kafka_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap_}, {"group.id", group}});
    std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)> asked{
        rd_kafka_topic_partition_list_new(1), &rd_kafka_topic_partition_list_destroy};
    rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), 0);
    check_kafka(rd_kafka_committed(asking.get(), asked.get(), deadline_ms), "committed by " + group);
    return std::max<std::int64_t>(asked->elems[0].offset, -1);
}

}  // namespace understudy::testing
