#pragma once

#include "serve/read_query.hpp"
#include "serve/row_filter.hpp"
#include "serve/row_shape.hpp"
#include "serve/served_generation.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace understudy {

/// What limits one read.
struct read_limits {
    std::uint64_t bytes_max = 0;  ///< Of the answer.
    std::uint64_t rows_max = 0;   ///< Of the answer; 0: any number.
};

struct read_wish {
    read_query query;
    row_format format = row_format::json;
    bool count = false;  ///< All rows that the filter chooses, whatever the limit.
};

/// A read of one table that goes on in steps, so that a long one holds up nobody else.
///
/// Holds the generation: the answer is of that one, whatever is announced meanwhile. Serve thread only.
class table_read {
public:
    /// Binds a query to a table. `table` belongs to `of`. Errors: 400 with what is wrong.
    static read_result<std::unique_ptr<table_read>> begin(std::shared_ptr<const served_generation> of,
                                                          const table_in_file& table, read_wish wish,
                                                          read_limits limits);

    table_read(const table_read&) = delete;
    table_read& operator=(const table_read&) = delete;

    /// Reads a part of limits::scan_step_bytes. True when the answer is complete. Errors: 503 if the generation is damaged
    /// (then damage() says how); 400 for a value that cannot be converted; 400 over_limit for an answer or an order that is
    /// too large.
    read_result<bool> step();

    /// Rows as JSON, `{...}, \n {...}` as json_agg separates them, or as lines of CSV.
    std::string take_rows() { return std::move(out_); }

    std::uint64_t rows() const noexcept { return rows_; }
    std::uint64_t offset() const noexcept { return wish_.query.offset; }

    /// If it was wished: how many rows the filter chooses.
    std::uint64_t count() const noexcept { return chosen_; }

    const std::optional<failure>& damage() const noexcept { return damage_; }

private:
    table_read(std::shared_ptr<const served_generation> of, const table_in_file& table, read_wish wish,
               read_limits limits)
        : generation_{std::move(of)}, table_{table}, wish_{std::move(wish)}, limits_{limits}
    {
    }

    struct term {
        row_field field;
        bool descending = false;
        bool nulls_first = false;
    };
    /// A row that is to be sorted: its order's key bytes, then where it stands.
    struct place {
        std::string key;
        std::uint64_t start = 0;
        std::uint32_t size = 0;
        friend bool operator<(const place& left, const place& right)
        {
            return std::tie(left.key, left.start) < std::tie(right.key, right.start);
        }
    };

    read_result<void> bind();
    read_result<void> bind_order();
    bool has_key_order() const noexcept;
    void choose_ranges();
    void add_range(row_range range);

    read_result<bool> scan_step();
    read_result<std::uint64_t> scan_range(std::chrono::steady_clock::time_point end_of_step);
    read_result<void> take_row(std::string_view row, std::uint64_t start);
    read_result<void> remember(std::string_view row, std::uint64_t start);
    read_result<std::string> order_key() const;
    read_result<void> emit(std::string_view row);
    bool is_scanned() const noexcept { return ranges_.empty() || is_satisfied(); }
    bool finish_scan();
    read_result<bool> fetch_step();
    read_error broken(failure why);
    std::uint64_t wanted() const noexcept;
    bool is_satisfied() const noexcept;

    std::shared_ptr<const served_generation> generation_;
    const table_in_file& table_;
    read_wish wish_;
    read_limits limits_;
    row_filter filter_;
    row_shape shape_;
    std::vector<term> order_;  ///< Empty: the key's order serves.
    std::size_t columns_ = 0;  ///< That the scan looks at.

    std::vector<row_range> ranges_;  ///< Still to be read, the next one last.
    std::string chunk_;
    row_values values_;
    std::uint64_t chosen_ = 0;

    std::vector<place> sorted_;  ///< A heap while the scan goes on, if there is a limit.
    std::uint64_t sort_bytes_ = 0;
    bool scanned_ = false;
    std::size_t next_ = 0;  ///< Of sorted_.

    std::string out_;
    std::uint64_t rows_ = 0;
    std::optional<failure> damage_;
};

}  // namespace understudy
