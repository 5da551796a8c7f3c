#pragma once

namespace understudy::testing {

/// A port on loopback that was free a moment ago, and that no connection gets for its own side: so it stays free while a server
/// that had it is down. Throws std::runtime_error when there is none.
int free_port();

}  // namespace understudy::testing
