#pragma once

#include "core/error.hpp"
#include "core/settings.hpp"
#include "source/postgres/copy.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy {

/// How one table of a document compares with the database.
struct table_comparison {
    std::string table;
    std::uint64_t rows_in_file = 0;
    std::uint64_t rows_in_database = 0;
    std::uint64_t only_in_file = 0;
    std::uint64_t only_in_database = 0;
    bool equal() const noexcept { return only_in_file == 0 && only_in_database == 0; }
};

/// Compares a default document row by row with what `to_json` gives under a view. Rows are told
/// apart by a 128-bit hash of their text; the order of rows in the file is not looked at. Memory is small while the
/// tables are equal, and about 50 bytes a row once one is not. For a command: it reads the file on the caller's thread.
/// Errors: generation_damaged for a document that cannot be read; those of pg_connection.
asio::awaitable<outcome<std::vector<table_comparison>>> compare_with_database(pg_connection& view,
                                                                              const std::vector<viewed_table>& tables,
                                                                              std::filesystem::path document);

}  // namespace understudy
