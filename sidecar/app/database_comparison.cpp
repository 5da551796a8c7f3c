#include "app/database_comparison.hpp"

#include "core/limits.hpp"
#include "decode/copy_text.hpp"
#include "render/column_format.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>

namespace understudy {

namespace {

struct row_hash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const row_hash&, const row_hash&) = default;
    friend std::size_t hash_value(const row_hash& hash) noexcept { return hash.low; }
};

using row_visitor = std::function<void(row_hash)>;

row_hash hash_of(std::string_view row) noexcept
{
    auto hash = XXH3_128bits(row.data(), row.size());
    return {hash.low64, hash.high64};
}

/// Adds up hashes, so that two tables with the same rows in any order come to the same sum.
struct row_sum {
    std::uint64_t rows = 0;
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    void add(row_hash hash) noexcept
    {
        rows += 1;
        low += hash.low;
        high += hash.high;
    }
    friend bool operator==(const row_sum&, const row_sum&) = default;
};

// One row per line between the line that opens the table's member and the one that closes it.
outcome<void> each_row_in_file(const std::filesystem::path& document, const std::string& member,
                               const row_visitor& visit)
{
    std::ifstream file{document};
    std::string opening;
    append_json_string(member, opening);
    opening += ":[";
    std::string line;
    while (std::getline(file, line) && line != opening)
        if (line == opening + "],") return {};
    if (!file) return failure{errc::generation_damaged, fmt::format("{} has no member {}", document.string(), member)};
    while (std::getline(file, line) && !line.starts_with(']')) {
        if (line.ends_with(',')) line.pop_back();
        visit(hash_of(line));
    }
    if (!file) return failure{errc::generation_damaged, document.string() + " ends inside a table"};
    return {};
}

asio::awaitable<outcome<void>> each_row_in_database(pg_connection& view, const viewed_table& table, row_visitor visit)
{
    // r alone would be a column of that name.
    auto statement =
        fmt::format("COPY (SELECT to_json(r.*)::text FROM ({}) r) TO STDOUT", rows_query(table.facts, table.table));
    auto started = co_await view.start_copy(std::move(statement), limits::query_timeout);
    if (!started) co_return started;
    std::string scratch;
    std::string row;
    std::vector<copy_text::field> fields;
    for (;;) {
        if (auto consumed = view.consume_input(); !consumed) co_return consumed;
        std::string_view line;
        auto taken = view.take_copy_data(line);
        for (; taken && *taken == pg_connection::taken::data; taken = view.take_copy_data(line)) {
            if (auto ec = copy_text::split_line(line, 1, scratch, fields)) co_return explain(ec, "a row of to_json");
            row = fields.front().text;
            // As the document has it: a json value's line breaks are spaces there.
            std::replace_if(row.begin(), row.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
            visit(hash_of(row));
        }
        if (!taken) co_return taken.error();
        if (*taken == pg_connection::taken::end) break;
        auto readable = co_await view.wait_readable();
        if (!readable) co_return readable;
    }
    co_return co_await view.finish_copy(limits::query_timeout);
}

// The second pass, for a table whose sums differ: which rows are on one side only.
asio::awaitable<outcome<void>> count_differences(pg_connection& view, const viewed_table& table,
                                                 const std::filesystem::path& document, table_comparison& into)
{
    boost::unordered_flat_map<row_hash, std::int64_t> balance;
    row_visitor add = [&](row_hash hash) { balance[hash] += 1; };
    row_visitor take = [&](row_hash hash) { balance[hash] -= 1; };
    auto database = co_await each_row_in_database(view, table, add);
    if (!database) co_return database;
    auto file = each_row_in_file(document, member_of(table.facts.name), take);
    if (!file) co_return file;
    for (const auto& [hash, count] : balance) {
        if (count > 0) into.only_in_database += static_cast<std::uint64_t>(count);
        if (count < 0) into.only_in_file += static_cast<std::uint64_t>(-count);
    }
    co_return outcome<void>{};
}

}  // namespace

asio::awaitable<outcome<std::vector<table_comparison>>> compare_with_database(pg_connection& view,
                                                                              const std::vector<viewed_table>& tables,
                                                                              std::filesystem::path document)
{
    std::vector<table_comparison> comparisons;
    for (const auto& table : tables) {
        row_sum in_database;
        row_sum in_file;
        row_visitor add_database = [&](row_hash hash) { in_database.add(hash); };
        row_visitor add_file = [&](row_hash hash) { in_file.add(hash); };
        auto database = co_await each_row_in_database(view, table, add_database);
        if (!database) co_return database.error();
        auto file = each_row_in_file(document, member_of(table.facts.name), add_file);
        if (!file) co_return file.error();
        table_comparison compared;
        compared.table = to_string(table.facts.name);
        compared.rows_in_file = in_file.rows;
        compared.rows_in_database = in_database.rows;
        if (!(in_file == in_database)) {
            auto counted = co_await count_differences(view, table, document, compared);
            if (!counted) co_return counted.error();
        }
        comparisons.push_back(std::move(compared));
    }
    co_return std::move(comparisons);
}

}  // namespace understudy
