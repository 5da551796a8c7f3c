#pragma once

#include "render/type_catalog.hpp"

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy {

using result_row = std::vector<std::optional<std::string>>;

/// A connection with the session settings that render/column_format.hpp asks for, inside a schema of its own
/// that is dropped at the end. Every failure throws: it fails the test. Needs a superuser.
class database {
public:
    /// Starts with what `definitions` create.
    database(const std::string& connection, const char* definitions);
    ~database();

    std::vector<result_row> query(const std::string& sql);
    std::string literal(const std::string& text);

    /// The declared type of a column; a query's result would name a domain's base type instead.
    oid column_type(const std::string& table, const std::string& column);

    /// What the source would load for a column of this type.
    type_catalog catalog_of(oid type);

private:
    std::vector<result_row> checked(PGresult* answer);

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace understudy
