#pragma once

#include "core/change_batch.hpp"
#include "core/error.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// The rows that stood before a group: where its first unchanged fields come from.
class rows_before {
public:
    virtual ~rows_before() = default;

    /// The tuple under this key, valid until the next call. Errors: those of the store.
    virtual outcome<std::optional<std::string_view>> tuple_of(epoch table, std::string_view key) = 0;
};

/// What a group does to one key in the end.
struct folded_row {
    enum class result : std::uint8_t {
        untouched,  ///< Nothing yet; never at the end.
        put,        ///< The row is `tuple`.
        gone,       ///< There is no row.
        counted     ///< Multiset: there are `more` rows than before, or less.
    };

    epoch table = 0;
    std::string_view key;
    std::string_view tuple;  ///< Empty when gone, and when a counted row was only subtracted.
    std::int64_t more = 0;
    std::int64_t fewest = 0;       ///< The lowest that `more` was on the way: there have to be so many before.
    std::uint64_t key_prefix = 0;  ///< Compares as the key's first eight bytes do.
    result what = result::untouched;
    row_before before = row_before::any;  ///< What has to be in the store until then.
    std::uint32_t clears = 0;             ///< How often the table had been emptied by the group before this.
};

/// A change that cannot follow from the rows of its table: the source changes other rows than we hold, so some of its
/// changes never came. The table has to be copied again.
failure contradiction(epoch table, std::string_view what);
inline constexpr std::string_view inserted_twice = "a row is inserted that is there already";
inline constexpr std::string_view not_there = "a row is changed or deleted that is not there";

/// Folds the changes of a group, in their order, to one final result for each key. Does no I/O itself.
///
/// Borrows the batch until the next begin() and keeps its own memory from group to group. Store thread.
class group_fold {
public:
    /// Forgets everything but the memory.
    void begin() noexcept;

    /// Errors: table_changed if a change cannot follow from the rows that are there (failure::rows names the table);
    /// store_damaged if a stored row has another shape; those of `before`. After an error only begin() makes sense.
    outcome<void> add(const change_batch& changes, rows_before& before);

    /// The tables that were emptied. The rows below come after that.
    std::vector<epoch> cleared() const;

    /// Sorted by table and key. Ends the folding. Borrowed until begin().
    const std::vector<folded_row>& finish();

private:
    struct row_name {
        epoch table;
        std::string_view key;
        friend bool operator==(const row_name&, const row_name&) = default;
    };
    struct row_name_hash {
        using is_avalanching = void;
        std::size_t operator()(const row_name& name) const noexcept;
    };

    outcome<void> add(const change_batch::change& change, rows_before& before);
    outcome<void> put(const change_batch::change& change, std::string_view from_key, rows_before& before);
    outcome<void> count(const change_batch::change& change, std::int64_t more);
    outcome<std::optional<std::string_view>> current(epoch table, std::string_view key, rows_before& before);
    outcome<std::string_view> complete(const change_batch::change& change, std::string_view from_key,
                                       rows_before& before);
    folded_row& row_at(epoch table, std::string_view key);
    outcome<folded_row*> expect(epoch table, std::string_view key, row_before before);
    outcome<void> remove(epoch table, std::string_view key, row_before before);
    void index();
    void clear(epoch table) { ++clears_[table]; }
    std::uint32_t clears_of(epoch table) const noexcept;
    std::string_view keep(std::string_view bytes);

    boost::unordered_flat_map<row_name, std::uint32_t, row_name_hash> places_;  // in rows_, unless ascending_
    bool ascending_ = true;                                                     // the rows have come in their order
    std::vector<folded_row> rows_;
    boost::unordered_flat_map<epoch, std::uint32_t> clears_;
    std::pmr::monotonic_buffer_resource spliced_;
    std::string scratch_;
};

}  // namespace understudy
