#pragma once

#include "core/row_tuple.hpp"
#include "store/store.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy {

/// A store's snapshot whose rows stand in memory, in the order in which they were added.
class memory_rows final : public read_snapshot {
public:
    store_state& change_state() noexcept { return state_; }

    /// A table of text columns; the first is the key. Returns its epoch.
    epoch add_table(table_name name, const std::vector<std::string>& columns)
    {
        table_record table;
        table.relation = static_cast<oid>(1000 + state_.tables.size());
        table.name = std::move(name);
        for (const auto& column : columns) table.shape.columns.push_back({column, 25, -1});
        table.shape.key = {0};
        table.rows = ++last_epoch_;
        state_.tables.push_back(std::move(table));
        rows_[last_epoch_];
        return last_epoch_;
    }

    /// Fragments as they stand in JSON; an empty one is null.
    void add_row(epoch table, const std::vector<std::string>& fragments, std::uint64_t count = 1)
    {
        std::string tuple;
        for (const auto& fragment : fragments)
            if (fragment.empty())
                append_null(tuple);
            else
                append_fragment(tuple, fragment);
        rows_[table].emplace_back(std::move(tuple), count);
    }
    void add_tuple(epoch table, std::string tuple) { rows_[table].emplace_back(std::move(tuple), 1); }
    void clear(epoch table) { rows_[table].clear(); }

    const store_state& state() const noexcept override { return state_; }

    outcome<std::uint64_t> row_count(epoch rows) const override
    {
        std::uint64_t total = 0;
        for (const auto& [tuple, count] : rows_.at(rows)) total += count;
        return total;
    }

    outcome<void> each_row(epoch rows, const visitor& visit) const override
    {
        ++scans;
        for (const auto& [tuple, count] : rows_.at(rows))
            if (auto done = visit(key_of(tuple), tuple, count); !done) return done;
        return boost::system::in_place_value;
    }

    outcome<std::unique_ptr<row_lookup>> look_up_by_key(epoch rows) const override { return look_up(key_index(rows)); }
    outcome<std::unique_ptr<row_lookup>> look_up(const row_index& index) const override
    {
        if (indexes_missing) return failure{errc::catching_up, "no index yet"};
        return std::unique_ptr<row_lookup>{std::make_unique<memory_lookup>(index, rows_.at(index.rows))};
    }

    bool indexes_missing = false;
    mutable int scans = 0;  ///< How often each_row was called.

private:
    using counted_rows = std::vector<std::pair<std::string, std::uint64_t>>;

    /// By comparing every row.
    class memory_lookup final : public row_lookup {
    public:
        memory_lookup(const row_index& index, const counted_rows& rows) : keys_{index}, rows_{rows} {}

        outcome<void> each(std::string_view prefix, const visitor& visit) override
        {
            std::multimap<std::string, const std::pair<std::string, std::uint64_t>*> found;
            for (const auto& row : rows_) {
                std::string key;
                auto made = keys_.make(row.first, key);
                if (!made) return failure{errc::store_damaged, "a row has not the shape of the index"};
                if (*made == index_key_maker::place::inside && key.starts_with(prefix)) found.emplace(key, &row);
            }
            for (const auto& [key, row] : found)
                if (auto done = visit(key, row->first, row->second); !done) return done;
            return boost::system::in_place_value;
        }

    private:
        index_key_maker keys_;
        const counted_rows& rows_;
    };

    /// The first column's fragment stands for the key.
    static std::string_view key_of(std::string_view tuple)
    {
        auto first = tuple_reader{tuple}.next();
        return first ? first->fragment : std::string_view{};
    }

    row_index key_index(epoch rows) const
    {
        row_index index{.rows = rows, .columns = {}, .matched = 0};
        for (const auto& table : state_.tables)
            if (table.rows == rows)
                for (auto place : table.shape.key)
                    index.columns.push_back({place, table.shape.columns[place].type, false});
        return index;
    }

    store_state state_;
    epoch last_epoch_ = 0;
    std::map<epoch, std::vector<std::pair<std::string, std::uint64_t>>> rows_;
};

}  // namespace understudy
