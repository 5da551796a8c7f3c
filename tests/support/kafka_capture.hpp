#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::testing {

/// A message that a real Debezium sent (tests/data/kafka/README.md). A half that Kafka had as null is nothing.
struct captured_message {
    std::optional<std::string> key;
    std::optional<std::string> value;
};

/// A file of tests/data/kafka.
inline std::string kafka_data(const std::string& name)
{
    std::ifstream in{std::string{UNDERSTUDY_KAFKA_DATA "/"} + name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::optional<std::string> half_of(const boost::json::object& line, std::string_view name)
{
    const auto* half = line.if_contains(name);
    if (half == nullptr || half->is_null()) return std::nullopt;
    return std::string{half->as_string()};
}

/// The messages of one topic, in order. Throws if there are none.
inline std::vector<captured_message> captured(const std::string& topic)
{
    auto text = kafka_data(topic + ".jsonl");
    std::vector<captured_message> messages;
    for (std::size_t start = 0; start < text.size();) {
        auto end = text.find('\n', start);
        auto line = boost::json::parse(text.substr(start, end - start)).as_object();
        messages.push_back({half_of(line, "key"), half_of(line, "payload")});
        start = end + 1;
    }
    if (messages.empty()) throw std::runtime_error{"no messages of " + topic};
    return messages;
}

}  // namespace understudy::testing
