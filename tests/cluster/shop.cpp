// An application that reads its database, and the snapshot when the database is down: ten times a second, for ever. Each second it
// prints what it has got, as one line of JSON.
//
//     shop DIRECTORY CONNECTION

#include "understudy_reader.hpp"

#include <libpq-fe.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <thread>

namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

volatile std::sig_atomic_t stopped = 0;

using connection_handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using result_handle = std::unique_ptr<PGresult, decltype(&PQclear)>;

json::value ask(connection_handle& connection, const char* where)
{
    if (!connection || PQstatus(connection.get()) == CONNECTION_BAD) connection.reset(PQconnectdb(where));
    if (PQstatus(connection.get()) == CONNECTION_BAD) throw reader::unreachable{PQerrorMessage(connection.get())};
    result_handle rows{PQexec(connection.get(), "SELECT coalesce(json_agg(t ORDER BY id), '[]') FROM materials t"),
                       PQclear};
    if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK) throw reader::unreachable{PQerrorMessage(connection.get())};
    return reader::parse_exact(PQgetvalue(rows.get(), 0, 0));
}

/// A number that two equal tables have in common.
std::int64_t sum_of(const json::value& rows)
{
    std::int64_t sum = 0;
    for (const auto& row : rows.as_array())
        sum += row.at("id").to_number<std::int64_t>() * row.at("stock").to_number<std::int64_t>();
    return sum;
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 3) return 2;
    std::signal(SIGTERM, [](int) { stopped = 1; });
    bool was_ready = std::filesystem::exists(std::filesystem::path{arguments[1]} / "current");
    reader::database_first rows{reader::snapshot{{.directory = arguments[1]}}, 1s};
    connection_handle connection{nullptr, PQfinish};
    json::object told{{"snapshot_was_there_at_the_start", was_ready}, {"database", 0}, {"snapshot", 0}, {"failed", 0}};
    auto count_one = [&](const std::string& name) { told[name] = told.at(name).as_int64() + 1; };
    for (int round = 1; stopped == 0; ++round) {
        try {
            auto answer = rows.read([&] { return ask(connection, arguments[2]); }, "materials");
            count_one(answer.source);
            told["last"] = answer.source;
            told["sum"] = sum_of(*answer.rows);
            told["age"] = answer.age_seconds ? json::value(*answer.age_seconds) : json::value{};
        } catch (const std::exception& error) {
            count_one("failed");
            told["error"] = error.what();
        }
        if (round % 10 == 0) std::cout << json::serialize(told) << std::endl;
        std::this_thread::sleep_for(100ms);
    }
    return 0;
}
