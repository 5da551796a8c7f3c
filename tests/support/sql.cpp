#include "support/sql.hpp"

#include <stdexcept>

namespace understudy::testing {

namespace {

std::optional<std::string> field(const PGresult* result, int row, int column)
{
    if (PQgetisnull(result, row, column) != 0) return std::nullopt;
    return std::string{PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

}  // namespace

sql_session::sql_session(const std::string& connection_string)
    : connection_{PQconnectdb(connection_string.c_str()), &PQfinish}
{
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error{PQerrorMessage(connection_.get())};
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
}

sql_session::result_handle sql_session::run(const std::string& statements)
{
    result_handle answer{PQexec(connection_.get(), statements.c_str()), &PQclear};
    auto status = PQresultStatus(answer.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        throw std::runtime_error{PQerrorMessage(connection_.get()) + ("in: " + statements)};
    return answer;
}

void sql_session::exec(const std::string& statements)
{
    run(statements);
}

std::vector<sql_row> sql_session::query(const std::string& statement)
{
    auto answer = run(statement);
    std::vector<sql_row> rows;
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
        auto& fields = rows.emplace_back();
        for (int column = 0; column < PQnfields(answer.get()); ++column)
            fields.push_back(field(answer.get(), row, column));
    }
    return rows;
}

std::string sql_session::scalar(const std::string& statement)
{
    auto rows = query(statement);
    if (rows.size() != 1 || rows[0].size() != 1 || !rows[0][0]) throw std::runtime_error{"not one value: " + statement};
    return *rows[0][0];
}

}  // namespace understudy::testing
