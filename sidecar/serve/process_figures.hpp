#pragma once

namespace understudy {

/// What the system says of this process; NaN for what cannot be read. Names and meanings:
/// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
struct process_figures {
    double cpu_seconds;
    double resident_bytes;
    double virtual_bytes;
    double open_descriptors;
    double descriptors_max;
    double started_at;  ///< Seconds since 1970.
};

/// Reads /proc: some system calls.
process_figures read_process_figures();

}  // namespace understudy
