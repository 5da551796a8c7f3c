#pragma once

#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/store_state.hpp"
#include "source/postgres/catalog.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace understudy {

/// What IDENTIFY_SYSTEM and TIMELINE_HISTORY say.
struct system_facts {
    std::string system_id;
    std::uint32_t timeline = 0;
    lsn flushed;
    std::optional<lsn> left_our_timeline_at;  ///< Where the server's history left the stored timeline, if it did.
};

/// Whether the stream can go on from the store. Pure. Success means that every proof held;
/// otherwise the first that did not, as a failure whose code `core/remedy.hpp` knows.
outcome<void> check_continuity(const store_state& stored, const system_facts& system, const slot_facts& slot,
                               const publication_facts& publication);

/// Whether the slot of our name can be ours at all, whatever the store holds: plugin, type, database.
outcome<void> check_slot_is_ours(const slot_facts& slot, const std::string& name, const std::string& database);

/// The timelines' switch points in a TIMELINE_HISTORY file: where `timeline` was left, if it is in it.
/// Errors: bad_text.
result<std::optional<lsn>> switch_point(std::string_view history, std::uint32_t timeline);

}  // namespace understudy
