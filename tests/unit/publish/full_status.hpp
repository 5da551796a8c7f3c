#pragma once

#include "publish/status_file.hpp"

namespace understudy {

/// A report in which every member has a value.
inline status_report full_status()
{
    using std::chrono::seconds;
    status_report made;
    made.state = "copying";
    made.reason = "table_changed";
    made.reason_text = "public.materials was altered";
    made.since = db_time{seconds{1'700'000'000}};
    made.heartbeat = db_time{seconds{1'700'000'005}};
    made.generation = 812;
    made.position = lsn{0x16'B374'D848};
    made.content_as_of = db_time{seconds{1'699'999'000}};
    made.current_as_of = db_time{seconds{1'699'999'500}};
    made.clock_offset_ms = -12;
    made.consistency = "row";
    made.lag_bytes = 4096;
    made.lag_records = 17;
    made.lag_seconds = 1.5;
    made.source.kind = "kafka";
    made.source.connected = true;
    made.source.slot = "understudy";
    made.source.server_version = "15.8";
    made.source.retained_bytes = 1 << 20;
    made.source.wal_status = "extended";
    made.source.safe_wal_bytes = 1 << 30;
    made.source.database_position = lsn{0x16'B374'E848};
    made.source.received_position = lsn{0x16'B374'E000};
    made.source.stored_position = lsn{0x16'B374'D900};
    made.source.last_error =
        error_status{"connection_lost", "the server closed the connection", made.since, made.heartbeat, 3};
    made.cadence.next_due = db_time{seconds{1'700'000'006}};
    made.cadence.rule = "every";
    made.cadence.last_publish_at = db_time{seconds{1'699'999'999}};
    made.cadence.last_publish_reason = "after_quiet";
    made.cadence.last_skip_reason = "min_interval";
    made.cadence.will_fire = "every";
    made.cadence.rules = {seconds{2}, seconds{3600}, 1000, 1 << 20, seconds{5}};
    made.cadence.pending = {17, 2048, made.heartbeat};
    made.cadence.record = {{made.since, "published", "every", 812, 15, 4096, 21},
                           {made.heartbeat, "skipped", "min_interval"}};
    made.tables = {{{"public", "materials"}, 12, "copying", 0.25}, {{"sales", "orders"}, 3, "current", std::nullopt}};
    made.copy = copy_status{"public.items", 1, 3, 0.25, 3, 4096, 1500.5, 60};
    made.hold = hold_status{made.since, made.heartbeat};
    made.paused = pause_status{made.since, "anna", "the import is wrong"};
    made.reload = reload_status{made.since, "partly_refused", "", {{"cadence.every", "1h", "10m", "live"}}};
    made.store_bytes = 1 << 26;
    made.pid = 4711;
    made.version = "0.1.0";
    return made;
}

}  // namespace understudy
