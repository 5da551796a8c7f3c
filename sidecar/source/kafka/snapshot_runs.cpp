#include "source/kafka/snapshot_runs.hpp"

#include "source/kafka/event_place.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace understudy::kafka {

namespace {

using debezium::snapshot_mark;

/// When the snapshot began that a row is of, if that is the table's newest.
std::optional<db_time> begun_at(const table_place& place, const debezium::source_block& source) noexcept
{
    bool is_of_run = source.snapshot != snapshot_mark::none && source.position && source.position == place.run_at;
    return is_of_run ? place.run : std::nullopt;
}

/// A connector that begins with a snapshot has seen no commit (measured with 3.7: initial, always, when_needed); one that is
/// asked for a snapshot by a signal has.
bool is_of_new_connector(const debezium::source_block& source) noexcept
{
    return source.sequence && !source.last_commit;
}

}  // namespace

snapshot_runs::beginning snapshot_runs::note(table_place& place, const debezium::event& event)
{
    const auto& source = event.source;
    auto time = commit_time(source);
    if (source.snapshot == snapshot_mark::incremental)
        return beginning::none;  // of some rows, maybe, and nothing tells when it has ended
    if (source.snapshot == snapshot_mark::none) {
        if (time && places_.run && source.position) note_stream(place, *time);
        return beginning::none;
    }
    place.has_snapshot_rows = true;
    auto begun = time ? begin(place, event, *time) : beginning::none;
    if (source.snapshot == snapshot_mark::last) places_.run_is_ending = true;
    return begun;
}

// The connector streams only when no snapshot is under way. What was committed before a snapshot comes behind it where the
// connector goes on from an older place, as after a snapshot that was cut short.
void snapshot_runs::note_stream(const table_place& place, db_time committed)
{
    if (committed > *places_.run) places_.run_is_ending = true;
    if (committed >= places_.run_seen_by)
        places_.is_behind_run = false;
    else if (place.run == places_.run)
        places_.is_behind_run = true;
}

// The rows of a snapshot bear the time at which it began; those of each thread that reads for it (snapshot.max.threads)
// another one. Their place in the database's history is the same.
snapshot_runs::beginning snapshot_runs::begin(table_place& place, const debezium::event& event, db_time run)
{
    const auto& at = event.source.position;
    bool is_known = at && places_.run && places_.run_at == at;
    if (is_known)
        run = *places_.run;
    else if (!places_.run || run > *places_.run)
        begin_of_all(event, run);
    if (is_of_new_connector(event.source)) begin_connector(run);
    bool is_of_same = at && place.run_at == at;
    if (is_of_same || (place.run && run <= *place.run)) return beginning::none;
    place.run = run;
    place.run_at = at;
    for (auto& partition : place.partitions) {
        partition.mark.reset();
        partition.repeating = false;
    }
    return place.has_events ? beginning::another : beginning::first;
}

void snapshot_runs::begin_of_all(const debezium::event& event, db_time run)
{
    places_.run = run;
    places_.run_at = event.source.position;
    auto sent = event.sent_ms;
    places_.run_seen_by = sent ? std::max(run, db_time{std::chrono::milliseconds{*sent + 1}}) : run;
    places_.run_is_ending = false;
    places_.run_is_over = false;
}

// The snapshot tells nothing of rows that were deleted before it, and in a log that compacts, none of a table's own rows of
// it may be left to show that it was made.
void snapshot_runs::begin_connector(db_time run)
{
    if (run <= places_.connector_began) return;
    places_.connector_began = run;
    for (auto& [name, place] : places_.tables) doubt_older(place);
}

void snapshot_runs::doubt_older(table_place& place) const noexcept
{
    for (const auto& partition : place.partitions)
        if (partition.first_event && *partition.first_event < places_.connector_began) place.doubts.resnapshot = true;
}

void snapshot_runs::note_time(table_place& place, partition_place& partition, const debezium::source_block& source,
                              db_time time)
{
    if (partition.first_event) return;
    partition.first_event = begun_at(place, source).value_or(time);
    doubt_older(place);
}

void snapshot_runs::note_idle(db_time alive) noexcept
{
    if (places_.run && alive > *places_.run) places_.run_is_over = true;
    for (auto& [name, place] : places_.tables)
        for (auto& partition : place.partitions) partition.repeating = false;
}

}  // namespace understudy::kafka
