#pragma once

#include "core/row_tuple.hpp"
#include "store/store.hpp"

#include <map>
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

    mutable int scans = 0;  ///< How often each_row was called.

private:
    /// The first column's fragment stands for the key.
    static std::string_view key_of(std::string_view tuple)
    {
        auto first = tuple_reader{tuple}.next();
        return first ? first->fragment : std::string_view{};
    }

    store_state state_;
    epoch last_epoch_ = 0;
    std::map<epoch, std::vector<std::pair<std::string, std::uint64_t>>> rows_;
};

}  // namespace understudy
