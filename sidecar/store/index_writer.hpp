#pragma once

#include "store/lmdb.hpp"
#include "store/row_index.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

// An index is a database of its own. An entry stands as a row does (row_format.hpp), with
//
//   whole-key := columns-bytes key-of-the-row
//   count     := size of columns-bytes
//   tuple     := nothing
//
// so that the rows with some values in the first columns stand beside each other, in the order of the other columns
// and then of their keys. It is written by the transactions that write the rows, and made by one transaction: if it is
// there, it is whole.

struct open_index {
    row_index definition;
    lmdb::database database = 0;
};

/// What is kept of each epoch. Those without an index are not in it.
using epoch_indexes = boost::unordered_flat_map<epoch, std::vector<open_index>>;

/// Keeps one index in step with its rows.
class index_writer {
public:
    index_writer(const row_index& index, lmdb::cursor at) : keys_{index}, at_{std::move(at)} {}

    /// Says what the row was until now, if it was there. Comes before it is written: its bytes may go with that.
    result<void> before(const std::optional<std::string_view>& tuple);

    /// Says what it has become, and writes what follows. Errors: store_damaged; those of LMDB.
    outcome<void> after(std::string_view key, const std::optional<std::string_view>& tuple);

private:
    result<void> make(const std::optional<std::string_view>& tuple, std::string& key, bool& is_in);
    outcome<void> erase(std::string_view key);
    outcome<void> put(std::string_view key);

    index_key_maker keys_;
    lmdb::cursor at_;
    std::string old_;  // the bytes of its columns
    std::string new_;
    std::string whole_;
    bool was_in_ = false;
};

/// All indexes of one epoch; most have none.
class epoch_index_writers {
public:
    static outcome<epoch_index_writers> open(const epoch_indexes& indexes, epoch rows, const lmdb::transaction& within);

    bool empty() const noexcept { return writers_.empty(); }
    outcome<void> before(const std::optional<std::string_view>& tuple);
    outcome<void> after(std::string_view key, const std::optional<std::string_view>& tuple);

private:
    std::vector<index_writer> writers_;
};

/// Fills a new index from the rows that are there. Errors: store_damaged; those of LMDB.
outcome<void> build_index(const row_index& index, lmdb::database rows, lmdb::database into,
                          const lmdb::transaction& within);

}  // namespace understudy
