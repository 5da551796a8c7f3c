#include "app/daemon_state.hpp"

namespace understudy {

const char* name_of(daemon_phase phase) noexcept
{
    switch (phase) {
    case daemon_phase::starting: return "starting";
    case daemon_phase::connecting: return "connecting";
    case daemon_phase::copying: return "copying";
    case daemon_phase::resyncing: return "resyncing";
    case daemon_phase::streaming: return "streaming";
    case daemon_phase::waiting: return "waiting";
    case daemon_phase::needs_operator: return "needs_operator";
    case daemon_phase::stopping: return "stopping";
    case daemon_phase::stopped: return "stopped";
    }
    return "unnamed";
}

void daemon_state::note_error(const failure& why)
{
    auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    if (!last_error || last_error->reason != name_of(why.code)) last_error = error_status{name_of(why.code), "", now};
    last_error->text = why.text;
    last_error->last_at = now;
    ++last_error->count;
    ++counters.source_errors[name_of(why.code)];
}

copy_pace pace_of(const copy_progress& copy, std::chrono::steady_clock::time_point now) noexcept
{
    copy_pace pace;
    auto seconds = std::chrono::duration<double>(now - copy.started).count();
    if (seconds > 0) pace.rows_per_second = static_cast<double>(copy.rows) / seconds;
    if (pace.rows_per_second > 0 && copy.estimated_rows > copy.rows)
        pace.seconds_left =
            static_cast<std::uint64_t>(static_cast<double>(copy.estimated_rows - copy.rows) / pace.rows_per_second);
    return pace;
}

}  // namespace understudy
