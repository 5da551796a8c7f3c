#pragma once

#include "core/db_time.hpp"
#include "core/error.hpp"

#include <boost/json/object.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// What can be said of five minutes. The order is that of what an operator wants to see first.
enum class day_event { failed, database_down, blocked, published, skipped, not_running };
inline constexpr std::size_t day_events = 6;
const char* name_of(day_event what) noexcept;

/// What a failure of the source, or of a publish, is in this record: the database's, our own, or a wait for somebody.
day_event day_event_of(errc code) noexcept;

struct day_slot {
    db_time from{};
    std::array<std::uint32_t, day_events> counts{};  ///< By day_event.
    std::array<std::string, day_events> reasons{};   ///< The last of each kind; may be empty.
    std::optional<day_event> shown;                  ///< The first that there was; nothing before the first record.
    friend bool operator==(const day_slot&, const day_slot&) = default;
};

/// What happened in the last 24 hours, in slots of five minutes. Reads no clock: every call takes its time, on our own
/// clock. Small and bounded, whatever happens. One thread at a time.
class day_record {
public:
    static constexpr std::chrono::minutes slot_length{5};
    static constexpr std::size_t slots_max = 288;

    /// One more of these. A clock that was put back makes what it had counted ahead be forgotten.
    void note(day_event what, std::string_view reason, db_time now);

    /// It is so at this time: counts once in a slot.
    void see(day_event what, std::string_view reason, db_time now);

    /// The last 24 hours, all slots_max of them, oldest first. What has no entry behind the first one is not_running.
    std::vector<day_slot> window(db_time now) const;

    bool is_empty() const noexcept { return slots_.empty(); }

    /// Grows with each difference, so that nobody need write what has not changed.
    std::uint64_t changes() const noexcept { return changes_; }

    /// Whether they tell the same.
    friend bool operator==(const day_record& left, const day_record& right) { return left.slots_ == right.slots_; }

private:
    day_slot& slot_at(db_time now);

    std::deque<day_slot> slots_;  // only those in which something was noted; ascending
    std::uint64_t changes_ = 0;

    friend boost::json::object to_object(const day_record& from);
    friend outcome<day_record> day_from_json(std::string_view text);
};

/// {"format": 1, "slot_seconds": 300, "slots": [{"from", "shown", counts by name, "reasons": {name: reason}}]}
boost::json::object to_object(const day_record& from);
std::string to_json(const day_record& from);

/// Errors: storage_failed naming what is wrong.
outcome<day_record> day_from_json(std::string_view text);

/// `day.json` in the state directory: what a restart remembers. Replaced whole, never synced. These block.
/// Errors: storage_failed, disk_full. Empty where there is no file.
outcome<day_record> read_day(const std::filesystem::path& state_directory);
outcome<void> write_day(const std::filesystem::path& state_directory, const day_record& day);

}  // namespace understudy
