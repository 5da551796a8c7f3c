#include "source/postgres/continuity.hpp"

#include <fmt/format.h>

#include <charconv>

#include <algorithm>

namespace understudy {

namespace {

outcome<void> check_system(const store_state& stored, const system_facts& system)
{
    const auto& ours = stored.identity;
    if (system.system_id != ours.system_id)
        return failure{errc::wrong_system,
                       fmt::format("the store was copied from system {}, the server is system {}; if the change is "
                                   "meant, remove the state directory",
                                   ours.system_id, system.system_id)};
    // A table's newer copy is of this history, too, though the stream is not there yet.
    auto position = std::max(stored.position.position, newest_copy(stored.tables));
    if (system.timeline < ours.timeline)
        return failure{errc::timeline_diverged,
                       fmt::format("the server is on timeline {}, the store on {}", system.timeline, ours.timeline)};
    if (system.timeline > ours.timeline && (!system.left_our_timeline_at || *system.left_our_timeline_at < position))
        return failure{errc::timeline_diverged, fmt::format("the server left timeline {} before our position {}",
                                                            ours.timeline, to_string(position))};
    if (system.flushed < position)
        return failure{errc::time_travel, fmt::format("the server's WAL ends at {}, before our position {}",
                                                      to_string(system.flushed), to_string(position))};
    return {};
}

outcome<void> check_slot(const store_state& stored, const slot_facts& slot)
{
    const auto& name = stored.identity.slot;
    if (!slot.exists) return failure{errc::slot_missing, fmt::format("replication slot {} is gone", name)};
    if (slot.wal_status == "lost" || !slot.invalidation.empty())
        return failure{errc::slot_lost, fmt::format("replication slot {} was invalidated ({})", name,
                                                    slot.invalidation.empty() ? "wal_removed" : slot.invalidation)};
    auto acknowledged = stored.position.acknowledged();
    if (slot.confirmed > acknowledged)
        return failure{errc::slot_ahead,
                       fmt::format("replication slot {} was confirmed up to {}, we acknowledged only {}: it was "
                                   "advanced or created again",
                                   name, to_string(slot.confirmed), to_string(acknowledged))};
    return {};
}

}  // namespace

outcome<void> check_continuity(const store_state& stored, const system_facts& system, const slot_facts& slot,
                               const publication_facts& publication)
{
    if (auto held = check_system(stored, system); !held) return held;
    if (auto held = check_slot(stored, slot); !held) return held;
    if (!publication.exists)
        return failure{errc::publication_missing, fmt::format("publication {} is gone", stored.identity.publication)};
    if (publication.fingerprint != stored.identity.publication_fingerprint)
        return failure{errc::publication_changed,
                       fmt::format("publication {} was altered or created again", stored.identity.publication)};
    return {};
}

outcome<void> check_slot_is_ours(const slot_facts& slot, const std::string& name, const std::string& database)
{
    if (!slot.exists) return {};
    if (slot.type != "logical" || slot.plugin != "pgoutput" || slot.database != database || slot.temporary)
        return failure{errc::slot_mismatch,
                       fmt::format("replication slot {} is a {} slot of plugin '{}' in database '{}'; set "
                                   "source.postgres.slot to another name, or drop that slot",
                                   name, slot.type, slot.plugin, slot.database)};
    if (slot.two_phase)
        return failure{
            errc::slot_mismatch,
            fmt::format("replication slot {} was made with two_phase, and would send transactions before they "
                        "are committed; set source.postgres.slot to another name, or drop that slot",
                        name)};
    return {};
}

result<std::optional<lsn>> switch_point(std::string_view history, std::uint32_t timeline)
{
    // Lines of `<timeline> <tab> <switch point> <tab> <reason>`, oldest first.
    while (!history.empty()) {
        auto line = history.substr(0, history.find('\n'));
        history.remove_prefix(std::min(history.size(), line.size() + 1));
        if (line.empty() || line.front() == '#') continue;
        std::uint32_t id = 0;
        auto [end, ec] = std::from_chars(line.data(), line.data() + line.size(), id);
        if (ec != std::errc{}) return make_error_code(errc::bad_text);
        if (id != timeline) continue;
        line.remove_prefix(static_cast<std::size_t>(end - line.data()));
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
        auto point = parse_lsn(line.substr(0, line.find_first_of(" \t")));
        if (!point) return point.error();
        return std::optional<lsn>{*point};
    }
    return std::optional<lsn>{};
}

}  // namespace understudy
