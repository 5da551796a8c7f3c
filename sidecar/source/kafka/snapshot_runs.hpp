#pragma once

#include "core/db_time.hpp"
#include "decode/debezium.hpp"
#include "source/kafka/places.hpp"

namespace understudy::kafka {

/// Follows the connector's snapshots through the events of its tables, and keeps what is known of them at their places: when the
/// newest began, whether its end was seen, and which tables have rows from before one that tells nothing of them. Pure; event loop.
class snapshot_runs {
public:
    /// The places must outlive it.
    explicit snapshot_runs(log_places& places) : places_{places} {}

    enum class beginning {
        none,     ///< No snapshot began.
        first,    ///< One of a table that had no events.
        another,  ///< One of a table that had: rows that were deleted before it are not told of.
    };

    /// The next event of the table at `place`, and whether it is the first row of a snapshot.
    beginning note(table_place& place, const debezium::event& event);

    /// The next event of a partition of that table, which was committed at `time`.
    void note_time(table_place& place, partition_place& partition, const debezium::source_block& source, db_time time);

    /// The connector lives, and has sent nothing for long: no snapshot from before that is under way, and no repeat.
    void note_idle(db_time alive) noexcept;

private:
    beginning begin(table_place& place, const debezium::event& event, db_time run);
    void begin_of_all(const debezium::event& event, db_time run);
    void begin_connector(db_time run);
    void note_stream(const table_place& place, db_time committed);
    void doubt_older(table_place& place) const noexcept;

    log_places& places_;
};

}  // namespace understudy::kafka
