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
    made.lag_bytes = 4096;
    made.lag_seconds = 1.5;
    made.source = {true, "understudy", "15.8", 1 << 20};
    made.cadence = {db_time{seconds{1'700'000'006}}, "every", db_time{seconds{1'699'999'999}}, "after_quiet",
                    "min_interval"};
    made.tables = {{{"public", "materials"}, 12, "copying", 0.25}, {{"sales", "orders"}, 3, "current", std::nullopt}};
    made.copy = copy_status{"public.items", 1, 3, 0.25, 3, 4096, 1500.5, 60};
    made.hold = hold_status{made.since, made.heartbeat};
    made.store_bytes = 1 << 26;
    made.pid = 4711;
    made.version = "0.1.0";
    return made;
}

}  // namespace understudy
