#include "made_messages.hpp"

namespace understudy::testing {

namespace {

std::string field(const std::string& name, const std::string& type, const std::string& own_type, bool optional)
{
    return R"({"type":")" + type + R"(","optional":)" + (optional ? "true" : "false") +
           R"(,"parameters":{"__debezium.source.column.type":")" + own_type + R"("},"field":")" + name + R"("})";
}

std::string with_schema(const std::string& fields, const std::string& payload)
{
    return R"({"schema":{"type":"struct","fields":[)" + fields + R"(],"optional":false},"payload":)" + payload + "}";
}

const std::string id_field = field("id", "int32", "INT4", false);

/// Of an envelope; its other members need none here.
std::string row_fields()
{
    auto fields = id_field + "," + field("n", "int32", "INT4", false) + "," + field("note", "string", "TEXT", true);
    return R"({"type":"struct","fields":[)" + fields + R"(],"optional":true,"field":"after"})";
}

}  // namespace

topic_mirror_options made_table(const std::string& name)
{
    return {.name = name,
            .setup = "CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL, note text)",
            .tables = {"public.item"}};
}

std::string item(int id, int n)
{
    return "{\"id\":" + std::to_string(id) + ",\"n\":" + std::to_string(n) + ",\"note\":\"x\"}";
}

std::string message_maker::source(const std::string& snapshot)
{
    commit_us_ += 1000;
    if (snapshot == "first") run_us_ = commit_us_;
    auto at_us = snapshot.empty() ? commit_us_ : run_us_;
    auto lsn = std::to_string(lsn_ += 8);
    return R"({"version":"3.7.0.Final","connector":"postgresql","name":")" + prefix_ + R"(","ts_ms":)" +
           std::to_string(at_us / 1000) + R"(,"snapshot":)" + (snapshot.empty() ? "null" : '"' + snapshot + '"') +
           R"(,"db":"x","sequence":"[null,\")" + lsn + R"(\"]","ts_us":)" + std::to_string(at_us) +
           R"(,"schema":"public","table":"item","txId":7,"lsn":)" + lsn + "}";
}

kafka_message message_maker::row(const made_event& event)
{
    auto op = !event.op.empty() ? event.op : event.snapshot.empty() ? "c" : "r";
    return message(event.id, R"({"before":null,"after":)" + item(event.id, event.n) + R"(,"source":)" +
                                 source(event.snapshot) + R"(,"transaction":null,"op":")" + op +
                                 R"(","ts_ms":1790000000000})");
}

kafka_message message_maker::removal(int id)
{
    return message(id, R"({"before":{"id":)" + std::to_string(id) + R"(,"n":0,"note":null},"after":null,"source":)" +
                           source("") + R"(,"transaction":null,"op":"d","ts_ms":1790000000000})");
}

kafka_message message_maker::message(int id, const std::string& value) const
{
    return {.key = whole_key(id), .value = with_ == schemas::none ? value : with_schema(row_fields(), value)};
}

std::string message_maker::whole_key(int id) const
{
    return with_ == schemas::none ? key(id) : with_schema(id_field, key(id));
}

kafka_message message_maker::tombstone(int id) const
{
    return {.key = whole_key(id), .value = std::nullopt};
}

std::vector<kafka_message> message_maker::snapshot(const std::vector<int>& ids, int n)
{
    std::vector<kafka_message> rows;
    for (auto id : ids) {
        bool is_first = rows.empty();
        bool is_last = rows.size() + 1 == ids.size();
        rows.push_back(row({.id = id, .n = n, .snapshot = is_first ? "first" : is_last ? "last" : "true"}));
    }
    return rows;
}

}  // namespace understudy::testing
