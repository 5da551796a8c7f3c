#include "support/kafka_producer.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace understudy::testing {

namespace {

constexpr int deadline_ms = 30'000;

struct delivery {
    std::size_t undelivered = 0;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

void count(rd_kafka_t*, const rd_kafka_message_t* message, void*)
{
    auto& all = *static_cast<delivery*>(message->_private);
    --all.undelivered;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) all.error = message->err;
}

rd_kafka_vu_t bytes(rd_kafka_vtype_t type, const std::optional<std::string>& content)
{
    rd_kafka_vu_t field{};
    field.vtype = type;
    // A pointer that is null is a key or value that is not there; an empty one is not null.
    field.u.mem.ptr = content ? const_cast<char*>(content->data()) : nullptr;
    field.u.mem.size = content ? content->size() : 0;
    return field;
}

std::vector<rd_kafka_vu_t> fields_of(const std::string& topic, const kafka_message& message, delivery& all)
{
    std::vector<rd_kafka_vu_t> fields(4);
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = topic.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[1].u.i32 = message.partition.value_or(RD_KAFKA_PARTITION_UA);
    fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[2].u.i = RD_KAFKA_MSG_F_COPY;
    fields[3].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[3].u.ptr = &all;
    fields.push_back(bytes(RD_KAFKA_VTYPE_KEY, message.key));
    fields.push_back(bytes(RD_KAFKA_VTYPE_VALUE, message.value));
    for (const auto& [name, value] : message.headers) {
        auto& header = fields.emplace_back();
        header.vtype = RD_KAFKA_VTYPE_HEADER;
        header.u.header.name = name.c_str();
        header.u.header.val = value.data();
        header.u.header.size = static_cast<ssize_t>(value.size());
    }
    return fields;
}

void enqueue(rd_kafka_t* producer, const std::string& topic, const kafka_message& message, delivery& all)
{
    auto fields = fields_of(topic, message, all);
    for (;;) {
        kafka_error_handle refused{rd_kafka_produceva(producer, fields.data(), fields.size())};
        if (!refused) break;
        if (rd_kafka_error_code(refused.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            check_kafka(refused.release(), "write to " + topic);
        rd_kafka_poll(producer, 100);
    }
    ++all.undelivered;
    rd_kafka_poll(producer, 0);
}

}  // namespace

kafka_client_handle new_kafka_producer(const std::string& bootstrap, const kafka_settings& more)
{
    auto settings = more;
    settings.merge(
        kafka_settings{{"bootstrap.servers", bootstrap},
                       {"partitioner", "murmur2_random"},
                       // Not idempotent: right behind the making of a topic a message was acknowledged, once or
                       // twice in hundreds of runs, that never came into it.
                       {"enable.idempotence", more.contains("transactional.id") ? "true" : "false"},
                       {"acks", "all"},
                       {"max.in.flight.requests.per.connection", "1"},
                       {"linger.ms", "0"},
                       // Less than deadline_ms, so that no message is left when we give up.
                       {"message.timeout.ms", "20000"}});
    return new_kafka_client(RD_KAFKA_PRODUCER, settings, &count);
}

void produce_all(rd_kafka_t* producer, const std::string& topic, const std::vector<kafka_message>& messages)
{
    delivery all;
    try {
        for (const auto& message : messages) enqueue(producer, topic, message, all);
    } catch (...) {
        // Their reports name a variable of ours.
        rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(producer, deadline_ms);
        throw;
    }
    rd_kafka_flush(producer, deadline_ms);
    check_kafka(all.error, "write to " + topic);
    if (all.undelivered != 0) throw std::runtime_error{"write to " + topic + ": not all were taken"};
}

}  // namespace understudy::testing
