#include "store/named_databases.hpp"

#include "store/record_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace understudy {

namespace {

std::string name_of_epoch(epoch rows)
{
    return fmt::format("{}{}", record_names::rows_prefix, rows);
}

std::string name_of_index(const row_index& index)
{
    return record_names::index_prefix + to_string(index);
}

std::optional<epoch> epoch_in(std::string_view name)
{
    std::string_view prefix{record_names::rows_prefix};
    if (!name.starts_with(prefix)) return std::nullopt;
    epoch found = 0;
    const auto* end = name.data() + name.size();
    auto read = std::from_chars(name.data() + prefix.size(), end, found);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return found;
}

std::optional<row_index> index_in(std::string_view name)
{
    std::string_view prefix{record_names::index_prefix};
    if (!name.starts_with(prefix)) return std::nullopt;
    return parse_row_index(name.substr(prefix.size()));
}

struct found_names {
    std::vector<epoch> epochs;
    std::vector<row_index> indexes;
};

outcome<found_names> find_names(const lmdb::transaction& within)
{
    auto cursor = within.open_cursor(lmdb::names);
    if (!cursor) return cursor.error();
    found_names found;
    for (auto at = cursor->first();; at = cursor->next()) {
        if (!at) return at.error();
        if (!*at) return found;
        if (auto rows = epoch_in((*at)->key)) found.epochs.push_back(*rows);
        if (auto index = index_in((*at)->key)) found.indexes.push_back(std::move(*index));
    }
}

outcome<void> drop_named(const std::string& name, lmdb::transaction& within)
{
    auto database = within.open(name, lmdb::missing::fail);
    if (!database) return database.error();
    return within.drop(*database);
}

}  // namespace

outcome<lmdb::database> create_epoch_database(epoch rows, lmdb::transaction& within)
{
    return within.open(name_of_epoch(rows), lmdb::missing::create);
}

outcome<open_databases> open_named_databases(lmdb::transaction& within)
{
    auto found = find_names(within);
    if (!found) return found.error();
    open_databases opened;
    for (auto rows : found->epochs) {
        auto database = within.open(name_of_epoch(rows), lmdb::missing::fail);
        if (!database) return database.error();
        opened.rows.emplace(rows, *database);
    }
    for (const auto& index : found->indexes) {
        auto database = within.open(name_of_index(index), lmdb::missing::fail);
        if (!database) return database.error();
        opened.indexes[index.rows].push_back({index, *database});
    }
    return opened;
}

outcome<void> drop_epochs(const std::vector<epoch>& epochs, lmdb::transaction& within)
{
    auto found = find_names(within);
    if (!found) return found.error();
    for (auto rows : epochs)
        if (auto dropped = drop_named(name_of_epoch(rows), within); !dropped) return dropped;
    for (const auto& index : found->indexes)
        if (std::find(epochs.begin(), epochs.end(), index.rows) != epochs.end())
            if (auto dropped = drop_index(index, within); !dropped) return dropped;
    return {};
}

outcome<void> drop_index(const row_index& index, lmdb::transaction& within)
{
    return drop_named(name_of_index(index), within);
}

outcome<void> create_index(const row_index& index, lmdb::database rows, lmdb::transaction& within)
{
    auto made = within.open(name_of_index(index), lmdb::missing::create);
    if (!made) return made.error();
    return build_index(index, rows, *made, within);
}

std::set<row_index> definitions_of(const epoch_indexes& indexes)
{
    std::set<row_index> definitions;
    for (const auto& [rows, kept] : indexes)
        for (const auto& index : kept) definitions.insert(index.definition);
    return definitions;
}

}  // namespace understudy
