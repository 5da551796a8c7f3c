#include "contract/kafka_upstream.hpp"

#include "app/kafka_session.hpp"
#include "support/kafka_broker.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace understudy::testing {

namespace {

std::unique_ptr<kafka_broker>& shared()
{
    static std::unique_ptr<kafka_broker> broker;
    return broker;
}

/// It belongs to the thread that runs the cases, and ends before the program's own end.
struct broker_end {
    ~broker_end() { shared().reset(); }
};

BOOST_TEST_GLOBAL_FIXTURE(broker_end);

kafka_broker& broker()
{
    if (!shared()) shared() = std::make_unique<kafka_broker>();
    if (!shared()->running()) shared()->start();
    return *shared();
}

std::string new_prefix()
{
    static int made = 0;
    return "contract" + std::to_string(++made);
}

std::string with_schema(const std::string& fields, const std::string& payload)
{
    return R"({"schema":{"type":"struct","fields":[)" + fields + R"(]},"payload":)" + payload + "}";
}

constexpr const char* id_field =
    R"({"type":"int32","optional":false,"parameters":{"__debezium.source.column.type":"INT4"},"field":"id"})";
constexpr const char* body_field =
    R"({"type":"string","optional":true,"parameters":{"__debezium.source.column.type":"TEXT"},"field":"body"})";

std::string key_of(std::size_t id)
{
    return with_schema(id_field, fmt::format(R"({{"id":{}}})", id));
}

}  // namespace

kafka_upstream::kafka_upstream()
    : prefix_{new_prefix()}, topic_{prefix_ + ".public.items"}, topics_{broker().bootstrap()}
{
    topics_.create(topic_, {.config = {{"cleanup.policy", "compact"}}});
    insert(1);  // nothing is known of an empty topic
}

kafka_upstream::~kafka_upstream()
{
    if (!shared()->running()) shared()->start();
}

settings kafka_upstream::wanted() const
{
    settings made;
    made.kafka.brokers = broker().bootstrap();
    made.kafka.prefix = prefix_;
    made.kafka.report_group = prefix_;
    made.tables.push_back({.schema = "public", .name = "items", .columns = {}, .exclude = {}});
    return made;
}

std::shared_ptr<source_session> kafka_upstream::session(const settings& wanted, store_writer& writer,
                                                        daemon_state& state, source_session::callbacks notify) const
{
    return std::make_shared<kafka_session>(wanted, writer, state, std::move(notify));
}

void kafka_upstream::insert(std::size_t count)
{
    std::vector<kafka_message> messages;
    for (std::size_t added = 0; added < count; ++added, ++next_) {
        rows_[next_] = body_of(next_);
        messages.push_back(event('c', next_, rows_[next_]));
    }
    topics_.produce(topic_, messages);
}

void kafka_upstream::update(const std::string& body)
{
    auto id = id_of(body);
    rows_[id] = body_of(next_++);
    topics_.produce(topic_, {event('u', id, rows_[id])});
}

void kafka_upstream::remove(const std::string& body)
{
    auto id = id_of(body);
    rows_.erase(id);
    topics_.produce(topic_, {event('d', id, ""), {.key = key_of(id), .value = std::nullopt}});
}

kafka_message kafka_upstream::event(char op, std::size_t id, const std::string& body)
{
    position_ += 8;
    auto row = fmt::format(R"({{"id":{},"body":"{}"}})", id, body);
    auto fields =
        fmt::format(R"({{"type":"struct","fields":[{},{}],"optional":true,"field":"after"}})", id_field, body_field);
    auto payload =
        fmt::format(R"({{"before":{},"after":{},"source":{{"name":"{}","ts_us":{},"snapshot":null,"db":"d",)"
                    R"("sequence":"[\"{}\",\"{}\"]","schema":"public","table":"items","txId":7,"lsn":{}}},"op":"{}"}})",
                    op == 'd' ? row : "null", op == 'd' ? "null" : row, prefix_, 1'790'000'000'000'000 + position_,
                    position_ - 8, position_, position_, op);
    return {.key = key_of(id), .value = with_schema(fields, payload)};
}

std::size_t kafka_upstream::id_of(const std::string& body) const
{
    auto found = std::find_if(rows_.begin(), rows_.end(), [&](const auto& row) { return row.second == body; });
    if (found == rows_.end()) throw std::runtime_error{"there is no row with " + body};
    return found->first;
}

std::set<std::string> kafka_upstream::bodies() const
{
    std::set<std::string> all;
    for (const auto& [id, body] : rows_) all.insert(body);
    return all;
}

void kafka_upstream::stop()
{
    shared()->stop();
}

void kafka_upstream::start()
{
    shared()->start();
}

settings kafka_upstream::unreachable(settings wanted) const
{
    wanted.kafka.brokers = "127.0.0.1:1";
    return wanted;
}

// The topic has one partition, so the sum of offsets is the one that is next.
bool kafka_upstream::knows(const stored_position& durable)
{
    return topics_.committed(prefix_, topic_) == static_cast<std::int64_t>(durable.position.value);
}

}  // namespace understudy::testing
