#pragma once

#include "support/files.hpp"

#include <filesystem>
#include <vector>

namespace understudy::testing {

/// Major versions of Postgres that this machine has, in order: Debian's 15 and what `./dev setup` fetched.
std::vector<int> installed_postgres_versions();

/// The folder of `postgres` and `initdb` of a major version, one that server_user() can reach. Clients (psql,
/// pgbench, pg_recvlogical) are only in that of 15. Throws std::runtime_error when there is none.
std::filesystem::path postgres_programs(int version);

/// An empty cluster of that version, to copy from: initdb is run once for each version and test program.
std::filesystem::path template_cluster(int version);

}  // namespace understudy::testing
