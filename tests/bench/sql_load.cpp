// Asks Postgres for rows of `materials` by key, with a prepared statement on each connection; see load.hpp.
// bench_sql_load CONNECTION-STRING KEYS CONNECTIONS SECONDS [RATE]
#include "load.hpp"

#include <libpq-fe.h>

using namespace understudy::bench;

namespace {

class connection {
public:
    explicit connection(const std::string& where) : connection_{PQconnectdb(where.c_str())}
    {
        auto* prepared = PQprepare(connection_, "row", "SELECT * FROM materials WHERE id = $1", 1, nullptr);
        if (PQresultStatus(prepared) != PGRES_COMMAND_OK) give_up(PQerrorMessage(connection_));
        PQclear(prepared);
    }

    int descriptor() const { return PQsocket(connection_); }

    void ask(int key)
    {
        key_ = std::to_string(key);
        const char* values[] = {key_.c_str()};
        if (PQsendQueryPrepared(connection_, "row", 1, values, nullptr, nullptr, 0) != 1)
            give_up(PQerrorMessage(connection_));
    }

    bool take()
    {
        if (PQconsumeInput(connection_) != 1) give_up(PQerrorMessage(connection_));
        while (PQisBusy(connection_) == 0) {
            auto* result = PQgetResult(connection_);
            if (result == nullptr) return true;
            if (PQntuples(result) != 1 || key_ != PQgetvalue(result, 0, 0)) give_up("another row than " + key_);
            PQclear(result);
        }
        return false;
    }

private:
    PGconn* connection_;
    std::string key_;
};

}  // namespace

int main(int argc, char** argv)
{
    load<connection>{load_options::read(argc, argv)}.run();
}
