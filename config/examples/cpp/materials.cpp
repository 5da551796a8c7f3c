// Reads the table materials each time that a line comes in.
//
//     materials DIRECTORY CONNECTION [MAX_AGE [PAUSE [TIMEOUT]]]
//
// Prints one JSON object per line. An empty line reads all materials; any other line is asked of the database instead,
// so that you can see what a mistake in a query does. Start it, press Enter, stop Postgres, press Enter.
//
// g++ -std=c++20 -O2 -I"$(pg_config --includedir)" materials.cpp understudy_reader.cpp -o materials
//     -lpq -lboost_json -lcrypto

#include "understudy_reader.hpp"

#include <libpq-fe.h>

#include <array>
#include <iostream>
#include <memory>
#include <regex>

namespace {

namespace json = boost::json;

constexpr const char* all_materials = "SELECT id, name, price FROM materials ORDER BY id";

using connection_handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using result_handle = std::unique_ptr<PGresult, decltype(&PQclear)>;

/// libpq gives no SQLSTATE for a login that failed.
bool is_login_mistake(const std::string& text)
{
    static const std::regex mistake{"authentication failed|no pg_hba.conf entry|does not exist|permission denied|"
                                    "not permitted to log in|invalid connection option"};
    return std::regex_search(text, mistake);
}

/// Connection errors, a server that shuts down or starts, and no answer in time.
bool is_outage(PGconn* connection, const PGresult* result)
{
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    std::string code = state != nullptr ? state : "";
    return PQstatus(connection) == CONNECTION_BAD || code.starts_with("08") || code.starts_with("57P0") ||
           code == "57014";
}

connection_handle connect(const char* connection, int timeout_seconds)
{
    auto timeout = std::to_string(timeout_seconds);
    auto timeout_ms = timeout + "000";
    auto options = "-c TimeZone=UTC -c statement_timeout=" + timeout_ms;
    std::array keys{"dbname", "connect_timeout", "tcp_user_timeout", "options", static_cast<const char*>(nullptr)};
    std::array values{connection, timeout.c_str(), timeout_ms.c_str(), options.c_str(),
                      static_cast<const char*>(nullptr)};
    connection_handle made{PQconnectdbParams(keys.data(), values.data(), 1), &PQfinish};
    if (PQstatus(made.get()) == CONNECTION_OK) return made;
    std::string text = PQerrorMessage(made.get());
    if (is_login_mistake(text)) throw std::runtime_error{text};
    throw reader::unreachable{text};
}

/// Put your own query here, and your pool. `unreachable` is for a database that is down, and never for a wrong query.
json::value ask_database(const char* connection, const std::string& query, int timeout_seconds)
{
    auto session = connect(connection, timeout_seconds);
    auto as_json = "SELECT coalesce(json_agg(t), '[]') FROM (" + query + ") t";
    result_handle result{PQexec(session.get(), as_json.c_str()), &PQclear};
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) return reader::parse_exact(PQgetvalue(result.get(), 0, 0));
    std::string text = PQerrorMessage(session.get());
    if (is_outage(session.get(), result.get())) throw reader::unreachable{text};
    throw std::runtime_error{text};
}

json::value to_value(const reader::answer& from)
{
    json::value age = from.age_seconds ? json::value(*from.age_seconds) : json::value(nullptr);
    return {{"source", from.source},
            {"age_seconds", age},
            {"generation", from.generation},
            {"content_as_of", from.content_as_of},
            {"current_as_of", from.current_as_of},
            {"warning", from.warning},
            {"why", from.why},
            {"rows", *from.rows}};
}

}  // namespace

int main(int count, char** arguments)
{
    if (count < 3) {
        std::cerr << "usage: materials DIRECTORY CONNECTION [MAX_AGE [PAUSE [TIMEOUT]]]\n";
        return 2;
    }
    double max_age = count > 3 ? std::stod(arguments[3]) : 300;
    double pause = count > 4 ? std::stod(arguments[4]) : 5;
    int timeout = count > 5 ? std::stoi(arguments[5]) : 2;
    reader::database_first materials{reader::snapshot{{.directory = arguments[1]}},
                                     std::chrono::duration<double>{pause}};
    for (std::string line; std::getline(std::cin, line);) {
        auto query = line.empty() ? all_materials : line;
        try {
            auto ask = [&] { return ask_database(arguments[2], query, timeout); };
            std::cout << json::serialize(to_value(materials.read(ask, "materials", max_age))) << std::endl;
        } catch (const reader::refused& error) {
            std::cout << json::serialize(json::value{{"error", error.outcome}, {"text", error.what()}}) << std::endl;
        } catch (const std::exception& error) {
            std::cout << json::serialize(json::value{{"error", "mistake"}, {"text", error.what()}}) << std::endl;
        }
    }
}
