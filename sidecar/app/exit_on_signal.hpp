#pragma once

namespace understudy {

/// Has SIGTERM and SIGINT end the process at once with `status`, while no event loop listens for them. Main thread only.
void exit_on_signal(int status);

}  // namespace understudy
