#include "serve/serving_state.hpp"

#include "core/limits.hpp"
#include "publish/generation_check.hpp"
#include "publish/snapshot_directory.hpp"

#include <algorithm>

namespace understudy {

namespace {

bool good_reason(std::string_view reason) noexcept
{
    constexpr std::size_t bytes_max = 64;
    return !reason.empty() && reason.size() <= bytes_max && std::all_of(reason.begin(), reason.end(), [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
    });
}

}  // namespace

void serving_state::serve(std::shared_ptr<const served_generation> generation)
{
    generation_ = std::move(generation);
    if (generation_) trouble_.clear();
}

std::vector<manifest> serving_state::generations() const
{
    std::vector<manifest> all;
    for (auto number : generation_numbers(settings_.snapshot.directory)) {
        if (all.size() == limits::page_generations_max) break;
        auto path = settings_.snapshot.directory / "generations" / generation_name(number);
        auto report = verify_generation(path, check_depth::quick);
        if (report.found) all.push_back(std::move(*report.found));
    }
    return all;
}

void serving_state::take(daemon_word word)
{
    word_ = std::move(word);
    reported_at_ = std::chrono::steady_clock::now();
    remember_currency();
}

// Before its loop runs the daemon opens its store, which takes as long as it is large.
std::optional<std::chrono::milliseconds> serving_state::silent_for(std::chrono::steady_clock::time_point now) const
{
    auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(now - reported_at_);
    if (silent <= limits::loop_beat_max + word_.heartbeat || report().state.empty() || report().state == "starting")
        return std::nullopt;
    return silent;
}

void serving_state::remember_currency()
{
    if (!report().current_as_of) return;
    current_as_of_.insert_or_assign(report().generation, *report().current_as_of);
    while (current_as_of_.size() > limits::remembered_generations_max) current_as_of_.erase(current_as_of_.begin());
}

served_age serving_state::age(std::chrono::system_clock::time_point now) const
{
    return generation_ ? age_of(generation_->facts().generation, now) : served_age{};
}

// What was proved of an earlier generation is true of a later one, too; not the other way round.
served_age serving_state::age_of(std::uint64_t generation, std::chrono::system_clock::time_point now) const
{
    served_age made;
    auto behind = current_as_of_.upper_bound(generation);
    if (behind == current_as_of_.begin()) return made;
    made.current_as_of = std::prev(behind)->second;
    auto there = std::chrono::time_point_cast<std::chrono::milliseconds>(now) +
                 std::chrono::milliseconds{report().clock_offset_ms.value_or(0)};
    auto age = there - std::chrono::time_point_cast<std::chrono::milliseconds>(*made.current_as_of);
    made.age = std::max(std::chrono::milliseconds{0}, age);
    return made;
}

void serving_state::count_read(unsigned status, std::uint64_t bytes, std::chrono::steady_clock::duration took)
{
    ++reads_by_status_[std::to_string(status)];
    read_bytes_ += bytes;
    read_seconds_.note(took);
}

void serving_state::count_fallback(std::string_view reason)
{
    std::string name{good_reason(reason) ? reason : "other"};
    if (!fallbacks_.contains(name) && fallbacks_.size() >= limits::fallback_reasons_max) name = "other";
    auto& count = fallbacks_[name];
    ++count.reads;
    count.last = std::chrono::system_clock::now();
}

}  // namespace understudy
