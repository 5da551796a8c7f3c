#include "integration/render/database.hpp"

#include "source/postgres/type_query.hpp"

#include <stdexcept>

namespace understudy {

namespace {

oid to_oid(const std::optional<std::string>& text)
{
    return static_cast<oid>(std::stoul(text.value()));
}

type_facts facts_of(const result_row& row)
{
    type_facts facts;
    facts.id = to_oid(row[0]);
    facts.schema = row[1].value();
    facts.name = row[2].value();
    facts.kind = row[3].value().at(0);
    facts.base = to_oid(row[4]);
    facts.element = to_oid(row[5]);
    facts.delimiter = row[6].value().at(0);
    facts.casts_to_json = row[7] == "t";
    return facts;
}

}  // namespace

database::database(const std::string& connection, const char* definitions)
    : connection_{PQconnectdb(connection.c_str()), &PQfinish}
{
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error{PQerrorMessage(connection_.get())};
    query("SET client_min_messages = warning");
    for (const char* extension : {"hstore", "citext", "ltree"})
        query(std::string{"CREATE EXTENSION IF NOT EXISTS "} + extension + " SCHEMA public");
    query("DROP SCHEMA IF EXISTS render_test CASCADE; CREATE SCHEMA render_test;"
          "SET search_path = render_test, public;"
          "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';"
          "SET extra_float_digits = 1; SET bytea_output = 'hex'; SET client_encoding = 'UTF8'");
    query(definitions);
}

database::~database()
{
    PQclear(PQexec(connection_.get(), "DROP SCHEMA render_test CASCADE"));
}

std::vector<result_row> database::query(const std::string& sql)
{
    return checked(PQexec(connection_.get(), sql.c_str()));
}

std::vector<result_row> database::checked(PGresult* answer)
{
    std::unique_ptr<PGresult, decltype(&PQclear)> owned{answer, &PQclear};
    auto status = PQresultStatus(answer);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error{PQresultErrorMessage(answer)};
    std::vector<result_row> rows(static_cast<std::size_t>(PQntuples(answer)));
    for (int row = 0; row < PQntuples(answer); ++row)
        for (int column = 0; column < PQnfields(answer); ++column)
            rows[static_cast<std::size_t>(row)].push_back(
                PQgetisnull(answer, row, column) ? std::nullopt
                                                 : std::optional<std::string>{PQgetvalue(answer, row, column)});
    return rows;
}

std::string database::literal(const std::string& text)
{
    std::unique_ptr<char, decltype(&PQfreemem)> quoted{PQescapeLiteral(connection_.get(), text.data(), text.size()),
                                                       &PQfreemem};
    return quoted.get();
}

oid database::column_type(const std::string& table, const std::string& column)
{
    auto rows = query("SELECT atttypid FROM pg_attribute WHERE attrelid = " + literal(table) +
                      "::regclass AND attname = " + literal(column));
    return to_oid(rows.at(0).at(0));
}

type_catalog database::catalog_of(oid type)
{
    auto types = "{" + std::to_string(type) + "}";
    const char* values[] = {types.c_str()};
    type_catalog catalog;
    type_facts facts;
    for (const auto& row :
         checked(PQexecParams(connection_.get(), type_query, 1, nullptr, values, nullptr, nullptr, 0))) {
        if (to_oid(row[0]) != facts.id) facts = facts_of(row);
        if (row[8]) facts.attributes.push_back({*row[8], to_oid(row[9])});
        catalog.add(facts);
    }
    return catalog;
}

}  // namespace understudy
