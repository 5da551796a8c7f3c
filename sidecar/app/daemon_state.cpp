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
    }
    return "unnamed";
}

}  // namespace understudy
