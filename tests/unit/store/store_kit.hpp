#pragma once

#include "core/row_tuple.hpp"
#include "store/store.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the tests of the store share: a directory that goes away, stores in it, and rows as plain text.
namespace understudy::store_kit {

/// A new directory below the system's temporary one (or below `parent`), removed at the end.
class scratch_directory {
public:
    explicit scratch_directory(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory();

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path data_file() const { return path_ / "data.mdb"; }

private:
    std::filesystem::path path_;
};

/// Fails the test unless `done` is a success.
template <class Outcome>
void require(const Outcome& done)
{
    BOOST_TEST_REQUIRE(done.has_value(), (done ? std::string{} : done.error().text));
}

std::unique_ptr<store> open_store(const scratch_directory& directory);

/// A tuple of one fragment for each value; "~" stands for unchanged, "" for null.
std::string tuple(const std::vector<std::string_view>& values);

/// The values of a tuple, joined by commas; null is "".
std::string text_of(std::string_view tuple);

stored_position position_at(std::uint64_t lsn_value);

/// A table whose rows are in `rows`.
table_record table_of(epoch rows, row_identity identity = row_identity::key);

/// Makes an epoch and names it in the state.
epoch add_table(store& to, row_identity identity = row_identity::key);

/// Rows in their order; a row that stands there n > 1 times is `text*n`.
std::vector<std::string> rows_of(const read_snapshot& snapshot, epoch rows);
std::vector<std::string> rows_of(store& from, epoch rows);

}  // namespace understudy::store_kit
