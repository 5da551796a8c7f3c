#pragma once

#include <libpq-fe.h>

#include <memory>

namespace understudy {

template <auto Destroy>
struct c_deleter {
    template <class T>
    void operator()(T* object) const noexcept
    {
        Destroy(object);
    }
};
template <class T, auto Destroy>
using c_handle = std::unique_ptr<T, c_deleter<Destroy>>;

using pg_conn_handle = c_handle<PGconn, &PQfinish>;
using pg_result_handle = c_handle<PGresult, &PQclear>;
using pg_memory_handle = c_handle<char, &PQfreemem>;
using pg_options_handle = c_handle<PQconninfoOption, &PQconninfoFree>;

}  // namespace understudy
