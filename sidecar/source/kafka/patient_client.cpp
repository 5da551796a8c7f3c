#include "source/kafka/patient_client.hpp"

#include "core/limits.hpp"

#include <charconv>
#include <thread>

namespace understudy::kafka {

std::chrono::milliseconds sign_in_timeout_of(const kafka_settings& wanted)
{
    for (const auto& [name, value] : wanted.properties) {
        if (name != "socket.connection.setup.timeout.ms") continue;
        std::int64_t ms = 0;
        auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), ms);
        // librdkafka says of anything else that it does not take it.
        if (ec == std::errc{} && end == value.data() + value.size() && ms > 0) return std::chrono::milliseconds{ms};
    }
    return limits::connect_timeout;
}

template <class Question>
auto patient_client::ask(Question question)
{
    auto deadline = std::chrono::steady_clock::now() + patience_;
    auto first = question();
    auto answer = first;
    while (!answer && answer.error().code == errc::unreachable) {
        bool is_over = given_up_ || std::chrono::steady_clock::now() >= deadline;
        if (is_over || asked_.found_nobody()) return first;  // the library says once only that nobody is there
        std::this_thread::sleep_for(limits::backoff_min);    // most of these failures took their time, but not all
        answer = question();
    }
    return answer;
}

outcome<cluster_facts> patient_client::describe_cluster()
{
    return ask([this] { return asked_.describe_cluster(); });
}

outcome<topic_config> patient_client::describe_topic(const std::string& topic)
{
    return ask([&] { return asked_.describe_topic(topic); });
}

outcome<partition_ranges> patient_client::ranges_of(std::span<const partition_id> partitions)
{
    return ask([&] { return asked_.ranges_of(partitions); });
}

}  // namespace understudy::kafka
