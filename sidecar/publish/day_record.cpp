#include "publish/day_record.hpp"

#include "files/files.hpp"
#include "publish/json_object.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace understudy {

namespace json = boost::json;

namespace {

constexpr auto day_file = "day.json";
constexpr std::uint64_t day_format = 1;
constexpr std::size_t day_bytes_max = std::size_t{1} << 20;
constexpr std::size_t reason_bytes_max = 64;

std::size_t index_of(day_event what) noexcept
{
    return static_cast<std::size_t>(what);
}

db_time start_of_slot(db_time at) noexcept
{
    return std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<300>>>(at);
}

std::optional<day_event> first_in(const day_slot& slot) noexcept
{
    for (std::size_t index = 0; index < day_events; ++index)
        if (slot.counts[index] != 0) return static_cast<day_event>(index);
    return std::nullopt;
}

void add(std::uint32_t& count) noexcept
{
    if (count != UINT32_MAX) ++count;
}

json::object to_value(const day_slot& slot)
{
    json::object made{{"from", to_string(slot.from)}};
    if (auto shown = first_in(slot)) made["shown"] = name_of(*shown);
    json::object reasons;
    for (std::size_t index = 0; index < day_events; ++index) {
        const auto* name = name_of(static_cast<day_event>(index));
        if (slot.counts[index] != 0) made[name] = slot.counts[index];
        if (!slot.reasons[index].empty()) reasons[name] = slot.reasons[index];
    }
    if (!reasons.empty()) made["reasons"] = std::move(reasons);
    return made;
}

day_slot slot_from(const json::value& value, std::string& missing)
{
    object_reader from{value, missing};
    day_slot made;
    made.from = from.time("from").value_or(db_time{});
    const json::value none = json::object{};
    object_reader reasons{from.has("reasons") ? from.member("reasons") : none, missing};
    for (std::size_t index = 0; index < day_events; ++index) {
        const auto* name = name_of(static_cast<day_event>(index));
        if (from.has(name)) made.counts[index] = static_cast<std::uint32_t>(from.number(name));
        if (reasons.has(name)) made.reasons[index] = reasons.text(name).substr(0, reason_bytes_max);
    }
    made.shown = first_in(made);
    return made;
}

failure damaged(std::string_view what)
{
    return {errc::storage_failed, fmt::format("{}: {}", day_file, what)};
}

}  // namespace

const char* name_of(day_event what) noexcept
{
    switch (what) {
    case day_event::failed: return "failed";
    case day_event::database_down: return "database_down";
    case day_event::blocked: return "blocked";
    case day_event::published: return "published";
    case day_event::skipped: return "skipped";
    case day_event::not_running: return "not_running";
    }
    return "unnamed";
}

day_event day_event_of(errc code) noexcept
{
    switch (code) {
    case errc::unreachable:
    case errc::connection_lost:
    case errc::authentication_failed:
    case errc::server_starting:
    case errc::server_stopping:
    case errc::too_many_connections:
    case errc::timed_out: return day_event::database_down;
    case errc::store_damaged:
    case errc::store_lost:
    case errc::store_full:
    case errc::disk_full:
    case errc::storage_failed:
    case errc::bad_directory:
    case errc::generation_damaged:
    case errc::internal: return day_event::failed;
    default: return day_event::blocked;
    }
}

day_slot& day_record::slot_at(db_time now)
{
    auto from = start_of_slot(now);
    while (!slots_.empty() && slots_.back().from > from) slots_.pop_back();
    if (slots_.empty() || slots_.back().from != from) slots_.push_back({from, {}, {}, std::nullopt});
    while (slots_.front().from + slots_max * slot_length <= from) slots_.pop_front();
    return slots_.back();
}

void day_record::note(day_event what, std::string_view reason, db_time now)
{
    auto& slot = slot_at(now);
    add(slot.counts[index_of(what)]);
    if (!reason.empty()) slot.reasons[index_of(what)] = reason.substr(0, reason_bytes_max);
    slot.shown = first_in(slot);
    ++changes_;
}

void day_record::see(day_event what, std::string_view reason, db_time now)
{
    auto& slot = slot_at(now);
    if (slot.counts[index_of(what)] == 0) return note(what, reason, now);
    auto& last = slot.reasons[index_of(what)];
    auto kept = reason.substr(0, reason_bytes_max);
    if (kept.empty() || kept == last) return;
    last = kept;
    ++changes_;
}

std::vector<day_slot> day_record::window(db_time now) const
{
    auto from = start_of_slot(now) - (slots_max - 1) * slot_length;
    std::vector<day_slot> all;
    auto next = std::find_if(slots_.begin(), slots_.end(), [&](const day_slot& slot) { return slot.from >= from; });
    bool known = next != slots_.begin();
    for (std::size_t index = 0; index < slots_max; ++index, from += slot_length) {
        bool is_noted = next != slots_.end() && next->from == from;
        known |= is_noted;
        if (is_noted)
            all.push_back(*next++);
        else
            all.push_back({from, {}, {}, known ? std::optional{day_event::not_running} : std::nullopt});
    }
    return all;
}

json::object to_object(const day_record& from)
{
    json::array slots;
    for (const auto& slot : from.slots_) slots.push_back(to_value(slot));
    return {{"format", day_format},
            {"slot_seconds", std::chrono::seconds{day_record::slot_length}.count()},
            {"slots", std::move(slots)}};
}

std::string to_json(const day_record& from)
{
    return json::serialize(to_object(from));
}

outcome<day_record> day_from_json(std::string_view text)
{
    json::error_code ec;
    auto parsed = json::parse(text, ec);
    if (ec) return damaged("not JSON: " + ec.message());
    std::string missing;
    object_reader from{parsed, missing};
    if (from.number("format") != day_format && missing.empty()) return damaged("another format");
    day_record made;
    for (const auto& item : from.list("slots")) {
        auto slot = slot_from(item, missing);
        if (!missing.empty()) break;
        bool fits = slot.from == start_of_slot(slot.from) && made.slots_.size() < day_record::slots_max &&
                    (made.slots_.empty() || made.slots_.back().from < slot.from);
        if (!fits) return damaged("its slots are in no order");
        made.slots_.push_back(std::move(slot));
    }
    if (!missing.empty()) return damaged(missing + " is missing or damaged");
    return made;
}

outcome<day_record> read_day(const std::filesystem::path& state_directory)
{
    auto file = state_directory / day_file;
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown)) return day_record{};
    auto text = read_file(AT_FDCWD, file, day_bytes_max);
    if (!text) return text.error();
    return day_from_json(*text);
}

outcome<void> write_day(const std::filesystem::path& state_directory, const day_record& day)
{
    auto file = state_directory / day_file;
    auto fresh = std::filesystem::path{file.native() + ".new"};
    auto opened = open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (!opened) return opened.error();
    auto written = write_all(opened->get(), to_json(day) + "\n", fresh);
    if (written && std::rename(fresh.c_str(), file.c_str()) != 0) written = system_failure(errno, "replace", file);
    if (!written) ::unlink(fresh.c_str());
    return written;
}

}  // namespace understudy
