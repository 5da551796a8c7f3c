#pragma once

#include "source/c_handle.hpp"

#include <libpq-fe.h>

namespace understudy {

using pg_conn_handle = c_handle<PGconn, &PQfinish>;
using pg_result_handle = c_handle<PGresult, &PQclear>;
using pg_memory_handle = c_handle<char, &PQfreemem>;
using pg_options_handle = c_handle<PQconninfoOption, &PQconninfoFree>;

}  // namespace understudy
