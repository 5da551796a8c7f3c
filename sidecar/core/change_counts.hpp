#pragma once

#include "core/change_batch.hpp"
#include "core/table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

namespace understudy {

/// How many rows were changed in which way. A row of a table without key that is updated is one deleted and one inserted.
struct row_counts {
    static constexpr std::array<std::string_view, 4> names{"insert", "update", "delete", "truncate"};
    std::array<std::uint64_t, names.size()> of{};  ///< In the order of the names; a truncate counts once.

    row_counts& operator+=(const row_counts& other) noexcept
    {
        for (std::size_t at = 0; at < of.size(); ++at) of[at] += other.of[at];
        return *this;
    }
    friend bool operator==(const row_counts&, const row_counts&) = default;
};

/// The same by table.
class change_counts {
public:
    void add(const change_batch& changes);
    void add(const change_counts& other)
    {
        for (const auto& [table, counts] : other.by_table_) by_table_[table] += counts;
    }

    const std::map<epoch, row_counts>& by_table() const noexcept { return by_table_; }

private:
    std::map<epoch, row_counts> by_table_;
};

}  // namespace understudy
