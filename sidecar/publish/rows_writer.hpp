#pragma once

#include "core/row_tuple.hpp"
#include "publish/document_file.hpp"
#include "publish/document_index.hpp"
#include "publish/document_plan.hpp"
#include "publish/row_names.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

/// Writes rows of one table, and inside each what other tables give to it.
///
/// Reads one row of each table at a time, so its memory does not depend on how many there are. Borrows everything;
/// lives for one table of a document. Publish thread only.
class rows_writer {
public:
    /// Errors: catching_up if the store has not made an index yet.
    static outcome<std::unique_ptr<rows_writer>> open(const planned_table& plan, const read_snapshot& rows,
                                                      document_file& into);

    /// Writes all rows of the table as one array or object, each on a line of its own, and their places into `index`,
    /// which may be null. Returns how many they are. Errors: as write_document.
    outcome<std::uint64_t> write_all(const read_snapshot& rows, document_index_writer* index);

private:
    using row = std::vector<tuple_field>;

    rows_writer(const planned_table& plan, document_file& into) : plan_{plan}, into_{into}, names_{plan} {}

    outcome<void> open_others(const read_snapshot& rows);
    outcome<void> open_lookup(const read_snapshot& rows);
    outcome<void> add(std::string_view key, std::string_view tuple, std::uint64_t count, std::string_view first,
                      std::string_view next);
    bool split(std::string_view tuple);
    outcome<void> append_row();
    void append_columns(std::string& out) const;
    outcome<void> append_others();
    outcome<void> append_hoisted(const planned_hoist& hoist);
    outcome<void> claim_hoisted(const planned_hoist& hoist, std::string_view name);
    outcome<void> append_nested(const row& parent);
    outcome<void> append_merged(const row& parent, bool& has_members);
    outcome<bool> find_one(const row& parent);
    outcome<bool> make_key(const row& parent);
    void begin_member();
    failure damaged() const;

    const planned_table& plan_;
    document_file& into_;
    document_index_writer* index_ = nullptr;  ///< For rows that stand on lines of their own.
    row_names names_;
    row fields_;               ///< Of the row at hand; kept to allocate once.
    bool is_unknown_ = false;  ///< The row at hand has a value that the source lost: it is not shown at all.
    std::uint64_t written_ = 0;

    // What other tables give.
    std::vector<std::unique_ptr<rows_writer>> merged_;
    std::vector<std::unique_ptr<rows_writer>> nested_;
    bool has_others_ = false;
    bool has_members_ = false;              ///< The row at hand, so far.
    std::vector<std::string> hoisted_now_;  ///< Names in the row at hand.

    // To be found from another table.
    std::unique_ptr<row_lookup> lookup_;
    std::vector<fragment_key> formats_;
    std::string key_;
};

}  // namespace understudy
