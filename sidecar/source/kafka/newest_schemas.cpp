#include "source/kafka/newest_schemas.hpp"

#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <set>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace understudy::kafka {

namespace {

/// Reads partitions from offsets on up to the ends that they had when they were asked for.
class end_reader {
public:
    end_reader(client& from, const topic_ranges& ranges, std::vector<schema_finder>& finders)
        : from_{from}, ranges_{ranges}, finders_{finders}
    {
    }

    /// The last `depth` offsets of each partition of the topics that have told nothing yet. False when there are none left, or
    /// they have all been read before.
    outcome<bool> read(std::int64_t depth)
    {
        auto starts = starts_at(depth);
        if (starts.empty()) return false;
        if (auto assigned = from_.assign(starts); !assigned) return assigned.error();
        auto until = std::chrono::steady_clock::now() + limits::schema_timeout;
        while (!open_.empty() && records_ < limits::schema_records_max && bytes_ < limits::schema_bytes_max) {
            if (std::chrono::steady_clock::now() > until)
                return failure{errc::timed_out, fmt::format("the newest records of topic {} did not come in time",
                                                            open_.begin()->first)};
            auto records = from_.take(limits::records_per_turn_max);
            if (!records) return records.error();
            for (const auto& what : *records) take(what);
            if (records->empty()) wait();
        }
        return records_ < limits::schema_records_max && bytes_ < limits::schema_bytes_max;
    }

private:
    std::vector<partition_start> starts_at(std::int64_t depth)
    {
        std::vector<partition_start> starts;
        open_.clear();
        for (const auto& finder : finders_) {
            if (finder.has_found()) continue;
            const auto& topic = finder.wanted().topic;
            const auto& ranges = ranges_.at(topic);
            for (std::size_t index = 0; index < ranges.size(); ++index) {
                partition_id id{topic, static_cast<std::int32_t>(index)};
                auto start = std::max(ranges[index].low, ranges[index].high - depth);
                if (start >= ranges[index].high || read_from_.contains({id, start})) continue;
                read_from_.insert({id, start});
                open_.insert(id);
                starts.push_back({id.first, id.second, start});
            }
        }
        return starts;
    }

    void take(const record& what)
    {
        ++records_;
        bytes_ += what.key.value_or("").size() + what.value.value_or("").size();
        auto found = std::find_if(finders_.begin(), finders_.end(),
                                  [&](const schema_finder& each) { return each.wanted().topic == what.topic; });
        if (found == finders_.end()) return;
        found->take(what);
        const auto& range = ranges_.at(found->wanted().topic).at(static_cast<std::size_t>(what.partition));
        if (what.at_end || what.offset + 1 >= range.high) open_.erase({found->wanted().topic, what.partition});
    }

    void wait() const
    {
        pollfd ready{.fd = from_.wake_fd(), .events = POLLIN, .revents = 0};
        std::array<char, 8> count{};
        constexpr int look_again_ms = 100;
        if (::poll(&ready, 1, look_again_ms) == 1) [[maybe_unused]]
            auto taken = ::read(from_.wake_fd(), count.data(), count.size());
    }

    client& from_;
    const topic_ranges& ranges_;
    std::vector<schema_finder>& finders_;
    std::set<partition_id> open_;                                // not read to their ends yet
    std::set<std::pair<partition_id, std::int64_t>> read_from_;  // where reading began already
    std::size_t records_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace

// The last records nearly always tell. Where compaction left a gap there, or rows were deleted last, it takes more.
outcome<void> find_schemas(const kafka_settings& wanted, const topic_ranges& ranges,
                           std::vector<schema_finder>& finders)
{
    auto reader = client::make(wanted);
    if (!reader) return reader.error();
    end_reader ends{**reader, ranges, finders};
    for (auto depth : limits::schema_depths) {
        auto goes_on = ends.read(depth);
        if (!goes_on) return goes_on.error();
        if (!*goes_on) break;
    }
    return {};
}

}  // namespace understudy::kafka
