#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::testing {

/// A row as the server prints it; nothing stands for a null.
using sql_row = std::vector<std::optional<std::string>>;

/// One blocking connection. Everything that the server refuses is thrown as std::runtime_error with its message.
/// Belongs to one thread at a time.
class sql_session {
public:
    /// Takes a libpq connection string; with `replication=database` in it, replication commands work, too.
    explicit sql_session(const std::string& connection_string);

    /// Runs one or more statements; without BEGIN all of them in one transaction.
    void exec(const std::string& statements);

    std::vector<sql_row> query(const std::string& statement);

    /// The only value of a query that answers with one. Throws also when there is none or it is null.
    std::string scalar(const std::string& statement);

private:
    using result_handle = std::unique_ptr<PGresult, decltype(&PQclear)>;

    result_handle run(const std::string& statements);

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace understudy::testing
