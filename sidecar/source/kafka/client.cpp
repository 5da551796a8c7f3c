#include "source/kafka/client.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace understudy::kafka {

namespace {

using conf_handle = c_handle<rd_kafka_conf_t, &rd_kafka_conf_destroy>;
using list_handle = c_handle<rd_kafka_topic_partition_list_t, &rd_kafka_topic_partition_list_destroy>;
using text_handle = c_handle<char, &std::free>;
using queue_handle = c_handle<rd_kafka_queue_t, &rd_kafka_queue_destroy>;
using event_handle = c_handle<rd_kafka_event_t, &rd_kafka_event_destroy>;
using config_handle = c_handle<rd_kafka_ConfigResource_t, &rd_kafka_ConfigResource_destroy>;

constexpr auto timeout_ms = static_cast<int>(limits::kafka_timeout.count());
constexpr int without_waiting = 0;

// What keeps our promises, and bounds on memory. The first ones settings may not change: see settings/kafka.cpp.
// https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
constexpr std::array<std::pair<const char*, const char*>, 9> kept{{
    {"auto.offset.reset", "error"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"isolation.level", "read_committed"},
    {"check.crcs", "true"},
    {"allow.auto.create.topics", "false"},
    {"enable.partition.eof", "true"},
    {"log.queue", "true"},
    {"socket.keepalive.enable", "true"},
}};
// What librdkafka has since 2.2: see wake_fetcher().
constexpr std::pair<const char*, const char*> queue_patience{"fetch.queue.backoff.ms", "5"};
constexpr std::array<std::pair<const char*, const char*>, 7> defaults{{
    {"client.id", "understudy"},
    {"socket.timeout.ms", "10000"},  // a broker that is silent for so long is connected to anew
    {"topic.metadata.refresh.interval.ms", "30000"},
    {"queued.max.messages.kbytes", "16384"},
    {"fetch.max.bytes", "8388608"},
    {"fetch.wait.max.ms", "100"},
    {"reconnect.backoff.max.ms", "2000"},
}};

failure bad_property(std::string_view name, std::string_view why)
{
    return {errc::bad_config, fmt::format("source.kafka.properties.{}: {}", name, why)};
}

outcome<void> set(rd_kafka_conf_t& conf, const char* name, const std::string& value)
{
    std::array<char, 512> text{};
    auto done = rd_kafka_conf_set(&conf, name, value.c_str(), text.data(), text.size());
    if (done == RD_KAFKA_CONF_OK) return {};
    if (done == RD_KAFKA_CONF_UNKNOWN) return bad_property(name, "librdkafka has no such setting");
    return bad_property(name, "librdkafka does not take this value");  // its own text would repeat a secret
}

outcome<conf_handle> make_conf(const kafka_settings& wanted)
{
    conf_handle conf{rd_kafka_conf_new()};
    for (const auto& [name, value] : defaults)
        if (auto done = set(*conf, name, value); !done) return done.error();
    rd_kafka_conf_set(conf.get(), queue_patience.first, queue_patience.second, nullptr, 0);
    for (const auto& [name, value] : wanted.properties)
        if (auto done = set(*conf, name.c_str(), value); !done) return done.error();
    for (const auto& [name, value] : kept)
        if (auto done = set(*conf, name, value); !done) return done.error();
    if (!wanted.report_group.empty())
        if (auto done = set(*conf, "group.id", wanted.report_group); !done) return done.error();
    if (auto done = set(*conf, "bootstrap.servers", wanted.brokers); !done) return done.error();
    rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    return conf;
}

/// A quarter of a bound on the library's queue.
std::size_t quarter_of(const rd_kafka_conf_t& conf, const char* name, std::size_t unit)
{
    std::array<char, 32> text{};
    auto size = text.size();
    std::size_t bound = 0;
    if (rd_kafka_conf_get(&conf, name, text.data(), &size) == RD_KAFKA_CONF_OK)
        std::from_chars(text.data(), text.data() + size, bound);
    return bound * unit / 4;
}

errc reason_for(rd_kafka_resp_err_t error) noexcept
{
    switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED: return errc::authentication_failed;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return errc::permission_denied;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT: return errc::unreachable;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return errc::topic_missing;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return errc::offsets_lost;
    default: return errc::query_failed;
    }
}

failure failed(rd_kafka_resp_err_t error, std::string_view what)
{
    return {reason_for(error), fmt::format("{}: {}", what, rd_kafka_err2str(error))};
}

// The library mends these by itself, and says so again if it cannot.
bool is_passing(rd_kafka_resp_err_t error) noexcept
{
    return reason_for(error) == errc::query_failed || error == RD_KAFKA_RESP_ERR__TRANSPORT ||
           error == RD_KAFKA_RESP_ERR__RESOLVE || error == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

list_handle list_of(std::span<const partition_start> partitions)
{
    list_handle list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
    for (const auto& start : partitions) {
        auto* added = rd_kafka_topic_partition_list_add(list.get(), start.topic.c_str(), start.partition);
        added->offset = start.offset;
    }
    return list;
}

outcome<topic_config> config_from(const rd_kafka_ConfigResource_t& resource, const std::string& topic)
{
    if (auto error = rd_kafka_ConfigResource_error(&resource); error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(error, "the settings of topic " + topic);
    topic_config found;
    std::size_t count = 0;
    const auto* const* entries = rd_kafka_ConfigResource_configs(&resource, &count);
    for (std::size_t at = 0; at < count; ++at) {
        std::string_view name = rd_kafka_ConfigEntry_name(entries[at]);
        const char* value = rd_kafka_ConfigEntry_value(entries[at]);
        if (value == nullptr) continue;
        if (name == "cleanup.policy") found.cleanup_policy = value;
        if (name == "delete.retention.ms") found.delete_retention = std::chrono::milliseconds{std::atoll(value)};
    }
    return found;
}

}  // namespace

outcome<std::unique_ptr<client>> client::make(const kafka_settings& wanted)
{
    auto conf = make_conf(wanted);
    if (!conf) return conf.error();
    queue_use most_taken{.records = quarter_of(**conf, "queued.min.messages", 1),
                         .bytes = quarter_of(**conf, "queued.max.messages.kbytes", 1024)};
    std::array<char, 512> text{};
    handle library{rd_kafka_new(RD_KAFKA_CONSUMER, conf->get(), text.data(), text.size())};
    if (!library) return failure{errc::bad_config, fmt::format("source.kafka: {}", text.data())};
    static_cast<void>(conf->release());  // the library's now
    int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake < 0) return failure{errc::internal, fmt::format("eventfd: {}", std::strerror(errno))};
    return std::unique_ptr<client>{new client{std::move(library), wake, !wanted.report_group.empty(), most_taken}};
}

client::client(handle library, int wake_fd, bool reports, const queue_use& wake_after)
    : wake_fd_{wake_fd},
      reports_{reports},
      wake_after_{wake_after},
      library_{library.release()},
      events_{rd_kafka_queue_get_main(library_)},
      arrived_{rd_kafka_queue_new(library_)}
{
    static constexpr std::uint64_t one = 1;
    rd_kafka_set_log_queue(library_, events_.get());
    for (auto* queue : {events_.get(), arrived_.get()})
        rd_kafka_queue_io_event_enable(queue, wake_fd_, &one, sizeof one);
}

client::~client()
{
    release();
    stop_reading();
    topics_.clear();
    for (auto* queue : {events_.get(), arrived_.get()}) rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
    events_.reset();
    arrived_.reset();
    rd_kafka_destroy_flags(library_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);  // there is no group to leave
    ::close(wake_fd_);
}

outcome<void> client::assign(std::span<const partition_start> partitions)
{
    stop_reading();
    for (const auto& start : partitions) {
        auto& topic = topics_[start.topic];
        if (!topic) topic.reset(rd_kafka_topic_new(library_, start.topic.c_str(), nullptr));
        if (!topic || rd_kafka_consume_start_queue(topic.get(), start.partition, start.offset, arrived_.get()) != 0)
            return failed(rd_kafka_last_error(), fmt::format("{} [{}]", start.topic, start.partition));
        reading_.emplace_back(topic.get(), start.partition);
    }
    return {};
}

outcome<void> client::seek(const partition_start& to)
{
    auto topic = topics_.find(to.topic);
    if (topic == topics_.end()) return failure{errc::internal, to.topic + " is not assigned"};
    auto error = rd_kafka_seek(topic->second.get(), to.partition, to.offset, without_waiting);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(error, fmt::format("{} [{}]", to.topic, to.partition));
    return {};
}

void client::stop_reading()
{
    for (const auto& [topic, partition] : reading_) rd_kafka_consume_stop(topic, partition);
    reading_.clear();
}

void client::release()
{
    for (auto* message : messages_) rd_kafka_message_destroy(message);
    messages_.clear();
    records_.clear();
}

outcome<std::span<const record>> client::take(std::size_t most)
{
    release();
    if (auto seen = look_at_events(); !seen) return seen.error();
    messages_.resize(most);
    auto count = rd_kafka_consume_batch_queue(arrived_.get(), 0, messages_.data(), most);
    messages_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    for (const auto* message : messages_) {
        bool at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !at_end) {
            if (is_passing(message->err)) continue;
            return explain(*message);
        }
        auto& made = records_.emplace_back();
        made.topic = rd_kafka_topic_name(message->rkt);
        made.partition = message->partition;
        made.offset = message->offset;
        made.at_end = at_end;
        if (at_end) continue;
        ++taken_.records;
        taken_.bytes += message->len + message->key_len;
        made.timestamp_ms = rd_kafka_message_timestamp(message, nullptr);
        if (message->key != nullptr) made.key.emplace(static_cast<const char*>(message->key), message->key_len);
        if (message->payload != nullptr) made.value.emplace(static_cast<const char*>(message->payload), message->len);
    }
    if (taken_.records >= wake_after_.records || taken_.bytes >= wake_after_.bytes) wake_fetcher();
    return std::span<const record>{records_};
}

// When its queue is full the library's thread sleeps for a second, and nobody tells it that there is room again (2.0.2; from 2.2 on
// it can be told to look sooner). A question to the broker wakes it; the answer is not waited for.
void client::wake_fetcher()
{
    taken_ = {};
    if (records_.empty()) return;
    partition_start any{std::string{records_.back().topic}, records_.back().partition, RD_KAFKA_OFFSET_END};
    rd_kafka_offsets_for_times(library_, list_of(std::span{&any, 1}).get(), without_waiting);
}

failure client::explain(const rd_kafka_message_t& message) const
{
    auto where = message.rkt == nullptr ? std::string{"the brokers"}
                                        : fmt::format("{} [{}]", rd_kafka_topic_name(message.rkt), message.partition);
    const char* text = rd_kafka_message_errstr(&message);
    return {reason_for(message.err), fmt::format("{}: {}", where, text == nullptr ? "no text" : text)};
}

// Of logs nothing is told: what they are about comes as an error, or is mended.
outcome<void> client::look_at_events()
{
    while (event_handle event{rd_kafka_queue_poll(events_.get(), 0)}) {
        if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
        auto error = rd_kafka_event_error(event.get());
        if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) found_nobody_ = true;
        if (is_passing(error)) continue;
        const char* text = rd_kafka_event_error_string(event.get());
        return failure{reason_for(error), text == nullptr ? rd_kafka_err2str(error) : text};
    }
    return {};
}

// Who asks hears only that nobody answered in time; what is wrong with a password or a certificate is an event.
failure client::why_silent(rd_kafka_resp_err_t error)
{
    auto told = look_at_events();
    return told ? failed(error, "the brokers") : told.error();
}

void client::report(std::span<const partition_start> positions)
{
    if (!reports_) return;
    auto list = list_of(positions);
    rd_kafka_commit(library_, list.get(), 1);
}

outcome<cluster_facts> client::describe_cluster()
{
    const rd_kafka_metadata_t* raw = nullptr;
    auto error = rd_kafka_metadata(library_, 1, nullptr, &raw, timeout_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return why_silent(error);
    c_handle<const rd_kafka_metadata_t, &rd_kafka_metadata_destroy> metadata{raw};
    cluster_facts found;
    for (int at = 0; at < metadata->topic_cnt; ++at) {
        const auto& topic = metadata->topics[at];
        if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) found.topics[topic.topic] = topic.partition_cnt;
    }
    text_handle id{rd_kafka_clusterid(library_, timeout_ms)};
    if (id) found.id = id.get();
    return found;
}

outcome<topic_config> client::describe_topic(const std::string& topic)
{
    queue_handle answers{rd_kafka_queue_new(library_)};
    config_handle asked{rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
    auto* one = asked.get();
    rd_kafka_DescribeConfigs(library_, &one, 1, nullptr, answers.get());
    event_handle answer{rd_kafka_queue_poll(answers.get(), timeout_ms)};
    if (!answer) return failure{errc::unreachable, "the settings of topic " + topic + ": no answer in time"};
    if (auto error = rd_kafka_event_error(answer.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(error, "the settings of topic " + topic);
    std::size_t count = 0;
    const auto* const* resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
    if (count != 1) return failure{errc::query_failed, "the settings of topic " + topic + ": no answer"};
    return config_from(**resources, topic);
}

outcome<partition_ranges> client::ranges_of(std::span<const partition_id> partitions)
{
    partition_ranges ranges;
    if (partitions.empty()) return ranges;
    if (auto told = ask_ends(partitions, RD_KAFKA_OFFSET_BEGINNING, &offset_range::low, ranges); !told)
        return told.error();
    if (auto told = ask_ends(partitions, RD_KAFKA_OFFSET_END, &offset_range::high, ranges); !told) return told.error();
    return ranges;
}

// Where brokers take a time, they take the names of the two ends, too; of all partitions that one leads in one question.
// rd_kafka_query_watermark_offsets asks for both ends at once, but of a broker that is away it asks until that one is back, whatever
// its limit (2.0.2).
outcome<void> client::ask_ends(std::span<const partition_id> partitions, std::int64_t which,
                               std::int64_t offset_range::* end, partition_ranges& into)
{
    std::vector<partition_start> starts;
    for (const auto& [topic, partition] : partitions) starts.push_back({topic, partition, which});
    auto asked = list_of(starts);
    auto error = rd_kafka_offsets_for_times(library_, asked.get(), timeout_ms);
    std::span answers{asked->elems, partitions.size()};
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        auto others = partitions.size() > 1 ? fmt::format(", or one of {} others", partitions.size() - 1) : "";
        return failed(error, fmt::format("{} [{}]{}", answers[0].topic, answers[0].partition, others));
    }
    for (const auto& answer : answers) {
        auto where = fmt::format("{} [{}]", answer.topic, answer.partition);
        if (answer.err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(answer.err, where);
        if (answer.offset < 0)
            return failure{errc::query_failed, where + ": the broker did not say where it begins or ends"};
        into[{answer.topic, answer.partition}].*end = answer.offset;
    }
    return {};
}

}  // namespace understudy::kafka
